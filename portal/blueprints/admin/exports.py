"""Lists as files: asked for above any list, followed on a page of their own, downloaded from there (ANA-03, A27)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, flash, jsonify, redirect, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.audit import audit_filter
from portal.blueprints.admin.compliance import compliance_filter
from portal.blueprints.admin.coupon_flags import flag_filter
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.admin.ledger import journal_filter
from portal.blueprints.admin.listings import balance_filter, use_filter
from portal.blueprints.admin.orders import order_filter
from portal.blueprints.admin.payments import payment_filter
from portal.blueprints.admin.refunds import refund_filter
from portal.blueprints.campaigns.views import campaign_filters
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import list_address, zone_of_reader
from portal.blueprints.figure_mails import EVERY
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading, transaction
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.tables import PDF_ROWS_MAX, Format
from portal.kit.text import N_
from portal.queries.list_exports import list_exports, list_plans
from portal.queries.listings import LISTINGS
from portal.rules.exports import format_of
from portal.rules.measures import question_of
from portal.rules.permissions import Permission
from portal.rules.reports import Report
from portal.services.export_audit import public_key
from portal.services.exports.ask_export import (
    ask_export,
    bytes_of,
    find_export,
    may_take,
    take_export,
)
from portal.services.exports.keep_plans import LISTING_OF, Wish, end_plan, set_plan

MIMES: Mapping[str, str] = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PDF: "application/pdf",
}
# What each list's address asks for, and where the list is.
LISTS: Mapping[str, tuple[str, Callable[[], Any]]] = {
    "orders": ("admin.orders", order_filter),
    "payments": ("admin.payments", payment_filter),
    "refunds": ("admin.refunds", refund_filter),
    "coupons": ("admin.campaigns", lambda: campaign_filters(None)),
    "redemptions": ("admin.redemptions", use_filter),
    "coupon-abuse": ("admin.coupon_flags", flag_filter),
    "balances": ("admin.balances", balance_filter),
    "ledger": ("admin.ledger", journal_filter),
    "border-records": ("admin.border_records", compliance_filter),
    "channel-events": ("admin.border_records", compliance_filter),
    "audit": ("admin.audit", audit_filter),
}


REPORTS: Mapping[str, str] = {
    Report.JOURNAL: N_("Journal: every posting of the days"),
    Report.TAX: N_("Tax by day, channel and rate"),
    Report.LIABILITY: N_("Liability: what people have"),
    Report.EXPIRY: N_("Mileage that ends within 30 days"),
    Report.PAYMENTS: N_("Settlement: payments of the days"),
    Report.STATEMENTS: N_("Statements of stores"),
}


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/exports", "exports", index)
    bp.add_url_rule("/exports", "export_ask", ask, methods=["POST"])
    bp.add_url_rule("/exports/<uuid:export_id>", "export", show)
    bp.add_url_rule("/exports/<uuid:export_id>/file", "export_file", file)
    bp.add_url_rule("/exports/<uuid:export_id>/signature", "export_signature", signature)
    bp.add_url_rule("/exports/plans", "report_plan_new", plan, methods=["POST"])
    bp.add_url_rule("/exports/plans/<uuid:plan_id>/end", "report_plan_end", unplan, methods=["POST"])
    bp.add_app_template_global(_may_export, "may_export")


def _may_export(listing: str) -> bool:
    return may_take(current_actor(), listing)


@requires_all(Permission.REPORT_EXPORT)
def index() -> ResponseReturnValue:
    """The files that one may have, the newest first."""
    names = [name for name in LISTINGS if may_take(current_actor(), name)]
    with reading() as session:
        plans = list_plans(session, user_id=current_actor().user_id)
        found = list_exports(session, listings=names, cursor=request.args.get("cursor"))
        frame = around(session, "admin.exports")
    return page_or_partial(
        "admin/exports/index.html",
        {"exports": "admin/exports/_list.html"},
        found=found,
        titles=_titles(),
        plans=plans,
        report_word=lambda plan: gettext(question_of(plan.board) if plan.board else REPORTS[plan.report]),
        every_word=lambda key: gettext(EVERY[key]),
        reports=[(one, gettext(words)) for one, words in REPORTS.items() if _may_export(LISTING_OF[Report(one)])],
        often=[(key, gettext(text)) for key, text in EVERY.items()],
        **frame,
    )


@requires_all(Permission.REPORT_EXPORT)
def plan() -> ResponseReturnValue:
    """Have a report come regularly, by mail and bell."""
    actor, now, typed = current_actor(), clock.now(), request.form
    wish = Wish(
        typed.get("report", ""),
        typed.get("format", ""),
        typed.get("every", ""),
        str(get_locale() or "en"),
        str(zone_of_reader()),
    )
    try:
        atomically(lambda s: set_plan(s, wish=wish, actor=actor, now=now))
    except PortalError as error:
        if error.status == 404:
            raise
        flash(say(error), "error")
    else:
        flash(_("The report comes regularly from now on."), "success")
    return done(location=url_for("admin.exports"))


@requires_all(Permission.REPORT_EXPORT)
def unplan(plan_id: uuid.UUID) -> ResponseReturnValue:
    """Let it come no longer."""
    actor, now = current_actor(), clock.now()
    atomically(lambda s: end_plan(s, plan_id=plan_id, actor=actor, now=now))
    flash(_("The report comes no longer."), "success")
    return done(location=url_for("admin.exports"))


@requires_all(Permission.REPORT_EXPORT)
def ask() -> ResponseReturnValue:
    """Have a list made into a file, as its address narrows it."""
    listing = request.form.get("list", "")
    if listing not in LISTS:
        raise NotFoundError
    endpoint, chosen_of = LISTS[listing]
    query = request.form.get("query", "")[:2_000]
    with list_address(query):
        chosen = chosen_of()
    actor, now, locale = current_actor(), clock.now(), str(get_locale() or "en")
    try:
        kind = format_of(request.form.get("format", ""))
        export_id = atomically(
            lambda s: ask_export(s, listing=listing, chosen=chosen, kind=kind, locale=locale, actor=actor, now=now)
        )
    except PortalError as error:
        if error.status == 404:
            raise
        flash(say(error), "error")
        kept: dict[str, Any] = dict(parse_qsl(query))
        return done(location=url_for(endpoint, **kept))
    return done(location=url_for("admin.export", export_id=export_id))


@requires_all(Permission.REPORT_EXPORT)
def show(export_id: uuid.UUID) -> ResponseReturnValue:
    """How far a file is; once it is ready, the way to it."""
    with reading() as session:
        export = find_export(session, export_id=export_id, actor=current_actor())
        frame = around(session, "admin.exports")
    return page_or_partial(
        "admin/exports/show.html",
        {"export": "admin/exports/_export.html"},
        export=export,
        title=_titles()[export.listing],
        list_href=url_for(LISTS[export.listing][0]) if export.listing in LISTS else url_for("admin.exports"),
        is_open=export.state in {"wanted", "reading", "writing"},
        is_cut=export.format == Format.PDF and (export.total or 0) > PDF_ROWS_MAX,
        pdf_max=PDF_ROWS_MAX,
        key=public_key(),
        **frame,
    )


@requires_all(Permission.REPORT_EXPORT)
def file(export_id: uuid.UUID) -> ResponseReturnValue:
    """The file, a piece at a time; that it was taken is written down first."""
    with transaction() as session:
        export = take_export(session, export_id=export_id, actor=current_actor(), now=clock.now())

    def pieces() -> Iterator[bytes]:
        with reading() as opened:
            yield from bytes_of(opened, export_id)

    answer = Response(stream_with_context(pieces()), mimetype=MIMES[export.format])
    answer.headers["Content-Disposition"] = f'attachment; filename="{export.name}"'
    answer.headers["Content-Length"] = str(export.size)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@requires_all(Permission.REPORT_EXPORT)
def signature(export_id: uuid.UUID) -> ResponseReturnValue:
    """What proves that the file is this portal's and unaltered."""
    with reading() as session:
        export = find_export(session, export_id=export_id, actor=current_actor())
    if export.state != "ready":
        return redirect(url_for("admin.export", export_id=export_id), code=303)
    return jsonify(
        format="portal-list/1",
        name=export.name,
        rows=export.done,
        sha256=export.sha256,
        signature=export.signature,
        key=public_key(),
    )


def _titles() -> dict[str, str]:
    return {name: gettext(one.title) for name, one in LISTINGS.items()}
