"""The coupons in hands of a store's own campaigns, on the sellers' desk."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.blueprints import desk_coupons
from portal.blueprints.desk_coupons.area import Area
from portal.blueprints.seller.desk import around, open_desk
from portal.kit import clock
from portal.queries.campaign_hands import CampaignHead
from portal.rules.permissions import Scope


def _around(session: Session, campaign: CampaignHead) -> dict[str, Any]:
    return around(open_desk(session, clock.now(), store_id=campaign.store_id), "seller.campaigns")


AREA = Area("seller", Scope.STORE, None, _around)


def hang(bp: Blueprint) -> None:
    desk_coupons.hang(bp, AREA)
