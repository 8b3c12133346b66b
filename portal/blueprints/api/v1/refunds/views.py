"""Refunds of orders of the key's person, through the services that the pages use (REF-01)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.blueprints.api.keys import api_actor, own_key
from portal.blueprints.api.operations import Reply, operation
from portal.blueprints.api.schemas import Amount, PlatformAmount
from portal.blueprints.api.v1.orders.views import NUMBER, TAG
from portal.blueprints.api.v1.refunds import examples
from portal.blueprints.api.v1.refunds.schemas import (
    LineUnits,
    PlannedCoupon,
    PlannedLeg,
    Refund,
    RefundChoices,
    RefundLeg,
    RefundList,
    RefundQuote,
    RefundRequest,
    RefusedLine,
)
from portal.blueprints.checkout.words import say
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.queries.orders import load_order
from portal.queries.refunds import RefundView, load_refunds
from portal.rules.permissions import Permission
from portal.rules.refund_policy import Party
from portal.rules.refunds import RefundUnitsError
from portal.services.accounts.bank_details import BankDetailsError
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.refunds import plan_refund as planning
from portal.services.refunds import request_refund as requesting

REFUSALS = (
    planning.RefundOrderUnknownError,
    planning.NothingToRefundError,
    planning.NothingChosenError,
    planning.RefundWaitingError,
    planning.CaptureUnderWayError,
    RefundUnitsError(left=1),
    RejectedError(planning.DISPUTED),
)


@operation(
    "POST",
    "/orders/<string:number>/refund-quote",
    tag=TAG,
    summary="Quote a refund",
    description=(
        "Says per tender what would come back, what becomes of coupons and mileage, and whose consent is needed. "
        "Changes nothing. `refused` names lines that cannot be given back, and why."
    ),
    permission=Permission.REFUND_HANDLE,
    body=RefundChoices,
    body_example=examples.CHOICES,
    answer=RefundQuote,
    example=examples.QUOTE,
    path_values={"number": NUMBER},
    refusals=REFUSALS,
)
def quote_refund(number: str, body: RefundChoices) -> RefundQuote:
    with reading() as session:
        planned = planning.plan_refund(
            session,
            actor=api_actor(),
            party=Party.BUYER,
            order_id=_order_id(session, number),
            selection=selection_of(body.lines),
            reason=body.reason,
            otherwise=body.otherwise,
            now=clock.now(),
        )
    return as_quote(planned)


@operation(
    "POST",
    "/orders/<string:number>/refunds",
    tag=TAG,
    summary="Ask for a refund",
    description=(
        "Does exactly what was quoted, or nothing: with another `fingerprint` than that of now the answer is 409 "
        "`refund_changed_since_shown`. Own balances are back at once, gateways are asked afterwards; ask for the "
        "refunds of the order to see how far they are. Where consent is needed nothing moves before it is given. Large "
        "amounts are confirmed by the person first: the answer is 403 `step_up_needed` with the page for that in "
        "`confirm_at`; within five minutes of it the same request goes through once."
    ),
    permission=Permission.REFUND_HANDLE,
    body=RefundRequest,
    body_example=examples.REQUEST,
    answer=Refund,
    status=201,
    answer_text="The refund is decided, or waits for consent.",
    example=examples.REFUND,
    path_values={"number": NUMBER},
    refusals=(
        *REFUSALS,
        requesting.RefundChangedError,
        StepUpNeededError,
        BankDetailsError,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
    ),
    is_idempotent=True,
    headers={"Idempotent-Replayed": "`true` if this is the answer to an earlier request with the same key."},
)
def ask_refund(number: str, body: RefundRequest, key: str) -> Reply:
    actor, now = api_actor(), clock.now()
    with reading() as session:
        order_id = _order_id(session, number)
    asked = requesting.RefundRequest(
        key=own_key(key),
        selection=selection_of(body.lines),
        reason=body.reason,
        shown=body.fingerprint,
        note=body.note,
        otherwise=body.otherwise,
        bank=body.bank.model_dump() if body.bank else None,
    )
    made = atomically(
        lambda s: requesting.request_refund(
            s, actor=actor, party=Party.BUYER, order_id=order_id, request=asked, now=now
        )
    )
    with reading() as session:
        found = next(one for one in load_refunds(session, order_id=order_id) if one.id == made.refund_id)
    headers = {"Idempotent-Replayed": "true"} if made.is_repeat else {}
    return Reply(as_refund(found), 201, headers)


@operation(
    "GET",
    "/orders/<string:number>/refunds",
    tag=TAG,
    summary="List the refunds of an order",
    description="The newest first, each with its legs and how far they are.",
    permission=Permission.REFUND_HANDLE,
    answer=RefundList,
    example=examples.REFUNDS,
    path_values={"number": NUMBER},
    refusals=(planning.RefundOrderUnknownError,),
)
def list_refunds(number: str) -> RefundList:
    with reading() as session:
        found = load_refunds(session, order_id=_order_id(session, number))
    return RefundList(items=[as_refund(one) for one in found])


def as_quote(planned: planning.PlannedRefund) -> RefundQuote:
    """What a refund would do, as the API shows it."""
    plan = planned.plan
    return RefundQuote(
        fingerprint=plan.mark,
        total=Amount.of(plan.total_minor, plan.currency),
        legs=[
            PlannedLeg(
                type=leg.type,
                amount=Amount.of(leg.amount_minor, plan.currency),
                points=leg.points,
                destination=leg.destination,
                closed=leg.closed,
            )
            for leg in plan.legs
        ],
        coupons=[PlannedCoupon(name=dict(one.names), outcome=one.why) for one in plan.coupons],
        discount_asked_back=Amount.of(plan.asked_minor, plan.currency),
        restocking_fee=Amount.of(plan.restocking_minor, plan.currency),
        points_taken=plan.points_taken,
        points_owed=plan.points_owed,
        needs_consent=bool(planned.consents),
        refused=[
            RefusedLine(line_id=line_id, code=why.code.lower(), detail=say(why))
            for line_id, why in planned.refused.items()
        ],
    )


def as_refund(refund: RefundView) -> Refund:
    """A refund of the queries as the API shows it."""
    return Refund(
        id=refund.id,
        status=refund.status,
        reason=refund.reason,
        total=Amount.of(refund.total_minor, refund.currency),
        total_in_platform=PlatformAmount.of(refund.in_platform),
        requested_at=refund.requested_at,
        due_at=refund.due_at,
        completed_at=refund.completed_at,
        refusal=refund.refusal,
        legs=[
            RefundLeg(
                type=leg.type,
                amount=Amount.of(leg.amount_minor, refund.currency),
                points=leg.points,
                destination=leg.destination,
                status=leg.status,
            )
            for leg in refund.legs
        ],
    )


def selection_of(lines: Sequence[LineUnits] | None) -> planning.Selection:
    """The units that are asked back, of a line that is named twice the sum; None is all that is left."""
    if lines is None:
        return planning.Selection()
    units: dict[uuid.UUID, int] = {}
    for one in lines:
        units[one.line_id] = units.get(one.line_id, 0) + one.units
    return planning.Selection(units)


def _order_id(session: Session, number: str) -> uuid.UUID:
    """The order of the key's person. Raises RefundOrderUnknownError."""
    actor = api_actor()
    assert actor.user_id is not None
    order = load_order(session, buyer_id=actor.user_id, number=number)
    if order is None:
        raise planning.RefundOrderUnknownError
    return order.id
