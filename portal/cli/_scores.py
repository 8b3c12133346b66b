"""Score the customers of a file of purchases."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from portal.jobs.purchase_file import TakenPurchases
    from portal.learning.lifetime import BgNbd, GammaGamma
    from portal.learning.purchases import Known

TOLD_MAX = 20
UNITS = ("days", "weeks", "months")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--column", "named", multiple=True, metavar="ROLE=NAME", help="Which column is what: by name or place.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Learn from what was bought by then only.")
@click.option("--unit", type=click.Choice(UNITS), default="weeks", show_default=True, help="What times are counted in.")
@click.option("--ahead", default=52.0, show_default=True, help="How far to look ahead, in that unit.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write each customer's score as CSV.")
@click.option("--json", "as_json", is_flag=True, help="Figures for programs.")
def scores(
    files: Sequence[Path],
    named: Sequence[str],
    until: date | None,
    unit: str,
    ahead: float,
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    """Fit BG/NBD and Gamma-Gamma to FILES of purchases, and say what each customer will buy.

    A line is a purchase with customer, date and amount; purchases of one day are one. Exit code 1 if lines were left
    out, 2 if nothing can be fitted.
    """
    from portal.jobs.purchase_file import PurchaseFileError, read_purchases
    from portal.learning.lifetime import TooLittleError, fit_bg_nbd, fit_gamma_gamma
    from portal.learning.purchases import known_at

    roles = dict(one.partition("=")[::2] for one in named)
    left_out: list[str] = []
    try:
        taken = read_purchases(files, named=roles, told=lambda line, reason: left_out.append(f"line {line}: {reason}"))
        end = taken.purchases.last_day
        cut = date(until.year, until.month, until.day) if until else end
        known = known_at(taken.purchases, cut, unit=unit)
        counts = fit_bg_nbd(known.customers)
        values = _values(known, fit_gamma_gamma)
    except (PurchaseFileError, TooLittleError) as refused:
        click.echo(f"portal: {refused}", err=True)
        raise SystemExit(2) from None
    for told in left_out[:TOLD_MAX]:
        click.echo(f"portal: {told}", err=True)
    if len(left_out) > TOLD_MAX:
        click.echo(f"portal: {len(left_out) - TOLD_MAX} more lines are left out", err=True)
    found = _figures(taken, known, counts, values, cut, end, unit, ahead)
    click.echo(json.dumps(found) if as_json else "\n".join(_lines(found, unit, ahead)))
    if output:
        _write(output, known, counts, values, ahead)
    if taken.refused:
        raise SystemExit(1)


def _values(known: Known, fit: Any) -> GammaGamma | None:
    """How much they spend; None in a file without amounts."""
    return fit(known.customers.frequency, known.value) if (known.value > 0).any() else None


def _figures(
    taken: TakenPurchases,
    known: Known,
    counts: BgNbd,
    values: GammaGamma | None,
    cut: date,
    end: date,
    unit: str,
    ahead: float,
) -> dict[str, Any]:
    from portal.learning.purchases import DAYS_OF, bought_after, ranked_share

    expected = counts.expected(known.customers, ahead)
    found: dict[str, Any] = {
        "customers": len(known.names),
        "came_again": int((known.customers.frequency > 0).sum()),
        "until": cut.isoformat(),
        "refused": taken.refused,
        "bg_nbd": asdict(counts),
        "gamma_gamma": asdict(values) if values else None,
        "expected_purchases": float(expected.sum()),
        "alive": float(counts.alive(known.customers).sum()),
        "proof": None,
    }
    if end > cut:
        real = bought_after(taken.purchases, known.names, cut, end)
        then = counts.expected(known.customers, (end - cut).days / DAYS_OF[unit])
        found["proof"] = {
            "days": (end - cut) // timedelta(days=1),
            "expected": float(then.sum()),
            "real": float(real.sum()),
            "mean_absolute_error": float(abs(then - real).mean()),
            "first_fifth_bought": ranked_share(then, real),
        }
    return found


def _lines(found: dict[str, Any], unit: str, ahead: float) -> Sequence[str]:
    one, two, proof = found["bg_nbd"], found["gamma_gamma"], found["proof"]
    lines = [
        f"{found['customers']} customers by {found['until']}, {found['came_again']} of them came again",
    ]
    lines.append(
        f"BG/NBD       r {one['r']:.3f}  alpha {one['alpha']:.3f}  a {one['a']:.3f}  b {one['b']:.3f}"
        f"  log-likelihood {one['log_likelihood']:.1f}"
    )
    if two:
        lines.append(
            f"Gamma-Gamma  p {two['p']:.2f}  q {two['q']:.2f}  v {two['v']:.2f}"
            f"  log-likelihood {two['log_likelihood']:.1f}"
        )
    ahead_of = f"purchases in {ahead:g} {unit} {found['expected_purchases']:.0f}"
    lines.append(f"Still customers {found['alive']:.0f}; {ahead_of}")
    if proof:
        lines.append(
            f"Proof over {proof['days']} days: expected {proof['expected']:.0f}, bought {proof['real']:.0f},"
            f" mean absolute error {proof['mean_absolute_error']:.3f}"
        )
        if proof["first_fifth_bought"] is not None:
            lines.append(f"The fifth expected to buy most made {proof['first_fifth_bought']:.0%} of these purchases")
    return lines


def _write(path: Path, known: Known, counts: BgNbd, values: GammaGamma | None, ahead: float) -> None:
    """A line per customer, who will buy most first."""
    expected = counts.expected(known.customers, ahead)
    alive = counts.alive(known.customers)
    worth = values.expected(known.customers.frequency, known.value) if values else None
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        head = ["customer", "frequency", "recency", "age", "alive", "expected_purchases"]
        writer.writerow(head + (["expected_value", "expected_total"] if worth is not None else []))
        for n in sorted(range(len(known.names)), key=lambda one: -expected[one]):
            times = known.customers.recency[n], known.customers.age[n]
            row = [known.names[n], int(known.customers.frequency[n]), *(f"{one:.4g}" for one in times)]
            row += [f"{alive[n]:.4f}", f"{expected[n]:.4f}"]
            writer.writerow(row + ([f"{worth[n]:.2f}", f"{worth[n] * expected[n]:.2f}"] if worth is not None else []))
