"""Load tables of where IP addresses are, and which belong to data centres."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from portal.rules.ip_tables import IpPlaceRange

TOLD_MAX = 20
FILES = click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
SOURCE = click.option("--source", required=True, help="Where the table comes from and of which day it is.")
HEADER = click.option("--header", help="Names of the columns, with commas, for files that begin without them.")


@click.group("ip-table")
def ip_table() -> None:
    """Tables that risk is decided by (docs/risk.md). A new table takes the place of the one before it, as a whole."""


@ip_table.command()
@FILES
@SOURCE
@HEADER
@click.option(
    "--locations",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file of places that lines name by geoname_id.",
)
def places(files: Sequence[Path], source: str, header: str | None, locations: Path | None) -> None:
    """Where IP addresses are: FILES of ranges with country, city, latitude and longitude, in order of address.

    CSV in UTF-8, plain or gzip. A line that is no range is named with its reason and left out; then the exit code is 1.
    """
    from portal.rules.ip_tables import IpPlaceRange, RangeError, in_order, read_place, read_range

    known = _locations(locations) if locations else {}
    refused = _Refused()

    def ranges(file: Path) -> Iterator[tuple[int, IpPlaceRange]]:
        refused.file = file.name
        for line, cells, columns in _lines(file, header):
            try:
                place = read_place(cells, columns, known)
                if place is not None:
                    yield line, IpPlaceRange(*read_range(cells, columns), place)
            except RangeError as refusal:
                refused.tell(line, str(refusal))

    _keep("place", in_order(chain.from_iterable(map(ranges, files)), refused.tell), files, source, refused)


@ip_table.command()
@FILES
@SOURCE
@HEADER
def datacenters(files: Sequence[Path], source: str, header: str | None) -> None:
    """Which IP addresses belong to data centres: FILES with a network, or a first and a last address, on each line."""
    from portal.rules.ip_tables import Address, RangeError, merged, read_range

    refused = _Refused()

    def ranges(file: Path) -> Iterator[tuple[Address, Address]]:
        refused.file = file.name
        for line, cells, columns in _lines(file, header):
            try:
                yield read_range(cells, columns)
            except RangeError as refusal:
                refused.tell(line, str(refusal))

    _keep("datacenter", merged(chain.from_iterable(map(ranges, files))), files, source, refused)


class _Refused:
    """Lines that were left out: the first ones are told, all are counted."""

    def __init__(self) -> None:
        self.file = ""
        self.count = 0

    def tell(self, line: int, reason: str) -> None:
        self.count += 1
        if self.count <= TOLD_MAX:
            click.echo(f"{self.file}:{line}: {reason}", err=True)
        elif self.count == TOLD_MAX + 1:
            click.echo("further ones are counted only", err=True)


def _keep(kind: str, ranges: Iterator[IpPlaceRange], files: Sequence[Path], source: str, refused: _Refused) -> None:
    from portal.config import Settings
    from portal.db import transaction
    from portal.kit import clock
    from portal.process import start
    from portal.rules.ip_tables import RangeError
    from portal.rules.permissions import SYSTEM
    from portal.services.catalogue.importing.rows import FileUnreadableError
    from portal.services.fraud.keep_ip_table import keep_ip_table

    start(Settings.from_environment(os.environ), name="portal ip-table", connections=1)
    sha256 = hashlib.sha256()
    for file in files:
        with file.open("rb") as content:
            sha256.update(hashlib.file_digest(content, "sha256").digest())
    try:
        with transaction() as session:
            count = keep_ip_table(
                session,
                kind=kind,
                ranges=ranges,
                source=source,
                sha256=sha256.hexdigest(),
                actor=SYSTEM,
                now=clock.now(),
            )
    except (FileUnreadableError, RangeError) as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"portal: {count} ranges, {refused.count} lines left out", err=True)
    if refused.count:
        sys.exit(1)


def _lines(file: Path, header: str | None) -> Iterator[tuple[int, Mapping[str, str], Mapping[str, str]]]:
    """The cells of each line by column, with which column is what."""
    from portal.rules.ip_tables import columns_of
    from portal.services.catalogue.importing.rows import delimiter_of, read_cells

    lines = read_cells(file, delimiter=delimiter_of(file))
    first, names = next(lines)
    if header is not None:
        # What stands in the place of names is a line like the others.
        lines = chain([(first, names)], lines)
        names = [name.strip().lower() for name in header.split(",")]
    columns = columns_of(names)
    for line, cells in lines:
        yield line, dict(zip(names, (cell.strip() for cell in cells), strict=False)), columns


def _locations(file: Path) -> Mapping[str, Mapping[str, str]]:
    from portal.rules.ip_tables import COLUMNS_OF_PLACES
    from portal.services.catalogue.importing.rows import FileUnreadableError, delimiter_of, read_rows

    wanted = COLUMNS_OF_PLACES.values()
    try:
        return {
            row["geoname_id"]: {name: row[name] for name in wanted}
            for row in read_rows(file, delimiter=delimiter_of(file))
        }
    except FileUnreadableError as refusal:
        raise click.ClickException(str(refusal)) from None
