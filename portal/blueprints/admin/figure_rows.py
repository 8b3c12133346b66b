"""The rows behind a figure of the mall, whatever it counts (ANA-01, A20)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.admin.disputes import reason_word
from portal.blueprints.context import translated
from portal.blueprints.desk import channel_arg
from portal.blueprints.desk_words import word
from portal.blueprints.figure_rows import asked_measure, rows_page
from portal.blueprints.figures import asked
from portal.db import reading
from portal.kit.text import N_
from portal.queries.channels import channel_directory
from portal.queries.figure_names import automation_titles, campaign_names, section_names, store_names
from portal.queries.figure_rows import FigureRow, source_of
from portal.queries.figures import Scope, currencies_sold_in
from portal.rules.figures import Fact, Measure
from portal.rules.permissions import Permission

# What a row is called, where it is seen, and by which argument.
_NOUNS: Mapping[str, tuple[str, str, str]] = {
    "order": (N_("Order"), "admin.order", "number"),
    "part": (N_("Order"), "admin.order", "number"),
    "line": (N_("Order"), "admin.order", "number"),
    "coupon_use": (N_("Order"), "admin.order", "number"),
    "grant": (N_("Person"), "admin.user", "user_id"),
    "offer": (N_("Person"), "admin.user", "user_id"),
    "told": (N_("Person"), "admin.user", "user_id"),
    "drawn": (N_("Person"), "admin.user", "user_id"),
    "payment": (N_("Payment"), "admin.payment", "payment_id"),
    "attempt": (N_("Payment"), "admin.payment", "payment_id"),
    "refund": (N_("Refund"), "admin.refund", "refund_id"),
    "posting": (N_("Entry"), "admin.ledger_entry", "entry_id"),
    "account": (N_("Account"), "admin.ledger_account", "account_id"),
    "decision": (N_("Order"), "admin.order", "number"),
    "judgement": (N_("Order"), "admin.order", "number"),
    "loss": (N_("Order"), "admin.order", "number"),
    "case": (N_("Case"), "admin.case", "case_id"),
    "verdict": (N_("Case"), "admin.case", "case_id"),
    "dispute": (N_("Dispute"), "admin.dispute", "dispute_id"),
}
# What people are offered or asked in person.
_TOLD = {"offers": N_("Chosen offers"), "coupons": N_("Coupons given"), "reviews": N_("Reviews asked for")}
_BY_LABEL = {"order", "part", "line", "coupon_use", "decision", "judgement", "loss", "posting"}


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/figures/rows", "figure_rows", index)


def rows_href(measure: Measure, days: Mapping[str, Any], scope: Scope, **more: str) -> str | None:
    """Where the rows behind a figure stand; None where there are none of one kind, or not for this reader.

    `more` narrows them: to a `key`, a `store`, a `channel`, a `currency`.
    """
    source = source_of(measure)
    if source is None or not may_all(source.permission):
        return None
    same: dict[str, Any] = {**days, "channel": request.args.get("channel"), "currency": scope.currency}
    return url_for("admin.figure_rows", of=measure.name, **same | more)


def namer(session: Session, fact: Fact) -> Callable[[str], str]:
    """What a fact's keys are called."""

    def named(names: Mapping[int, Mapping[str, str]]) -> Callable[[str], str]:
        return lambda ref: translated(dict(names[int(ref)])) if ref.isdigit() and int(ref) in names else ref

    if fact is Fact.SECTION_SALES:
        return named(section_names(session))
    if fact in {Fact.STORE_SALES, Fact.STORE_ORDERS}:
        return named(store_names(session))
    if fact in {Fact.COUPON_COST, Fact.COUPON_USES, Fact.COUPONS_GIVEN, Fact.COUPONS_REDEEMED}:
        return named(campaign_names(session))
    if fact in {Fact.CAPTURED, Fact.PAYMENTS}:
        return lambda ref: word("method", ref)
    if fact in {Fact.CASES_DECIDED, Fact.REVIEW_SECONDS}:
        return lambda ref: word("case_verdict", ref)
    if fact in {Fact.DISPUTED, Fact.DISPUTES}:
        return reason_word
    if fact in {Fact.TOLD, Fact.ANSWERED}:
        return lambda ref: gettext(_TOLD[ref]) if ref in _TOLD else ref
    if fact is Fact.INCENTIVE_GAIN:
        titles = automation_titles(session)
        return lambda ref: titles.get(ref, ref)
    return str.capitalize


@requires_all(Permission.ANALYTICS_VIEW)
def index() -> ResponseReturnValue:
    """The rows of one measure, for the days, channel, store, kind and currency of the address."""
    measure = asked_measure()
    source = source_of(measure)
    if source is None or not may_all(source.permission):
        raise NotFoundError
    noun, endpoint, argument = _NOUNS[source.noun]

    def href(row: FigureRow) -> str | None:
        value = row.label if source.noun in _BY_LABEL else row.ref if source.owner is None else row.owner
        given: dict[str, Any] = {argument: value}
        return url_for(endpoint, **given) if value else None

    with reading() as session:
        scope = _scope(session)
        names = namer(session, Fact.STORE_SALES if scope.store_id else measure.fact)
        narrowed = str(scope.store_id) if scope.store_id else request.args.get("key")
        page = rows_page(
            session,
            measure=measure,
            scope=scope,
            wanted=asked(),
            noun=noun,
            of=names(narrowed) if narrowed else None,
            href_of=href,
        )
        frame = around(session, "admin.figures")
    return render_template("figures/rows.html", **page, **frame)


def _scope(session: Session) -> Scope:
    sold, channel_id = currencies_sold_in(session), channel_arg()
    usual = channel_directory().by_id(channel_id).currency if channel_id else sold[0] if sold else "KRW"
    currency = request.args.get("currency", "")
    return Scope(currency if currency in sold else usual, channel_id, request.args.get("store", type=int))
