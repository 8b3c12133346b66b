"""Balances of everybody and uses of every coupon, a page at a time."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import Campaign, CouponUse, LedgerAccount, Order, User
from portal.queries.keyset import AnySelect, count_up_to, fetch_page
from portal.queries.listings.books import BALANCES, BalanceFilter, narrowed_balances
from portal.queries.listings.coupons import USES, UseFilter, narrowed_uses


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One balance of one person, in minor units, or points."""

    id: int
    owner: str
    kind: str
    currency: str
    balance_minor: int
    held_minor: int
    frozen_at: datetime | None

    @property
    def user_id(self) -> uuid.UUID:
        return uuid.UUID(self.owner.removeprefix("user:"))


@dataclass(frozen=True, slots=True)
class RedemptionRow:
    """One use of a coupon of any campaign."""

    id: uuid.UUID
    claimed_at: datetime
    campaign_id: int
    campaign_name: Mapping[str, str]
    code: str | None
    number: str
    user_name: str
    status: str
    currency: str
    amount_minor: int
    user_id: uuid.UUID


def list_balances(session: Session, *, chosen: BalanceFilter, cursor: str | None) -> Page[BalanceRow]:
    """One page of people's balances, the newest account first. Raises CursorInvalidError."""
    statement: AnySelect = select(
        LedgerAccount.id,
        LedgerAccount.owner,
        LedgerAccount.kind,
        LedgerAccount.currency,
        LedgerAccount.balance_minor,
        LedgerAccount.held_minor,
        LedgerAccount.frozen_at,
    )
    statement = narrowed_balances(statement, chosen)
    return fetch_page(
        session,
        statement,
        BALANCES.sorting,
        make=lambda row: BalanceRow(*row),
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("balances", chosen),
        total=count_up_to(session, statement),
    )


def list_redemptions(session: Session, *, chosen: UseFilter, cursor: str | None) -> Page[RedemptionRow]:
    """One page of uses, the newest first. Raises CursorInvalidError."""
    statement: AnySelect = (
        select(
            CouponUse.id,
            CouponUse.claimed_at,
            CouponUse.campaign_id,
            Campaign.name,
            CouponUse.code,
            Order.number,
            User.name.label("user_name"),
            CouponUse.status,
            CouponUse.currency,
            CouponUse.amount_minor,
            CouponUse.user_id,
        )
        .join(Order, Order.id == CouponUse.order_id)
        .join(Campaign, Campaign.id == CouponUse.campaign_id)
        .join(User, User.id == CouponUse.user_id)
    )
    statement = narrowed_uses(statement, chosen)
    return fetch_page(
        session,
        statement,
        USES.sorting,
        make=lambda row: RedemptionRow(*row),
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("redemptions", chosen),
        total=count_up_to(session, statement),
    )
