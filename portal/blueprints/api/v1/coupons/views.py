"""Coupons of the key's person, and coupons given to people by whoever issues them (CPN-02, CPN-16)."""

from __future__ import annotations

import uuid
from datetime import timedelta

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.v1.coupons import examples
from portal.blueprints.api.v1.coupons.schemas import (
    Appeal,
    ClaimedCoupon,
    ClaimWish,
    Coupon,
    CouponPage,
    CouponQuery,
    CouponTerms,
    GrantWish,
    GrantWork,
    Offer,
    Offers,
    Suspicion,
)
from portal.blueprints.code_tries import admit_codes
from portal.blueprints.velocity import act_of
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.errors import RejectedError, Rejection
from portal.kit.ids import normalise_code
from portal.kit.paging import CursorInvalidError
from portal.queries.campaign_hands import load_head
from portal.queries.coupon_flags import load_own_flag
from portal.queries.coupon_lists import load_bulk
from portal.queries.wallet import CampaignTerms, WalletView, list_offers, list_wallet
from portal.rules.coupons.abuse import AppealEmptyError
from portal.rules.coupons.claiming import BY_ITSELF
from portal.rules.coupons.people_list import read_people
from portal.rules.coupons.rejection import Code, reject
from portal.rules.permissions import Permission
from portal.services.accounts.throttle import COUPON_CLAIM, TooOftenError
from portal.services.coupons.bulk_grants import begin_bulk
from portal.services.coupons.claim_code import claim_code
from portal.services.coupons.claim_coupon import Claimed, CouponNotOfferedError, claim_coupon
from portal.services.coupons.decide_flag import (
    AppealedAlreadyError,
    FlagDecidedError,
    FlagUnknownError,
    appeal_flag,
)
from portal.services.coupons.guard import CampaignOverError, CampaignUnknownError, may_issue
from portal.services.coupons.note_act import UNKNOWN_SOURCE

TAG = "Coupons"
CAMPAIGN = PathValue("The campaign's id.", {"type": "integer", "minimum": 1}, 12)
SUSPICION = PathValue("A coupon's `suspicion_id`.", {"type": "string", "format": "uuid"}, examples.ID)
TOO_OFTEN = TooOftenError(timedelta(minutes=15))


@operation(
    "GET",
    "/coupons",
    tag=TAG,
    summary="List coupons",
    description="Those in the wallet of the key's person, the newest first.",
    permission=Permission.COUPON_VIEW,
    query=CouponQuery,
    answer=CouponPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError,),
)
def list_coupons(query: CouponQuery) -> CouponPage:
    actor = api_actor()
    assert actor.user_id is not None
    with reading() as session:
        page = list_wallet(
            session,
            user_id=actor.user_id,
            view=WalletView(query.view),
            now=clock.now(),
            cursor=query.cursor,
            rows_max=query.limit,
        )
    return CouponPage(
        items=[
            Coupon(
                id=one.id,
                terms=_terms(one.campaign),
                state=one.state,
                code=one.code,
                uses_left=one.uses_left,
                granted_at=one.granted_at,
                suspicion_id=one.flag_id,
                appealed_at=one.appealed_at,
            )
            for one in page.rows
        ],
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


@operation(
    "GET",
    "/coupon-offers",
    tag=TAG,
    summary="List what can be claimed",
    description="Coupons that everybody may have, what ends soonest first.",
    permission=Permission.COUPON_VIEW,
    answer=Offers,
    example=examples.OFFERS,
)
def list_coupon_offers() -> Offers:
    with reading() as session:
        found = list_offers(session, user_id=api_actor().user_id, now=clock.now())
    return Offers(
        items=[
            Offer(
                terms=_terms(one.campaign),
                applies_by_itself=one.campaign.distribution == BY_ITSELF,
                is_held=one.held is not None,
                left=one.left,
            )
            for one in found
        ]
    )


@operation(
    "POST",
    "/coupons",
    tag=TAG,
    summary="Claim a coupon",
    description=(
        "By its code, or by the number of a campaign that is offered. Whatever is wrong with a code of somebody "
        "else's, the answer is `COUPON_UNKNOWN`; after a few such codes no further one is looked at for a while."
    ),
    permission=Permission.COUPON_APPLY,
    body=ClaimWish,
    body_example=examples.WISH,
    answer=ClaimedCoupon,
    example=examples.CLAIMED,
    refusals=(CouponNotOfferedError, RejectedError(reject(Code.UNKNOWN)), TOO_OFTEN),
)
def claim(body: ClaimWish) -> ClaimedCoupon:
    claimed = _by_code(body.code) if body.code is not None else _by_number(body.campaign_id or 0)
    return ClaimedCoupon(campaign_id=claimed.campaign_id, is_new=claimed.is_new)


@operation(
    "GET",
    "/coupons/suspicions/<uuid:suspicion_id>",
    tag=TAG,
    summary="Show what suspended a coupon",
    permission=Permission.COUPON_VIEW,
    path_values={"suspicion_id": SUSPICION},
    answer=Suspicion,
    example=examples.SUSPICION,
    refusals=(FlagUnknownError,),
)
def show_suspicion(suspicion_id: uuid.UUID) -> Suspicion:
    return _suspicion(suspicion_id)


@operation(
    "POST",
    "/coupons/suspicions/<uuid:suspicion_id>/appeal",
    tag=TAG,
    summary="Object to the suspension of a coupon",
    description="Once. Somebody looks at it, and the person is told.",
    permission=Permission.COUPON_VIEW,
    path_values={"suspicion_id": SUSPICION},
    body=Appeal,
    body_example=examples.APPEAL,
    answer=Suspicion,
    example=examples.SUSPICION,
    refusals=(AppealEmptyError, FlagUnknownError, FlagDecidedError, AppealedAlreadyError),
)
def object_to_suspicion(suspicion_id: uuid.UUID, body: Appeal) -> Suspicion:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: appeal_flag(s, flag_id=suspicion_id, text=body.text, actor=actor, now=now))
    return _suspicion(suspicion_id)


@operation(
    "POST",
    "/campaigns/<int:campaign_id>/grants",
    tag=TAG,
    summary="Give a coupon to people",
    description=(
        "Each is told by mail and in the shop. The work goes on after the answer: ask how far it is. Sellers reach "
        "people who have bought from them."
    ),
    permission=Permission.COUPON_ISSUE,
    path_values={"campaign_id": CAMPAIGN},
    body=GrantWish,
    body_example=examples.PEOPLE,
    answer=GrantWork,
    status=202,
    example=examples.WORK,
    refusals=(CampaignUnknownError, CampaignOverError),
)
def give_to_people(campaign_id: int, body: GrantWish) -> Reply:
    actor, now = api_actor(), clock.now()
    people = read_people("\n".join(" ".join(one.split()) for one in body.people).encode())
    bulk_id = atomically(
        lambda s: begin_bulk(
            s, campaign_id=campaign_id, kind="grant", people=people, reason=body.reason, actor=actor, now=now
        )
    )
    return Reply(_work(campaign_id, bulk_id), 202)


@operation(
    "GET",
    "/campaigns/<int:campaign_id>/grants/<string:grants_id>",
    tag=TAG,
    summary="Show how far giving is",
    permission=Permission.COUPON_ISSUE,
    path_values={
        "campaign_id": CAMPAIGN,
        "grants_id": PathValue("The id that giving answered.", {"type": "string", "format": "uuid"}, examples.ID),
    },
    answer=GrantWork,
    example=examples.WORK,
    refusals=(NotFoundError,),
)
def show_grants(campaign_id: int, grants_id: str) -> GrantWork:
    try:
        return _work(campaign_id, uuid.UUID(grants_id))
    except ValueError:
        raise NotFoundError from None


def _suspicion(suspicion_id: uuid.UUID) -> Suspicion:
    actor = api_actor()
    assert actor.user_id is not None
    with reading() as session:
        flag = load_own_flag(session, flag_id=suspicion_id, user_id=actor.user_id)
    if flag is None:
        raise FlagUnknownError
    return Suspicion(
        id=flag.id,
        campaign_id=flag.campaign_id,
        campaign=flag.campaign_name,
        code=flag.code,
        state=flag.state,
        raised_at=flag.raised_at,
        appeal=flag.appeal,
        appealed_at=flag.appealed_at,
    )


def _work(campaign_id: int, bulk_id: uuid.UUID) -> GrantWork:
    with reading() as session:
        head = load_head(session, campaign_id=campaign_id)
        bulk = load_bulk(session, campaign_id=campaign_id, bulk_id=bulk_id)
    if head is None or bulk is None or not may_issue(api_actor(), head.store_id):
        raise NotFoundError
    return GrantWork(id=bulk.id, state=bulk.state, total=bulk.total, done=bulk.done, failed=bulk.failed)


def _by_code(typed: str) -> Claimed:
    actor, now, code = api_actor(), clock.now(), normalise_code(typed)
    tries = admit_codes([code], user_id=actor.user_id)
    if tries.fault is not None:
        raise tries.fault
    answer = atomically(lambda s: claim_code(s, typed=code, actor=actor, source=UNKNOWN_SOURCE, now=now))
    is_unknown = isinstance(answer, Rejection) and answer.code == Code.UNKNOWN
    tries.settle([code] if is_unknown else [])
    if isinstance(answer, Rejection):
        raise RejectedError(answer)
    return answer


def _by_number(campaign_id: int) -> Claimed:
    actor, now = api_actor(), clock.now()
    assert actor.user_id is not None
    act_of(actor.user_id, COUPON_CLAIM)
    return atomically(lambda s: claim_coupon(s, campaign_id=campaign_id, actor=actor, source=UNKNOWN_SOURCE, now=now))


def _terms(campaign: CampaignTerms) -> CouponTerms:
    return CouponTerms(
        campaign_id=campaign.id,
        name=campaign.name,
        kind=campaign.kind,
        target=campaign.target,
        percent=campaign.percent,
        amounts=dict(campaign.amounts),
        max_discounts=dict(campaign.max_discounts),
        store=campaign.store_slug,
        valid_from=campaign.valid_from,
        valid_until=campaign.valid_until,
        grace_hours=campaign.grace_hours,
    )
