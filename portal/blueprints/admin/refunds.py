"""Refunds for administrators: queues, consent, follow-up of what failed, payments by hand (REF-01, REF-03, S20)."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg
from portal.blueprints.desk_refunds import decide, form_values, give_back, queue_names, refund_values
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.admin_order import find_order_id
from portal.queries.disputes import is_disputed
from portal.queries.listings.sales import RefundFilter
from portal.queries.refund_lists import RefundQueue, count_refunds, list_refunds
from portal.queries.refunds import load_bank, load_refund
from portal.rules.permissions import Permission
from portal.rules.refund_policy import Party
from portal.services.accounts.bank_details import FIELDS
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.refunds.mark_paid import mark_paid
from portal.services.refunds.replace_leg import replace_leg

COUNTED = (RefundQueue.WAITING, RefundQueue.FAILED, RefundQueue.BANK, RefundQueue.LATE)


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/refunds", "refunds", index)
    bp.add_url_rule("/refunds/<uuid:refund_id>", "refund", show)
    bp.add_url_rule("/refunds/<uuid:refund_id>/approval", "refund_approval", approve, methods=["POST"])
    bp.add_url_rule("/refunds/<uuid:refund_id>/refusal", "refund_refusal", refuse, methods=["POST"])
    bp.add_url_rule(
        "/refunds/<uuid:refund_id>/legs/<uuid:leg_id>/replacement", "refund_replacement", replace, methods=["POST"]
    )
    bp.add_url_rule(
        "/refunds/<uuid:refund_id>/payouts/<uuid:payout_id>/payment", "refund_payment", pay, methods=["POST"]
    )
    bp.add_url_rule("/orders/<number>/refund", "order_refund", give, methods=["GET", "POST"])


def _queue() -> RefundQueue:
    return RefundQueue(choice_arg("queue", set(RefundQueue)) or RefundQueue.WAITING)


def refund_filter() -> RefundFilter:
    """The queue of the address, as it is now."""
    return RefundFilter(_queue().value, clock.now())


@requires_all(Permission.REFUND_HANDLE)
def index() -> ResponseReturnValue:
    """The queues; opens on what waits for an answer."""
    now, chosen = clock.now(), _queue()
    with reading() as session:
        found = list_refunds(session, queue=chosen, now=now, cursor=request.args.get("cursor"))
        counts = count_refunds(session, queues=COUNTED, now=now)
        frame = around(session, "admin.refunds")
    tabs = [
        {
            "label": name,
            "href": url_for("admin.refunds", queue=queue.value),
            "current": queue is chosen,
            "count": counts.get(queue),
        }
        for queue, name in queue_names().items()
    ]
    return page_or_partial(
        "desk/refunds/index.html",
        {"refunds": "desk/refunds/_list.html"},
        found=found,
        tabs=tabs,
        show_endpoint="admin.refund",
        now=now,
        **frame,
    )


@requires_all(Permission.REFUND_HANDLE)
def show(refund_id: uuid.UUID) -> ResponseReturnValue:
    """One refund: its legs with the gateway's words, and what can be done."""
    return _page(refund_id)


@requires_all(Permission.REFUND_APPROVE)
def approve(refund_id: uuid.UUID) -> ResponseReturnValue:
    """Agree to it, in a store's stead too."""
    answer = decide(refund_id, agrees=True, location=url_for("admin.refund", refund_id=refund_id))
    return _page(refund_id, answer) if isinstance(answer, PortalError) else answer


@requires_all(Permission.REFUND_APPROVE)
def refuse(refund_id: uuid.UUID) -> ResponseReturnValue:
    """Say no, with a reason."""
    answer = decide(refund_id, agrees=False, location=url_for("admin.refund", refund_id=refund_id))
    return _page(refund_id, answer) if isinstance(answer, PortalError) else answer


@requires_all(Permission.REFUND_APPROVE)
def replace(refund_id: uuid.UUID, leg_id: uuid.UUID) -> ResponseReturnValue:
    """Send what a failed leg owes another way, or once more the same way."""
    actor, now = current_actor(), clock.now()
    destination = request.form.get("destination", "")
    bank = {name: request.form.get(f"bank_{name}", "") for name in FIELDS}
    try:
        atomically(lambda s: replace_leg(s, leg_id=leg_id, destination=destination, bank=bank, actor=actor, now=now))
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        return _page(refund_id, error)
    flash(_("It goes out another way now."), "success")
    return done(location=url_for("admin.refund", refund_id=refund_id))


@requires_all(Permission.REFUND_APPROVE)
def pay(refund_id: uuid.UUID, payout_id: uuid.UUID) -> ResponseReturnValue:
    """Say that a payment to a bank account was made."""
    actor, now, reference = current_actor(), clock.now(), request.form.get("reference", "")
    try:
        atomically(lambda s: mark_paid(s, payout_id=payout_id, reference=reference, actor=actor, now=now))
    except PortalError as error:
        return _page(refund_id, error)
    flash(_("Marked as paid. The buyer is told."), "success")
    return done(location=url_for("admin.refund", refund_id=refund_id))


def _page(refund_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    may_approve = may_all(Permission.REFUND_APPROVE)
    with reading() as session:
        refund = load_refund(session, refund_id=refund_id)
        if refund is None:
            raise NotFoundError
        banks = {}
        if may_approve:
            banks = {
                leg.payout_id: load_bank(session, payout_id=leg.payout_id)
                for leg in refund.legs
                if leg.payout_id is not None and leg.payout_state == "waiting"
            }
        disputed = bool(banks) and is_disputed(session, order_id=refund.order_id)
        frame = around(session, "admin.refunds")
    page = render_template(
        "desk/refunds/show.html",
        **refund_values(refund),
        may_answer=may_approve and refund.status == "requested",
        may_follow=may_approve,
        banks=banks,
        disputed=disputed,
        approve_href=url_for("admin.refund_approval", refund_id=refund_id),
        refuse_href=url_for("admin.refund_refusal", refund_id=refund_id),
        list_href=url_for("admin.refunds"),
        order_href=url_for("admin.order", number=refund.number),
        problem=say(error) if error else None,
        is_admin=True,
        **frame,
    )
    return page, error.status if error else 200


@requires_all(Permission.REFUND_HANDLE)
def give(number: str) -> ResponseReturnValue:
    """Give back something of any order."""
    with reading() as session:
        order_id = find_order_id(session, number)
        frame = around(session, "admin.orders")
    if order_id is None:
        raise NotFoundError
    error = None
    if request.method == "POST":
        answer = give_back(order_id, Party.ADMIN)
        if isinstance(answer, str):
            return done(location=url_for("admin.order", number=number))
        error = answer
    values = form_values(order_id, Party.ADMIN, error=error)
    assert values is not None
    page = page_or_partial(
        "desk/refunds/give.html",
        {"refund-plan": "desk/refunds/_plan.html"},
        **values,
        action=url_for("admin.order_refund", number=number),
        back=url_for("admin.order", number=number),
        **frame,
    )
    return page, error.status if error else 200
