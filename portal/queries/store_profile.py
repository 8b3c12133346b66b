"""A store's own page of the desk: what it says of itself, when it pauses, and where its money goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Store, StoreBank


def paused(store: str) -> str:
    """Whether the store of this alias in a statement takes no orders at this moment, as SQL."""
    return (
        f"coalesce({store}.paused_from <= now()"
        f" AND ({store}.paused_until IS NULL OR {store}.paused_until > now()), false)"
    )


@dataclass(frozen=True, slots=True)
class StoreProfile:
    """A store as its people keep it."""

    id: int
    slug: str
    name: Mapping[str, str]
    description: Mapping[str, str]
    picture: str | None
    contact_email: str | None
    contact_phone: str | None
    return_address: str | None
    paused_from: datetime | None
    paused_until: datetime | None
    pause_message: Mapping[str, str]
    version: int
    changed_by: str | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoreContact:
    """How buyers reach a store."""

    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class BankRow:
    """A store's bank account; `details` as services keep them, for who may see it only."""

    details: str
    version: int
    changed_by: str
    changed_at: datetime
    payouts_wait_until: datetime | None


def load_profile(session: Session, *, store_id: int) -> StoreProfile:
    row = session.execute(
        select(
            Store.id,
            Store.slug,
            Store.name,
            Store.description,
            Store.picture,
            Store.contact_email,
            Store.contact_phone,
            Store.return_address,
            Store.paused_from,
            Store.paused_until,
            Store.pause_message,
            Store.version,
            Store.changed_by,
            Store.changed_at,
        ).where(Store.id == store_id)
    ).one()
    return StoreProfile(*row)


def contact_of(session: Session, *, store_id: int) -> StoreContact:
    """What a store lets buyers know of itself."""
    row = session.execute(select(Store.contact_email, Store.contact_phone).where(Store.id == store_id)).one()
    return StoreContact(*row)


def load_bank(session: Session, *, store_id: int) -> BankRow | None:
    """The account that a store is paid to; None before it has given one."""
    row = session.execute(
        select(
            StoreBank.details,
            StoreBank.version,
            StoreBank.changed_by,
            StoreBank.changed_at,
            StoreBank.payouts_wait_until,
        ).where(StoreBank.store_id == store_id)
    ).one_or_none()
    return BankRow(*row) if row else None
