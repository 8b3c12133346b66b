"""What the histories of buyers and stores share: their filter, their words, their file (PAY-13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import gettext as _

from portal import formatting
from portal.blueprints.context import translated
from portal.blueprints.csv_files import PAGE_ROWS, csv_file, every_row
from portal.blueprints.desk import Days, choice_arg, days_arg
from portal.blueprints.desk_words import word
from portal.db import reading
from portal.kit.money import as_decimal
from portal.kit.paging import Page
from portal.queries.payment_history import BALANCES, HistoryFilter, HistoryRow
from portal.statuses import status_of


def asked(states: Sequence[str]) -> tuple[HistoryFilter, Days]:
    """The filter of the address."""
    days = days_arg()
    return HistoryFilter(days.start, days.end, choice_arg("status", states)), days


def state_options(states: Sequence[str], kind: str) -> list[tuple[str, str]]:
    return [("", _("Any"))] + [(state, gettext(status_of(state, kind).word)) for state in states]


def chips(chosen: HistoryFilter, days: Days, kind: str, endpoint: str) -> list[tuple[str, str]]:
    """Every active filter in words, with the address without it."""
    args: dict[str, Any] = {key: value for key, value in request.args.items() if key != "cursor"}

    def without(name: str) -> str:
        return url_for(endpoint, **{**args, name: None})

    found = day_chips(days, without)
    if chosen.status:
        state = gettext(status_of(chosen.status, kind).word)
        found.append((_("State: %(state)s", state=state), without("status")))
    return found


def day_chips(days: Days, without: Callable[[str], str]) -> list[tuple[str, str]]:
    """The chosen days in words, with the address without them."""
    found = []
    if days.first:
        found.append((_("From %(day)s", day=formatting.day(days.first)), without("from")))
    if days.last:
        found.append((_("Until %(day)s", day=formatting.day(days.last)), without("until")))
    return found


def method_word(method: str) -> str:
    return gettext("Deposit and mileage") if method == BALANCES else word("method", method)


def card_word(card: Mapping[str, Any] | None) -> str:
    """The card as one knows it again, or nothing."""
    return f"{str(card['brand']).capitalize()} ···· {card['last4']}" if card and card.get("last4") else ""


def description(row: HistoryRow) -> str:
    """What was paid for, in one line."""
    if row.purpose != "order":
        return word("purpose", row.purpose)
    name = translated(dict(row.first_name or {}))
    if row.lines <= 1:
        return name
    return str(ngettext("%(name)s and %(num)s more", "%(name)s and %(num)s more", row.lines - 1, name=name))


def history_file(name: str, kind: str, fetch: Callable[[Any, str | None, int], Page[HistoryRow]]) -> Response:
    """The whole list as a file. `fetch` gets a session, a cursor and how many rows."""
    head = (_("Date"), _("Order"), _("For"), _("Method"), _("State"), _("Currency"), _("Amount"), _("Refunded"))
    with reading() as session:
        rows = [_line(row, kind) for row in every_row(lambda cursor: fetch(session, cursor, PAGE_ROWS))]
    return csv_file(name, head, rows)


def _line(row: HistoryRow, kind: str) -> Sequence[object]:
    return (
        row.at.isoformat(timespec="seconds"),
        row.number or "",
        description(row),
        method_word(row.method),
        gettext(status_of(row.status, kind).word),
        row.currency,
        as_decimal(row.amount_minor, row.currency),
        as_decimal(row.refunded_minor, row.currency),
    )
