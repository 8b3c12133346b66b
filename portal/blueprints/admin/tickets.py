"""The mall's tickets: its own, and those that stores have left lying (ORD-08)."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.blueprints import desk_tickets
from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around
from portal.blueprints.desk_tickets import Area, Entered
from portal.rules.permissions import Scope
from portal.rules.tickets import Side


def hang(bp: Blueprint) -> None:
    desk_tickets.hang(bp, Area("admin", Side.MALL, Scope.ALL, _enter, _closed))


def _enter(session: Session, _store_id: int | None) -> Entered:
    return Entered(None, around(session, "admin.tickets"))


def _closed() -> str:
    raise NotFoundError  # The mall's desk is always there.
