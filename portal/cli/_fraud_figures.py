"""What `portal fraud` prints of a model's worth."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import groupby, islice
from typing import TYPE_CHECKING

import click

from portal.learning.columns import TIME

if TYPE_CHECKING:
    from portal.jobs.fraud_model import Measured
    from portal.learning.columns import Columns
    from portal.learning.measures import Report

WEIGHTS_SHOWN = 10
# So many columns that are numbered on are told by the first and the last.
RUN_FROM = 3
SMALL = 0.01

# The first moment and the last.
Span = tuple[datetime, datetime]


def tell_measured(name: str, measured: Measured, *, as_json: bool) -> None:
    """Print figures for people, or for programs."""
    if as_json:
        told = asdict(measured) | {"set": name}
        click.echo(json.dumps(told, default=str, indent=2))
        return
    learned, period = measured.learned, measured.period
    click.echo(
        f"model           {name}, version {measured.version}" if measured.version else f"model           of {name}"
    )
    click.echo(f"learned from    {learned.since:%Y-%m-%d} to {learned.until:%Y-%m-%d}")
    click.echo(f"measured on     {period.since:%Y-%m-%d %H:%M} to {period.until:%Y-%m-%d %H:%M}")
    click.echo(f"split           {_SPLITS[measured.split].format(days=measured.label_delay_days)}")
    if measured.others_share < 1:
        each = 1 / measured.others_share
        click.echo(
            f"sample          all frauds, of the other events {measured.others_share:.1%}, each as heavy as {each:.1f}"
        )
    for column, reason in measured.left_out.items():
        click.echo(f"left out        {column}: {reason}")
    reports = [("everybody", measured.evaluation.everybody)]
    if measured.evaluation.not_known is not None:
        reports.append(("not yet known", measured.evaluation.not_known))
    if measured.baseline is not None:
        reports.append(("plain boosting", measured.baseline))
    click.echo("")
    tell_row("", *(title for title, _ in reports))
    for title, read in FIGURES:
        tell_row(title, *(read(report) for _, report in reports))
    tell_row("ROC AUC without labels", _figure(measured.evaluation.anomaly_roc_auc))
    click.echo("\nforetold and came, from the least suspicious to the most")
    for band in measured.evaluation.everybody.bands:
        click.echo(f"  {band.events:>8} events  {band.foretold:9.3%}  {band.came:9.3%}")
    click.echo("\nwhat moves scores most (log-odds, mean)")
    for feature, weight in islice(measured.weights.items(), WEIGHTS_SHOWN):
        click.echo(f"  {feature:<32}{weight:8.3f}")


def tell_taken(file: str, columns: Columns, *, events: int, refused: int, span: Span | None) -> None:
    """Say what was taken of a file, so that a wrong column, unit or day of beginning is seen."""
    times = f" from {span[0]:%Y-%m-%d %H:%M} to {span[1]:%Y-%m-%d %H:%M}" if span and TIME in columns.roles else ""
    told = [", ".join(f"{role} is {column}" for role, column in columns.roles.items())]
    told += [
        f"{kind} {_listed(names)}" for kind, names in (("numbers", columns.numbers), ("words", columns.words)) if names
    ]
    click.echo(f"portal: {file}: {events} events{times}, {refused} lines left out ({'; '.join(told)})", err=True)


def _listed(names: Sequence[str]) -> str:
    """The names; of those that are only numbered on, the first and the last."""
    found: list[str] = []
    for _head, run in groupby(enumerate(names), lambda one: _numbered(one[1], one[0])):
        some = [name for _place, name in run]
        found += some if len(some) < RUN_FROM else [f"{some[0]} to {some[-1]}"]
    return ", ".join(found)


def _numbered(name: str, place: int) -> tuple[str, int | None]:
    """The same for names that are numbered on: v1, v2, v3."""
    head = name.rstrip("0123456789")
    return head, int(name[len(head) :]) - place if head != name else None


def tell_row(title: str, *cells: str) -> None:
    click.echo(f"{title:<24}" + "".join(f"{cell:>16}" for cell in cells))


def _figure(value: float | None) -> str:
    if value is None:
        return "-"
    # Of few frauds a day even the best card precision is a very small share.
    return f"{value:.5f}" if 0 < value < SMALL else f"{value:.3f}"


_SPLITS = {
    "time": "by time: labels count {days:g} days after their event, and nothing later than the training is known",
    "random": "random: it has seen times after those it is measured on, so expect less of it in days to come",
    "stratified": "random, the same share of frauds: it has seen later times, so expect less of it in days to come",
}

FIGURES: tuple[tuple[str, Callable[[Report], str]], ...] = (
    ("average precision", lambda report: _figure(report.average_precision)),
    ("ROC AUC", lambda report: _figure(report.roc_auc)),
    ("card precision@100", lambda report: _figure(report.card_precision_at_100)),
    ("  at best", lambda report: _figure(report.card_precision_at_best)),
    ("Brier score", lambda report: "-" if report.brier is None else f"{report.brier:.5f}"),
    (
        "  of the share alone",
        lambda report: "-" if report.brier_of_share is None else f"{report.brier_of_share:.5f}",
    ),
    ("events", lambda report: str(report.events)),
    ("frauds", lambda report: str(report.frauds)),
)
