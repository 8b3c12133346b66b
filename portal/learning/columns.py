"""Which column of a CSV file is what, and a line of it as an event."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

TIME, CUSTOMER, TERMINAL, AMOUNT, LABEL = "time", "customer", "terminal", "amount", "label"
ROLES = (TIME, CUSTOMER, TERMINAL, AMOUNT, LABEL)
REQUIRED = (TIME, AMOUNT, LABEL)
# Names that public data sets give them, in small letters.
KNOWN_AS = {
    TIME: ("time", "at", "timestamp", "datetime", "date", "tx_datetime", "trans_date_trans_time", "transactiondt"),
    CUSTOMER: (
        "customer",
        "customer_id",
        "card",
        "card_id",
        "cc_num",
        "card1",
        "nameorig",
        "user",
        "user_id",
        "account",
    ),
    TERMINAL: ("terminal", "terminal_id", "store", "store_id", "merchant", "merchant_id", "namedest", "seller_id"),
    AMOUNT: ("amount", "tx_amount", "amt", "transactionamt", "value"),
    LABEL: ("label", "fraud", "is_fraud", "isfraud", "tx_fraud", "class", "target"),
}
UNITS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0}
YES = frozenset({"1", "1.0", "true", "yes", "y", "t", "fraud"})
NO = frozenset({"0", "0.0", "false", "no", "n", "f", "legit", "genuine"})
# Numbers above it are milliseconds, and not seconds since 1970.
MILLISECONDS_FROM = 1e11
AT_MAX = datetime(2200, 1, 1, tzinfo=UTC)
WORD_MAX = 200


class ColumnsError(ValueError):
    """The header does not say enough; the text says what is missing."""


class EventError(ValueError):
    """A line that is no event; the text says why."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where to find what. `numbers` and `words` are further features."""

    roles: Mapping[str, str]
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    unit: str = "seconds"

    def event(self, cells: Mapping[str, str]) -> EventRow:
        """Read a line. Raises EventError."""
        if cells.get(""):
            raise EventError("it has more cells than the file has columns")
        if any("\0" in cell for cell in cells.values()):
            raise EventError("it holds a NUL character")
        told = {role: cells.get(name, "") for role, name in self.roles.items()}
        return EventRow(
            at=_moment(told[TIME], self.unit),
            customer=told.get(CUSTOMER) or None,
            terminal=told.get(TERMINAL) or None,
            amount=_number(told[AMOUNT], self.roles[AMOUNT]),
            label=_label(told[LABEL]),
            numbers=[math.nan if not cells.get(name) else _number(cells[name], name) for name in self.numbers],
            words=[cells.get(name, "")[:WORD_MAX] for name in self.words],
        )


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of a file. `label` is None where nobody knows yet."""

    at: datetime
    customer: str | None
    terminal: str | None
    amount: float
    label: bool | None
    numbers: list[float]
    words: list[str]


def recognise(
    header: Sequence[str], first: Sequence[Mapping[str, str]], *, named: Mapping[str, str], unit: str = "seconds"
) -> Columns:
    """Say which column is what: as `named` by role, else by the names that are known.

    Of the others those hold numbers that do so in all of the `first` lines. Raises ColumnsError.
    """
    for role, name in named.items():
        if role not in ROLES:
            raise ColumnsError(f"{role} is no role; there are {', '.join(ROLES)}.")
        if name.lower() not in header:
            raise ColumnsError(f"There is no column {name}; there are {', '.join(header)}.")
    roles = {role: name.lower() for role, name in named.items()}
    for role in ROLES:
        found = next((name for name in KNOWN_AS[role] if name in header and name not in roles.values()), None)
        if role not in roles and found is not None:
            roles[role] = found
    missing = [role for role in REQUIRED if role not in roles]
    if missing:
        raise ColumnsError(
            f"No column is known as {', '.join(missing)}: name it with --column {missing[0]}=NAME, "
            f"of {', '.join(header)}."
        )
    others = [name for name in header if name and name not in roles.values()]
    numbers = tuple(name for name in others if all(_is_number(cells.get(name, "")) for cells in first))
    return Columns(roles, numbers, tuple(name for name in others if name not in numbers), unit)


def _is_number(cell: str) -> bool:
    try:
        return not cell or math.isfinite(float(cell))
    except ValueError:
        return False


def _number(cell: str, column: str) -> float:
    try:
        number = float(cell)
    except ValueError:
        raise EventError(f"{column}: {cell[:40]!r} is no number") from None
    if not math.isfinite(number):
        raise EventError(f"{column}: {cell[:40]!r} is no number")
    return number


def _label(cell: str) -> bool | None:
    word = cell.lower()
    if word in YES | NO:
        return word in YES
    if word:
        raise EventError(f"the label {cell[:40]!r} is neither 1 nor 0")
    return None


def _moment(cell: str, unit: str) -> datetime:
    try:
        at = datetime.fromisoformat(cell)
    except ValueError:
        at = _since_1970(cell, unit)
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    if not at.year >= 1970 or at > AT_MAX:
        raise EventError(f"the time {cell[:40]!r} lies outside of 1970 to {AT_MAX.year}")
    return at


def _since_1970(cell: str, unit: str) -> datetime:
    try:
        number = float(cell)
        seconds = number / 1000 if number >= MILLISECONDS_FROM else number * UNITS[unit]
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (ValueError, OverflowError, OSError):
        raise EventError(f"the time {cell[:40]!r} is neither a date nor a number of {unit}") from None
