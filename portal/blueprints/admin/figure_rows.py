"""The rows behind a figure, whatever it counts: their number and sums are the tile's (ANA-01, A20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.desk import channel_arg
from portal.blueprints.figures import asked, definition_of, shown
from portal.db import reading
from portal.kit import clock
from portal.kit.text import N_
from portal.queries.channels import channel_directory
from portal.queries.figure_rows import FigureRow, load_figure_rows, source_of
from portal.queries.figures import Scope, currencies_sold_in
from portal.rules.figures import Measure, Unit
from portal.rules.measures import MEASURES
from portal.rules.permissions import Permission

# What a row is called, where it is seen, and by which argument.
_NOUNS: Mapping[str, tuple[str, str, str]] = {
    "order": (N_("Order"), "admin.order", "number"),
    "part": (N_("Order"), "admin.order", "number"),
    "coupon_use": (N_("Order"), "admin.order", "number"),
    "payment": (N_("Payment"), "admin.payment", "payment_id"),
    "attempt": (N_("Payment"), "admin.payment", "payment_id"),
    "refund": (N_("Refund"), "admin.refund", "refund_id"),
    "posting": (N_("Entry"), "admin.ledger_entry", "entry_id"),
    "account": (N_("Account"), "admin.ledger_account", "account_id"),
    "decision": (N_("Order"), "admin.order", "number"),
    "case": (N_("Case"), "admin.case", "case_id"),
    "dispute": (N_("Dispute"), "admin.dispute", "dispute_id"),
}
_BY_LABEL = {"order", "part", "coupon_use", "decision", "posting"}


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/figures/rows", "figure_rows", index)


def rows_href(measure: Measure, days: Mapping[str, Any], scope: Scope) -> str | None:
    """Where the rows behind a figure stand; None where there are none of one kind, or not for this reader."""
    source = source_of(measure)
    if source is None or not may_all(source.permission):
        return None
    channel = request.args.get("channel")
    return url_for("admin.figure_rows", of=measure.name, **days, channel=channel, currency=scope.currency)


@requires_all(Permission.ANALYTICS_VIEW)
def index() -> ResponseReturnValue:
    """The rows of one measure, for the days, channel and currency of the address."""
    measure = MEASURES.get(request.args.get("of", ""))
    source = source_of(measure) if measure else None
    if measure is None or source is None or not may_all(source.permission):
        raise NotFoundError
    wanted, channel_id = asked(), channel_arg()
    with reading() as session:
        sold = currencies_sold_in(session)
        directory = channel_directory()
        usual = directory.by_id(channel_id).currency if channel_id else sold[0] if sold else "KRW"
        currency = request.args.get("currency", "")
        scope = Scope(currency if currency in sold else usual, channel_id)
        found = load_figure_rows(
            session,
            measure=measure,
            scope=scope,
            period=wanted.period,
            cursor=request.args.get("cursor"),
            now=clock.now(),
        )
        frame = around(session, "admin.figures")
    if found is None:
        raise NotFoundError
    noun = _NOUNS[source.noun]
    in_what = measure.currency or scope.currency
    return render_template(
        "admin/figures/rows.html",
        title=gettext(measure.title),
        definition=definition_of(measure),
        wanted=wanted,
        noun=gettext(noun[0]),
        found=found,
        value=shown(measure, found.value, in_what),
        is_ratio=measure.over is not None,
        rows=[
            (_href(source.noun, row), row.label or "–", row.at, _added(measure, row.total, in_what), row.over)
            for row in found.page.rows
        ],
        total=_added(measure, found.total, in_what),
        **frame,
    )


def _href(noun: str, row: FigureRow) -> str | None:
    _word, endpoint, argument = _NOUNS[noun]
    value = row.owner or (row.label if noun in _BY_LABEL else row.ref)
    given: dict[str, Any] = {argument: value}
    return url_for(endpoint, **given) if value else None


def _added(measure: Measure, value: int, currency: str) -> str:
    """What a row adds: money in its currency, seconds, points or a count."""
    if measure.unit is Unit.SECONDS:
        return str(_("%(seconds)s s", seconds=value))
    as_sum = Measure("", "", "", "", "", Unit.COUNT if measure.unit is Unit.SHARE else measure.unit, measure.fact)
    return shown(as_sum, value, currency)
