"""Check every invariant of the books, the stock and the audit trail over the live database."""

import os
import time

import click

from portal.config import Settings
from portal.db import database
from portal.process import start
from portal.queries.invariants import find_violations


@click.command()
def check() -> None:
    """Check every invariant over the live database: a line each, exit code 1 with the rows if one fails."""
    start(Settings.from_environment(os.environ), name="portal check", connections=1)
    broken = 0
    # One snapshot for all: an order that is placed meanwhile is seen wholly or not at all.
    with database.snapshot() as session:
        began = time.monotonic()
        for finding in find_violations(session):
            took = (time.monotonic() - began) * 1000
            mark = click.style("FAIL", fg="red") if finding.rows else click.style("ok", fg="green")
            click.echo(f"{mark:<6} {finding.invariant.number}  {finding.invariant.name}  ({took:.0f} ms)")
            for row in finding.rows:
                click.echo("         " + "  ".join(f"{name}={value}" for name, value in row.items()))
            broken += bool(finding.rows)
            began = time.monotonic()
    if broken:
        raise SystemExit(1)
