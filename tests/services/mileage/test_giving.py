"""Points that are given to a cause, or to whoever has an address: within bounds, once, with their own end (BAL-06)."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from fractions import Fraction

import pytest
from sqlalchemy import select, text

from portal.db import atomically, reading, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_token
from portal.models import Mail, OutboxEvent
from portal.rules.giving import refusal_of, refusal_of_day, waits_until
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.split import MileageTerms
from portal.services.mileage.donate_mileage import donate_mileage
from portal.services.mileage.end_gift import end_gift, gifts_overdue
from portal.services.mileage.send_mileage import send_mileage
from portal.services.notifications.notify_gift import tell_of_gift, tell_sender_of_gift
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall
from tests.factories.refund import rows
from tests.rules.carts import NOON
from tests.services.mileage.test_life_of_lots import balances, lot

pytestmark = [pytest.mark.req("BAL-06")]

DAY = timedelta(days=1)
TERMS = MileageTerms()


@pytest.fixture
def bea(books: None) -> Person:
    make_mall()
    person = make_person("bea")
    lot(person, 1_000, 3)
    lot(person, 4_000, 30)
    return person


@pytest.fixture
def max_(bea: Person) -> Person:
    person = make_person("max")
    with transaction() as session:
        session.execute(text("UPDATE user_account SET email_verified_at = now() WHERE id = :id"), {"id": person.id})
    return person


@pytest.mark.parametrize(
    ("points", "available", "code"),
    [
        (0, 9_000, "GIVING_BELOW_MINIMUM"),
        (-5, 9_000, "GIVING_BELOW_MINIMUM"),
        (99, 9_000, "GIVING_BELOW_MINIMUM"),
        (100, 100, None),
        (100, 99, "MILEAGE_ABOVE_BALANCE"),
        (50_000, 50_000, None),
        (50_001, 90_000, "GIVING_ABOVE_MAXIMUM"),
    ],
)
def test_what_one_may_give(points: int, available: int, code: str | None) -> None:
    refusal = refusal_of(points, available=available, terms=TERMS)
    assert (refusal.code if refusal else None) == code


def test_a_day_and_a_step_have_bounds_too() -> None:
    tenth = MileageTerms(point_value=Fraction(1, 10))
    refused = refusal_of(105, available=9_000, terms=tenth)
    assert refused is not None
    assert refused.code == "MILEAGE_NOT_A_STEP"
    assert refusal_of(110, available=9_000, terms=tenth) is None
    assert refusal_of_day(100, gifts_today=4, points_today=99_900) is None
    for count, points, code in ((5, 0, "GIFTS_PER_DAY"), (0, 99_901, "GIFT_POINTS_PER_DAY")):
        refused = refusal_of_day(100, gifts_today=count, points_today=points)
        assert refused is not None
        assert refused.code == code
    assert waits_until(NOON + 3 * DAY, now=NOON) == NOON + 3 * DAY
    assert waits_until(NOON + 30 * DAY, now=NOON) == NOON + 7 * DAY


def cause(*, is_open: bool = True) -> int:
    with transaction() as session:
        made = session.execute(
            text(
                "INSERT INTO cause (names, descriptions, is_open, created_at)"
                " VALUES ('{\"en\": \"Trees\"}', '{}', :open, now()) RETURNING id"
            ),
            {"open": is_open},
        ).scalar_one()
        return int(made)


def tried(work: Callable[[], object]) -> object:
    """What came of it, or the code of the refusal."""
    try:
        return work()
    except PortalError as refused:
        return str(getattr(refused, "rejection", refused).code)


def donate(person: Person, points: int, cause_id: int, key: str = "one") -> object:
    def work() -> uuid.UUID:
        return atomically(
            lambda s: donate_mileage(
                s, actor=person.actor, cause_id=cause_id, points=points, currency="KRW", terms=TERMS, key=key,
                now=clock.now(),
            )
        )  # fmt: skip

    return tried(work)


def send(person: Person, points: int, email: str, key: str | None = None) -> uuid.UUID | str:
    def work() -> uuid.UUID:
        return atomically(
            lambda s: send_mileage(
                s, actor=person.actor, email=email, points=points, message="For you", terms=TERMS,
                key=key or new_token(), now=clock.now(),
            )
        )  # fmt: skip

    made = tried(work)
    assert isinstance(made, uuid.UUID | str)
    return made


def end(gift: uuid.UUID | str, outcome: str, actor: Actor, after: timedelta = timedelta(0)) -> object:
    assert isinstance(gift, uuid.UUID), gift
    now = clock.now() + after
    return tried(lambda: atomically(lambda s: end_gift(s, gift_id=gift, outcome=outcome, actor=actor, now=now)))


def test_a_donation_is_worth_its_points_and_made_once(bea: Person) -> None:
    trees, closed = cause(), cause(is_open=False)
    assert donate(bea, 500, closed) == "cause_unknown"
    assert donate(bea, 500, 99) == "cause_unknown"
    assert donate(bea, 6_000, trees) == "MILEAGE_ABOVE_BALANCE"
    assert balances()["mileage"] == 5_000
    made = donate(bea, 1_500, trees)
    assert donate(bea, 1_500, trees) == made
    assert donate(bea, 1_400, trees) == "idempotency_key_reused"
    assert balances()["mileage"] == 3_500
    assert rows("SELECT remaining FROM mileage_lot ORDER BY id") == [(0,), (3_500,)]
    booked = "SELECT a.kind, p.amount_minor FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
    assert set(rows(booked + " WHERE a.currency = 'KRW'")) == {("donation", 1_500), ("mileage_expense", -1_500)}


def test_a_gift_keeps_the_end_of_its_lots(bea: Person, max_: Person) -> None:
    gift = send(bea, 1_500, "MAX@example.com ")
    assert balances() == {"mileage": 3_500, "mileage_transit": 1_500, "mileage_issued": -5_000}
    assert rows("SELECT expires_at = (SELECT min(expires_at) FROM mileage_lot) FROM mileage_gift") == [(True,)]
    assert end(gift, "accepted", bea.actor) == "not_found"
    assert end(gift, "accepted", max_.actor) is None
    assert end(gift, "accepted", max_.actor) == end(gift, "cancelled", bea.actor) == "gift_ended"
    assert balances() == {"mileage": 5_000, "mileage_issued": -5_000}
    mine = (
        "SELECT l.granted, l.expires_at = (SELECT o.expires_at FROM mileage_lot o WHERE o.id = l.id - 2)"
        " FROM mileage_lot l WHERE l.source = 'gift' ORDER BY l.id"
    )
    assert rows(mine) == [(1_000, True), (500, True)]


def test_a_stranger_is_answered_alike_and_nobody_learns_who_is_here(bea: Person, max_: Person) -> None:
    known, stranger = send(bea, 100, "max@example.com"), send(bea, 100, "nobody@example.com")
    assert isinstance(known, uuid.UUID)
    assert isinstance(stranger, uuid.UUID)
    assert send(bea, 100, "bea@example.com") == "gift_to_self"
    assert send(bea, 100, "no address") == "email_unfit"
    with transaction() as session:
        for event in session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "mileage.sent")).all():
            tell_of_gift(session, event, clock.now())
    with reading() as session:
        mails = set(session.scalars(select(Mail.recipient)))
    assert mails == {"max@example.com", "nobody@example.com"}
    assert rows("SELECT kind, user_id FROM notice") == [("gift_received", max_.id)]
    later = make_person("nobody")
    assert end(stranger, "accepted", later.actor) == "email_unverified"


def test_what_nobody_accepts_comes_back_to_its_lots(bea: Person, max_: Person) -> None:
    called, declined, forgotten = (send(bea, 1_200, "max@example.com") for _ in range(3))
    assert end(called, "cancelled", max_.actor) == "not_found"
    assert end(called, "cancelled", bea.actor) is None
    assert end(declined, "declined", max_.actor) is None
    assert end(forgotten, "expired", SYSTEM) == "gift_ended"
    with reading() as session:
        assert gifts_overdue(session, now=clock.now() + 8 * DAY) == [forgotten]
    assert end(forgotten, "accepted", max_.actor, 8 * DAY) == "gift_ended"
    assert end(forgotten, "expired", SYSTEM, 8 * DAY) is None
    assert rows("SELECT remaining FROM mileage_lot ORDER BY id") == [(1_000,), (4_000,)]
    with transaction() as session:
        for event in session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "mileage.gift_ended")).all():
            tell_sender_of_gift(session, event, clock.now())
    assert rows("SELECT kind FROM notice WHERE user_id = :id", id=bea.id) == [("gift_came_back",)] * 2


def test_a_large_gift_wants_a_proof_and_a_day_has_its_limit(bea: Person) -> None:
    lot(bea, 30_000, 60)
    assert send(bea, 10_001, "max@example.com") == "step_up_needed"
    assert isinstance(send(bea, 10_000, "max@example.com"), uuid.UUID)
    for _ in range(4):
        assert isinstance(send(bea, 100, "max@example.com"), uuid.UUID)
    assert send(bea, 100, "max@example.com") == "GIFTS_PER_DAY"
    assert rows("SELECT count(*), sum(points) FROM mileage_gift") == [(5, 10_400)]


def test_two_tabs_give_the_same_points_once(bea: Person, max_: Person) -> None:
    start = threading.Barrier(4)

    def run(n: int) -> object:
        start.wait(timeout=30)
        return send(bea, 4_000, "max@example.com", key=f"tab-{n}")

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(run, range(4)))
    assert [one for one in made if isinstance(one, str)] == ["MILEAGE_ABOVE_BALANCE"] * 3
    gift = next(one for one in made if isinstance(one, uuid.UUID))
    again = threading.Barrier(2)

    def finish(who: int) -> object:
        again.wait(timeout=30)
        return end(gift, "accepted", max_.actor) if who else end(gift, "cancelled", bea.actor)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(map(str, pool.map(finish, range(2)))) == ["None", "gift_ended"]
    assert balances()["mileage"] == 5_000
