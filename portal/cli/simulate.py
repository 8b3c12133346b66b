"""Drive ordinary buyers and named attacks through a portal, and say who was caught."""

from __future__ import annotations

import click

from portal.bench.attacks import ATTACKS
from portal.bench.simulation import simulate as run
from portal.cli.bench import demo_settings, portal_at


@click.command()
@click.option("--buyers", default=10, show_default=True, type=click.IntRange(1), help="How many ordinary buyers.")
@click.option("--attack", "only", multiple=True, type=click.Choice(sorted(ATTACKS)), help="Only this one; may repeat.")
@click.option("--against", metavar="URL", help="The demo portal that runs there, with its environment set here.")
def simulate(*, buyers: int, only: tuple[str, ...], against: str | None) -> None:
    """Ordinary buyers first, then card testing, a leaked coupon, an account farm, mileage gaming, top-up laundering
    and refund abuse, each through the pages that everybody uses; what was held stands in the desk afterwards.

    Without --against a portal of its own is started and thrown away. Exit code 1 if an attack was not caught or an
    ordinary buyer was stopped.
    """
    with portal_at(against) as running:
        found = run(demo_settings(running), running.base, buyers=buyers, only=only, say=click.echo)
    if any(one.failed for one in found):
        raise SystemExit(1)
