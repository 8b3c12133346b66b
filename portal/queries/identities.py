"""Who is behind a session: one statement for a request."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, column, text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText
from portal.queries.blocked_places import let_in, values_of


@dataclass(frozen=True, slots=True)
class Identity:
    """A known browser and, when signed in, its person with what every page shows of him."""

    session_id: uuid.UUID
    device_id: uuid.UUID
    last_seen_at: datetime
    user_id: uuid.UUID | None
    email: str | None
    name: str | None
    roles: tuple[str, ...]
    store_ids: tuple[int, ...]
    store_roles: tuple[str, ...]
    managed_ids: tuple[int, ...]
    locale: str | None
    theme: str | None
    cart_count: int
    notice_count: int


_QUERY = (
    text(
        f"""
    SELECT s.id, s.device_id, s.last_seen_at, u.id AS user_id, u.email, u.name, u.roles, u.locale, u.theme,
           ARRAY(SELECT m.store_id FROM store_member m WHERE m.user_id = u.id ORDER BY m.store_id) AS store_ids,
           ARRAY(SELECT m.role FROM store_member m WHERE m.user_id = u.id ORDER BY m.store_id) AS store_roles,
           ARRAY(SELECT c.id FROM channel c WHERE c.manager_id = u.id ORDER BY c.id) AS managed_ids,
           coalesce((SELECT sum(l.quantity) FROM cart c JOIN cart_line l ON l.cart_id = c.id
                      WHERE c.user_id = u.id OR (s.user_id IS NULL AND c.session_id = s.id)), 0)::int AS cart_count,
           (SELECT count(*) FROM notice n WHERE n.user_id = u.id AND n.read_at IS NULL)::int AS notice_count
      FROM web_session s LEFT JOIN user_account u ON u.id = s.user_id
     WHERE s.token_hash = :token_hash AND s.revoked_at IS NULL AND s.expires_at > :now
       AND (u.id IS NULL OR u.state <> 'closed' AND u.blocked_at IS NULL)
       -- A blocked place ends sessions in every process with the next request; trust spares whoever is there.
       AND {let_in(device="s.device_id", email_index="u.email_index")}
    """  # noqa: S608  # Columns of our own.
    )
    .bindparams(bindparam("token_hash"), bindparam("now"), bindparam("ip"), bindparam("ip_index"))
    # All of them, in the statement's order: only then does SQLAlchemy keep how the rows are read.
    .columns(
        *(column(name) for name in ("id", "device_id", "last_seen_at", "user_id")),
        column("email", EncryptedText("user_account.email")),
        column("name", EncryptedText("user_account.name")),
        *(column(name) for name in ("roles", "locale", "theme", "store_ids", "store_roles", "managed_ids")),
        *(column(name) for name in ("cart_count", "notice_count")),
    )
)


def find_identity(session: Session, *, token_hash: bytes, now: datetime, ip: str | None = None) -> Identity | None:
    """The person and browser of a session token; None when it was revoked, has expired or never was.

    Neither is anybody known whose device, or whose address `ip` or its network, stands on a blocked list (FRD-04),
    unless a list of those who are trusted names the address, the network, the device or his e-mail address.
    """
    row = session.execute(_QUERY, {"token_hash": token_hash, "now": now, **values_of(ip)}).one_or_none()
    if row is None:
        return None
    return Identity(
        session_id=row.id,
        device_id=row.device_id,
        last_seen_at=row.last_seen_at,
        user_id=row.user_id,
        email=row.email,
        name=row.name,
        roles=tuple(row.roles or ()),
        store_ids=tuple(row.store_ids),
        store_roles=tuple(row.store_roles),
        managed_ids=tuple(row.managed_ids),
        locale=row.locale,
        theme=row.theme,
        cart_count=row.cart_count,
        notice_count=row.notice_count,
    )
