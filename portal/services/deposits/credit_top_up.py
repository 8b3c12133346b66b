"""Credit a top-up that a gateway has confirmed (BAL-02)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.rules.posting import EntryKind, top_up
from portal.services.audit import AuditAction, Fact, record
from portal.services.ledger.post import post


def credit_top_up(
    session: Session,
    *,
    user_id: uuid.UUID,
    gateway: str,
    currency: str,
    amount_minor: int,
    idem_key: str,
    actor: Actor,
    now: datetime,
    source: Mapping[str, str] | None = None,
) -> int:
    """Add `amount_minor` to a user's deposit, once per key; returns the entry. `source` says in the record whence."""
    if amount_minor <= 0:
        raise ValueError("a top-up is above zero")
    entry_id, is_new = post(
        session,
        kind=EntryKind.TOP_UP,
        idem_key=idem_key,
        lines=top_up(user_id=user_id, gateway=gateway, currency=currency, amount_minor=amount_minor),
        now=now,
    )
    if is_new:
        after = {"amount_minor": amount_minor, "currency": currency, "gateway": gateway, **(source or {})}
        record(session, Fact(AuditAction.DEPOSIT_TOPPED_UP, f"entry:{entry_id}", after=after), actor=actor, now=now)
    return entry_id
