"""A long history is read from its index (BAL-10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.db import database, reading
from portal.queries.histories import HistoryFilter, balance_before, list_history

# One of ten accounts among as many postings of the other side.
POSTINGS = 600
COPY = """
INSERT INTO ledger_account (kind, owner, currency, cached, balance_minor)
SELECT 'deposit', 'user:00000000-0000-0000-0000-00000000000' || n, 'KRW', true, 600 FROM generate_series(0, 9) n;
INSERT INTO ledger_account (kind, owner, currency, cached) VALUES ('outside', 'platform', 'KRW', false);
INSERT INTO ledger_entry (kind, idem_key, created_at)
SELECT 'gift_granted', 'n' || n, now() - n * interval '1 hour' FROM generate_series(1, 6000) n;
INSERT INTO ledger_posting (entry_id, account_id, currency, amount_minor, at)
SELECT e.id, a.id, 'KRW', CASE WHEN a.cached THEN 1 ELSE -1 END, e.created_at
  FROM ledger_entry e JOIN ledger_account a ON NOT a.cached OR right(a.owner, 1) = right(e.idem_key, 1)
"""


@pytest.mark.req("PRF-05")
@pytest.mark.slow
def test_no_page_of_a_long_history_reads_the_table_from_end_to_end(session: Session, settings: Settings) -> None:
    for statement in COPY.split(";\n"):
        session.execute(text(statement))
    account_id = session.execute(text("SELECT id FROM ledger_account WHERE owner LIKE 'user:%7'")).scalar_one()
    session.commit()  # lint: allow commit: the table must be known to its statistics
    owner = create_engine(settings.database_owner_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("VACUUM ANALYZE ledger_posting, ledger_entry"))
    owner.dispose()
    chosen = HistoryFilter()
    with reading() as opened:
        page = list_history(opened, account_id=account_id, chosen=chosen, cursor=None)
        cursor = page.next_cursor
        for _ in range(3):
            cursor = list_history(opened, account_id=account_id, chosen=chosen, cursor=cursor).next_cursor
        for plan in _plans(lambda: list_history(opened, account_id=account_id, chosen=chosen, cursor=cursor)):
            assert "Seq Scan on ledger_posting" not in plan, plan
        deep = list_history(opened, account_id=account_id, chosen=chosen, cursor=cursor)
        assert deep.rows[0].balance_after_minor == POSTINGS - 4 * len(page.rows)
        for plan in _plans(lambda: balance_before(opened, account_id=account_id, at=deep.rows[0].at)):
            assert "ix_ledger_posting_account_at" in plan, plan


def _plans(work: Any) -> Iterator[str]:
    """How each statement of the work is carried out."""
    found: list[str] = []
    busy: list[int] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if busy:
            return
        busy.append(1)
        cursor.execute("EXPLAIN " + statement, parameters)
        found.append("\n".join(row[0] for row in cursor.fetchall()))
        busy.clear()

    event.listen(database.engine, "before_cursor_execute", explain)
    try:
        work()
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)
    yield from found
