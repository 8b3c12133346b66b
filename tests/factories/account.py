"""People for tests: bea buys, max is a stranger, sam and sue sell, ada looks after the mall."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update

from portal.crypto import email_index
from portal.db import transaction
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import AccountFreeze, StoreMember, User
from portal.rules.permissions import Actor, Role
from portal.services.accounts.passwords import hash_password
from portal.services.accounts.sessions import start_session

PASSWORD = "correct horse battery"
# Hashing is slow on purpose; once is enough for everybody.
_hashes: dict[str, str] = {}

ADDRESS_KR = {
    "name": "김베아",
    "phone": "010-1234-5678",
    "postcode": "04524",
    "line1": "서울특별시 중구 세종대로 110",
    "line2": "3층",
    "country": "KR",
}
ADDRESS_US = {
    "name": "Bea Kim",
    "phone": "(212) 555-0123",
    "postcode": "10001",
    "line1": "350 Fifth Avenue",
    "city": "New York",
    "region": "ny",
    "country": "US",
}
ADDRESSES = {"KR": ADDRESS_KR, "US": ADDRESS_US}


@dataclass(frozen=True)
class Person:
    """Somebody with a profile, and how he acts."""

    id: uuid.UUID
    email: str
    name: str
    actor: Actor


def make_person(
    name: str = "bea",
    *,
    roles: tuple[str, ...] = ("buyer",),
    store_ids: tuple[int, ...] = (),
    state: str = "active",
    password: str | None = PASSWORD,
    locale: str | None = None,
    now: datetime | None = None,
) -> Person:
    """A committed profile; his e-mail is NAME@example.com and his password PASSWORD."""
    email = f"{name}@example.com"
    user_id = new_id()
    with transaction() as session:
        session.add(
            User(
                id=user_id,
                email=email,
                email_index=email_index(email),
                name=name.capitalize(),
                password_hash=_hashed(password) if password else None,
                roles=list(roles),
                state=state,
                locale=locale,
                created_at=now or clock.now(),
            )
        )
        session.flush()
        session.add_all([StoreMember(user_id=user_id, store_id=store_id) for store_id in store_ids])
    if state == "frozen":
        freeze(user_id)
    held = frozenset(Role(role) for role in roles) | ({Role.SELLER} if store_ids else frozenset())
    return Person(user_id, email, name.capitalize(), Actor(user_id=user_id, roles=held, store_ids=frozenset(store_ids)))


def freeze(user_id: uuid.UUID) -> None:
    """As if somebody had frozen the account, which has no balances, coupons or orders."""
    values = {"id": new_id(), "user_id": user_id, "reason": "other", "grants": [], "frozen_by": "system"}
    with transaction() as session:
        session.execute(update(User).where(User.id == user_id).values(state="frozen"))
        session.add(AccountFreeze(frozen_at=clock.now(), **values))


def thaw(user_id: uuid.UUID) -> None:
    """As if somebody had cleared it."""
    over = {"lifted_by": "system", "lifted_at": clock.now()}
    with transaction() as session:
        session.execute(update(User).where(User.id == user_id).values(state="active"))
        session.execute(update(AccountFreeze).where(AccountFreeze.user_id == user_id).values(**over))


def make_session(person: Person | None = None, *, now: datetime | None = None) -> tuple[str, uuid.UUID]:
    """A committed web session of the person, or of a visitor: its token and id."""
    with transaction() as session:
        token, row = start_session(
            session,
            user_id=person.id if person else None,
            ip="203.0.113.7",
            user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
            device_id=new_id(),
            now=now or clock.now(),
        )
        return token, row.id


def make_visitor() -> Actor:
    """A browser with a session that nobody has signed in at."""
    return Actor(session_id=make_session()[1])


def _hashed(password: str) -> str:
    if password not in _hashes:
        _hashes[password] = hash_password(password)
    return _hashes[password]
