"""Which column of a CSV file is what, and a line of it as an event."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from portal.learning.times import ISO, UNITS, Clock, TimeError, date_form, recognise_clock

TIME, CUSTOMER, TERMINAL, AMOUNT, LABEL = "time", "customer", "terminal", "amount", "label"
ROLES = (TIME, CUSTOMER, TERMINAL, AMOUNT, LABEL)
REQUIRED = (LABEL,)
# Names that public data sets give them: small letters, other signs as _.
KNOWN_AS = {
    TIME: (
        "time", "at", "timestamp", "datetime", "date_time", "date", "tx_datetime", "trans_date_trans_time",
        "transactiondt", "transaction_datetime", "transaction_timestamp", "transaction_time", "transaction_date",
        "trans_datetime", "event_time", "event_timestamp", "event_date", "created_at", "created", "order_time",
        "purchase_time", "unix_time", "tx_time_seconds", "tx_time", "trans_date", "step",
    ),
    CUSTOMER: (
        "customer", "customer_id", "customerid", "cust_id", "client", "client_id", "card", "card_id", "cardid",
        "cc_num", "cc_number", "card_number", "card_no", "card1", "nameorig", "user", "user_id", "userid", "account",
        "account_id", "accountid", "account_number", "from_account", "sender", "sender_id", "sender_account", "payer",
        "payer_id", "buyer_id", "cardholder_id",
    ),
    TERMINAL: (
        "terminal", "terminal_id", "store", "store_id", "merchant", "merchant_id", "merchantid", "merchant_name",
        "namedest", "seller_id", "receiver", "receiver_id", "receiver_account", "to_account", "beneficiary",
        "recipient", "recipient_id", "payee", "payee_id", "shop_id", "pos_id",
    ),
    AMOUNT: (
        "amount", "tx_amount", "amt", "transactionamt", "transaction_amount", "trans_amount", "amount_usd", "value",
        "amount_paid", "payment_amount", "purchase_value", "order_amount", "price", "sum", "total",
    ),
    LABEL: (
        "label", "fraud", "is_fraud", "isfraud", "tx_fraud", "fraud_bool", "fraud_label", "fraud_flag", "fraudulent",
        "is_fraudulent", "fraud_reported", "fraud_indicator", "fraudflag", "is_chargeback", "chargeback", "class",
        "target", "y", "outcome",
    ),
}  # fmt: skip
# A time that is known by this name counts hours, in one set days.
STEPS = "step"
STEPS_ARE_DAYS_BESIDE = "zipcodeori"
YES = frozenset({"1", "1.0", "true", "yes", "y", "t", "fraud", "fraudulent", "illicit", "chargeback", "bad"})
NO = frozenset(
    {"0", "0.0", "-1", "-1.0", "false", "no", "n", "f", "legit", "legitimate", "genuine", "normal", "licit", "good"}
)
UNKNOWN = frozenset({"", "na", "n/a", "nan", "null", "none", "unknown", "?", "\\n", "nat", "<na>"})
WORD_MAX = 200
# Trees see numbers in single precision: what is larger is not known.
NUMBER_MAX = 1e37
# What a number may be dressed in.
_DRESS = str.maketrans("", "", "$€£¥₩₹, ")
# The same where a comma stands before the decimals and a point or an apostrophe between thousands; then what can be
# nothing else.
_DRESS_COMMA = str.maketrans(",", ".", "$€£¥₩₹. '")
_DECIMAL_COMMA = re.compile(
    r"[-+]?(?:(?:\d+|\d{1,3}(?:[.' ]\d{3})+),(?:\d{1,2}|\d{4,})|0,\d+|\d{1,3}(?:[.' ]\d{3})+,\d+)"
)
_OTHER_SIGNS = re.compile(r"[^a-z0-9]+")
AS_ISO = Clock(ISO)
# Named for a role, it says that the file has no such column.
NONE = "-"
# Who has no number of his own is told by several columns together.
OWNERS = (CUSTOMER, TERMINAL)
AND = "+"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ColumnsError(ValueError):
    """The header does not say enough; the text says what is missing."""


class EventError(ValueError):
    """A line that is no event; the text says why."""


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


@dataclass(frozen=True, slots=True)
class Columns:
    """Where to find what. `numbers` and `words` are further features, `dates` those of the numbers that are dates.

    A file without times is taken in the order of its lines, a minute each. `comma` says what stands before decimals.
    """

    roles: Mapping[str, str]
    numbers: tuple[str, ...]
    words: tuple[str, ...]
    clock: Clock = AS_ISO
    dates: Mapping[str, Clock] | None = None
    comma: bool = False

    def event(self, cells: Mapping[str, str], line: int = 0) -> EventRow:
        """Read a line; `line` is its number. Raises EventError."""
        if (count := cells.get("")) in {"more", "fewer"}:
            raise EventError(f"it has {count} cells than the file has columns")
        if "\0" in "".join(cells.values()):
            raise EventError("it holds a NUL character")
        told = {role: _cell(cells, name) for role, name in self.roles.items()}
        try:
            at = self.clock.read(told[TIME]) if TIME in told else _EPOCH + timedelta(minutes=line)
        except TimeError as wrong:
            raise EventError(str(wrong)) from None
        return EventRow(
            at=at,
            customer=told.get(CUSTOMER) or None,
            terminal=told.get(TERMINAL) or None,
            amount=self._amount(told.get(AMOUNT, "")),
            label=_label(told[LABEL]),
            numbers=self._numbers(cells),
            words=[cells.get(name, "")[:WORD_MAX] for name in self.words],
        )

    def _amount(self, cell: str) -> float:
        amount = number_of(cell, comma=self.comma)
        if math.isnan(amount) and cell.lower() not in UNKNOWN:
            raise EventError(f"{self.roles[AMOUNT]}: {cell[:40]!r} is no number")
        return amount

    def _numbers(self, cells: Mapping[str, str]) -> list[float]:
        told = [cells.get(name, "") for name in self.numbers]
        if not self.dates:
            return [number_of(cell, comma=self.comma) if cell else math.nan for cell in told]
        return [self._number(name, cell) for name, cell in zip(self.numbers, told, strict=True)]

    def _number(self, name: str, cell: str) -> float:
        clock = self.dates.get(name) if self.dates else None
        if clock is None:
            return number_of(cell, comma=self.comma)
        try:
            return clock.read(cell).timestamp()
        except TimeError:
            return math.nan


class Kind(StrEnum):
    """What a further column is taken as."""

    NUMBER = "number"
    WORD = "word"
    NOTHING = "nothing"


def recognise(
    header: Sequence[str],
    first: Sequence[Mapping[str, str]],
    *,
    named: Mapping[str, str],
    kinds: Mapping[str, Kind] | None = None,
    unit: str | None = None,
    epoch_s: float = 0.0,
) -> Columns:
    """Say which column is what: as `named` by role, else by the names that are known.

    Others are what `kinds` says; of the rest those hold numbers that do so in all of the `first` lines, and those
    dates that do so. Times count in `unit`, or in what their name says, since `epoch_s`. Raises ColumnsError.
    """
    given = _given(header, kinds or {})
    roles = _roles([name for name in header if given.get(name) is not Kind.NOTHING], named)
    taken = {*roles.values(), *(name for name, kind in given.items() if kind is Kind.NOTHING)}
    others = [name for name in dict.fromkeys(header) if name and name not in taken]
    samples = {name: [cells.get(name, "") for cells in first] for name in header}
    numbers, words, dates = [], [], {}
    comma = any(_has_decimal_comma(samples[name]) for name in [roles.get(AMOUNT), *others] if name)
    for name in others:
        kind = given.get(name)
        if kind is Kind.WORD:
            words.append(name)
        elif all(_is_number(cell, comma=comma) for cell in samples[name]):
            numbers.append(name)
        elif form := date_form([cell for cell in samples[name] if cell.lower() not in UNKNOWN]):
            numbers.append(name)
            dates[name] = Clock(form)
        else:
            (numbers if kind is Kind.NUMBER else words).append(name)
    clock = AS_ISO
    if TIME in roles:
        clock = recognise_clock(samples[roles[TIME]], unit or _unit(roles[TIME], header), epoch_s)
    return Columns(roles, tuple(numbers), tuple(words), clock, dates, comma)


def _given(header: Sequence[str], kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    given = {name.lower(): kind for name, kind in kinds.items()}
    strange = [name for name in given if name not in header]
    if strange:
        raise ColumnsError(f"There is no column {', '.join(strange)}; there are {', '.join(header)}.")
    return given


def _roles(header: Sequence[str], named: Mapping[str, str]) -> dict[str, str]:
    for role, name in named.items():
        if role not in ROLES:
            raise ColumnsError(f"{role} is no role; there are {', '.join(ROLES)}.")
        strange = [one for one in _parts(name, role) if name != NONE and one not in header]
        if strange:
            raise ColumnsError(f"There is no column {', '.join(strange)}; there are {', '.join(header)}.")
    roles = {role: name.lower() for role, name in named.items() if name != NONE}
    plain = {_OTHER_SIGNS.sub("_", name).strip("_"): name for name in reversed(header)}
    for role in (role for role in ROLES if role not in named):
        found = next((plain[one] for one in KNOWN_AS[role] if plain.get(one, "") not in {"", *roles.values()}), None)
        if found is not None:
            roles[role] = found
    missing = [role for role in REQUIRED if role not in roles]
    if missing:
        raise ColumnsError(
            f"No column is known as {', '.join(missing)}: name it with --column {missing[0]}=NAME, "
            f"of {', '.join(header)}."
        )
    return roles


def _parts(name: str, role: str) -> list[str]:
    """The columns that a role was given: of who pays or is paid several may be named, such as card1+addr1."""
    return name.lower().split(AND) if role in OWNERS else [name.lower()]


def _cell(cells: Mapping[str, str], name: str) -> str:
    """What stands in a column, or in several together; nothing where nothing stands in any of them."""
    if name in cells or AND not in name:
        return cells.get(name, "")
    parts = [cells.get(one, "") for one in name.split(AND)]
    return AND.join(parts) if any(parts) else ""


def _unit(name: str, header: Sequence[str]) -> str:
    if name != STEPS:
        return "seconds"
    return "days" if STEPS_ARE_DAYS_BESIDE in header else "hours"


def number_of(cell: str, *, comma: bool = False) -> float:
    """The number of a cell, dressed as it may be, with a point or a `comma` before decimals; NaN where it is none."""
    number = _read(cell, comma=comma)
    return number if number is not None and -NUMBER_MAX < number < NUMBER_MAX else math.nan


def _read(cell: str, *, comma: bool) -> float | None:
    try:
        return float(cell)
    except ValueError:
        dress = _DRESS_COMMA if comma and "," in cell else _DRESS
        try:
            return float(cell.strip("'\"").translate(dress).removesuffix("%"))
        except ValueError:
            return None


def _is_number(cell: str, *, comma: bool) -> bool:
    """Also what is too large to be known, or endless: a column of such numbers is none of words."""
    return cell.lower() in UNKNOWN or _read(cell, comma=comma) is not None


def _has_decimal_comma(cells: Sequence[str]) -> bool:
    """Whether a column holds numbers that are one only with a comma before their decimals, and none of another kind."""
    told = [cell for cell in cells if "," in cell]
    return any(map(_DECIMAL_COMMA.fullmatch, told)) and all(_read(cell, comma=True) is not None for cell in told)


def _label(cell: str) -> bool | None:
    word = cell.lower().strip("'\"")
    if word in YES or word in NO:
        return word in YES
    if word in UNKNOWN:
        return None
    raise EventError(f"the label {cell[:40]!r} is neither 1 nor 0")


__all__ = ["UNITS", "Columns", "ColumnsError", "EventError", "EventRow", "Kind", "recognise"]
