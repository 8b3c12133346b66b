"""The cards that a person keeps at gateways, as far as they may be shown (PAY-14)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import MethodSetup


@dataclass(frozen=True, slots=True)
class SavedMethodView:
    """A card on file. `expiry` is MM/YYYY."""

    id: uuid.UUID
    gateway_account_id: int
    brand: str
    last4: str
    expiry: str
    is_default: bool
    created_at: datetime

    def is_expired(self, today: date) -> bool:
        month, _slash, year = self.expiry.partition("/")
        return bool(year) and (int(year), int(month)) < (today.year, today.month)


@dataclass(frozen=True, slots=True)
class SetupView:
    """A card on its way to being kept; `client_secret` is for the buyer's own page alone."""

    id: uuid.UUID
    gateway_account_id: int
    state: str
    reason: str | None
    client_secret: str | None


# Written out, as the checkout asks with every choice (ADR 30).
_CARDS = text(
    """
    SELECT id, gateway_account_id, brand, last4, expiry, is_default, created_at FROM saved_method
     WHERE user_id = :user_id AND removed_at IS NULL ORDER BY is_default DESC, created_at DESC
    """
)


def list_saved_methods(session: Session, *, user_id: uuid.UUID) -> Sequence[SavedMethodView]:
    """A person's cards, the first choice first."""
    return [SavedMethodView(*row) for row in session.execute(_CARDS, {"user_id": user_id})]


def load_setup(session: Session, *, user_id: uuid.UUID, setup_id: uuid.UUID) -> SetupView | None:
    """One's own attempt to keep a card."""
    row = session.execute(
        select(
            MethodSetup.id,
            MethodSetup.gateway_account_id,
            MethodSetup.state,
            MethodSetup.reason,
            MethodSetup.action,
        ).where(MethodSetup.id == setup_id, MethodSetup.user_id == user_id)
    ).one_or_none()
    if row is None:
        return None
    action: dict[str, Any] = orjson.loads(row.action) if row.action else {}
    return SetupView(row.id, row.gateway_account_id, row.state, row.reason, action.get("client_secret"))
