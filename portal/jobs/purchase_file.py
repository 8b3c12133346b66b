"""Files of purchases: customer, date and amount of each, by a header or by places."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from portal.learning.purchases import Purchases
from portal.learning.times import Clock, TimeError, recognise_clock

CUSTOMER, DATE, AMOUNT = "customer", "date", "amount"
NAMES: Mapping[str, tuple[str, ...]] = {
    CUSTOMER: ("customer", "customer_id", "customerid", "customer id", "user", "user_id", "client_id", "buyer", "id"),
    DATE: ("date", "day", "time", "timestamp", "invoicedate", "invoice_date", "order_date", "purchase_date", "at"),
    AMOUNT: ("amount", "value", "total", "spend", "revenue", "price", "payment_value", "monetary", "purchase_sum"),
}
PEEKED = 500
GZIP = b"\x1f\x8b"


class PurchaseFileError(ValueError):
    """A file that cannot be taken; the text says why."""


@dataclass(frozen=True, slots=True)
class TakenPurchases:
    """What was read, and how many lines were left out."""

    purchases: Purchases
    refused: int


def read_purchases(
    files: Sequence[Path],
    *,
    named: Mapping[str, str],
    told: Callable[[int, str], None] = lambda _line, _reason: None,
) -> TakenPurchases:
    """Read files of one kind. Places instead of names (`customer=2`) say that there is no header.

    Cells are parted by comma, semicolon, tab or bar, or by spaces where the file has none of these. Raises
    PurchaseFileError.
    """
    if unknown := set(named) - set(NAMES):
        raise PurchaseFileError(f"{', '.join(sorted(unknown))}: roles are {', '.join(NAMES)}")
    purchases, refused = Purchases(), 0
    for file in files:
        with _cells(file) as lines:
            refused += _take(purchases, file, lines, named, told)
    if not purchases.by_customer:
        raise PurchaseFileError("there is no purchase in what was read")
    return TakenPurchases(purchases, refused)


def _take(
    purchases: Purchases,
    file: Path,
    lines: Iterator[list[str]],
    named: Mapping[str, str],
    told: Callable[[int, str], None],
) -> int:
    by_place = bool(named) and all(place.isdigit() for place in named.values())
    head = [] if by_place else [cell.strip().lower().lstrip("\ufeff") for cell in next(lines, [])]
    places = _places(file, head, named, by_place=by_place)
    peeked = list(islice(lines, PEEKED))
    days = [row[places[DATE]] for row in peeked if len(row) > places[DATE]]
    try:
        clock = recognise_clock([day.strip() for day in days], "seconds")
    except TimeError as failure:
        raise PurchaseFileError(f"{file}: {failure}") from failure
    refused, first = 0, 1 if by_place else 2
    for number, row in enumerate(chain(peeked, lines), start=first):
        try:
            _add(purchases, row, places, clock)
        except (ValueError, IndexError) as failure:  # A TimeError is a ValueError, too.
            refused += 1
            told(number, "it has too few cells" if isinstance(failure, IndexError) else str(failure))
    return refused


def _add(purchases: Purchases, row: Sequence[str], places: Mapping[str, int], clock: Clock) -> None:
    customer = row[places[CUSTOMER]].strip()
    if not customer:
        raise ValueError("it names no customer")
    amount = 0.0
    if AMOUNT in places:
        amount = float(row[places[AMOUNT]].strip())
        if not math.isfinite(amount) or amount < 0:
            raise ValueError(f"the amount {amount} is not one")
    purchases.add(customer, clock.read(row[places[DATE]].strip()).date(), amount)


def _places(file: Path, head: Sequence[str], named: Mapping[str, str], *, by_place: bool) -> dict[str, int]:
    """Where each role stands. Amounts may be missing: then nothing is said of values."""
    if by_place:
        places = {role: int(place) - 1 for role, place in named.items()}
        if min(places.values()) < 0:
            raise PurchaseFileError("places are counted from 1")
    else:
        places = {}
        for role, known in NAMES.items():
            wanted = (named[role].strip().lower(),) if role in named else known
            found = next((name for name in wanted if name in head), None)
            if found is not None:
                places[role] = head.index(found)
            elif role in named:
                raise PurchaseFileError(f"{file} has no column {named[role]!r}")
    for role in (CUSTOMER, DATE):
        if role not in places:
            raise PurchaseFileError(f"{file}: which column is the {role}? Say it with --column {role}=NAME")
    return places


@contextmanager
def _cells(file: Path) -> Iterator[Iterator[list[str]]]:
    """The file's lines as cells; compressed files are unpacked on the way."""
    try:
        with file.open("rb") as raw:
            is_packed = raw.read(2) == GZIP
        with gzip.open(file) if is_packed else file.open("rb") as plain:
            text = io.TextIOWrapper(plain, encoding="utf-8-sig", newline="")
            sample = text.readline(100_000)
            delimiter = max(",;\t|", key=sample.count)
            lines = chain([sample], text)
            if sample.count(delimiter):
                yield (row for row in csv.reader(lines, delimiter=delimiter) if any(row))
            else:
                yield (line.split() for line in lines if line.strip())
    except (OSError, UnicodeDecodeError, EOFError, csv.Error) as failure:
        raise PurchaseFileError(f"{file} cannot be read: {failure}") from failure
