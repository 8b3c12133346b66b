"""Mileage of the key's person, through the services that the pages use (BAL-05, BAL-06, BAL-08)."""

from __future__ import annotations

import uuid
from datetime import timedelta

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor, own_key
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.mileage import examples
from portal.blueprints.api.v1.mileage.schemas import (
    CauseOut,
    Causes,
    DonationRequest,
    GiftRequest,
    Given,
    LotOut,
    Mileage,
    PendingOut,
    TierOut,
)
from portal.blueprints.giving import give_donation, send_gift
from portal.blueprints.identity import current_channel
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.queries.mileage import list_causes, list_lots, list_pending, load_standing
from portal.queries.tiers import TierView, load_tier
from portal.rules.giving import MESSAGE_LENGTH_MAX, refusal_of, refusal_of_day
from portal.rules.permissions import Permission
from portal.rules.split import MileageTerms
from portal.services.accounts.emails import EmailUnfitError
from portal.services.accounts.may_spend import AccountFrozenError
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.accounts.throttle import MILEAGE_GIFT, TooOftenError, throttle
from portal.services.checkout.quote import mileage_terms
from portal.services.fraud.score_acts import GiftBlockedError
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.mileage.donate_mileage import CauseUnknownError
from portal.services.mileage.end_gift import GiftEndedError, GiftUnknownError, end_gift
from portal.services.mileage.send_mileage import GiftToSelfError, MessageTooLongError

TAG = "Mileage"
ID = PathValue("The gift's id.", {"type": "string", "format": "uuid"}, examples.ID)
OUT_OF_BOUNDS = refusal_of(0, available=0, terms=MileageTerms())
TOO_MANY = refusal_of_day(0, gifts_today=2**31, points_today=0)
assert OUT_OF_BOUNDS is not None
assert TOO_MANY is not None


@operation(
    "GET",
    "/mileage",
    tag=TAG,
    summary="Show the mileage",
    description="What can be used, what comes and when, the latest lots, and the tier.",
    permission=Permission.MILEAGE_USE,
    answer=Mileage,
    example=examples.MILEAGE,
)
def show_mileage() -> Mileage:
    user_id, channel, now = _user(), current_channel(), clock.now()
    with reading() as session:
        standing = load_standing(session, user_id=user_id, now=now)
        pending = list_pending(session, user_id=user_id)
        lots = list_lots(session, user_id=user_id)
        tier = load_tier(session, user_id=user_id, now=now)
    return Mileage(
        usable_points=standing.available,
        held_points=standing.held,
        pending_points=standing.pending,
        owed_points=standing.owed,
        ending_points=standing.ending,
        worth=Amount.of(mileage_terms(channel.policy).value_minor(standing.available), channel.currency),
        pending=[PendingOut(order_number=one.number, points=one.points, usable_at=one.due_at) for one in pending],
        lots=[
            LotOut(
                source=one.source,
                order_number=one.number,
                granted_points=one.granted,
                left_points=one.remaining,
                granted_at=one.granted_at,
                expires_at=one.expires_at,
            )
            for one in lots
        ],
        tier=_tier(tier),
    )


@operation(
    "GET",
    "/causes",
    tag=TAG,
    summary="List the causes",
    description="What points can be donated to now.",
    permission=Permission.MILEAGE_USE,
    answer=Causes,
    example=examples.CAUSES,
)
def show_causes() -> Causes:
    with reading() as session:
        causes = list_causes(session)
    return Causes(items=[CauseOut(id=one.id, name=one.names, description=one.descriptions) for one in causes])


@operation(
    "POST",
    "/mileage/donations",
    tag=TAG,
    summary="Donate points",
    description="The mall pays the cause what they are worth on the key's channel.",
    permission=Permission.MILEAGE_USE,
    body=DonationRequest,
    body_example=examples.DONATION,
    answer=Given,
    status=201,
    answer_text="The points are given.",
    example=examples.GIVEN,
    refusals=(
        RejectedError(OUT_OF_BOUNDS),
        CauseUnknownError,
        GiftBlockedError,
        AccountFrozenError,
        TooOftenError(timedelta(minutes=5)),
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
    ),
    is_idempotent=True,
)
def donate(body: DonationRequest, key: str) -> Reply:
    actor, channel = api_actor(), current_channel()
    _count()
    made = give_donation(
        actor=actor,
        cause_id=body.cause_id,
        points=body.points,
        currency=channel.currency,
        terms=mileage_terms(channel.policy),
        key=own_key(key),
    )
    return Reply(Given(id=made), 201)


@operation(
    "POST",
    "/mileage/gifts",
    tag=TAG,
    summary="Send points to somebody",
    description=(
        "They wait for whoever has the address, for a week at most, and then come back. Whether anybody here has it is "
        "not told. Large gifts are confirmed by the person first, as large top-ups are."
    ),
    permission=Permission.MILEAGE_USE,
    body=GiftRequest,
    body_example=examples.GIFT,
    answer=Given,
    status=201,
    answer_text="The points wait to be accepted.",
    example=examples.GIVEN,
    refusals=(
        RejectedError(OUT_OF_BOUNDS),
        RejectedError(TOO_MANY),
        EmailUnfitError,
        GiftToSelfError,
        MessageTooLongError(maximum=MESSAGE_LENGTH_MAX),
        AccountFrozenError,
        StepUpNeededError,
        GiftBlockedError,
        TooOftenError(timedelta(minutes=5)),
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
    ),
    is_idempotent=True,
)
def send(body: GiftRequest, key: str) -> Reply:
    actor, channel = api_actor(), current_channel()
    _count()
    made = send_gift(
        actor=actor,
        email=body.email,
        points=body.points,
        message=body.message,
        terms=mileage_terms(channel.policy),
        key=own_key(key),
    )
    return Reply(Given(id=made), 201)


@operation(
    "POST",
    "/mileage/gifts/<string:gift_id>/cancellation",
    tag=TAG,
    summary="Call a gift back",
    description="As long as nobody has accepted it.",
    permission=Permission.MILEAGE_USE,
    answer=Given,
    answer_text="The points are their sender's again.",
    example=examples.GIVEN,
    path_values={"gift_id": ID},
    refusals=(GiftUnknownError, GiftEndedError),
)
def call_back(gift_id: str) -> Given:
    actor, now, wanted = api_actor(), clock.now(), _as_id(gift_id)
    atomically(lambda s: end_gift(s, gift_id=wanted, outcome="cancelled", actor=actor, now=now))
    return Given(id=wanted)


def _tier(found: TierView | None) -> TierOut | None:
    if found is None:
        return None
    return TierOut(
        code=found.tier.code,
        name=found.tier.names,
        multiplier=f"{found.tier.multiplier.normalize():f}",
        spent=Amount.of(found.spend_minor, found.currency),
        next_code=found.following.code if found.following else None,
        missing=Amount.of(found.missing_minor, found.currency),
        holds_until=found.until,
    )


def _user() -> uuid.UUID:
    user_id = api_actor().user_id
    assert user_id is not None
    return user_id


def _count() -> None:
    throttle.count(MILEAGE_GIFT, account=_user().bytes, address=None, now=clock.now())


def _as_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFoundError from None
