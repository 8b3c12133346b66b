"""Whose coupons somebody may hand out and take back: sellers those of their stores, administrators all (CPN-10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Campaign
from portal.rules.permissions import Actor, Permission, Scope, may, scopes_of


class CampaignUnknownError(PortalError):
    """There is no such campaign, or it is somebody else's: one answer for both."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class CampaignOverError(PortalError):
    code = "campaign_over"
    status = 409
    sentence = N_("This campaign is over. Nothing more can be given out.")


@dataclass(frozen=True, slots=True)
class OwnCampaign:
    """What is needed of a campaign to hand its coupons out."""

    id: int
    name: Mapping[str, str]
    store_id: int | None
    state: str
    distribution: str

    @property
    def is_over(self) -> bool:
        return self.state in ("ended", "revoked")


def own_campaign(session: Session, *, campaign_id: int, actor: Actor, to_give: bool = False) -> OwnCampaign:
    """The campaign, for whoever may issue its coupons.

    Raises CampaignUnknownError and, where something is `to_give`, CampaignOverError.
    """
    row = session.execute(
        select(Campaign.id, Campaign.name, Campaign.store_id, Campaign.state, Campaign.distribution).where(
            Campaign.id == campaign_id
        )
    ).one_or_none()
    if row is None or not may_issue(actor, row.store_id):
        raise CampaignUnknownError
    found = OwnCampaign(row.id, row.name, row.store_id, row.state, row.distribution)
    if to_give and found.is_over:
        raise CampaignOverError
    return found


def may_issue(actor: Actor, store_id: int | None, permission: Permission = Permission.COUPON_ISSUE) -> bool:
    """Whether the actor may hand out coupons of this store; None is the platform."""
    if store_id is None:
        return Scope.ALL in scopes_of(actor, permission)
    return may(actor, permission, store_id=store_id)
