"""Whose coupons somebody may hand out and take back (CPN-10).

Sellers those of their stores, administrators all, managers those of the mall that are good on their channels alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Campaign
from portal.rules.coupons.terms import ConditionTerms
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


def own_campaign(
    session: Session, *, campaign_id: int, actor: Actor, to_give: bool = False, is_nameless: bool = False
) -> OwnCampaign:
    """The campaign, for whoever may issue its coupons; where that names nobody, for whoever may run it.

    Raises CampaignUnknownError and, where something is `to_give`, CampaignOverError.
    """
    row = session.execute(
        select(
            Campaign.id,
            Campaign.name,
            Campaign.store_id,
            Campaign.state,
            Campaign.distribution,
            Campaign.conditions,
        ).where(Campaign.id == campaign_id)
    ).one_or_none()
    if row is None:
        raise CampaignUnknownError
    only_on = channels_of(row.conditions) if is_nameless else frozenset()
    if not may_run(actor, row.store_id, only_on):
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


def may_begin(actor: Actor, store_id: int | None) -> bool:
    """Whether the actor may make campaigns for this store, or the mall: all of it, or channels that he manages."""
    is_manager = store_id is None and Scope.CHANNEL in scopes_of(actor, Permission.COUPON_ISSUE)
    return is_manager or may_issue(actor, store_id)


def may_run(
    actor: Actor, store_id: int | None, only_on: Collection[int], permission: Permission = Permission.COUPON_ISSUE
) -> bool:
    """Whether the actor may make, change and stop such a campaign: its issuer, and who manages all channels of it.

    `only_on` are the channels that it names; one that names none is good on all, and so no manager's.
    """
    is_managed = store_id is None and bool(only_on) and Scope.CHANNEL in scopes_of(actor, permission)
    return may_issue(actor, store_id, permission) or (is_managed and set(only_on) <= actor.managed_ids)


def channels_of(conditions: Iterable[ConditionTerms | Mapping[str, Any]]) -> frozenset[int]:
    """The channels that a campaign names, by its conditions as drafts or as rows have them."""
    named = [
        (one.name, one.params) if isinstance(one, ConditionTerms) else (one["name"], one["params"])
        for one in conditions
    ]
    return frozenset(key for name, params in named if name == "channel" for key in params.get("channel_ids", ()))
