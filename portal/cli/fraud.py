"""Train and measure the fraud model on labelled events."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portal.learning.columns import UNITS

if TYPE_CHECKING:
    from portal.jobs.fraud_model import Measured
    from portal.learning.columns import Columns, EventRow
    from portal.learning.measures import Report

PEEKED = 5000
TOLD_MAX = 20
WEIGHTS_SHOWN = 10
DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def fraud() -> None:
    """The fraud model: labelled events in, measures out. docs/fraud-model.md explains columns and figures."""


@fraud.command("import")
@click.argument("name")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--column", "named", multiple=True, metavar="ROLE=NAME", help="Which column is what, if not known.")
@click.option("--unit", type=click.Choice(list(UNITS)), help="What times are counted in, if not seconds.")
def import_events(name: str, files: Sequence[Path], named: Sequence[str], unit: str | None) -> None:
    """Take FILES of events into the training set NAME: time, customer, terminal or store, amount, label, and more.

    CSV in UTF-8, plain or gzip. A line that is no event is named with its reason and left out; a file is taken whole
    or not at all, and the same file again changes nothing. Exit code 1 says that lines were left out.
    """
    from portal.kit.errors import PortalError
    from portal.learning.columns import ColumnsError
    from portal.services.catalogue.importing.rows import FileUnreadableError

    _start("import")
    refused = 0
    for file in files:
        try:
            refused += _take(name, file, _roles(named), unit)
        except (ColumnsError, FileUnreadableError, PortalError) as refusal:
            raise click.ClickException(f"{file.name}: {refusal}") from None
    if refused:
        raise SystemExit(1)


@fraud.command()
@click.argument("name")
@click.option("--until", type=DAY, help="When it is trained, in UTC; later events are measured on.")
@click.option("--since", type=DAY, help="The oldest events to learn from.")
@click.option("--measured-until", type=DAY, help="Where measuring ends.")
@click.option(
    "--label-delay", type=click.FloatRange(0), help="Days until a label is known; else 7, less for a short time."
)
@click.option("--json", "as_json", is_flag=True, help="Figures for programs.")
def train(
    name: str,
    until: datetime | None,
    since: datetime | None,
    measured_until: datetime | None,
    label_delay: float | None,
    *,
    as_json: bool,
) -> None:
    """Train on the set NAME by time, measure on what came later, and keep the model as its next version."""
    from portal.jobs.fraud_model import train_model
    from portal.kit.errors import PortalError
    from portal.learning.boosting import TooFewError
    from portal.rules.permissions import SYSTEM

    _start("train")
    try:
        measured = train_model(
            name,
            actor=SYSTEM,
            label_delay=None if label_delay is None else timedelta(days=label_delay),
            until=_utc(until),
            since=_utc(since),
            measured_until=_utc(measured_until),
        )
    except (TooFewError, PortalError) as refusal:
        raise click.ClickException(str(refusal)) from None
    _tell(name, measured, as_json=as_json)


@fraud.command()
@click.argument("name")
@click.option("--model", "of", metavar="SET", help="Whose model, if not that of the same set.")
@click.option("--version", type=click.IntRange(1), help="Which version, if not the newest.")
@click.option("--since", type=DAY, help="Where measuring begins, in UTC; else where the training ended.")
@click.option("--until", type=DAY, help="Where it ends.")
@click.option("--json", "as_json", is_flag=True, help="Figures for programs.")
def evaluate(
    name: str, of: str | None, version: int | None, since: datetime | None, until: datetime | None, *, as_json: bool
) -> None:
    """Measure a kept model on events of the set NAME."""
    from portal.jobs.fraud_model import evaluate_model
    from portal.kit.errors import PortalError
    from portal.learning.fraud import ModelAlteredError

    _start("evaluate")
    try:
        measured = evaluate_model(name, of=of, version=version, since=_utc(since), until=_utc(until))
    except (ModelAlteredError, PortalError) as refusal:
        raise click.ClickException(str(refusal)) from None
    _tell(name, measured, as_json=as_json)


@fraud.command("learn")
@click.option("--delay", type=click.FloatRange(0), default=30, show_default=True, help="Days until a label is known.")
@click.option("--promote", is_flag=True, help="Make it the champion where it is better than the one that decides.")
def learn_own(delay: float, *, promote: bool) -> None:
    """Train the model of this mall's own decisions from what became of them; it is tried beside the rules first."""
    from portal.jobs.risk_model import learn_from_decisions
    from portal.learning.boosting import TooFewError
    from portal.rules.permissions import SYSTEM

    _start("learn")
    try:
        learned = learn_from_decisions(actor=SYSTEM, delay=timedelta(days=delay), promotes=promote)
    except TooFewError as refusal:
        raise click.ClickException(f"Untrained, the rules decide alone. {refusal}") from None
    click.echo(f"model           version {learned.version}, {learned.place}")
    for title, read in _FIGURES:
        _row(title, read(learned.report))


def _start(what: str) -> None:
    from portal.config import Settings
    from portal.process import start

    start(Settings.from_environment(os.environ), name=f"portal fraud {what}", connections=1)


def _utc(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None


def _roles(named: Sequence[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in named]
    if any(not role or not column for role, _, column in pairs):
        raise click.UsageError("--column is written ROLE=NAME, such as --column amount=price.")
    return {role: column for role, _, column in pairs}


def _take(name: str, file: Path, named: dict[str, str], unit: str | None) -> int:
    """Take one file; returns how many lines were left out."""
    from portal.db import transaction
    from portal.kit import clock
    from portal.learning.columns import recognise
    from portal.rules.permissions import SYSTEM
    from portal.services.catalogue.importing.rows import delimiter_of, header_of, read_rows
    from portal.services.fraud.keep_events import is_taken, keep_events, open_set

    with file.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    delimiter = delimiter_of(file)
    first = [row.cells for row in islice(read_rows(file, delimiter=delimiter), PEEKED)]
    columns = recognise(header_of(file, delimiter=delimiter), first, named=named, unit=unit)
    refused: list[str] = []
    with transaction() as session:
        set_id = open_set(session, name=name, columns=columns, now=clock.now())
        if is_taken(session, set_id=set_id, sha256=sha256):
            click.echo(f"portal: {file.name} is in {name} already.", err=True)
            return 0
        note = keep_events(
            session,
            set_id=set_id,
            events=_events(file, delimiter, columns, refused),
            file=file.name,
            sha256=sha256,
            actor=SYSTEM,
            now=clock.now(),
        )
        note.refused = len(refused)
        count = note.events
    further = f"; features {', '.join((*columns.numbers, *columns.words))}" if columns.numbers or columns.words else ""
    known = ", ".join(f"{role} is {column}" for role, column in columns.roles.items())
    click.echo(f"portal: {file.name}: {count} events, {len(refused)} lines left out ({known}{further})", err=True)
    return len(refused)


def _events(file: Path, delimiter: str, columns: Columns, refused: list[str]) -> Iterator[EventRow]:
    from tqdm import tqdm

    from portal.learning.columns import EventError
    from portal.services.catalogue.importing.rows import BadRow, read_rows

    with tqdm(total=file.stat().st_size, unit="B", unit_scale=True, desc=f"portal: {file.name}", leave=False) as bar:

        def moved(position: int) -> None:
            bar.update(position - bar.n)

        for row in read_rows(file, delimiter=delimiter, moved=moved):
            try:
                yield columns.event(row.cells, row.line)
            except EventError as refusal:
                refused.append(str(BadRow(file.name, row.line, str(refusal))))
                if len(refused) <= TOLD_MAX:
                    tqdm.write(refused[-1], file=sys.stderr)
                elif len(refused) == TOLD_MAX + 1:
                    tqdm.write("further ones are counted only", file=sys.stderr)


def _tell(name: str, measured: Measured, *, as_json: bool) -> None:
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
    for column, reason in measured.left_out.items():
        click.echo(f"left out        {column}: {reason}")
    reports = [("everybody", measured.evaluation.everybody)]
    if measured.evaluation.not_known is not None:
        reports.append(("not yet known", measured.evaluation.not_known))
    click.echo("")
    _row("", *(title for title, _ in reports))
    for title, read in _FIGURES:
        _row(title, *(read(report) for _, report in reports))
    _row("ROC AUC without labels", _figure(measured.evaluation.anomaly_roc_auc))
    click.echo("\nforetold and came, by tenths of the ranking")
    for band in measured.evaluation.everybody.bands:
        click.echo(f"  {band.events:>8} events  {band.foretold:9.4%}  {band.came:9.4%}")
    click.echo("\nwhat moves scores most (log-odds, mean)")
    for feature, weight in islice(measured.weights.items(), WEIGHTS_SHOWN):
        click.echo(f"  {feature:<32}{weight:8.3f}")


def _row(title: str, *cells: str) -> None:
    click.echo(f"{title:<24}" + "".join(f"{cell:>14}" for cell in cells))


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


_FIGURES: tuple[tuple[str, Callable[[Report], str]], ...] = (
    ("average precision", lambda report: _figure(report.average_precision)),
    ("ROC AUC", lambda report: _figure(report.roc_auc)),
    ("card precision@100", lambda report: _figure(report.card_precision_at_100)),
    ("Brier score", lambda report: "-" if report.brier is None else f"{report.brier:.5f}"),
    ("events", lambda report: str(report.events)),
    ("frauds", lambda report: str(report.frauds)),
)
