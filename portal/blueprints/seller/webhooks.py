"""The store's webhooks: its own programs hear what happens to its orders (API-02)."""

from __future__ import annotations

from flask import Blueprint, render_template
from sqlalchemy.orm import Session

from portal.blueprints import desk_webhooks
from portal.blueprints.desk_webhooks import Area, Entered
from portal.blueprints.seller.desk import around, open_desk
from portal.kit import clock
from portal.rules.permissions import Scope

MENU = "seller.webhooks"


def hang(bp: Blueprint) -> None:
    desk_webhooks.hang(bp, Area("seller", Scope.STORE, _enter, _closed))


def _enter(session: Session, store_id: int | None) -> Entered | None:
    desk = open_desk(session, clock.now(), store_id=store_id)
    if desk is None or (store_id is not None and desk.store.id != store_id):
        return None
    return Entered(desk.store.id, around(desk, MENU), desk.store_arg)


def _closed() -> str:
    return render_template("seller/no_store.html", **around(None, MENU))
