"""API keys: who is behind one, and the list of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import User
from portal.queries.blocked_places import let_in, values_of

CLIENTS_SHOWN_MAX = 1_000


@dataclass(frozen=True, slots=True)
class ApiClientView:
    """A key without the key: for whom it acts, where, and what it may. `hint` are the key's last characters."""

    id: uuid.UUID
    name: str
    hint: str
    user_id: uuid.UUID
    channel_id: int
    permissions: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    previous_until: datetime | None

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and not self.has_expired(now)

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """A key together with the person for whom it acts. `hashes` are those of its keys that are good now.

    `is_let_in` is false when it is asked with from an address that stands on a blocked list (FRD-04).
    """

    client: ApiClientView
    hashes: tuple[bytes, ...]
    roles: tuple[str, ...]
    store_ids: tuple[int, ...]
    store_roles: tuple[str, ...]
    managed_ids: tuple[int, ...]
    locale: str | None
    is_let_in: bool


_COLUMNS = """
    c.id, c.name, c.key_hint AS hint, c.user_id, c.channel_id, c.permissions, c.created_at, c.last_used_at,
    c.expires_at, c.revoked_at, c.previous_until
"""

_IDENTITY = text(
    f"""
    SELECT {_COLUMNS}, u.roles, u.locale, c.key_hash,
           CASE WHEN c.previous_until > :now THEN c.previous_hash END AS previous_hash,
           ARRAY(SELECT m.store_id FROM store_member m WHERE m.user_id = u.id ORDER BY m.store_id) AS store_ids,
           ARRAY(SELECT m.role FROM store_member m WHERE m.user_id = u.id ORDER BY m.store_id) AS store_roles,
           ARRAY(SELECT h.id FROM channel h WHERE h.manager_id = u.id ORDER BY h.id) AS managed_ids,
           {let_in(device=None, email_index="u.email_index")} AS is_let_in
      FROM api_client c JOIN user_account u ON u.id = c.user_id
     WHERE (c.id = :client_id OR c.key_hash = :key_hash OR (c.previous_hash = :key_hash AND c.previous_until > :now))
       AND u.state <> 'closed' AND u.blocked_at IS NULL
    """  # noqa: S608  # Columns of our own.
)

_LIST = text(
    f"""
    SELECT {_COLUMNS} FROM api_client c
     WHERE CAST(:user_id AS uuid) IS NULL OR c.user_id = :user_id
     ORDER BY c.created_at DESC, c.id DESC LIMIT :limit
    """  # noqa: S608  # As above.
)


def find_client(session: Session, *, key_hash: bytes, now: datetime, ip: str | None = None) -> ClientIdentity | None:
    """Who is behind a key, in one statement; None when there is no such key.

    Look at is_good() and `is_let_in` before using it; `ip` is from where it is asked with.
    """
    return _identity(session, {"key_hash": key_hash, "client_id": None}, now, ip)


def load_client(
    session: Session, *, client_id: uuid.UUID, now: datetime, ip: str | None = None
) -> ClientIdentity | None:
    """A client by its id, which opens nothing by itself."""
    return _identity(session, {"key_hash": None, "client_id": client_id}, now, ip)


def _identity(session: Session, which: dict[str, Any], now: datetime, ip: str | None) -> ClientIdentity | None:
    row = session.execute(_IDENTITY, {**which, "now": now, **values_of(ip)}).one_or_none()
    if row is None:
        return None
    hashes = (row.key_hash, *([row.previous_hash] if row.previous_hash else []))
    return ClientIdentity(
        _view(row),
        hashes,
        tuple(row.roles),
        tuple(row.store_ids),
        tuple(row.store_roles),
        tuple(row.managed_ids),
        row.locale,
        row.is_let_in,
    )


def list_clients(session: Session, *, user_id: uuid.UUID | None = None) -> Sequence[ApiClientView]:
    """The keys of one person, or of everybody, the newest first."""
    return [_view(row) for row in session.execute(_LIST, {"user_id": user_id, "limit": CLIENTS_SHOWN_MAX})]


def find_user_id(session: Session, *, email_index: bytes) -> uuid.UUID | None:
    """The account with this e-mail, by its blind index."""
    return session.scalar(select(User.id).where(User.email_index == email_index))


def _view(row: object) -> ApiClientView:
    values = {name: getattr(row, name) for name in ApiClientView.__slots__}
    return ApiClientView(**{**values, "permissions": tuple(values["permissions"])})
