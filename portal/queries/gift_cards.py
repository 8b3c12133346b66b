"""Gift cards for whoever bought or redeemed them, and for administrators; never with their codes (BAL-09)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import GiftCard, User
from portal.queries.keyset import PAGE_ROWS, AnySelect, Sorting, count_up_to, fetch_page

LATEST = 50


@dataclass(frozen=True, slots=True)
class GiftCardRow:
    """One card; amounts in minor units of `currency`. `recipient` is shown to its buyer and to administrators only."""

    id: uuid.UUID
    buyer_id: uuid.UUID
    buyer: str
    payment_id: uuid.UUID
    currency: str
    amount_minor: int
    back_minor: int
    state: str
    recipient: str
    reason: str | None
    created_at: datetime
    expires_at: datetime | None
    redeemed_by: uuid.UUID | None
    redeemed_at: datetime | None


_listed: AnySelect = select(
    GiftCard.id,
    GiftCard.buyer_id,
    User.name,
    GiftCard.payment_id,
    GiftCard.currency,
    GiftCard.amount_minor,
    GiftCard.back_minor,
    GiftCard.state,
    GiftCard.recipient,
    GiftCard.reason,
    GiftCard.created_at,
    GiftCard.expires_at,
    GiftCard.redeemed_by,
    GiftCard.redeemed_at,
).join(User, User.id == GiftCard.buyer_id)
SORTING = Sorting((GiftCard.created_at, GiftCard.id), (datetime, uuid.UUID))


def own_gift_cards(session: Session, *, user_id: uuid.UUID) -> Sequence[GiftCardRow]:
    """What somebody has bought or redeemed, the newest first."""
    mine = or_(GiftCard.buyer_id == user_id, GiftCard.redeemed_by == user_id)
    rows = session.execute(_listed.where(mine).order_by(GiftCard.created_at.desc()).limit(LATEST))
    return [GiftCardRow(*row) for row in rows]


def list_gift_cards(
    session: Session, *, state: str | None, cursor: str | None, rows_max: int = PAGE_ROWS
) -> Page[GiftCardRow]:
    """One page of everybody's, the newest first. Raises CursorInvalidError."""
    statement, counted = _listed, select(GiftCard.id)
    if state is not None:
        statement, counted = statement.where(GiftCard.state == state), counted.where(GiftCard.state == state)
    return fetch_page(
        session,
        statement,
        SORTING,
        make=lambda row: GiftCardRow(*row),
        key=lambda row: (row.created_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("gift_cards", state),
        rows_max=rows_max,
        total=count_up_to(session, counted),
    )


def load_gift_card(session: Session, *, card_id: uuid.UUID) -> GiftCardRow | None:
    row = session.execute(_listed.where(GiftCard.id == card_id)).one_or_none()
    return GiftCardRow(*row) if row is not None else None
