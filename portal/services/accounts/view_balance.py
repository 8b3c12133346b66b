"""Look at somebody's balances: allowed to few, and always written down (IDN-05, A15)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import LedgerAccount
from portal.rules.permissions import Actor, Permission, Scope, may, scopes_of
from portal.services.audit import AuditAction, Fact, record


class BalanceViewForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You need the permission “balance:view” for this. An administrator can give it to you.")


@dataclass(frozen=True, slots=True)
class BalanceView:
    """One account of a person, as of the moment of the look; in minor units, or points for PTS."""

    account_id: int
    kind: str
    currency: str
    balance_minor: int
    held_minor: int
    frozen_at: datetime | None

    @property
    def available_minor(self) -> int:
        return self.balance_minor - self.held_minor


def view_balance(
    session: Session, *, user_id: uuid.UUID, actor: Actor, now: datetime, account_id: int | None = None
) -> tuple[BalanceView, ...]:
    """Every account of a person (or the one named), with the look recorded. Raises BalanceViewForbiddenError.

    Looking at one's own balances is nobody else's business and is not recorded.
    """
    if not may(actor, Permission.BALANCE_VIEW, owner_id=user_id):
        raise BalanceViewForbiddenError
    chosen = select(
        LedgerAccount.id,
        LedgerAccount.kind,
        LedgerAccount.currency,
        LedgerAccount.balance_minor,
        LedgerAccount.held_minor,
        LedgerAccount.frozen_at,
    ).where(LedgerAccount.owner == f"user:{user_id}")
    if account_id is not None:
        chosen = chosen.where(LedgerAccount.id == account_id)
    rows = session.execute(chosen.order_by(LedgerAccount.currency, LedgerAccount.kind)).all()
    if actor.user_id != user_id:
        after = {"accounts": [row.id for row in rows]}
        record(session, Fact(AuditAction.BALANCE_VIEWED, f"user:{user_id}", after=after), actor=actor, now=now)
    return tuple(BalanceView(*row) for row in rows)


def note_balance_views(session: Session, *, user_ids: Sequence[uuid.UUID], actor: Actor, now: datetime) -> None:
    """Record that the actor has balances of these people shown to him. Raises BalanceViewForbiddenError."""
    if Scope.ALL not in scopes_of(actor, Permission.BALANCE_VIEW):
        raise BalanceViewForbiddenError
    facts = [Fact(AuditAction.BALANCE_VIEWED, f"user:{one}") for one in user_ids if one != actor.user_id]
    record(session, *facts, actor=actor, now=now)
