"""Corrections of balances by hand: how much for one person, when a second person looks, how a file is read (BAL-07)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.money import AmountInvalidError, parse_minor
from portal.kit.text import N_

LINES_MAX: Final = 20_000
REASON_LENGTH_MIN: Final = 5
REASON_LENGTH_MAX: Final = 500


class AdjustmentFileError(PortalError):
    """The file cannot be read as lines of people and amounts."""

    code = "adjustment_file_unfit"
    sentence = N_("The file needs a first line with the columns person and amount, and nothing else.")


class AdjustmentEncodingError(AdjustmentFileError):
    code = "adjustment_file_encoding"
    sentence = N_("The file is no text that can be read. Save it as CSV in UTF-8.")


class AdjustmentLinesError(PortalError):
    code = "adjustment_lines"
    sentence = N_("A correction is of 1 to %(most)s people.")


@dataclass(frozen=True, slots=True)
class Bounds:
    """In minor units: the most for one person, above how much a second person decides, and of all lines together."""

    each_minor: int
    second_above_minor: int
    second_above_total_minor: int


BOUNDS: Final[Mapping[str, Bounds]] = {
    "KRW": Bounds(5_000_000, 100_000, 1_000_000),
    "USD": Bounds(400_000, 8_000, 80_000),
    "EUR": Bounds(400_000, 7_500, 75_000),
    "JPY": Bounds(500_000, 10_000, 100_000),
    "PTS": Bounds(1_000_000, 100_000, 1_000_000),
}
# Kinds of accounts, and whether they hold points.
KINDS: Final[Mapping[str, bool]] = {"deposit": False, "mileage": True, "gift": False, "refund_credit": False}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line as it was given: whom, how much in minor units, or why the amount cannot be."""

    given: str
    amount_minor: int | None
    code: str | None = None


def fault_of(amount_minor: int, currency: str) -> str | None:
    """Why an amount cannot be given to (or taken from) one person, if so."""
    if amount_minor == 0:
        return "AMOUNT_ZERO"
    return "AMOUNT_TOO_LARGE" if abs(amount_minor) > BOUNDS[currency].each_minor else None


def needs_second(amounts: Iterable[int], currency: str) -> bool:
    """Whether somebody else has to agree: one of the amounts is large, or all of them together are."""
    sizes = [abs(amount) for amount in amounts]
    bounds = BOUNDS[currency]
    return max(sizes, default=0) > bounds.second_above_minor or sum(sizes) > bounds.second_above_total_minor


def read_amount(typed: str, currency: str) -> int:
    """A signed amount as a person types it: "5,000", "-5,000", "+5,000". Raises AmountInvalidError."""
    text = typed.strip().replace("−", "-")
    sign = -1 if text.startswith("-") else 1
    return sign * parse_minor(text.removeprefix("-" if sign < 0 else "+"), currency)


def wanted_line(given: str, typed: str, currency: str) -> Wanted:
    """A person and an amount as they stand in a file or a form."""
    person = given.strip().removeprefix("'")
    amount = typed.strip().removeprefix("'")
    if person.startswith(("=", "@", "+", "-")) or amount.startswith(("=", "@")):
        return Wanted(person, None, "FORMULA")
    try:
        minor = read_amount(amount, currency)
    except AmountInvalidError:
        return Wanted(person, None, "AMOUNT_UNREADABLE")
    return Wanted(person, minor, fault_of(minor, currency))


_HEADS: Final[Mapping[str, str]] = {
    "person": "person",
    "email": "person",
    "e-mail": "person",
    "회원": "person",
    "이메일": "person",
    "amount": "amount",
    "금액": "amount",
    "포인트": "amount",
}


def read_file(content: bytes, currency: str) -> list[Wanted]:
    """The lines of a CSV file. Raises AdjustmentFileError and its kinds, and AdjustmentLinesError.

    UTF-8 with or without its mark, UTF-16 with its mark, or what a Korean Excel saves (CP949); commas, semicolons or
    tabs. Empty lines are left out.
    """
    rows = list(csv.reader(io.StringIO(_text(content), newline=""), delimiter=_delimiter(content)))
    head = [cell.strip().casefold() for cell in rows[0]] if rows else []
    names = [_HEADS.get(cell) for cell in head]
    if sorted(name or "" for name in names) != ["amount", "person"]:
        raise AdjustmentFileError
    person, amount = names.index("person"), names.index("amount")
    lines = []
    for row in rows[1:]:
        if not any(cell.strip() for cell in row):
            continue
        cells = [*row, "", ""]
        # A cell too many is an amount with a comma that nobody has quoted: nothing is guessed.
        fits = len(row) <= len(names)
        lines.append(
            wanted_line(cells[person], cells[amount], currency)
            if fits
            else Wanted(cells[person].strip(), None, "AMOUNT_UNREADABLE")
        )
    check_count(lines)
    return lines


def check_count(lines: Sequence[object]) -> None:
    """Raises AdjustmentLinesError for nobody, and for more than LINES_MAX."""
    if not 1 <= len(lines) <= LINES_MAX:
        raise AdjustmentLinesError(most=LINES_MAX)


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "cp949")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise AdjustmentEncodingError


def _delimiter(content: bytes) -> str:
    head = _text(content).partition("\n")[0]
    return max(",;\t", key=head.count)
