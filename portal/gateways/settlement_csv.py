"""A settlement report as CSV, for gateways whose own report cannot be asked for; docs/imports.md describes it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from portal.gateways.settlement import Movement, MovementKind
from portal.kit.currency import is_currency
from portal.kit.money import AmountInvalidError, parse_minor

# Where an account is settled in another currency than buyers pay in.
CHARGED = ("charged_currency", "charged")
COLUMNS = ("ref", "kind", "currency", "gross", "fee", "charge_ref", "refund_ref", "at")


class ReportUnreadableError(ValueError):
    """A line of a report makes no sense; nothing of the report is taken."""

    def __init__(self, line: int, problem: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {problem}")


def read_report(lines: Iterable[str]) -> Iterator[Movement]:
    """Every movement of a file, one at a time. Raises ReportUnreadableError."""
    rows = csv.DictReader(lines, restkey="_more", restval=None)
    optional = [name for name in CHARGED if name in (rows.fieldnames or ())]
    if optional not in ([], list(CHARGED)):
        raise ReportUnreadableError(1, f"{' and '.join(CHARGED)} belong together")
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ReportUnreadableError(1, f"columns are missing: {', '.join(missing)}")
    for row in rows:
        if "_more" in row or None in row.values():
            raise ReportUnreadableError(rows.line_num, "the line has more or fewer columns than the header")
        yield _movement(row, rows.line_num)


def _movement(row: Mapping[str, str], line: int) -> Movement:
    text = {name: row[name].strip() for name in COLUMNS}
    if not text["ref"]:
        raise ReportUnreadableError(line, "ref is empty")
    if text["kind"] not in set(MovementKind):
        raise ReportUnreadableError(line, f"kind must be one of {', '.join(MovementKind)}")
    if not is_currency(text["currency"]):
        raise ReportUnreadableError(line, "currency is not an ISO code")
    try:
        at = datetime.fromisoformat(text["at"])
    except ValueError:
        raise ReportUnreadableError(line, "at is not a time such as 2026-11-27T09:30:00+00:00") from None
    if at.tzinfo is None:
        raise ReportUnreadableError(line, "at has no time zone")
    fee = _amount(text["fee"] or "0", text["currency"], line, "fee")
    if fee < 0:
        raise ReportUnreadableError(line, "fee is below zero")
    charged_currency = (row.get("charged_currency") or "").strip() or None
    if charged_currency is not None and not is_currency(charged_currency):
        raise ReportUnreadableError(line, "charged_currency is not an ISO code")
    charged_text = (row.get("charged") or "").strip()
    if bool(charged_text) != (charged_currency is not None):
        raise ReportUnreadableError(line, "charged_currency and charged belong together")
    return Movement(
        ref=text["ref"],
        kind=MovementKind(text["kind"]),
        currency=text["currency"],
        gross_minor=_amount(text["gross"], text["currency"], line, "gross"),
        fee_minor=fee,
        at=at,
        charge_ref=text["charge_ref"] or None,
        refund_ref=text["refund_ref"] or None,
        charged_currency=charged_currency,
        charged_minor=_amount(charged_text, charged_currency, line, "charged") if charged_currency else None,
    )


def _amount(text: str, currency: str, line: int, column: str) -> int:
    digits = text.removeprefix("-")
    try:
        minor = parse_minor(digits, currency)
    except AmountInvalidError:
        raise ReportUnreadableError(line, f"{column} is not an amount in {currency}") from None
    return minor if digits == text else -minor
