"""What each channel sells of a store (CHN-03)."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.blueprints import desk_goods
from portal.blueprints.desk import requires_in
from portal.blueprints.desk_goods import Area, Entered
from portal.blueprints.seller.desk import around, desk_of
from portal.rules.permissions import Permission, Scope


def hang(bp: Blueprint) -> None:
    guard = requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
    desk_goods.hang(bp, Area("seller", guard, guard, _enter))


def _enter(session: Session) -> Entered:
    desk = desk_of(session)
    return Entered(desk.store.id, around(desk, "seller.products"), desk.store_arg)
