"""Encrypts anew, with the current key, what older keys have encrypted: while everybody works, in batches (BAL-12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, and_, bindparam, cast, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText, current_key_id, key_prefix, renew
from portal.db import Base

BATCH = 500


@dataclass(frozen=True, slots=True)
class EncryptedTable:
    """A table with its encrypted columns. Rows are told apart by the primary key."""

    table: Table
    columns: tuple[Column[Any], ...]

    @property
    def name(self) -> str:
        return self.table.name


def encrypted_tables() -> list[EncryptedTable]:
    """Every table that holds encrypted values, by name."""
    found = (
        EncryptedTable(table, tuple(column for column in table.columns if isinstance(column.type, EncryptedText)))
        for table in Base.metadata.sorted_tables
    )
    return sorted((one for one in found if one.columns), key=lambda one: one.name)


def renew_batch(session: Session, *, encrypted: EncryptedTable, after: Sequence[Any] | None) -> tuple[int, Any]:
    """Renew the next values of older keys in rows beyond the key `after`; returns how many, and the last row's key.

    The key is None when no row is left. A value that somebody changes meanwhile is left to him: he writes it with the
    current key. Raises UnreadableValueError for a value whose key is gone; nothing of the batch is written then.
    """
    keys = list(encrypted.table.primary_key.columns)
    raw = [cast(column, LargeBinary).label(column.name) for column in encrypted.columns]
    query = select(*keys, *raw).where(or_(*(_is_old(column) for column in encrypted.columns))).order_by(*keys)
    if after is not None:
        query = query.where(tuple_(*keys) > tuple(after))
    rows = session.execute(query.limit(BATCH)).mappings().all()
    renewed = 0
    for column in encrypted.columns:
        assert isinstance(column.type, EncryptedText)
        old = [(row, row[column.name]) for row in rows]
        changes = [
            {f"pk_{key.name}": row[key.name] for key in keys}
            | {"old": bytes(value), "new": renew(bytes(value), column.type.context)}
            for row, value in old
            if value is not None and not bytes(value).startswith(key_prefix(current_key_id()))
        ]
        if changes:
            session.execute(_exchange(encrypted.table, column, keys), changes)
        renewed += len(changes)
    return renewed, tuple(rows[-1][key.name] for key in keys) if rows else None


def old_keys_in_use(session: Session) -> dict[str, int]:
    """How many stored values each older key still has to decrypt."""
    counts: dict[str, int] = {}
    for encrypted in encrypted_tables():
        for column in encrypted.columns:
            for blob, number in _keys_of(session, column):
                key_id = blob[1:].decode()
                counts[key_id] = counts.get(key_id, 0) + number
    return counts


def _keys_of(session: Session, column: Column[Any]) -> Iterator[tuple[bytes, int]]:
    raw = cast(column, LargeBinary)
    prefix = func.substring(raw, 1, func.get_byte(raw, 0) + 1, type_=LargeBinary)
    for blob, number in session.execute(select(prefix, func.count()).where(_is_old(column)).group_by(prefix)):
        yield bytes(blob), number


def _is_old(column: Column[Any]) -> Any:
    prefix = key_prefix(current_key_id())
    raw = cast(column, LargeBinary)
    return and_(column.is_not(None), func.substring(raw, 1, len(prefix), type_=LargeBinary) != prefix)


def _exchange(table: Table, column: Column[Any], keys: Sequence[Column[Any]]) -> Any:
    """Put the new value where the old one still stands."""
    stands = and_(
        cast(column, LargeBinary) == bindparam("old", type_=LargeBinary),
        *(key == bindparam(f"pk_{key.name}", type_=key.type) for key in keys),
    )
    new = cast(bindparam("new", type_=LargeBinary), LargeBinary)
    return update(table).where(stands).values({column: new})
