"""The signed right to listen to live topics, which pages get and the live process checks."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from itsdangerous import BadSignature, URLSafeTimedSerializer

if TYPE_CHECKING:
    from portal.config import Settings
    from portal.queries.identities import Identity

SALT = "portal live topics"
# A page that stays open longer gets a new token with its next reload or refetch.
VALID_FOR_S = 12 * 3600
# Pages of this long a time get one and the same.
SIGNED_FOR_S = 300


def sign_topics(secret_key: str, topics: Iterable[str]) -> str:
    return URLSafeTimedSerializer(secret_key, salt=SALT).dumps(sorted(topics))


def read_topics(secret_key: str, token: str) -> list[str] | None:
    """The topics of a token; None when it is forged or too old."""
    try:
        topics = URLSafeTimedSerializer(secret_key, salt=SALT).loads(token, max_age=VALID_FOR_S)
    except BadSignature:
        return None
    return [str(topic) for topic in topics]


def topics_of(identity: Identity) -> list[str]:
    """What a person may listen to: his profile, what all are told, his stores, and the desk for administrators."""
    topics = [f"profile:{identity.user_id}", "mall"]
    topics += [f"store:{store_id}" for store_id in identity.store_ids]
    if any(role not in {"buyer", "seller"} for role in identity.roles):
        topics.append("admin")
    return topics


def live_address(settings: Settings, identity: Identity) -> str:
    """Where this person's pages listen, with the right to do so; the same for some minutes."""
    part_of_day = int(time.time() // SIGNED_FOR_S)
    return _address(settings.live_url, settings.secret_key, tuple(topics_of(identity)), part_of_day)


@lru_cache(maxsize=1024)
def _address(live_url: str, secret_key: str, topics: tuple[str, ...], _part_of_day: int) -> str:
    return f"{live_url}/events?{urlencode({'token': sign_topics(secret_key, topics)})}"
