"""Parts of orders stopped and let go on, and orders decided about that rules of risk hold (ORD-002, FRD-08)."""

from __future__ import annotations

import uuid
from typing import Any

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_MALL, PathValue, Reply, operation
from portal.blueprints.api.v1.examples import AT, NUMBER, STORE_REF
from portal.blueprints.api.v1.mall_holds.schemas import (
    Clearance,
    HoldEnd,
    HoldIn,
    MallHold,
    MallHolds,
    Refusal,
    ReviewedOrder,
)
from portal.blueprints.api.v1.orders.examples import PART
from portal.blueprints.api.v1.orders.views import NUMBER as NUMBER_VALUE
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.admin_order import find_order_id
from portal.queries.holds import holds_of_order
from portal.rules.holds import HoldKind, may_end
from portal.rules.permissions import Permission
from portal.services.cases.decide_review import decide_review
from portal.services.orders import review_order as reviewing
from portal.services.orders.part_changes import PartChangedError
from portal.services.orders.part_holds import PartUnknownError
from portal.services.orders.place_hold import HoldExistsError, HoldKindError, NothingToHoldError, place_hold
from portal.services.orders.release_hold import HoldOverError, HoldUnknownError, release_hold

TAG = "Orders"
ID: dict[str, Any] = {"type": "string", "format": "uuid"}
HOLD: dict[str, Any] = {
    "id": "01935f2e-7b1c-7000-8000-000000000009",
    "part_id": PART["id"],
    "store": STORE_REF["name"],
    "kind": "admin",
    "reason": "address_unclear",
    "note": "Asked the buyer by phone.",
    "placed_by": "Ada",
    "placed_at": AT,
    "may_end": True,
}
HOLDS: dict[str, Any] = {"items": [HOLD]}
ORDER = {"number": NUMBER_VALUE}
DECIDED = (
    NotFoundError,
    reviewing.ReviewForbiddenError,
    reviewing.NotUnderReviewError,
    reviewing.AlreadyReviewedError,
    reviewing.ReviewTooEarlyError,
    reviewing.RefuseNeedsRefundError,
)


@operation(
    "GET",
    "/mall/orders/<string:number>/holds",
    tag=TAG,
    summary="List what holds an order",
    permission=Permission.ORDER_VIEW,
    within=FOR_MALL,
    answer=MallHolds,
    example=HOLDS,
    path_values=ORDER,
    refusals=(NotFoundError,),
)
def list_order_holds(number: str) -> MallHolds:
    return _holds(_order(number))


@operation(
    "POST",
    "/mall/orders/<string:number>/parts/<uuid:part_id>/holds",
    tag=TAG,
    summary="Stop a part of an order",
    description=(
        "What is not sent yet waits, and what is sent is not paid out. Kinds of holds have permissions of their own: "
        "`fraud` needs `order:review`, `payment` `dispute:handle`, `admin` `order:edit`. The store is told."
    ),
    permission=Permission.ORDER_VIEW,
    within=FOR_MALL,
    body=HoldIn,
    body_example={name: HOLD[name] for name in ("kind", "reason", "note")},
    answer=MallHolds,
    status=201,
    answer_text="The part is held.",
    example=HOLDS,
    path_values={**ORDER, "part_id": PathValue("The id of the part.", ID, PART["id"])},
    refusals=(
        NotFoundError,
        PartUnknownError,
        HoldKindError,
        PartChangedError("user:1", clock.now(), "shipped"),
        NothingToHoldError,
        HoldExistsError,
    ),
)
def place_order_hold(number: str, part_id: uuid.UUID, body: HoldIn) -> Reply:
    order_id, actor, now = _order(number), api_actor(), clock.now()
    atomically(
        lambda s: place_hold(
            s, part_id=part_id, kind=HoldKind(body.kind), reason=body.reason, note=body.note, actor=actor, now=now
        )
    )
    return Reply(_holds(order_id), 201)


@operation(
    "POST",
    "/mall/orders/<string:number>/holds/<uuid:hold_id>/end",
    tag=TAG,
    summary="End a hold",
    description="The part goes on when nothing else holds it. What a rule of risk or a freeze holds ends with that.",
    permission=Permission.ORDER_VIEW,
    within=FOR_MALL,
    body=HoldEnd,
    body_example={"reason": "The buyer has confirmed the address."},
    answer=MallHolds,
    example={"items": []},
    path_values={**ORDER, "hold_id": PathValue("The id of the hold.", ID, HOLD["id"])},
    refusals=(NotFoundError, HoldUnknownError, HoldOverError),
)
def end_order_hold(number: str, hold_id: uuid.UUID, body: HoldEnd) -> MallHolds:
    order_id, actor, now = _order(number), api_actor(), clock.now()
    atomically(lambda s: release_hold(s, hold_id=hold_id, reason=body.reason, actor=actor, now=now))
    return _holds(order_id)


@operation(
    "POST",
    "/mall/orders/<string:number>/clearance",
    tag=TAG,
    summary="Clear an order that rules of risk hold",
    description="What is authorised is captured, or stays held until the goods leave; paid parts go to their stores.",
    permission=Permission.ORDER_REVIEW,
    within=FOR_MALL,
    body=Clearance,
    body_example={"reason": "confirmed", "note": "Called the buyer."},
    answer=ReviewedOrder,
    example={"number": NUMBER, "decision": "clear", "is_repeat": False},
    path_values=ORDER,
    refusals=DECIDED,
)
def clear_order(number: str, body: Clearance) -> ReviewedOrder:
    return _decided(number, reviewing.Decision.CLEAR, body)


@operation(
    "POST",
    "/mall/orders/<string:number>/refusal",
    tag=TAG,
    summary="Refuse an order that rules of risk hold",
    description="It is given up, and what the provider holds is released. One that is paid is refunded instead.",
    permission=Permission.ORDER_REVIEW,
    within=FOR_MALL,
    body=Refusal,
    body_example={"reason": "unreachable"},
    answer=ReviewedOrder,
    example={"number": NUMBER, "decision": "refuse", "is_repeat": False},
    path_values=ORDER,
    refusals=DECIDED,
)
def refuse_order(number: str, body: Refusal) -> ReviewedOrder:
    return _decided(number, reviewing.Decision.REFUSE, body)


def _decided(number: str, decision: reviewing.Decision, body: Clearance | Refusal) -> ReviewedOrder:
    order_id, actor, now = _order(number), api_actor(), clock.now()
    reviewed = atomically(
        lambda s: decide_review(
            s,
            order_id=order_id,
            decision=decision,
            reason=body.reason,
            note=body.note,
            version=body.version,
            actor=actor,
            now=now,
        )
    )
    return ReviewedOrder(number=number, decision=decision.value, is_repeat=reviewed.is_repeat)


def _order(number: str) -> uuid.UUID:
    with reading() as session:
        order_id = find_order_id(session, number)
    if order_id is None:
        raise NotFoundError
    return order_id


def _holds(order_id: uuid.UUID) -> MallHolds:
    with reading() as session:
        rows = holds_of_order(session, order_id=order_id)
    actor = api_actor()
    return MallHolds(
        items=[
            MallHold(
                id=row.id,
                part_id=row.part_id,
                store=row.store_name,
                kind=row.kind,  # type: ignore[arg-type]  # One of the kinds.
                reason=row.reason,
                note=row.note,
                placed_by=row.placed_by,
                placed_at=row.placed_at,
                may_end=may_end(actor, HoldKind(row.kind), row.reason, store_id=row.store_id),
            )
            for row in rows
        ]
    )
