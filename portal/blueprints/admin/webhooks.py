"""Webhooks of the mall, and a look at those of stores and programs (API-02)."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.blueprints import desk_webhooks
from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around
from portal.blueprints.desk_webhooks import Area, Entered
from portal.rules.permissions import Scope

MENU = "admin.webhooks"


def hang(bp: Blueprint) -> None:
    desk_webhooks.hang(bp, Area("admin", Scope.ALL, _enter, _closed))


def _enter(session: Session, store_id: int | None) -> Entered:
    del store_id  # The mall's desk is one.
    return Entered(None, around(session, MENU))


def _closed() -> str:
    raise NotFoundError
