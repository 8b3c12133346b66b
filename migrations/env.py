"""Runs migrations as the owner of the schema, in one transaction each, one migrator at a time."""

from __future__ import annotations

import os
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.types import TypeDecorator

import portal.models  # noqa: F401  # All tables must be known to the metadata.
from portal.db import Base

MIGRATION_LOCK = 7_236_401
# What REINDEX itself leaves when it is broken off is named so by PostgreSQL, and only to be taken away.
INVALID_INDEXES = text(
    """
    SELECT i.relname, i.relname ~ '_cc(new|old)[0-9]*$' AS is_scaffold
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
     WHERE NOT x.indisvalid AND i.relnamespace = 'public'::regnamespace
    """
)


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write our column types as what they are in the database, so that old migrations do not import new code."""
    if kind == "type" and isinstance(item, TypeDecorator) and type(item).__module__.startswith("portal."):
        return f"sa.{item.impl_instance!r}"
    return False


def include_object(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Tables that are not ours are left alone."""
    return not (kind == "table" and reflected and compare_to is None)


def mend_indexes(engine: Engine) -> None:
    """Build again what an index built beside the running shop left behind when it was broken off.

    Such an index is there by name and used by nobody, so that `if_not_exists` would pass over it.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name, is_scaffold in connection.execute(INVALID_INDEXES).all():
            quoted = engine.dialect.identifier_preparer.quote(name)
            mended = f"DROP INDEX {quoted}" if is_scaffold else f"REINDEX INDEX CONCURRENTLY {quoted}"
            connection.execute(text(mended))


def run() -> None:
    url = context.config.attributes.get("url") or os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    engine = create_engine(url, connect_args={"options": "-c timezone=UTC"})
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        mend_indexes(engine)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render_item,
            include_object=include_object,
            transaction_per_migration=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
