"""Train and measure the fraud model on labelled events."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from portal.cli._fraud_figures import FIGURES, Span, tell_measured, tell_row, tell_taken
from portal.learning.columns import UNITS, Kind

if TYPE_CHECKING:
    from portal.learning.columns import Columns, EventRow

PEEKED = 5000
TOLD_MAX = 20
DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def fraud() -> None:
    """The fraud model: labelled events in, measures out. docs/fraud-model.md explains columns and figures."""


@fraud.command("import")
@click.argument("name")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--column", "named", multiple=True, metavar="ROLE=NAME", help="Which column is what, if not known.")
@click.option("--number", "numbers", multiple=True, metavar="NAME", help="This column holds numbers.")
@click.option("--word", "words", multiple=True, metavar="NAME", help="This column holds words, even if of digits.")
@click.option("--without", "nothing", multiple=True, metavar="NAME", help="This column is left out.")
@click.option("--unit", type=click.Choice(list(UNITS)), help="What times are counted in, if not seconds.")
@click.option("--epoch", type=DAY, help="What times that are numbers are counted from, in UTC, if not 1970.")
def import_events(
    name: str,
    files: Sequence[Path],
    named: Sequence[str],
    numbers: Sequence[str],
    words: Sequence[str],
    nothing: Sequence[str],
    unit: str | None,
    epoch: datetime | None,
) -> None:
    """Take FILES of events into the training set NAME: time, customer, terminal or store, amount, label, and more.

    CSV in UTF-8, plain or gzip. ROLE is time, customer, terminal, amount or label; NAME - says that there is none.
    Who is known only by several columns is named by them, such as customer=card1+addr1.
    Other columns are further features. A line that is no event is named with its reason and left out; a file is taken
    whole or not at all, and the same file again changes nothing. Exit code 1 says that lines were left out.
    """
    from portal.kit.errors import PortalError
    from portal.learning.columns import ColumnsError
    from portal.services.catalogue.importing.rows import FileUnreadableError

    _start("import")
    asked = _Asked(
        _roles(named),
        {
            **dict.fromkeys(numbers, Kind.NUMBER),
            **dict.fromkeys(words, Kind.WORD),
            **dict.fromkeys(nothing, Kind.NOTHING),
        },
        unit,
        _seconds(epoch) or 0.0,
    )
    refused = 0
    for file in files:
        try:
            refused += _take(name, file, asked)
        except (ColumnsError, FileUnreadableError, PortalError) as refusal:
            raise click.ClickException(f"{file.name}: {refusal}") from None
    if refused:
        raise SystemExit(1)


@fraud.command()
@click.argument("name")
@click.option("--until", type=DAY, help="When it is trained, in UTC; later events are measured on.")
@click.option("--since", type=DAY, help="The oldest events to learn from.")
@click.option("--measured-until", type=DAY, help="Where measuring ends.")
@click.option("--train-days", type=click.FloatRange(0, min_open=True), help="Days to learn from, before the delay.")
@click.option(
    "--delay-days",
    "--label-delay",
    type=click.FloatRange(0),
    help="Days until a label is known; else 7, less for a short time.",
)
@click.option("--test-days", type=click.FloatRange(0, min_open=True), help="Days to measure on, after the training.")
@click.option(
    "--split",
    "kind",
    type=click.Choice(["time", "random", "stratified"]),
    default="time",
    show_default=True,
    help="Random and stratified draw events of all times to measure on.",
)
@click.option(
    "--held-out",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.2,
    show_default=True,
    help="The share that is drawn.",
)
@click.option("--seed", type=click.IntRange(0), default=20, show_default=True, help="What they are drawn by.")
@click.option("--baseline/--no-baseline", default=True, help="Compare with plain boosting of the columns.")
@click.option("--json", "as_json", is_flag=True, help="Figures for programs.")
def train(
    name: str,
    until: datetime | None,
    since: datetime | None,
    measured_until: datetime | None,
    train_days: float | None,
    delay_days: float | None,
    test_days: float | None,
    kind: str,
    held_out: float,
    seed: int,
    *,
    baseline: bool,
    as_json: bool,
) -> None:
    """Train on the set NAME, measure on what it has not seen, and keep the model as its next version.

    By time it learns from labels that were known --until, and is measured on what came later.
    """
    from portal.jobs.fraud_model import train_model
    from portal.kit.errors import PortalError
    from portal.learning.boosting import TooFewError
    from portal.learning.split import Asked
    from portal.rules.permissions import SYSTEM

    if kind != "time" and any((until, measured_until, train_days, test_days)):
        raise click.UsageError("Drawn events are of all times: --until, --train-days and such are for --split time.")
    asked = Asked(
        kind=kind,
        until_s=_seconds(until),
        since_s=_seconds(since),
        measured_until_s=_seconds(measured_until),
        train_days=train_days,
        delay_days=delay_days,
        test_days=test_days,
        held_share=held_out,
        seed=seed,
    )
    _start("train")
    try:
        measured = train_model(name, actor=SYSTEM, asked=asked, compares=baseline)
    except (TooFewError, PortalError) as refusal:
        raise click.ClickException(str(refusal)) from None
    tell_measured(name, measured, as_json=as_json)


@fraud.command()
@click.argument("name")
@click.option("--model", "of", metavar="SET", help="Whose model, if not that of the same set.")
@click.option("--version", type=click.IntRange(1), help="Which version, if not the newest.")
@click.option("--since", type=DAY, help="Where measuring begins, in UTC; else where the training ended.")
@click.option("--until", type=DAY, help="Where it ends.")
@click.option("--baseline/--no-baseline", default=True, help="Compare with plain boosting of the set's columns.")
@click.option("--json", "as_json", is_flag=True, help="Figures for programs.")
def evaluate(
    name: str,
    of: str | None,
    version: int | None,
    since: datetime | None,
    until: datetime | None,
    *,
    baseline: bool,
    as_json: bool,
) -> None:
    """Measure a kept model on events of the set NAME."""
    from portal.jobs.fraud_model import evaluate_model
    from portal.kit.errors import PortalError
    from portal.learning.fraud import ModelAlteredError

    _start("evaluate")
    try:
        measured = evaluate_model(name, of=of, version=version, since=_utc(since), until=_utc(until), compares=baseline)
    except (ModelAlteredError, PortalError) as refusal:
        raise click.ClickException(str(refusal)) from None
    tell_measured(name, measured, as_json=as_json)


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
    for title, read in FIGURES:
        tell_row(title, read(learned.report))


def _start(what: str) -> None:
    from portal.config import Settings
    from portal.process import start

    start(Settings.from_environment(os.environ), name=f"portal fraud {what}", connections=1)


def _utc(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None


def _seconds(day: datetime | None) -> float | None:
    return day.replace(tzinfo=UTC).timestamp() if day else None


def _roles(named: Sequence[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in named]
    if any(not role or not column for role, _, column in pairs):
        raise click.UsageError("--column is written ROLE=NAME, such as --column amount=price.")
    return {role: column for role, _, column in pairs}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the operator says of the columns of files."""

    roles: dict[str, str]
    kinds: dict[str, Kind]
    unit: str | None
    epoch_s: float


def _take(name: str, file: Path, asked: _Asked) -> int:
    """Take one file; returns how many lines were left out."""
    from portal.db import transaction
    from portal.kit import clock
    from portal.rules.permissions import SYSTEM
    from portal.services.catalogue.importing.rows import delimiter_of
    from portal.services.fraud.keep_events import is_taken, keep_events, open_set

    with file.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    delimiter = delimiter_of(file)
    columns = _recognised(name, file, delimiter, asked)
    told = _Told()
    with transaction() as session:
        set_id = open_set(session, name=name, columns=columns, now=clock.now())
        if is_taken(session, set_id=set_id, sha256=sha256):
            click.echo(f"portal: {file.name} is in {name} already.", err=True)
            return 0
        note = keep_events(
            session,
            set_id=set_id,
            events=_events(file, delimiter, columns, told),
            file=file.name,
            sha256=sha256,
            actor=SYSTEM,
            now=clock.now(),
        )
        note.refused = told.refused
        count = note.events
    tell_taken(file.name, columns, events=count, refused=told.refused, span=told.span)
    return told.refused


def _recognised(name: str, file: Path, delimiter: str, asked: _Asked) -> Columns:
    """Which column is what, by the header and the first lines, of which nothing is kept."""
    from portal.db import database
    from portal.learning.columns import recognise
    from portal.queries.training import columns_of
    from portal.services.catalogue.importing.rows import header_of, read_rows

    header = header_of(file, delimiter=delimiter)
    with database.snapshot() as session:
        known = columns_of(session, name)
    # What a column of the set is does not change because of another file's first lines.
    kinds = {one: Kind.NUMBER for one in known["numbers"] if one in header}
    kinds |= {one: Kind.WORD for one in known["words"] if one in header}
    first = [row.cells for row in islice(read_rows(file, delimiter=delimiter), PEEKED)]
    return recognise(
        header, first, named=asked.roles, kinds=kinds | asked.kinds, unit=asked.unit, epoch_s=asked.epoch_s
    )


@dataclass(slots=True)
class _Told:
    """What was seen of a file on the way: how many lines were left out, and the first and last moment."""

    refused: int = 0
    span: Span | None = None

    def saw(self, at: datetime) -> None:
        self.span = (min(at, self.span[0]), max(at, self.span[1])) if self.span else (at, at)


def _events(file: Path, delimiter: str, columns: Columns, told: _Told) -> Iterator[EventRow]:
    from tqdm import tqdm

    from portal.learning.columns import EventError
    from portal.services.catalogue.importing.rows import BadRow, read_rows

    # Without a terminal there is no bar.
    with tqdm(
        total=file.stat().st_size, unit="B", unit_scale=True, desc=f"portal: {file.name}", leave=False, disable=None
    ) as bar:

        def moved(position: int) -> None:
            bar.update(position - bar.n)

        for row in read_rows(file, delimiter=delimiter, moved=moved):
            try:
                event = columns.event(row.cells, row.line)
            except EventError as refusal:
                told.refused += 1
                if told.refused <= TOLD_MAX:
                    tqdm.write(str(BadRow(file.name, row.line, str(refusal))), file=sys.stderr)
                elif told.refused == TOLD_MAX + 1:
                    tqdm.write("further ones are counted only", file=sys.stderr)
                continue
            told.saw(event.at)
            yield event
