"""Undo an entry by its exact opposite, which names it (BAL-07)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import LedgerAccount, Posting
from portal.rules.posting import AccountKind, AccountRef, EntryKind, Line
from portal.services.ledger.post import post


def reverse(session: Session, *, entry_id: int, kind: EntryKind, now: datetime, note: str | None = None) -> int:
    """Write the reversing entry, once, and return its id. Raises BalanceTooLowError where what came is gone."""
    rows = session.execute(
        select(LedgerAccount.kind, LedgerAccount.owner, LedgerAccount.currency, Posting.amount_minor)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Posting.entry_id == entry_id)
        .order_by(Posting.id)
    )
    lines = [Line(AccountRef(AccountKind(row.kind), row.owner, row.currency), -row.amount_minor) for row in rows]
    written, _ = post(
        session, kind=kind, idem_key=f"reversal:{entry_id}", lines=lines, now=now, reverses=entry_id, note=note
    )
    return written
