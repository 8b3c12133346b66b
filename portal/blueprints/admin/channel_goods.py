"""What each channel sells of all stores (CHN-03)."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.blueprints import desk_goods
from portal.blueprints.admin.desk import around
from portal.blueprints.desk_goods import Area, Entered
from portal.rules.permissions import Scope


def hang(bp: Blueprint) -> None:
    desk_goods.hang(bp, Area("admin", Scope.ALL, _enter))


def _enter(session: Session) -> Entered:
    return Entered(None, around(session, "admin.channels"))
