"""The account that imported payments name: nobody is behind it, and nothing is ever asked of it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.models import GatewayAccount

IMPORTED = "imported"


def ensure_imported_gateway(session: Session) -> int:
    """The account's id; made when the first history is imported, and never open for new payments."""
    statement = insert(GatewayAccount).values(gateway=IMPORTED, name=IMPORTED, methods=[], currencies=[], enabled=False)
    session.execute(statement.on_conflict_do_nothing(index_elements=["name"]))
    return session.execute(select(GatewayAccount.id).where(GatewayAccount.name == IMPORTED)).scalar_one()
