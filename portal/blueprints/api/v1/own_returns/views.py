"""Returns of the key's person: listed, sent, or taken back (ORD-005)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from flask import current_app

from portal.blueprints.api.keys import api_actor, current_client, own_key
from portal.blueprints.api.operations import Reply, operation
from portal.blueprints.api.schemas import Paging
from portal.blueprints.api.v1.carrying import CARRYING
from portal.blueprints.api.v1.examples import NO_STEP
from portal.blueprints.api.v1.own_returns.schemas import ExchangePayment, ExchangePaymentRequest, ReturnShipment
from portal.blueprints.api.v1.paying import go_on, return_url
from portal.blueprints.api.v1.returns import examples
from portal.blueprints.api.v1.returns.schemas import Return, ReturnPage
from portal.blueprints.api.v1.returns.shown import as_item
from portal.blueprints.api.v1.returns.views import CODE, DECIDED, TAG, shown
from portal.config import Settings
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.kit.paging import CursorInvalidError
from portal.queries.channels import channel_directory
from portal.queries.return_lists import ReturnQueue, list_returns
from portal.queries.returns import ReturnView, find_return
from portal.rules.permissions import Permission
from portal.services.accounts.may_spend import AccountFrozenError
from portal.services.checkout.pay_exchange import ExchangePaymentWish, NothingMoreToPayError, pay_exchange
from portal.services.checkout.routing import METHOD_MISSING, SAVED_CARD_UNUSABLE, TryAgainLaterError
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.ledger.holds import BalanceTooLowError
from portal.services.returns.decide_return import withdraw_return
from portal.services.returns.receive_return import note_sent
from portal.services.returns.take_return import ReturnUnknownError
from portal.services.returns.turn_exchange import NotWaitingForPaymentError, take_money_instead

EXCHANGE_PAID = {
    "payment_id": None,
    "next_action": NO_STEP,
    "exchange": examples.RETURN | {"kind": "exchange", "wish": "exchange", "status": "inspected"},
}
SHIPMENT = {"carrier": "cj", "tracking_number": "688012345678"}


@operation(
    "GET",
    "/returns",
    tag=TAG,
    summary="List one's own returns",
    description="The newest first.",
    permission=Permission.REFUND_HANDLE,
    query=Paging,
    answer=ReturnPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError,),
)
def list_own_returns(query: Paging) -> ReturnPage:
    with reading() as session:
        page = list_returns(
            session, queue=ReturnQueue.ALL, now=clock.now(), buyer_id=_user(), cursor=query.cursor, rows_max=query.limit
        )
    return ReturnPage.of(page, [as_item(row) for row in page.rows])


@operation(
    "POST",
    "/returns/<string:code>/shipment",
    tag=TAG,
    summary="Say with whom a return was sent",
    description="Once the store has agreed. Saying it again changes nothing.",
    permission=Permission.REFUND_HANDLE,
    body=ReturnShipment,
    body_example=SHIPMENT,
    answer=Return,
    example=examples.RETURN,
    path_values=CODE,
    refusals=(*DECIDED, *CARRYING),
)
def send_own_return(code: str, body: ReturnShipment) -> Return:
    case_id, actor, now = _own(code).id, api_actor(), clock.now()
    atomically(
        lambda s: note_sent(
            s, return_id=case_id, carrier=body.carrier, number=body.tracking_number, actor=actor, now=now
        )
    )
    return shown(case_id)


@operation(
    "POST",
    "/returns/<string:code>/withdrawal",
    tag=TAG,
    summary="Keep the goods after all",
    description="As long as they were not sent. Saying it again changes nothing.",
    permission=Permission.REFUND_HANDLE,
    answer=Return,
    example=examples.RETURN | {"status": "cancelled"},
    path_values=CODE,
    refusals=DECIDED,
)
def withdraw_own_return(code: str) -> Return:
    case_id, actor, now = _own(code).id, api_actor(), clock.now()
    atomically(lambda s: withdraw_return(s, return_id=case_id, actor=actor, now=now))
    return shown(case_id)


@operation(
    "POST",
    "/returns/<string:code>/payments",
    tag=TAG,
    summary="Pay what an exchange costs more",
    description=(
        "Once the store has taken what came back, and until `pay_by`. With `deposit` it is paid at once; any other way "
        "begins a payment, and `next_action` says how it goes on: ask for the return until `to_pay` is null. Money "
        "that comes too late goes back by itself."
    ),
    permission=Permission.PAYMENT_INITIATE,
    body=ExchangePaymentRequest,
    body_example={"method": "deposit"},
    answer=ExchangePayment,
    status=201,
    answer_text="The payment is begun, or made.",
    example=EXCHANGE_PAID,
    path_values=CODE,
    refusals=(
        ReturnUnknownError,
        NothingMoreToPayError,
        BalanceTooLowError,
        AccountFrozenError,
        RejectedError(METHOD_MISSING),
        RejectedError(SAVED_CARD_UNUSABLE),
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        TryAgainLaterError(datetime(2026, 11, 21, 4, 48, tzinfo=UTC), datetime(2026, 11, 21, 4, 43, tzinfo=UTC)),
    ),
    is_idempotent=True,
    headers={"Idempotent-Replayed": "`true` if this is the answer to an earlier request with the same key."},
)
def pay_own_exchange(code: str, body: ExchangePaymentRequest, key: str) -> Reply:
    settings: Settings = current_app.config["PORTAL"]
    actor, now, case = api_actor(), clock.now(), _own(code)
    channel = channel_directory().by_id(case.channel_id)
    wish = ExchangePaymentWish(
        key=own_key(key),
        means=body.means,
        locale=body.locale or current_client().locale or channel.default_locale,
        return_url=return_url(body.return_url, channel=channel.code),
    )
    begun = atomically(
        lambda s: pay_exchange(
            s,
            actor=actor,
            return_id=case.id,
            channel=channel,
            wish=wish,
            key_lifetime=timedelta(hours=settings.idempotency_hours),
            now=now,
        )
    )
    payment = ExchangePayment(
        payment_id=begun.payment_id if begun is not None else None, next_action=go_on(begun), exchange=shown(case.id)
    )
    headers = {"Idempotent-Replayed": "true"} if begun is not None and begun.is_repeat else {}
    return Reply(payment.model_dump_json().encode(), 201, headers)


@operation(
    "POST",
    "/returns/<string:code>/money",
    tag=TAG,
    summary="Take the money back instead of paying more",
    description="For an exchange that waits for its payment: what came back is refunded as any return.",
    permission=Permission.REFUND_HANDLE,
    answer=Return,
    example=examples.SETTLED,
    path_values=CODE,
    refusals=(ReturnUnknownError, NotWaitingForPaymentError),
)
def take_own_money(code: str) -> Return:
    case_id, actor, now = _own(code).id, api_actor(), clock.now()
    atomically(lambda s: take_money_instead(s, return_id=case_id, actor=actor, now=now))
    return shown(case_id)


def _own(code: str) -> ReturnView:
    with reading() as session:
        case = find_return(session, number=code, buyer_id=_user())
    if case is None:
        raise ReturnUnknownError
    return case


def _user() -> uuid.UUID:
    user_id = api_actor().user_id
    assert user_id is not None  # A key is a person's.
    return user_id
