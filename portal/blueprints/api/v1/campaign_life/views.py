"""Campaigns changed, launched, paused and withdrawn; coupons of holders taken back (CPN-10, CPN-11)."""

from __future__ import annotations

import uuid

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import Reply, operation
from portal.blueprints.api.v1.campaigns import examples as campaign_examples
from portal.blueprints.api.v1.campaigns.schemas import Campaign
from portal.blueprints.api.v1.campaigns.views import (
    ID,
    TAG,
    check_draft,
    draft_of_terms,
    invalid_terms,
    shown_campaign,
)
from portal.blueprints.api.v1.distribution import examples
from portal.blueprints.api.v1.distribution.schemas import (
    CampaignChange,
    CampaignMove,
    CampaignStateOut,
    GrantMove,
    Holder,
    HolderPage,
    HolderQuery,
    Launch,
)
from portal.blueprints.api.v1.distribution.views import GRANT, MOVED, check_issuer
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.campaign_hands import list_holders, load_head
from portal.rules.permissions import Permission
from portal.rules.states import MoveRefusedError
from portal.services.coupons.end_coupons import decide_grant
from portal.services.coupons.guard import CampaignUnknownError
from portal.services.coupons.move_campaign import move_campaign
from portal.services.coupons.save_campaign import (
    CampaignChangedError,
    CampaignClosedError,
    CampaignForbiddenError,
    CampaignUnfitError,
    edit_campaign,
    launch_campaign,
)


@operation(
    "PUT",
    "/campaigns/<int:campaign_id>",
    tag=TAG,
    summary="Change a campaign",
    description="All its terms, as the next version. Whose it is stays. What has ended is not changed any more.",
    permission=Permission.COUPON_ISSUE,
    body=CampaignChange,
    body_example=campaign_examples.TERMS | {"version": 1},
    answer=Campaign,
    example=campaign_examples.CAMPAIGN,
    path_values=ID,
    refusals=(CampaignUnknownError, CampaignForbiddenError, CampaignChangedError(2), CampaignClosedError),
)
def change_campaign(campaign_id: int, body: CampaignChange) -> Campaign:
    check_issuer(campaign_id)
    draft, actor, now = draft_of_terms(body), api_actor(), clock.now()
    check_draft(draft)
    try:
        atomically(
            lambda s: edit_campaign(s, actor=actor, campaign_id=campaign_id, draft=draft, version=body.version, now=now)
        )
    except CampaignUnfitError as error:
        raise invalid_terms(error.faults) from error
    return shown_campaign(campaign_id)


@operation(
    "POST",
    "/campaigns/<int:campaign_id>/launch",
    tag=TAG,
    summary="Launch a campaign",
    description="A draft runs from now on, or from when its time comes.",
    permission=Permission.COUPON_ISSUE,
    body=Launch,
    body_example={"version": 1},
    answer=CampaignStateOut,
    example=examples.STATE,
    path_values=ID,
    refusals=(
        CampaignUnknownError,
        CampaignForbiddenError,
        CampaignChangedError(2),
        MoveRefusedError(old="running", new="running"),
    ),
)
def launch_own_campaign(campaign_id: int, body: Launch) -> CampaignStateOut:
    actor, now = api_actor(), clock.now()
    check_issuer(campaign_id)
    try:
        state = atomically(
            lambda s: launch_campaign(s, actor=actor, campaign_id=campaign_id, version=body.version, now=now)
        )
    except CampaignUnfitError as error:
        raise invalid_terms(error.faults) from error
    return CampaignStateOut(state=state)


@operation(
    "POST",
    "/campaigns/<int:campaign_id>/state",
    tag=TAG,
    summary="Pause a campaign, let it go on, or withdraw it",
    description="Nothing that was used is touched. What was withdrawn can be let go on again.",
    permission=Permission.COUPON_ISSUE,
    body=CampaignMove,
    body_example=examples.PAUSE,
    answer=CampaignStateOut,
    example=examples.STATE | {"state": "paused"},
    path_values=ID,
    refusals=MOVED,
)
def move_own_campaign(campaign_id: int, body: CampaignMove) -> CampaignStateOut:
    actor, now = api_actor(), clock.now()
    atomically(
        lambda s: move_campaign(s, campaign_id=campaign_id, new=body.to, reason=body.reason, actor=actor, now=now)
    )
    with reading() as session:
        head = load_head(session, campaign_id=campaign_id)
    if head is None:
        raise CampaignUnknownError
    return CampaignStateOut(state=head.state)


@operation(
    "GET",
    "/campaigns/<int:campaign_id>/holders",
    tag=TAG,
    summary="List who holds a campaign's coupon",
    permission=Permission.COUPON_ISSUE,
    query=HolderQuery,
    answer=HolderPage,
    example=examples.HOLDERS,
    path_values=ID,
    refusals=(CampaignUnknownError, CursorInvalidError),
)
def list_campaign_holders(campaign_id: int, query: HolderQuery) -> HolderPage:
    check_issuer(campaign_id, is_nameless=False)
    with reading() as session:
        page = list_holders(
            session,
            campaign_id=campaign_id,
            state=query.state,
            search=query.person,
            cursor=query.cursor,
            rows_max=query.limit,
        )
    return HolderPage.of(
        page,
        [
            Holder(
                id=row.id,
                person=row.user_id,
                state=row.state,
                source=row.source,
                code=row.code,
                granted_at=row.granted_at,
                uses=row.uses,
            )
            for row in page.rows
        ],
    )


@operation(
    "POST",
    "/campaigns/<int:campaign_id>/holders/<uuid:grant_id>/state",
    tag=TAG,
    summary="Withdraw somebody's coupon, or give it back",
    permission=Permission.COUPON_ISSUE,
    body=GrantMove,
    body_example=examples.WITHDRAWAL,
    answer=None,
    status=204,
    answer_text="It is moved.",
    path_values=GRANT,
    refusals=MOVED,
)
def move_campaign_grant(campaign_id: int, grant_id: uuid.UUID, body: GrantMove) -> Reply:
    actor, now = api_actor(), clock.now()
    atomically(
        lambda s: decide_grant(
            s, campaign_id=campaign_id, grant_id=grant_id, new=body.to, reason=body.reason, actor=actor, now=now
        )
    )
    return Reply(None, 204)
