"""Accounts by what they are; they come into being when they are first needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.posting import AccountKind, AccountRef

_ENSURE = text(
    """
    WITH wanted AS (
        SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:owners AS text[]), CAST(:currencies AS text[]),
                             CAST(:cached AS boolean[])) AS w (kind, owner, currency, cached)
    ), known AS (
        SELECT a.id, kind, owner, currency FROM wanted JOIN ledger_account a USING (kind, owner, currency)
    ), made AS (
        INSERT INTO ledger_account (kind, owner, currency, cached)
        SELECT kind, owner, currency, wanted.cached FROM wanted LEFT JOIN known USING (kind, owner, currency)
         WHERE known.id IS NULL
        ON CONFLICT (kind, owner, currency) DO NOTHING
        RETURNING id, kind, owner, currency
    )
    SELECT * FROM known UNION ALL SELECT * FROM made
    """
)


def ensure_accounts(session: Session, refs: Iterable[AccountRef]) -> Mapping[AccountRef, int]:
    """The ids of accounts, made where missing. Two at once make one."""
    wanted = sorted(set(refs))
    if not wanted:
        return {}
    values = {
        "kinds": [ref.kind.value for ref in wanted],
        "owners": [ref.owner for ref in wanted],
        "currencies": [ref.currency for ref in wanted],
        "cached": [ref.is_cached for ref in wanted],
    }
    found = _ensure(session, values)
    # What somebody else has made meanwhile was waited for, and only the next statement sees it.
    return found if len(found) == len(wanted) else _ensure(session, values)


def _ensure(session: Session, values: Mapping[str, object]) -> dict[AccountRef, int]:
    rows = session.execute(_ENSURE, values)
    return {AccountRef(AccountKind(row.kind), row.owner, row.currency): row.id for row in rows}
