"""Requests for refunds of the store's own parts: answer them, or give something back by oneself (REF-01)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg, requires_in
from portal.blueprints.desk_refunds import decide, form_values, give_back, queue_names, refund_values
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.desk import around, open_desk
from portal.blueprints.seller.fulfil_words import problem_text
from portal.blueprints.versions import shown_version
from portal.db import reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.refund_lists import RefundQueue, count_refunds, list_refunds
from portal.queries.refunds import load_refund
from portal.queries.store_order import load_store_order
from portal.rules.permissions import Permission, Scope
from portal.rules.refund_policy import Party
from portal.services.orders.part_changes import PartChangedError, refuse_changed

QUEUES = (RefundQueue.WAITING, RefundQueue.UNDER_WAY, RefundQueue.ALL)


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/refunds", "refunds", index)
    bp.add_url_rule("/refunds/<uuid:refund_id>", "refund", show)
    bp.add_url_rule("/refunds/<uuid:refund_id>/approval", "refund_approval", approve, methods=["POST"])
    bp.add_url_rule("/refunds/<uuid:refund_id>/refusal", "refund_refusal", refuse, methods=["POST"])
    bp.add_url_rule("/orders/<uuid:part_id>/refund", "order_refund", give, methods=["GET", "POST"])


@requires_in(Permission.REFUND_HANDLE, Scope.STORE)
def index() -> ResponseReturnValue:
    """The queue: what waits for the store's answer, the newest first."""
    now = clock.now()
    chosen = RefundQueue(choice_arg("queue", set(RefundQueue)) or RefundQueue.WAITING)
    with reading() as session:
        desk = open_desk(session, now)
        if desk is None:
            return render_template("seller/no_store.html", **around(None, "seller.refunds"))
        store_id = desk.store.id
        found = list_refunds(session, queue=chosen, store_id=store_id, now=now, cursor=request.args.get("cursor"))
        counts = count_refunds(session, queues=QUEUES[:1], store_id=store_id, now=now)
    tabs = [
        {
            "label": queue_names()[queue],
            "href": url_for("seller.refunds", queue=queue.value, store=desk.store_arg),
            "current": queue is chosen,
            "count": counts.get(queue),
        }
        for queue in QUEUES
    ]
    return page_or_partial(
        "desk/refunds/index.html",
        {"refunds": "desk/refunds/_list.html"},
        found=found,
        tabs=tabs,
        show_endpoint="seller.refund",
        now=now,
        **around(desk, "seller.refunds"),
    )


@requires_in(Permission.REFUND_HANDLE, Scope.STORE)
def show(refund_id: uuid.UUID) -> ResponseReturnValue:
    """One request: what, why, and the two answers."""
    return _page(refund_id)


@requires_in(Permission.REFUND_HANDLE, Scope.STORE)
def approve(refund_id: uuid.UUID) -> ResponseReturnValue:
    """Agree to it."""
    return _decide(refund_id, agrees=True)


@requires_in(Permission.REFUND_HANDLE, Scope.STORE)
def refuse(refund_id: uuid.UUID) -> ResponseReturnValue:
    """Say no, with a reason."""
    return _decide(refund_id, agrees=False)


def _decide(refund_id: uuid.UUID, *, agrees: bool) -> ResponseReturnValue:
    answer = decide(refund_id, agrees=agrees, location=url_for("seller.refund", refund_id=refund_id))
    return _page(refund_id, answer) if isinstance(answer, PortalError) else answer


def _page(refund_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    stores = sorted(current_actor().store_ids)
    with reading() as session:
        refund = load_refund(session, refund_id=refund_id)
        mine = [one for one in refund.items if one["store_id"] in stores] if refund else []
        if refund is None or not mine:
            raise NotFoundError
        desk = open_desk(session, clock.now(), store_id=mine[0]["store_id"])
    values: dict[str, Any] = refund_values(refund, store_ids=stores)
    waits = any(one["consent"].state == "waiting" for one in values["consents"])
    page = render_template(
        "desk/refunds/show.html",
        **values,
        may_answer=waits and refund.status == "requested",
        approve_href=url_for("seller.refund_approval", refund_id=refund_id),
        refuse_href=url_for("seller.refund_refusal", refund_id=refund_id),
        list_href=url_for("seller.refunds"),
        order_href=url_for("seller.order", part_id=mine[0]["part_id"]),
        problem=say(error) if error else None,
        is_admin=False,
        **around(desk, "seller.refunds"),
    )
    return page, error.status if error else 200


@requires_in(Permission.REFUND_HANDLE, Scope.STORE)
def give(part_id: uuid.UUID) -> ResponseReturnValue:
    """Give back something of the store's own part: out of stock, damaged, goodwill."""
    now = clock.now()
    with reading() as session:
        order = load_store_order(session, part_id=part_id, store_ids=sorted(current_actor().store_ids), now=now)
        if order is None:
            raise NotFoundError
        desk = open_desk(session, now, store_id=order.store_id)
    error = None
    if request.method == "POST":
        answer = _changed(part_id) or give_back(order.order_id, Party.SELLER)
        if isinstance(answer, str):
            return done(location=url_for("seller.order", part_id=part_id))
        error = answer
    values = form_values(order.order_id, Party.SELLER, part_id=part_id, error=error)
    assert values is not None
    if isinstance(error, PartChangedError):
        with reading() as session:
            values["error"] = problem_text(session, error)
    page = page_or_partial(
        "desk/refunds/give.html",
        {"refund-plan": "desk/refunds/_plan.html"},
        **values,
        action=url_for("seller.order_refund", part_id=part_id),
        back=url_for("seller.order", part_id=part_id),
        version=order.version,
        **around(desk, "seller.orders"),
    )
    return page, error.status if error else 200


def _changed(part_id: uuid.UUID) -> PartChangedError | None:
    """Whether somebody else was faster. What changes the amounts after this is refused by them."""
    try:
        with reading() as session:
            refuse_changed(session, part_id=part_id, version=shown_version())
    except PartChangedError as error:
        return error
    return None
