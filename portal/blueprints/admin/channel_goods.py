"""What each channel sells of all stores (CHN-03)."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.blueprints import desk_goods
from portal.blueprints.admin.desk import around, channels_seen, requires_all, requires_channel
from portal.blueprints.desk_goods import Area, Entered
from portal.rules.permissions import Permission


def hang(bp: Blueprint) -> None:
    need = Permission.PRODUCT_EDIT
    area = Area("admin", requires_channel(need), requires_all(need), _enter, lambda: channels_seen(need))
    desk_goods.hang(bp, area)


def _enter(session: Session) -> Entered:
    return Entered(None, around(session, "admin.channels"))
