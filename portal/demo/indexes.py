"""Indexes that are taken away before many rows come, and built again afterwards: far cheaper than to keep them.

What was taken away stands in a table of its own from the same transaction on: whoever is broken off leaves it there,
and whoever comes next builds it. Keys and everything else that refuses a row stay.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from portal.config import Settings
from portal.services.figures import LOADING_LOCK

Connection = psycopg.Connection[Any]
Progress = Callable[[int], object]
# Shows a phase: what is made, and how many there will be. What it yields hears of each.
Bars = Callable[[str, int], contextlib.AbstractContextManager[Progress]]

# As many as a small machine has processors, and what each may sort in memory.
BUILDERS = 2
_BUILD_WELL: LiteralString = "SET maintenance_work_mem = '384MB'; SET max_parallel_maintenance_workers = 0"
# An index that somebody reads for longer than this stays where it is, rather than that all others wait behind us.
_WAIT: LiteralString = "SET LOCAL lock_timeout = '2s'"
_IS_THERE: LiteralString = "SELECT to_regclass('index_laid_aside') IS NOT NULL"
_KEEP: LiteralString = "CREATE TABLE IF NOT EXISTS index_laid_aside (name text PRIMARY KEY, definition text NOT NULL)"
# By these columns a row finds those that belong to it: without their indexes the work of whoever uses the portal
# meanwhile grows with the square of what is there. They cost little, as their values come in about their order.
_STAY = (
    *("order_id", "source_order_id", "part_id", "line_id", "user_id", "buyer_id", "account_id", "owner", "entry_id"),
    *("payment_id", "tender_id", "shipment_id", "refund_id", "xid"),
)
# Partial ones have few of the rows that come.
_DISPENSABLE: LiteralString = """
SELECT i.relname, pg_get_indexdef(x.indexrelid)
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
  LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
 WHERE t.relnamespace = 'public'::regnamespace AND t.relname = ANY(%s) AND NOT x.indisunique AND x.indpred IS NULL
   AND (a.attname = ANY(%s)) IS NOT TRUE
"""
_ALONE: LiteralString = "SELECT pg_advisory_lock(%(key)s) IS NOT NULL"
_ALONE_NOW: LiteralString = "SELECT pg_try_advisory_lock(%(key)s)"
_LAY_ASIDE: LiteralString = "INSERT INTO index_laid_aside VALUES (%s, %s)"
# The largest table first, so that all builders are done at about the same time.
_TAKE: LiteralString = """
DELETE FROM index_laid_aside WHERE name = (
    SELECT name FROM index_laid_aside
     ORDER BY pg_relation_size(substring(definition FROM ' ON (\\S+) ')::regclass) DESC, name
     LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING definition
"""


@contextlib.contextmanager
def unseen(_what: str, _total: int) -> Iterator[Progress]:
    """Shows nothing."""
    yield lambda _: None


@contextlib.contextmanager
def connected(settings: Settings) -> Iterator[Connection]:
    """A connection as the owner of the tables, that commits each statement by itself."""
    with psycopg.connect(settings.database_owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


@contextlib.contextmanager
def figures_left_alone(settings: Settings, *, wait: bool = True) -> Iterator[bool]:
    """Nobody renews the figures of days that still change: whoever loads does it once, at the end.

    One loads at a time. Yields whether it is us, which it always is for who waits.
    """
    with connected(settings) as connection:
        row = connection.execute(_ALONE if wait else _ALONE_NOW, {"key": LOADING_LOCK}).fetchone()
        yield row == (True,)


def lay_aside(settings: Settings, tables: Collection[str]) -> None:
    """Take away the indexes of these tables that only make reading faster."""
    with connected(settings) as connection:
        connection.execute(_KEEP)
        for name, definition in connection.execute(_DISPENSABLE, (list(tables), list(_STAY))).fetchall():
            with contextlib.suppress(psycopg.errors.LockNotAvailable), connection.transaction():
                connection.execute(_WAIT)
                connection.execute(_LAY_ASIDE, (name, definition))
                connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))


def count_laid_aside(settings: Settings) -> int:
    """How many indexes were taken away and are not there."""
    with connected(settings) as connection:
        if connection.execute(_IS_THERE).fetchone() != (True,):
            return 0
        row = connection.execute("SELECT count(*) FROM index_laid_aside").fetchone()
        return int(row[0]) if row else 0


def build_laid_aside(settings: Settings, bars: Bars = unseen) -> None:
    """Build the indexes that were laid aside, also by a load that was broken off."""
    count = count_laid_aside(settings)
    if count:
        with bars("indexes", count) as progress:
            build(settings, progress)


def build(settings: Settings, progress: Progress) -> None:
    """Build what was taken away; `progress` hears of each. Those who write into its table wait."""
    with ThreadPoolExecutor(BUILDERS) as builders:
        for builder in [builders.submit(_build_some, settings, progress) for _ in range(BUILDERS)]:
            builder.result()
    with connected(settings) as connection:
        connection.execute("DROP TABLE IF EXISTS index_laid_aside")


def _build_some(settings: Settings, progress: Progress) -> None:
    with connected(settings) as connection:
        connection.execute(_BUILD_WELL)
        while _build_next(connection):
            progress(1)


def _build_next(connection: Connection) -> bool:
    with connection.transaction():
        taken = connection.execute(_TAKE).fetchone()
        if taken is not None:
            connection.execute(taken[0])
        return taken is not None
