"""What an import has left in the database, as tests look at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from click.testing import Result
from sqlalchemy import text

from portal.db import reading

Run = Callable[..., Result]


def table(query: str) -> list[tuple[Any, ...]]:
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query))]


def balances() -> dict[str, int]:
    """Sums of the books by kind of account, without those at zero."""
    rows = table(
        "SELECT a.kind, sum(p.amount_minor)::bigint FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        " GROUP BY a.kind HAVING sum(p.amount_minor) <> 0"
    )
    return dict(rows)
