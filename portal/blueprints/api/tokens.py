"""Access tokens: what a client gets for its key, for minutes, with no more than it asks for (RFC 6749, 4.4).

Nothing is kept of a token. It is signed, and names its client and the key that was shown for it: so it ends when that
client is revoked, or when that key is good no more.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from portal.rules.permissions import Permission

PREFIX = "pta_"
SALT = "portal api token"
LIFETIME = timedelta(minutes=15)
MARK_BYTES = 8


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says: whose it is, what it may, and by which key it was got."""

    client_id: uuid.UUID
    permissions: frozenset[Permission]
    mark: str

    def is_of(self, hashes: Collection[bytes]) -> bool:
        """Whether the key behind it is one of these."""
        return any(one[:MARK_BYTES].hex() == self.mark for one in hashes)


def make_token(client_id: uuid.UUID, key_hash: bytes, permissions: Collection[Permission], *, now: datetime) -> str:
    """A token for LIFETIME."""
    ends_at = int((now + LIFETIME).timestamp())
    content = [client_id.hex, key_hash[:MARK_BYTES].hex(), ends_at, sorted(one.value for one in permissions)]
    signed: str | bytes = _signer().dumps(content)
    return PREFIX + (signed if isinstance(signed, str) else signed.decode())


def read_token(text: str, *, now: datetime) -> Token | None:
    """What a token says; None when it is forged or its time is over."""
    try:
        client_id, mark, ends_at, names = _signer().loads(text.removeprefix(PREFIX))
    except BadSignature:
        return None
    if now.timestamp() >= ends_at:
        return None
    known = {permission.value for permission in Permission}
    return Token(uuid.UUID(client_id), frozenset(Permission(one) for one in names if one in known), mark)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=SALT)
