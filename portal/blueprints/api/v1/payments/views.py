"""Payments of the key's person (PAY-13)."""

from __future__ import annotations

import uuid
from typing import Any

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.payments import examples
from portal.blueprints.api.v1.payments.schemas import (
    Document,
    PaidPart,
    Payment,
    PaymentItem,
    PaymentPage,
    PaymentQuery,
)
from portal.db import atomically, reading
from portal.jobs.queue import enqueue_reversal
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.payment_history import HistoryFilter, HistoryRow, list_own_payments, load_own_payment
from portal.rules.permissions import Permission
from portal.services.checkout.cancel_payment import PaymentNotPendingError, PaymentUnknownError, cancel_payment

TAG = "Payments"
PAYMENT = {"payment_id": PathValue("The id of its row in the list.", {"type": "string", "format": "uuid"}, examples.ID)}


@operation(
    "GET",
    "/payments",
    tag=TAG,
    summary="List payments",
    description="What the key's person paid or tried to pay on all channels, the newest first.",
    permission=Permission.PAYMENT_VIEW,
    query=PaymentQuery,
    answer=PaymentPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError,),
)
def list_payments(query: PaymentQuery) -> PaymentPage:
    actor = api_actor()
    assert actor.user_id is not None
    chosen = HistoryFilter(query.created_from, query.created_until)
    with reading() as session:
        page = list_own_payments(
            session,
            user_id=actor.user_id,
            chosen=chosen,
            cursor=query.cursor,
            rows_max=query.limit,
            is_counted=False,
        )
    return PaymentPage.of(page, [PaymentItem(**_item(row)) for row in page.rows])


@operation(
    "GET",
    "/payments/<string:payment_id>",
    tag=TAG,
    summary="Show a payment",
    description="With the gateway's transaction ID, all kinds of money that were used, and the labels of documents.",
    permission=Permission.PAYMENT_VIEW,
    answer=Payment,
    example=examples.PAYMENT,
    path_values=PAYMENT,
    refusals=(NotFoundError,),
)
def show_payment(payment_id: str) -> Payment:
    return _payment(_id(payment_id))


@operation(
    "POST",
    "/payments/<string:payment_id>/cancellation",
    tag=TAG,
    summary="Give up a payment whose money has not come",
    description=(
        "For a top-up, a gift card, an invoice or an exchange; an order is given up itself. What the provider still "
        "takes for it goes back by itself."
    ),
    permission=Permission.PAYMENT_INITIATE,
    answer=Payment,
    answer_text="The payment, cancelled.",
    example=examples.CANCELLED,
    path_values=PAYMENT,
    refusals=(NotFoundError, PaymentUnknownError, PaymentNotPendingError),
)
def cancel_own_payment(payment_id: str) -> Payment:
    wanted, actor, now = _id(payment_id), api_actor(), clock.now()
    for attempt_id in atomically(lambda s: cancel_payment(s, actor=actor, payment_id=wanted, now=now)):
        enqueue_reversal(attempt_id)
    return _payment(wanted)


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFoundError from None


def _payment(payment_id: uuid.UUID) -> Payment:
    actor = api_actor()
    assert actor.user_id is not None
    with reading() as session:
        found = load_own_payment(session, user_id=actor.user_id, payment_id=payment_id)
    if found is None:
        raise NotFoundError
    currency = found.row.currency
    return Payment(
        **_item(found.row),
        order_total=Amount.of(found.total_minor, currency),
        gateway=found.gateway,
        gateway_transaction_id=found.gateway_ref,
        completed_at=found.completed_at,
        tenders=[
            PaidPart(
                type=kind,
                amount=Amount.of(amount_minor, currency),
                points=points,
                refunded=Amount.of(refunded_minor, currency),
            )
            for kind, amount_minor, points, refunded_minor in found.tenders
        ],
        documents=[Document(kind=kind, label=label) for kind, label in found.documents],
    )


def _item(row: HistoryRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "created_at": row.at,
        "purpose": row.purpose,
        "order_number": row.number,
        "first_item": row.first_name,
        "lines": row.lines,
        "method": row.method,
        "status": row.status,
        "amount": Amount.of(row.amount_minor, row.currency),
        "refunded": Amount.of(row.refunded_minor, row.currency),
    }
