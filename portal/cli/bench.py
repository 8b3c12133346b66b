"""Measure a portal over HTTP: whole purchases with what they cost, and how long buyers wait for the truth."""

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import orjson
from tqdm import tqdm

from portal.bench import decisions as decision_figures
from portal.bench import desk as desk_figures
from portal.bench import exports as export_figures
from portal.bench import ledger as ledger_figures
from portal.bench import offers as offer_figures
from portal.bench.payments import LIMIT_S, Outcome, lines_of, measure
from portal.bench.payments import Wish as PaymentsWish
from portal.bench.pricing import measure_pricing
from portal.bench.run import Wish, run
from portal.bench.shoppers import lines_of as score_lines
from portal.bench.shoppers import measure as measure_scores
from portal.cli._bench_portal import demo_settings, portal_at
from portal.cli._load import load_orders
from portal.cli._propagation import propagation
from portal.kit.tables import Format
from portal.process import start
from portal.stack.supervisor import project_root


@click.group()
def bench() -> None:
    """Measure this portal on this machine."""


bench.add_command(propagation)


def _numbers(_context: click.Context, _parameter: click.Parameter, text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < 1:
        raise click.BadParameter("give numbers above zero with commas between them, such as 1,8,32")
    return numbers


@bench.command()
@click.option("--buyers", default="1,8,32", show_default=True, callback=_numbers, help="Buyers at once, one run each.")
@click.option("--seconds", default=20, show_default=True, type=click.IntRange(1), help="How long each run takes.")
@click.option("--purchases", type=click.IntRange(1), help="Make so many purchases in each run instead.")
@click.option(
    "--floor-seconds", default=5, show_default=True, type=click.IntRange(1), help="Length of the floor's run."
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too."
)
@click.option(
    "--against", metavar="URL", help="Measure the demo portal that runs there, with its environment set here."
)
def checkout(
    *,
    buyers: tuple[int, ...],
    seconds: int,
    purchases: int | None,
    floor_seconds: int,
    json_file: Path | None,
    against: str | None,
) -> None:
    """Let buyers walk whole purchases page by page, and print what they took.

    Without --against a portal of its own is started on a temporary directory, with the demo mall and a database that
    waits for its disk, and is thrown away afterwards. Exit code 1 if a purchase failed or `portal check` fails.
    """
    wish = Wish(buyers, seconds, purchases, floor_seconds)
    with portal_at(against) as running:
        settings = demo_settings(running)
        home = running.home if (running.home / "run" / "processes.json").exists() else None
        report = run(settings, running.base, home, wish, shlex.join(["portal", *sys.argv[1:]]), click.echo)
        report.is_clean = _is_clean(running.env)
    click.echo(f"\nportal check: {'clean' if report.is_clean else 'NOT clean'}")
    if json_file:
        json_file.write_bytes(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    if report.failed:
        raise SystemExit(1)


@bench.command()
@click.option("--buyers", default=2, show_default=True, type=click.IntRange(1), help="Buyers at once.")
@click.option("--payments", default=200, show_default=True, type=click.IntRange(1), help="Payments in each scenario.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too."
)
@click.option(
    "--against", metavar="URL", help="Measure the demo portal that runs there, with its environment set here."
)
def payments(*, buyers: int, payments: int, json_file: Path | None, against: str | None) -> None:
    """Measure how long buyers wait for an answer to their payment, at gateways that work and at some that do not.

    Exit code 1 if somebody waited too long for an honest answer, if a payment failed otherwise than it should, if a
    gateway holds other money than the orders say, or if `portal check` fails.
    """
    outcomes: list[Outcome] = []
    with portal_at(against) as running:
        settings = demo_settings(running)
        start(settings, name="portal bench", connections=2)
        for outcome in measure(settings, running.base, PaymentsWish(buyers, payments)):
            outcomes.append(outcome)
            click.echo("\n".join(lines_of(outcome)) + "\n")
        is_clean = _is_clean(running.env)
    click.echo(f"portal check: {'clean' if is_clean else 'NOT clean'}")
    if json_file:
        found = {"limit_s": LIMIT_S, "scenarios": [one.as_json() for one in outcomes], "check_is_clean": is_clean}
        json_file.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n")
    if not is_clean or any(outcome.failed for outcome in outcomes):
        raise SystemExit(1)


@bench.command()
@click.option("--postings", default=1_000_000, show_default=True, type=click.IntRange(10_000), help="In all the books.")
@click.option("--history", default=100_000, show_default=True, type=click.IntRange(1_000), help="Of one person.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too."
)
def ledger(*, postings: int, history: int, json_file: Path | None) -> None:
    """Measure the books: an entry, the page of a long history, and the reconciliation of everything.

    A portal of its own is started and thrown away. Exit code 1 if an entry takes 2 ms of our own time, the history
    100 ms, or the reconciliation a minute, or if it finds a difference.
    """
    if history > postings // 4:
        raise click.UsageError("One person has a quarter of the postings at most.")
    with portal_at(None) as running:
        found = ledger_figures.measure(
            demo_settings(running),
            running.base,
            postings=postings,
            history=history,
            say=lambda line: click.echo(line, err=True),
        )
    click.echo("\n".join(ledger_figures.lines_of(found)))
    if json_file:
        json_file.write_bytes(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    if found.missed or found.found:
        raise SystemExit(1)


@bench.command()
@click.option("--rows", default=200_000, show_default=True, type=click.IntRange(1_000), help="Postings in the ledger.")
@click.option(
    "--format",
    "kinds",
    type=click.Choice([kind.value for kind in Format]),
    multiple=True,
    help="Only this; may be given more than once.",
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too."
)
def exports(*, rows: int, kinds: tuple[str, ...], json_file: Path | None) -> None:
    """Save the ledger as CSV, XLSX and PDF, and print how long each takes and how much memory.

    A portal of its own is started and thrown away. Exit code 1 if a process grows by more than 120 MiB.
    """
    with portal_at(None) as running:
        found = export_figures.measure(
            demo_settings(running),
            running.env,
            rows=rows,
            kinds=[Format(kind) for kind in kinds] or list(Format),
            say=lambda line: click.echo(line, err=True),
        )
    click.echo("\n".join(export_figures.lines_of(found)))
    if json_file:
        json_file.write_bytes(orjson.dumps([one.as_json() for one in found], option=orjson.OPT_INDENT_2) + b"\n")
    if any(one.missed for one in found):
        raise SystemExit(1)


@bench.command()
@click.option("--orders", default=20_000, show_default=True, type=click.IntRange(1_000), help="In a mall of its own.")
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1), help="How often each page is opened.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too."
)
@click.option(
    "--against", metavar="URL", help="Measure the demo portal that runs there, with its environment set here."
)
def desk(*, orders: int, rounds: int, json_file: Path | None, against: str | None) -> None:
    """Open the pages of the desks as the demo's seller and administrator, and print how long each takes.

    Without --against a portal of its own gets so many orders by bulk load and is thrown away. Exit code 1 if the
    median of a list is above 100 ms, or that of a board above 500 ms.
    """
    with portal_at(against) as running:
        settings = demo_settings(running)
        start(settings, name="portal bench", connections=2)
        if against is None:
            load_orders(settings, orders)
        with tqdm(desc="portal: opening pages", unit=" pages", leave=False) as bar:
            found = asyncio.run(desk_figures.measure(settings, running.base, rounds=rounds, progress=bar.update))
    click.echo("\n".join(desk_figures.lines_of(found)))
    if json_file:
        json_file.write_bytes(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    if found.slow:
        raise SystemExit(1)


@bench.command()
@click.option("--carts", default=200, show_default=True, type=click.IntRange(1), help="How many carts are priced.")
@click.option("--lines", default=20, show_default=True, type=click.IntRange(1, 500), help="Lines of each cart.")
@click.option("--coupons", default=30, show_default=True, type=click.IntRange(0, 500), help="Coupons of each buyer.")
@click.option("--seed", default=1, show_default=True, help="The same seed prices the same carts.")
def pricing(*, carts: int, lines: int, coupons: int, seed: int) -> None:
    """Price carts with full wallets, by the rules alone: no portal is started, nothing is read or written."""
    found = measure_pricing(carts=carts, lines=lines, coupons=coupons, seed=seed)
    click.echo(f"{carts} carts of {lines} lines, {coupons} coupons each; best set proven for {found.proven}")
    for name, times in (
        ("check the coupons", found.evaluate_ms),
        ("choose the best set", found.search_ms),
        ("the whole quote", found.quote_ms),
    ):
        click.echo(f"{name:<20} p50 {times['p50']:6.2f} ms   p95 {times['p95']:6.2f} ms   max {times['max']:6.2f} ms")


@bench.command()
@click.option("--customers", default=100_000, show_default=True, type=click.IntRange(1_000), help="Who has bought.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too."
)
def scores(*, customers: int, json_file: Path | None) -> None:
    """Measure the scores of customers: the nightly run over everybody, and that over those whose orders moved.

    A portal of its own is started and thrown away. Exit code 1 if the night takes two minutes, the others a second.
    """
    with portal_at(None) as running:
        found = measure_scores(demo_settings(running), customers=customers, say=lambda line: click.echo(line, err=True))
    click.echo("\n".join(score_lines(found)))
    if json_file:
        json_file.write_bytes(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    if found.missed:
        raise SystemExit(1)


@bench.command()
@click.option("--people", default=300, show_default=True, type=click.IntRange(10), help="For whom to choose.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too."
)
def offers(*, people: int, json_file: Path | None) -> None:
    """Measure how long it takes to choose an offer for somebody, and to find what was chosen for him before.

    A portal of its own is started and thrown away. Exit code 1 if choosing takes ten milliseconds at the median.
    """
    with portal_at(None) as running:
        found = offer_figures.measure(
            demo_settings(running), people=people, say=lambda line: click.echo(line, err=True)
        )
    click.echo("\n".join(offer_figures.lines_of(found)))
    if json_file:
        json_file.write_bytes(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    if found.missed:
        raise SystemExit(1)


@bench.command()
@click.option("--orders", default=20_000, show_default=True, type=click.IntRange(1_000), help="In a mall of its own.")
@click.option("--ranges", default=300_000, show_default=True, type=click.IntRange(1), help="In the table of addresses.")
@click.option("--decisions", default=2_000, show_default=True, type=click.IntRange(1), help="How many are measured.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures here, too."
)
def risk(*, orders: int, ranges: int, decisions: int, json_file: Path | None) -> None:
    """Measure decisions of risk as they stand inside a checkout: features, rules, the row that is kept.

    A portal of its own is started and thrown away. Exit code 1 if the 95th percentile is above 50 ms.
    """
    with portal_at(None) as running:
        settings = demo_settings(running)
        start(settings, name="portal bench", connections=2)
        load_orders(settings, orders)
        found = decision_figures.measure(
            settings, ranges=ranges, decisions=decisions, say=lambda line: click.echo(line, err=True)
        )
    click.echo("\n".join(decision_figures.lines_of(found)))
    if json_file:
        json_file.write_bytes(orjson.dumps(found.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    if found.missed:
        raise SystemExit(1)


def _is_clean(env: Mapping[str, str]) -> bool:
    """Run `portal check` on what the buyers left."""
    found = subprocess.run(
        [sys.executable, "-m", "portal.cli", "check"],
        env={**os.environ, **env},
        cwd=project_root(),
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        click.echo(found.stdout + found.stderr)
    return found.returncode == 0
