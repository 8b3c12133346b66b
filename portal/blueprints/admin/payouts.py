"""Payouts to stores: what waits or is held back, what was paid; and how often each store is paid (BAL-13)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.desk import choice_arg
from portal.blueprints.desk_words import word, words
from portal.blueprints.documents import pdf_answer
from portal.blueprints.identity import current_actor
from portal.blueprints.statements import FIGURES, rows_of, statement_file, statement_pdf
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.payouts import (
    PayoutRow,
    StatementRow,
    list_payouts,
    load_payout,
    load_seller_statement,
    statement_lines,
    store_rules,
)
from portal.queries.seller_balance import owed_to
from portal.queries.store_profile import load_bank
from portal.rules.payouts import Period
from portal.rules.permissions import Permission
from portal.rules.states import Machine, states
from portal.services.accounts.bank_details import read_bank
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.payouts.decide_payout import approve_payout, change_period, hold_payout, pay_payout
from portal.statuses import status_of


def hang(bp: Blueprint) -> None:
    one = "/payouts/<uuid:payout_id>"
    bp.add_url_rule("/payouts", "payouts", index)
    bp.add_url_rule("/payouts/stores", "payout_rules", rules)
    bp.add_url_rule("/payouts/stores/<int:store_id>", "payout_rule", change, methods=["POST"])
    bp.add_url_rule(one, "payout", show)
    bp.add_url_rule(f"{one}/lines.csv", "payout_file", file)
    bp.add_url_rule(f"{one}/statement.pdf", "payout_paper", paper)
    bp.add_url_rule(f"{one}/approval", "payout_approval", approve, methods=["POST"])
    bp.add_url_rule(f"{one}/hold", "payout_hold", hold, methods=["POST"])
    bp.add_url_rule(f"{one}/payment", "payout_payment", pay, methods=["POST"])


@requires_all(Permission.PAYOUT_VIEW)
def index() -> ResponseReturnValue:
    """What waits first, or by state."""
    known = states(Machine.PAYOUT)
    state = choice_arg("state", {*known, "all"}) or "waiting"
    with reading() as session:
        found = list_payouts(session, state=None if state == "all" else state, cursor=request.args.get("cursor"))
        frame = around(session, "admin.payouts")
    names = [(one, gettext(status_of(one, "payout").word)) for one in known] + [("all", _("All"))]
    tabs = [
        {"label": name, "href": url_for("admin.payouts", state=one), "current": state == one} for one, name in names
    ]
    return page_or_partial(
        "admin/payouts/index.html", {"payouts": "admin/payouts/_list.html"}, found=found, tabs=tabs, **frame
    )


@requires_all(Permission.PAYOUT_VIEW)
def show(payout_id: uuid.UUID) -> ResponseReturnValue:
    """One: the statement behind it, what holds it back, and what can be done."""
    return _page(payout_id)


@requires_all(Permission.PAYOUT_VIEW)
def file(payout_id: uuid.UUID) -> ResponseReturnValue:
    """The statement's lines as a file."""
    return statement_file(_load(payout_id)[1])


@requires_all(Permission.PAYOUT_VIEW)
def paper(payout_id: uuid.UUID) -> ResponseReturnValue:
    """The statement on paper."""
    payout, statement = _load(payout_id)
    return pdf_answer(*statement_pdf(statement, translated(dict(payout.store))))


@requires_all(Permission.PAYOUT_MAKE)
def approve(payout_id: uuid.UUID) -> ResponseReturnValue:
    """Let it go out."""
    actor, now = current_actor(), clock.now()
    return _act(
        payout_id,
        lambda s: approve_payout(s, payout_id=payout_id, actor=actor, now=now),
        _("Approved. It can be paid now."),
    )


@requires_all(Permission.PAYOUT_MAKE)
def hold(payout_id: uuid.UUID) -> ResponseReturnValue:
    """Hold it back."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "")
    return _act(
        payout_id,
        lambda s: hold_payout(s, payout_id=payout_id, reason=reason, actor=actor, now=now),
        _("Held back."),
    )


@requires_all(Permission.PAYOUT_MAKE)
def pay(payout_id: uuid.UUID) -> ResponseReturnValue:
    """Say that the transfer was made."""
    actor, now, reference = current_actor(), clock.now(), request.form.get("reference", "")
    return _act(
        payout_id,
        lambda s: pay_payout(s, payout_id=payout_id, reference=reference, actor=actor, now=now),
        _("Marked as paid."),
    )


@requires_all(Permission.PAYOUT_VIEW)
def rules() -> ResponseReturnValue:
    """How often each store is paid."""
    with reading() as session:
        found = store_rules(session)
        frame = around(session, "admin.payouts")
    return render_template("admin/payouts/rules.html", stores=found, periods=words("period"), **frame)


@requires_all(Permission.PAYOUT_MAKE)
def change(store_id: int) -> ResponseReturnValue:
    """Change it for one store."""
    chosen = request.form.get("period", "")
    if chosen not in set(Period):
        raise NotFoundError
    actor, now = current_actor(), clock.now()
    atomically(lambda s: change_period(s, store_id=store_id, period=Period(chosen), actor=actor, now=now))
    flash(_("Saved"), "success")
    return done(location=url_for("admin.payout_rules"))


def _act(payout_id: uuid.UUID, work: Callable[[Session], bool], told: str) -> ResponseReturnValue:
    try:
        went_on = atomically(work)
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        return _page(payout_id, error)
    flash(told if went_on else _("Something holds it back. Nothing was paid."), "success" if went_on else "warning")
    return done(location=url_for("admin.payout", payout_id=payout_id))


def _load(payout_id: uuid.UUID) -> tuple[PayoutRow, StatementRow]:
    with reading() as session:
        payout = load_payout(session, payout_id=payout_id)
        statement = load_seller_statement(session, statement_id=payout.statement_id) if payout else None
    if payout is None or statement is None:
        raise NotFoundError
    return payout, statement


def _page(payout_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    payout, statement = _load(payout_id)
    figure = choice_arg("figure", FIGURES)
    with reading() as session:
        found = statement_lines(session, statement_id=statement.id, figure=figure, cursor=request.args.get("cursor"))
        owed = next(
            (one for one in owed_to(session, store_id=payout.store_id) if one.currency == payout.currency), None
        )
        bank = load_bank(session, store_id=payout.store_id)
        frame = around(session, "admin.payouts")
    here = url_for("admin.payout", payout_id=payout_id)
    tabs: list[dict[str, Any]] = [{"label": _("All"), "href": here, "current": figure is None}]
    tabs += [
        {"label": word("figure", one), "href": f"{here}?figure={one}", "current": figure == one} for one in FIGURES
    ]
    sees_orders, sees_ledger = may_all(Permission.ORDER_VIEW), may_all(Permission.LEDGER_VIEW)
    page = page_or_partial(
        "admin/payouts/show.html",
        {"lines": "seller/balance/_lines.html"},
        payout=payout,
        statement=statement,
        rows=rows_of(statement),
        found=found,
        figure=figure,
        tabs=tabs,
        owed=owed,
        holds=[word("payout_hold", one) for one in payout.holds],
        is_own=payout.store_id in current_actor().store_ids,
        bank=read_bank(bank.details) if bank and may_all(Permission.PAYOUT_MAKE) else None,
        problem=say(error) if error else None,
        order_href=lambda line: url_for("admin.order", number=line.number) if line.number and sees_orders else None,
        entry_href=lambda line: url_for("admin.ledger_entry", entry_id=line.entry_id) if sees_ledger else None,
        **frame,
    )
    return page, error.status if error else 200
