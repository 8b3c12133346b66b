"""Returns of all stores: what waits, what is late, and every step in a store's stead (ORD-11)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from portal.blueprints.admin.desk import around
from portal.blueprints.desk_returns import ReturnsDesk
from portal.blueprints.desk_returns import hang as hang_returns
from portal.rules.permissions import Scope


def _frame(session: Session, _store_id: int | None) -> tuple[dict[str, Any], int | None]:
    return around(session, "admin.returns"), None


def hang(bp: Blueprint) -> None:
    hang_returns(bp, ReturnsDesk("admin", Scope.ALL, _frame))
