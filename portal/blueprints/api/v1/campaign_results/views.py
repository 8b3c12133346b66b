"""Figures of a campaign and its uses, for whoever issues it (CPN-13, CPN-14)."""

from __future__ import annotations

from portal.blueprints.api.operations import operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.campaign_results import examples
from portal.blueprints.api.v1.campaign_results.schemas import (
    CampaignFigures,
    CampaignUse,
    CurrencyResult,
    DayResult,
    UsePage,
    UseQuery,
)
from portal.blueprints.api.v1.campaigns.views import ID, TAG, find_own
from portal.db import reading
from portal.kit.paging import CursorInvalidError
from portal.queries.campaign_figures import load_figures
from portal.queries.campaign_hands import list_campaign_uses
from portal.queries.campaigns import load_campaign
from portal.rules.permissions import Permission
from portal.services.coupons.guard import CampaignUnknownError


@operation(
    "GET",
    "/campaigns/<int:campaign_id>/figures",
    tag=TAG,
    summary="Show what became of a campaign",
    description="Issued, used, what it cost and who bore that, what was bought with it, all from its rows.",
    permission=Permission.COUPON_VIEW,
    answer=CampaignFigures,
    example=examples.FIGURES,
    path_values=ID,
    refusals=(CampaignUnknownError,),
)
def show_campaign_figures(campaign_id: int) -> CampaignFigures:
    with reading() as session:
        find_own(load_campaign(session, campaign_id=campaign_id))
        found = load_figures(session, campaign_id=campaign_id)
    return CampaignFigures(
        issued=found.issued,
        in_wallets=found.wallets,
        people=found.people,
        reserved=found.reserved,
        redeemed=found.redeemed,
        released=found.released,
        held_back=found.held_back,
        redemption_basis_points=found.redemption_basis_points,
        conversion_basis_points=found.conversion_basis_points,
        abuse_basis_points=found.abuse_basis_points,
        currencies=[
            CurrencyResult(
                uses=one.uses,
                cost=Amount.of(one.cost_minor, one.currency),
                borne_by_platform=Amount.of(one.platform_minor, one.currency),
                borne_by_stores=Amount.of(one.stores_minor, one.currency),
                sales=Amount.of(one.sales_minor, one.currency),
            )
            for one in found.currencies
        ],
        days=[
            DayResult(day=one.day, uses=one.uses, cost=Amount.of(one.cost_minor, one.currency)) for one in found.days
        ],
    )


@operation(
    "GET",
    "/campaigns/<int:campaign_id>/uses",
    tag=TAG,
    summary="List the uses of a campaign",
    description="Whose, for which order, and what each took off; those that were given back, too.",
    permission=Permission.COUPON_VIEW,
    query=UseQuery,
    answer=UsePage,
    example=examples.USES,
    path_values=ID,
    refusals=(CampaignUnknownError, CursorInvalidError),
)
def list_uses_of_campaign(campaign_id: int, query: UseQuery) -> UsePage:
    with reading() as session:
        find_own(load_campaign(session, campaign_id=campaign_id))
        page = list_campaign_uses(
            session, campaign_id=campaign_id, status=query.state, cursor=query.cursor, rows_max=query.limit
        )
    return UsePage.of(
        page,
        [
            CampaignUse(
                id=row.id,
                person=row.user_id,
                order=row.order_number,
                code=row.code,
                discount=Amount.of(row.amount_minor, row.currency),
                state=row.status,
                at=row.claimed_at,
            )
            for row in page.rows
        ],
    )
