"""Fewer pieces of anybody's order, or none: the mall gives back in its buyer's stead, with a reason (REF-01)."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api import once
from portal.blueprints.api.keys import api_actor, own_key
from portal.blueprints.api.operations import FOR_MALL, Reply, operation
from portal.blueprints.api.schemas import SAID, In, Text
from portal.blueprints.api.v1.orders.views import NUMBER
from portal.blueprints.api.v1.refunds import examples
from portal.blueprints.api.v1.refunds.schemas import LINES_MAX, LineUnits, Refund, RefundList, RefundQuote
from portal.blueprints.api.v1.refunds.views import REFUSALS, as_quote, as_refund, selection_of
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.admin_order import find_order_id
from portal.queries.refunds import load_refunds
from portal.rules.permissions import Permission
from portal.rules.refund_policy import Party
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.refunds import plan_refund as planning
from portal.services.refunds import request_refund as requesting

TAG = "Orders"
MallReason = Literal[
    "changed_mind",
    "ordered_by_mistake",
    "too_late",
    "damaged",
    "wrong_item",
    "not_as_described",
    "lost",
    "out_of_stock",
    "cannot_deliver",
    "risk_refused",
    "goodwill",
]
Note = Annotated[str, StringConstraints(max_length=requesting.NOTE_LENGTH_MAX, pattern=SAID)]


class MallRefundChoices(In):
    """What is given back. Without lines: everything that is left of the order, which cancels it."""

    lines: Annotated[list[LineUnits], Field(max_length=LINES_MAX)] | None = Field(
        default=None, description="Units by line. Null is all that is left and may be given back."
    )
    reason: MallReason = Field(default="goodwill", description="Why. It says, too, who bears the shipping fee.")


class MallRefundRequest(MallRefundChoices):
    """What was quoted, confirmed."""

    fingerprint: Text = Field(description="That of the refund quote: exactly this is done, or nothing.")
    note: Note = Field(description="Kept with the refund; the store reads it.")


CHOICES: dict[str, Any] = {**examples.CHOICES, "reason": "goodwill"}


@operation(
    "POST",
    "/mall/orders/<string:number>/refund-quote",
    tag=TAG,
    summary="Quote a refund of anybody's order",
    description=(
        "What would come back to its buyer, to the unit, and whose consent is needed. Changes nothing. `refused` names "
        "lines that cannot be given back, and why."
    ),
    permission=Permission.REFUND_HANDLE,
    within=FOR_MALL,
    body=MallRefundChoices,
    body_example=CHOICES,
    answer=RefundQuote,
    example=examples.QUOTE,
    path_values={"number": NUMBER},
    refusals=(NotFoundError, *REFUSALS),
)
def quote_mall_refund(number: str, body: MallRefundChoices) -> RefundQuote:
    with reading() as session:
        planned = planning.plan_refund(
            session,
            actor=api_actor(),
            party=Party.ADMIN,
            order_id=_order_id(session, number),
            selection=selection_of(body.lines),
            reason=body.reason,
            now=clock.now(),
        )
    return as_quote(planned)


@operation(
    "POST",
    "/mall/orders/<string:number>/refunds",
    tag=TAG,
    summary="Give back something of anybody's order",
    description=(
        "Fewer pieces of a line, or the whole order cancelled, in its buyer's stead: exactly what was quoted, or 409 "
        "`refund_changed_since_shown`. Who did it and why is recorded, and the buyer is told. Where consent is needed "
        "nothing moves before it is given; large amounts are confirmed by the person first (403 `step_up_needed`)."
    ),
    permission=Permission.REFUND_HANDLE,
    within=FOR_MALL,
    body=MallRefundRequest,
    body_example={**CHOICES, "fingerprint": examples.FINGERPRINT, "note": "One piece broke on its way."},
    answer=Refund,
    status=201,
    answer_text="The refund is decided, or waits for consent.",
    example={**examples.REFUND, "reason": "goodwill"},
    path_values={"number": NUMBER},
    refusals=(NotFoundError, *REFUSALS, requesting.RefundChangedError, StepUpNeededError, *once.REFUSALS),
    is_idempotent=True,
    headers=once.HEADERS,
)
def give_mall_refund(number: str, body: MallRefundRequest, key: str) -> Reply:
    actor, now = api_actor(), clock.now()
    with reading() as session:
        order_id = _order_id(session, number)
    asked = requesting.RefundRequest(
        key=own_key(key),
        selection=selection_of(body.lines),
        reason=body.reason,
        shown=body.fingerprint,
        note=body.note,
    )
    made = atomically(
        lambda s: requesting.request_refund(
            s, actor=actor, party=Party.ADMIN, order_id=order_id, request=asked, now=now
        )
    )
    with reading() as session:
        found = next(one for one in load_refunds(session, order_id=order_id) if one.id == made.refund_id)
    return Reply(as_refund(found), 201, {"Idempotent-Replayed": "true"} if made.is_repeat else {})


@operation(
    "GET",
    "/mall/orders/<string:number>/refunds",
    tag=TAG,
    summary="List the refunds of anybody's order",
    description="The newest first, each with its legs and how far they are.",
    permission=Permission.REFUND_HANDLE,
    within=FOR_MALL,
    answer=RefundList,
    example=examples.REFUNDS,
    path_values={"number": NUMBER},
    refusals=(NotFoundError,),
)
def list_mall_refunds(number: str) -> RefundList:
    with reading() as session:
        found = load_refunds(session, order_id=_order_id(session, number))
    return RefundList(items=[as_refund(one) for one in found])


def _order_id(session: Session, number: str) -> uuid.UUID:
    found = find_order_id(session, number)
    if found is None:
        raise NotFoundError
    return found
