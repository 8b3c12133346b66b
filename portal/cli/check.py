"""Check every invariant of the books, the stock and the audit trail over the live database."""

import os
import time

import click
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.db import database
from portal.kit import clock
from portal.process import start
from portal.queries.exchange import list_channel_rates
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
        warn_of_rates(session)
    if broken:
        raise SystemExit(1)


def warn_of_rates(session: Session) -> None:
    """Say which channels sell nothing for want of a rate: the books are right, and yet nobody can buy."""
    now = clock.now()
    for one in list_channel_rates(session, now=now):
        if one.is_open and not one.needs_feed:
            continue
        state = f"are open until {one.closes_at:%Y-%m-%d}" if one.is_open and one.closes_at else "are closed"
        why = (
            f"the newest rate is of {one.rate.as_of:%Y-%m-%d} ({one.rate.provider})" if one.rate else "no rate is known"
        )
        remedy = ": set FX_FEED_URL, then run `portal rates`" if one.needs_feed or one.rate is None else ""
        click.echo(f"{click.style('warn', fg='yellow'):<6} purchases in {one.currency} {state}, {why}{remedy}")
