"""The floor: how fast this very server does the least writes that one checkout needs, and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from portal.stack.errors import StackError
from portal.stack.postgres import bin_dir

SCRIPT = Path(__file__).with_name("floor.sql")
GOODS, PEOPLE = 1000, 1000

TABLES = """
    CREATE SCHEMA bench_floor;
    SET search_path = bench_floor;
    CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, person bigint, total_minor bigint,
                         placed_at timestamptz DEFAULT now());
    CREATE TABLE line (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint REFERENCES orders,
                       goods bigint, quantity int, amount_minor bigint);
    CREATE TABLE payment (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint REFERENCES orders,
                          amount_minor bigint, state text DEFAULT 'captured');
    CREATE TABLE entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id bigint,
                        at timestamptz DEFAULT now());
    CREATE TABLE posting (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, entry_id bigint REFERENCES entry,
                          account bigint, minor bigint);
    CREATE TABLE stock (id bigint PRIMARY KEY, on_hand bigint);
    CREATE TABLE balance (id bigint PRIMARY KEY, minor bigint);
    INSERT INTO stock SELECT n, 1000000000 FROM generate_series(1, {goods}) AS n;
    INSERT INTO balance SELECT n, 1000000000000 FROM generate_series(1, {people}) AS n;
    RESET search_path;
"""
_TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


def make_tables(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make the scratch tables anew, in a schema of their own."""
    drop_tables(connection)
    connection.execute(TABLES.format(goods=GOODS, people=PEOPLE).encode())


def drop_tables(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    connection.execute("DROP SCHEMA IF EXISTS bench_floor CASCADE")


def measure(url: str, *, clients: int, seconds: int) -> float:
    """Transactions per second of the script with so many clients. Raises StackError if pgbench refuses."""
    parts = urlsplit(url)
    argv = [str(bin_dir() / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--file={SCRIPT}"]
    argv += [f"--client={clients}", f"--jobs={min(clients, 2)}", f"--time={seconds}"]
    argv += [f"--define=goods={GOODS}", f"--define=people={PEOPLE}"]
    argv += ["-h", parts.hostname or "127.0.0.1", "-p", str(parts.port or 5432), "-U", unquote(parts.username or "")]
    env = {"PATH": os.environ.get("PATH", os.defpath), "PGPASSWORD": unquote(parts.password or ""), "LC_ALL": "C"}
    result = subprocess.run(  # noqa: S603  # The wheel's own program.
        [*argv, parts.path.lstrip("/")], env=env, capture_output=True, text=True, check=False, timeout=seconds + 60
    )
    if result.returncode:
        raise StackError(f"pgbench refused the floor script: {result.stderr.strip()[-300:]}")
    return read_tps(result.stdout)


def read_tps(output: str) -> float:
    """The figure in what pgbench prints."""
    found = _TPS.search(output)
    if found is None:
        raise StackError(f"pgbench printed no figure: {output.strip()[-300:]}")
    return float(found[1])
