"""Drive ordinary buyers and named attacks through a portal, and say who was caught."""

from __future__ import annotations

import click
import orjson

from portal.bench.attacks import ATTACKS, HONEST
from portal.bench.simulation import simulate as run
from portal.cli._bench_portal import demo_settings, portal_at


@click.group(invoke_without_command=True)
@click.option("--buyers", default=10, show_default=True, type=click.IntRange(1), help="How many ordinary buyers.")
@click.option(
    "--only",
    "--attack",
    "only",
    multiple=True,
    type=click.Choice([*HONEST, *ATTACKS]),
    help="Only these buyers, or this attack; may repeat.",
)
@click.option("--against", metavar="URL", help="The demo portal that runs there, with its environment set here.")
@click.pass_context
def simulate(context: click.Context, *, buyers: int, only: tuple[str, ...], against: str | None) -> None:
    """Honest buyers first, then card testing, a leaked coupon, account farms, mileage gaming, laundering and refund
    abuse, fast and slow, each through the pages that everybody uses; what was held stands in the desk afterwards.

    Who is slow is not waited for: his orders and payments are made older instead. Without --against a portal of its own
    is started and thrown away. Exit code 1 if an attack was not caught or an honest buyer was
    stopped. `portal simulate market` simulates something else, and starts nothing.
    """
    if context.invoked_subcommand is not None:
        return
    with portal_at(against) as running:
        found = run(demo_settings(running), running.base, buyers=buyers, only=only, say=click.echo)
    if any(one.failed for one in found):
        raise SystemExit(1)


@simulate.command()
@click.option("--visits", default=20_000, show_default=True, type=click.IntRange(100), help="Visits of each run.")
@click.option("--seeds", default=5, show_default=True, type=click.IntRange(1), help="How many runs.")
@click.option("--json", "as_json", is_flag=True, help="Figures for programs.")
def market(*, visits: int, seeds: int, as_json: bool) -> None:
    """Choose offers for a simulated population, learning from what comes of it.

    Net revenue per visit is told beside that of no offer, of everyone, and of the best rule in hindsight, with 95 %
    intervals over the seeds, and the regret against whoever knew everything. Nothing is started, read or written.
    """
    from portal.bench.market import market_json, market_lines, simulate_market

    found = simulate_market(visits=visits, seeds=seeds, say=lambda line: click.echo(line, err=True))
    click.echo(orjson.dumps(market_json(found)).decode() if as_json else "\n".join(market_lines(found)))
