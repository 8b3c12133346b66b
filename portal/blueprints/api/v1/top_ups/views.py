"""Top-ups of the deposit of the key's person, through the services that the pages use (BAL-02)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from flask import current_app, request
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.begun import reply_of
from portal.blueprints.api.keys import api_actor, current_client, own_key
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.schemas import Amount, PlatformAmount
from portal.blueprints.api.v1.orders.render import next_step
from portal.blueprints.api.v1.paying import return_url
from portal.blueprints.api.v1.top_ups import examples
from portal.blueprints.api.v1.top_ups.schemas import TopUp, TopUpLimits, TopUpRequest
from portal.blueprints.identity import current_channel
from portal.config import Settings
from portal.db import atomically, reading
from portal.jobs.queue import enqueue_reversal
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.queries.paying import PayingView, load_paying
from portal.queries.top_ups import topped_up_since
from portal.rules.permissions import Permission
from portal.rules.purposes import PaymentPurpose
from portal.rules.top_ups import DAY, limits_of, refusal_of
from portal.services.accounts.may_spend import AccountFrozenError
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.accounts.throttle import DEPOSIT_TOP_UP, TooOftenError, throttle
from portal.services.checkout.begin_payment import Begun
from portal.services.checkout.cancel_payment import PaymentNotPendingError, PaymentUnknownError, cancel_payment
from portal.services.checkout.place_order import ChannelClosedError
from portal.services.checkout.routing import METHOD_MISSING, SAVED_CARD_UNUSABLE, TryAgainLaterError
from portal.services.fraud.score_payment import PaymentBlockedError
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.top_ups.begin_top_up import Blocked, TopUpWish, begin_top_up

TAG = "Deposit"
ID = PathValue("The top-up's id.", {"type": "string", "format": "uuid"}, examples.ID)
CLOSED = refusal_of(0, "KRW", None, today_minor=0)
assert CLOSED is not None


@operation(
    "GET",
    "/top-up-limits",
    tag=TAG,
    summary="Show the limits of top-ups",
    description="In the currency of the key's channel. What is still waited for counts.",
    permission=Permission.DEPOSIT_TOP_UP,
    answer=TopUpLimits,
    example=examples.LIMITS,
    refusals=(RejectedError(CLOSED),),
)
def show_limits() -> TopUpLimits:
    actor, channel = api_actor(), current_channel()
    assert actor.user_id is not None
    currency = channel.currency
    limits = limits_of(currency, channel.policy)
    if limits is None:
        assert CLOSED is not None
        raise RejectedError(CLOSED)
    with reading() as session:
        today = topped_up_since(session, user_id=actor.user_id, currency=currency, since=clock.now() - DAY)
    return TopUpLimits(
        minimum=Amount.of(limits.minimum_minor, currency),
        maximum=Amount.of(limits.maximum_minor, currency),
        daily=Amount.of(limits.daily_minor, currency),
        left=Amount.of(max(limits.daily_minor - today, 0), currency),
    )


@operation(
    "POST",
    "/top-ups",
    tag=TAG,
    summary="Top up the deposit",
    description=(
        "Begins a payment into the deposit of the key's person; `next_action` says how it goes on. The deposit has "
        "it once the payment is `captured`: ask for the top-up until then. Large amounts are confirmed by the person "
        "first: the answer is 403 `step_up_needed` with the page for that in `confirm_at`; within five minutes of it "
        "the same request goes through once."
    ),
    permission=Permission.DEPOSIT_TOP_UP,
    body=TopUpRequest,
    body_example=examples.REQUEST,
    answer=TopUp,
    status=201,
    answer_text="The payment is begun.",
    example=examples.TOP_UP,
    refusals=(
        RejectedError(CLOSED),
        RejectedError(METHOD_MISSING),
        RejectedError(SAVED_CARD_UNUSABLE),
        ChannelClosedError,
        AccountFrozenError,
        PaymentBlockedError,
        StepUpNeededError,
        TooOftenError(timedelta(minutes=5)),
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        TryAgainLaterError(datetime(2026, 11, 21, 4, 48, tzinfo=UTC), datetime(2026, 11, 21, 4, 43, tzinfo=UTC)),
    ),
    is_idempotent=True,
    headers={
        "Location": "The address of the top-up.",
        "Idempotent-Replayed": "`true` if this is the answer to an earlier request with the same key.",
    },
)
def top_up(body: TopUpRequest, key: str) -> Reply:
    settings: Settings = current_app.config["PORTAL"]
    actor, channel, now = api_actor(), current_channel(), clock.now()
    owner_id = actor.user_id
    assert owner_id is not None
    throttle.count(DEPOSIT_TOP_UP, account=owner_id.bytes, address=None, now=now)
    wish = TopUpWish(
        key=own_key(key),
        amount_minor=body.amount_minor,
        means=body.means,
        locale=body.locale or current_client().locale or channel.default_locale,
        return_url=return_url(body.return_url, channel=channel.code),
        ip=request.remote_addr,
    )

    def work(session: Session) -> Begun | Blocked:
        return begin_top_up(
            session,
            actor=actor,
            owner_id=owner_id,
            channel=channel,
            wish=wish,
            key_lifetime=timedelta(hours=settings.idempotency_hours),
            now=now,
        )

    begun = atomically(work)
    if isinstance(begun, Blocked):
        raise begun.error
    return reply_of(begun, show=_own, folder="top-ups")


@operation(
    "GET",
    "/top-ups/<string:top_up_id>",
    tag=TAG,
    summary="Show a top-up",
    description="`next_action` says what is left to do. All of them are among the payments.",
    permission=Permission.PAYMENT_VIEW,
    answer=TopUp,
    example=examples.TOP_UP,
    path_values={"top_up_id": ID},
    refusals=(NotFoundError,),
)
def show_top_up(top_up_id: str) -> TopUp:
    return _own(_as_id(top_up_id))


@operation(
    "POST",
    "/top-ups/<string:top_up_id>/cancellation",
    tag=TAG,
    summary="Give up a top-up that is not paid",
    description="What the provider still takes for it goes back by itself.",
    permission=Permission.DEPOSIT_TOP_UP,
    answer=TopUp,
    answer_text="The top-up, cancelled.",
    example=examples.CANCELLED,
    path_values={"top_up_id": ID},
    refusals=(PaymentUnknownError, PaymentNotPendingError),
)
def cancel_top_up(top_up_id: str) -> TopUp:
    actor, now, payment_id = api_actor(), clock.now(), _as_id(top_up_id)
    _own(payment_id)
    for attempt_id in atomically(lambda s: cancel_payment(s, actor=actor, payment_id=payment_id, now=now)):
        enqueue_reversal(attempt_id)
    return _own(payment_id)


def _own(payment_id: uuid.UUID) -> TopUp:
    actor = api_actor()
    assert actor.user_id is not None
    with reading() as session:
        return _as_top_up(_load(session, actor.user_id, payment_id))


def _as_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFoundError from None


def _load(session: Session, user_id: uuid.UUID, payment_id: uuid.UUID) -> PayingView:
    found = load_paying(session, user_id=user_id, payment_id=payment_id)
    if found is None or found.purpose != PaymentPurpose.TOP_UP:
        raise NotFoundError
    return found


def _as_top_up(found: PayingView) -> TopUp:
    return TopUp(
        id=found.id,
        status=found.status,  # type: ignore[arg-type]  # The state machine has these and no others.
        method=found.method,
        amount=Amount.of(found.amount_minor, found.currency),
        amount_in_platform=PlatformAmount.of(found.in_platform),
        created_at=found.created_at,
        expires_at=found.deadline,
        next_action=next_step(found.attempt, is_open=found.is_open),
    )
