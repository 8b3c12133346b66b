"""The only writer of entries and postings (BAL-01)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import LedgerEntry
from portal.rules.posting import EntryKind, Line
from portal.services.ledger.accounts import ensure_accounts
from portal.services.ledger.holds import BalanceTooLowError

# All of it in one statement. Accounts are locked in the order of their ids; each posting says what the balance was
# after it. Where a balance would fall below its floor no balance moves, and the caller is told.
_WRITE = text(
    """
    WITH entry AS (
        INSERT INTO ledger_entry (kind, idem_key, order_id, reverses, note, created_at)
        SELECT kind, idem_key, order_id, reverses, note, created_at
          FROM unnest(CAST(:kinds AS text[]), CAST(:keys AS text[]), CAST(:orders AS uuid[]),
                      CAST(:reverses AS bigint[]), CAST(:notes AS text[]), CAST(:ats AS timestamptz[]))
               WITH ORDINALITY AS w (kind, idem_key, order_id, reverses, note, created_at, n)
         ORDER BY n
        ON CONFLICT (idem_key) DO NOTHING
        RETURNING id, idem_key, created_at
    ), line AS (
        SELECT entry.id AS entry_id, entry.created_at, w.*
          FROM unnest(CAST(:line_keys AS text[]), CAST(:accounts AS bigint[]), CAST(:currencies AS text[]),
                      CAST(:amounts AS bigint[]))
               WITH ORDINALITY AS w (idem_key, account_id, currency, amount, n)
          JOIN entry USING (idem_key)
    ), locked AS (
        SELECT id, balance_minor, held_minor, min_balance_minor FROM ledger_account
         WHERE id = ANY(CAST(:cached AS bigint[])) ORDER BY id FOR UPDATE
    ), after AS (
        SELECT line.*, locked.held_minor + locked.min_balance_minor AS floor,
               (locked.balance_minor + sum(line.amount) OVER (PARTITION BY line.account_id ORDER BY line.n))::bigint
                   AS balance
          FROM line LEFT JOIN locked ON locked.id = line.account_id
    ), short AS (
        SELECT FROM after WHERE amount < 0 AND balance < floor
    ), moved AS (
        UPDATE ledger_account a SET balance_minor = a.balance_minor + t.amount
          FROM (SELECT account_id, sum(amount)::bigint AS amount FROM line GROUP BY account_id) AS t
          JOIN locked ON locked.id = t.account_id
         WHERE a.id = locked.id AND NOT EXISTS (SELECT FROM short)
    ), posted AS (
        INSERT INTO ledger_posting (entry_id, account_id, currency, amount_minor, balance_after_minor, at)
        SELECT entry_id, account_id, currency, amount, balance, created_at FROM after ORDER BY n
    )
    SELECT id, idem_key, EXISTS (SELECT FROM short) AS is_short FROM entry ORDER BY id
    """
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to be written. `at` is when it happened."""

    kind: EntryKind
    idem_key: str
    lines: Sequence[Line]
    at: datetime
    order_id: uuid.UUID | None = None
    reverses: int | None = None
    note: str | None = None


def post(
    session: Session,
    *,
    kind: EntryKind,
    idem_key: str,
    lines: Sequence[Line],
    now: datetime,
    order_id: uuid.UUID | None = None,
    reverses: int | None = None,
    note: str | None = None,
) -> tuple[int, bool]:
    """Write one entry, once: returns its id and whether it was written now. Raises as post_all()."""
    written = post_all(session, [Entry(kind, idem_key, lines, now, order_id, reverses, note)])
    if idem_key in written:
        return written[idem_key], True
    return session.execute(select(LedgerEntry.id).where(LedgerEntry.idem_key == idem_key)).scalar_one(), False


def post_all(session: Session, entries: Sequence[Entry]) -> dict[str, int]:
    """Write entries in their order; returns the ids of those written now, by their key.

    What is known by its key is left alone, entries without lines are none. Cached balances move with the postings.
    Raises BalanceTooLowError where one would fall below its floor, and then the caller's transaction has to go; the
    amounts of holds count as spendable only after end_holds() in the same transaction.
    """
    entries = list({entry.idem_key: entry for entry in reversed(entries) if entry.lines}.values())[::-1]
    if not entries:
        return {}
    lines = [(entry.idem_key, line) for entry in entries for line in entry.lines]
    accounts = ensure_accounts(session, (line.account for _, line in lines))
    rows = session.execute(
        _WRITE,
        {
            "kinds": [entry.kind.value for entry in entries],
            "keys": [entry.idem_key for entry in entries],
            "orders": [entry.order_id for entry in entries],
            "reverses": [entry.reverses for entry in entries],
            "notes": [entry.note for entry in entries],
            "ats": [entry.at for entry in entries],
            "line_keys": [key for key, _ in lines],
            "accounts": [accounts[line.account] for _, line in lines],
            "currencies": [line.account.currency for _, line in lines],
            "amounts": [line.amount_minor for _, line in lines],
            "cached": sorted({accounts[line.account] for _, line in lines if line.account.is_cached}),
        },
    ).all()
    if any(row.is_short for row in rows):
        raise BalanceTooLowError
    return {row.idem_key: row.id for row in rows}
