"""A campaign's coupons in hands, on the administrators' desk."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.blueprints import desk_coupons
from portal.blueprints.admin.desk import around, requires_channel
from portal.blueprints.desk_coupons.area import Area
from portal.queries.campaign_hands import CampaignHead
from portal.rules.permissions import Scope


def _around(session: Session, _campaign: CampaignHead) -> dict[str, Any]:
    return around(session, "admin.campaigns")


AREA = Area("admin", Scope.ALL, requires_channel, _around)


def hang(bp: Blueprint) -> None:
    desk_coupons.hang(bp, AREA)
