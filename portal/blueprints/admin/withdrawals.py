"""Withdrawals for administrators: what waits for a look, and what is to be paid (REF-08)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.blueprints.payment_history import method_word
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.withdrawals import list_withdrawals, load_sent_back, load_to_pay, load_withdrawal
from portal.rules.permissions import Permission
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.withdrawals.decide_withdrawal import approve_withdrawal, pay_withdrawal, refuse_withdrawal

HOLDS: Mapping[str, str] = {
    "amount": N_("The amount is above what goes out without a second look."),
    "new_account": N_("The account is new."),
    "velocity": N_("There were several withdrawals within a week."),
    "risk": N_("A rule of risk wants a review."),
    "fresh_money": N_("Money has come in within the last days."),
}


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/withdrawals", "withdrawals", index)
    bp.add_url_rule("/withdrawals/<uuid:withdrawal_id>", "withdrawal", show)
    bp.add_url_rule("/withdrawals/<uuid:withdrawal_id>/approval", "withdrawal_approval", approve, methods=["POST"])
    bp.add_url_rule("/withdrawals/<uuid:withdrawal_id>/refusal", "withdrawal_refusal", refuse, methods=["POST"])
    bp.add_url_rule("/withdrawals/<uuid:withdrawal_id>/payment", "withdrawal_payment", pay, methods=["POST"])


@requires_all(Permission.WITHDRAWAL_APPROVE)
def index() -> ResponseReturnValue:
    """The open ones first, or all."""
    everything = request.args.get("view") == "all"
    with reading() as session:
        found = list_withdrawals(session, only_open=not everything, cursor=request.args.get("cursor"))
        frame = around(session, "admin.withdrawals")
    tabs = [
        {"label": _("Open"), "href": url_for("admin.withdrawals"), "current": not everything},
        {"label": _("All"), "href": url_for("admin.withdrawals", view="all"), "current": everything},
    ]
    partials = {"withdrawals": "admin/withdrawals/_list.html"}
    return page_or_partial("admin/withdrawals/index.html", partials, found=found, tabs=tabs, **frame)


@requires_all(Permission.WITHDRAWAL_APPROVE)
def show(withdrawal_id: uuid.UUID) -> ResponseReturnValue:
    """One: why it waits, where it goes, and what can be done."""
    return _page(withdrawal_id)


@requires_all(Permission.WITHDRAWAL_APPROVE)
def approve(withdrawal_id: uuid.UUID) -> ResponseReturnValue:
    """Let it go out."""
    actor, now = current_actor(), clock.now()
    return _act(
        withdrawal_id,
        lambda s: approve_withdrawal(s, withdrawal_id=withdrawal_id, actor=actor, now=now),
        _("Approved. It is on its way."),
    )


@requires_all(Permission.WITHDRAWAL_APPROVE)
def refuse(withdrawal_id: uuid.UUID) -> ResponseReturnValue:
    """Give it back to the deposit."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "")
    return _act(
        withdrawal_id,
        lambda s: refuse_withdrawal(s, withdrawal_id=withdrawal_id, reason=reason, actor=actor, now=now),
        _("Refused. The amount is deposit again."),
    )


@requires_all(Permission.WITHDRAWAL_APPROVE)
def pay(withdrawal_id: uuid.UUID) -> ResponseReturnValue:
    """Say that the transfer was made."""
    actor, now, reference = current_actor(), clock.now(), request.form.get("reference", "")
    return _act(
        withdrawal_id,
        lambda s: pay_withdrawal(s, withdrawal_id=withdrawal_id, reference=reference, actor=actor, now=now),
        _("Marked as paid."),
    )


def _act(withdrawal_id: uuid.UUID, work: Callable[[Session], None], told: str) -> ResponseReturnValue:
    try:
        atomically(work)
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        return _page(withdrawal_id, error)
    flash(told, "success")
    return done(location=url_for("admin.withdrawal", withdrawal_id=withdrawal_id))


def _page(withdrawal_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        row = load_withdrawal(session, withdrawal_id=withdrawal_id)
        if row is None:
            raise NotFoundError
        to_pay = load_to_pay(session, withdrawal_id=withdrawal_id) if row.status == "approved" else None
        legs = load_sent_back(session, withdrawal_id=withdrawal_id)
        frame = around(session, "admin.withdrawals")
    page = render_template(
        "admin/withdrawals/show.html",
        row=row,
        to_pay=to_pay,
        legs=[(method_word(leg.method), leg) for leg in legs],
        holds=[gettext(HOLDS[one]) for one in row.holds if one in HOLDS],
        problem=say(error) if error else None,
        is_own=row.user_id == current_actor().user_id,
        **frame,
    )
    return page, error.status if error else 200
