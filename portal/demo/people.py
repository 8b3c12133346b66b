"""The people of the demo mall, with their addresses and balances."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.kit.ids import new_id
from portal.models import StoreMember, User
from portal.rules.permissions import SYSTEM, Actor, Role
from portal.services.accounts.passwords import hash_password
from portal.services.accounts.save_address import save_address
from portal.services.deposits.credit_top_up import credit_top_up
from portal.services.invoices.change_credit_line import grant_credit
from portal.services.mileage.grant_mileage import grant_mileage

PASSWORD = "demo-portal-2026"  # noqa: S105  # Printed for whoever looks around; demo mode only.
PEOPLE = (
    ("bea@example.com", "Bea Baek", ["buyer"]),
    ("max@example.com", "Max Moon", ["buyer"]),
    ("sam@example.com", "Sam Seo", ["buyer"]),
    ("sue@example.com", "Sue Song", ["buyer"]),
    ("ada@example.com", "Ada Ahn", ["buyer", "admin"]),
)
STORES = {"sam@example.com": "demo:moa-ceramics", "sue@example.com": "demo:lumen-room"}

IN_KOREA = {
    "name": "백비아",
    "phone": "010-2345-6789",
    "postcode": "04524",
    "line1": "서울특별시 중구 세종대로 110",
    "line2": "3층",
    "country": "KR",
}
IN_AMERICA = {
    "name": "Bea Baek",
    "phone": "212-555-0123",
    "postcode": "10001",
    "line1": "350 5th Avenue",
    "line2": "Apt 12",
    "city": "New York",
    "region": "NY",
    "country": "US",
}
MAXS = {
    **IN_KOREA,
    "name": "문맥스",
    "phone": "010-9876-5432",
    "line1": "부산광역시 해운대구 해운대로 570",
    "postcode": "48095",
}

# Who may buy on invoice, and how much may be owed.
CREDIT = (("bea@example.com", "KRW", 1_000_000), ("bea@example.com", "USD", 100_000))
DEPOSITS = (("bea@example.com", "KRW", 50_000), ("bea@example.com", "USD", 4_000), ("max@example.com", "KRW", 10_000))
MILEAGE = (
    ("bea@example.com", 800, 5),
    ("bea@example.com", 3_000, 60),
    ("bea@example.com", 5_000, 400),
    ("max@example.com", 1_200, 200),
)


def make_people(session: Session, *, store_ids: Mapping[str, int], now: datetime) -> dict[str, uuid.UUID]:
    """Make everybody and return their ids by e-mail. Their mail counts as verified: nobody reads it."""
    password_hash = hash_password(PASSWORD)
    ids = {}
    for address, name, roles in PEOPLE:
        ids[address] = new_id()
        session.add(
            User(
                id=ids[address],
                email=address,
                email_index=email_index(address),
                name=name,
                password_hash=password_hash,
                roles=roles,
                email_verified_at=now,
                # Known for a while: a profile of this minute is a sign of risk.
                created_at=now - timedelta(days=90),
            )
        )
    session.flush()
    for address, ref in STORES.items():
        session.add(StoreMember(user_id=ids[address], store_id=store_ids[ref]))
    save_address(session, user_id=ids["bea@example.com"], fields=IN_KOREA, now=now, make_default=True)
    save_address(session, user_id=ids["bea@example.com"], fields=IN_AMERICA, now=now)
    save_address(session, user_id=ids["max@example.com"], fields=MAXS, now=now)
    return ids


def give_balances(session: Session, *, people: Mapping[str, uuid.UUID], now: datetime) -> None:
    """Give deposits and mileage through the books; mileage in lots that expire at different times."""
    for address, currency, amount in DEPOSITS:
        credit_top_up(
            session,
            user_id=people[address],
            gateway="paylink",
            currency=currency,
            amount_minor=amount,
            idem_key=f"demo:deposit:{address}:{currency}",
            actor=SYSTEM,
            now=now,
        )
    ada = Actor(people["ada@example.com"], frozenset({Role.BUYER, Role.ADMIN}))
    for address, currency, limit in CREDIT:
        grant_credit(
            session,
            email=address,
            currency=currency,
            limit_minor=limit,
            days=30,
            reason="Has paid every invoice so far.",
            actor=ada,
            now=now,
        )
    for address, points, days in MILEAGE:
        grant_mileage(
            session,
            user_id=people[address],
            points=points,
            source="welcome",
            idem_key=f"demo:mileage:{address}:{days}",
            expires_at=now + timedelta(days=days),
            actor=SYSTEM,
            now=now,
        )
