"""The life of points: promised with an order, available when nothing can be sent back, told of, gone (BAL-05)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import atomically, reading, transaction
from portal.kit import clock
from portal.models import Mail, OutboxEvent
from portal.queries.channels import channel_directory, forget_channels
from portal.rules.permissions import SYSTEM
from portal.rules.refund_policy import Party
from portal.services.mileage.expire_lots import accounts_to_expire, expire_lots, tell_of_ends
from portal.services.mileage.grant_mileage import grant_mileage
from portal.services.notifications.notify_mileage import tell_of_ending_mileage
from portal.services.orders.mature_mileage import mature_mileage, parts_to_mature
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, answer, make_order
from tests.factories.refund import ask_refund, lines_of, rows
from tests.services.refunds.test_decisions import move_part

pytestmark = pytest.mark.req("BAL-05")

DAY = timedelta(days=1)


@pytest.fixture
def mall(books: None) -> Mall:
    made = make_mall()
    with transaction() as session:
        session.execute(text("""UPDATE channel SET policy = '{"mileage": {"earn_rate": "0.01"}}'"""))
    forget_channels()
    channels = channel_directory()
    return Mall(channels["kr"], channels["us"], made.store_ids, made.section_id)


@pytest.fixture
def bea(mall: Mall) -> Person:
    return make_person("bea")


def balances() -> dict[str, int]:
    """Points by kind of account."""
    query = (
        "SELECT a.kind, sum(p.amount_minor)::int FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        " WHERE a.currency = 'PTS' GROUP BY a.kind"
    )
    return {str(kind): int(points) for kind, points in rows(query) if points}


def lot(person: Person, points: int, days: int) -> None:
    now = clock.now()
    with transaction() as session:
        grant_mileage(
            session,
            user_id=person.id,
            points=points,
            source="welcome",
            idem_key=f"lot:{person.id}:{points}:{days}",
            expires_at=now + days * DAY,
            actor=SYSTEM,
            now=now,
        )


def mature(now: datetime) -> list[int]:
    """What the job does."""
    with reading() as session:
        part_ids = parts_to_mature(session, now=now)
    return [atomically(lambda s, one=one: mature_mileage(s, part_id=one, now=now)) for one in part_ids]  # type: ignore[misc]  # mypy does not infer a lambda's default.


def expire(now: datetime) -> int:
    """What the job does."""
    with reading() as session:
        account_ids = accounts_to_expire(session, now=now)
    return sum(atomically(lambda s, one=one: expire_lots(s, account_id=one, now=now)) for one in account_ids)  # type: ignore[misc]  # mypy does not infer a lambda's default.


def two_parcels(mall: Mall, bea: Person) -> MadeOrder:
    return make_order(bea, mall, {make_variant(mall, krw=10_000): 3, make_variant(mall, store=1, krw=5_000): 1})


@pytest.mark.req("BAL-04")
def test_each_parcel_matures_when_its_own_return_period_ends(mall: Mall, bea: Person) -> None:
    order = two_parcels(mall, bea)
    assert balances() == {"mileage_pending": 317, "mileage_issued": -317}  # Without the tax: 272 and 45.
    assert mature(clock.now()) == []
    move_part(order, "shipped", "delivered")
    now = clock.now()
    assert mature(now) == [0]
    assert mature(now + 29 * DAY) == []
    ask_refund(order, {lines_of(order)[0]: 1}, actor=make_person("ada", roles=("buyer", "admin")).actor,
               party=Party.ADMIN, reason="goodwill")  # fmt: skip
    assert balances()["mileage_pending"] == 317 - 91
    assert mature(now + 30 * DAY) == [181]
    assert balances() == {"mileage_pending": 45, "mileage": 181, "mileage_issued": -226}
    assert rows("SELECT granted, source, source_part_id FROM mileage_lot") == [(181, "order", order.part_ids[0])]
    assert mature(now + 31 * DAY) == []


def test_points_wait_for_the_answer_to_a_refund(mall: Mall, bea: Person) -> None:
    order = make_order(bea, mall, {make_variant(mall, krw=11_000): 1})
    move_part(order, "shipped", "delivered")
    assert ask_refund(order, reason="damaged").status == "requested"
    assert mature(clock.now() + 40 * DAY) == [0]
    assert mature(clock.now() + 40 * DAY) == []
    assert balances()["mileage_pending"] == 100


def test_two_workers_make_points_available_once(mall: Mall, bea: Person) -> None:
    order = make_order(bea, mall, {make_variant(mall, krw=11_000): 1})
    move_part(order, "shipped", "delivered")
    start, now = threading.Barrier(4), clock.now() + 31 * DAY

    def run(_: int) -> int:
        start.wait(timeout=30)
        return atomically(lambda s: mature_mileage(s, part_id=order.part_ids[0], now=now))

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(run, range(4))) == [0, 0, 0, 100]
    assert balances() == {"mileage": 100, "mileage_issued": -100}


def test_lots_expire_once_the_oldest_first_and_come_back_with_a_grace(mall: Mall, bea: Person) -> None:
    """Hard case 17: lots of 50 (3 days) and 50 (30 days); 60 are spent and refunded; the job runs twice."""
    lot(bea, 50, 3)
    lot(bea, 50, 30)
    order = make_order(bea, mall, {make_variant(mall, krw=9_000): 1}, mileage_points=60)
    assert rows("SELECT remaining FROM mileage_lot ORDER BY id") == [(0,), (40,)]
    assert expire(clock.now() + 4 * DAY) == 0
    ask_refund(order)
    now = clock.now()
    assert rows("SELECT remaining FROM mileage_lot ORDER BY id") == [(50,), (50,)]
    assert expire(now + 6 * DAY) == 0  # Its own end has passed, its grace has not.
    assert expire(now + 8 * DAY) == 50
    assert expire(now + 8 * DAY) == 0
    assert rows("SELECT remaining FROM mileage_lot ORDER BY id") == [(0,), (50,)]
    assert (balances()["mileage"], balances()["mileage_breakage"]) == (50, 50)
    assert expire(now + 31 * DAY) == 50
    assert "mileage" not in balances()


def test_a_run_that_was_killed_is_finished_by_the_next(mall: Mall, bea: Person) -> None:
    max_ = make_person("max")
    lot(bea, 50, 3)
    lot(max_, 70, 3)
    now = clock.now() + 4 * DAY
    with reading() as session:
        first, second = accounts_to_expire(session, now=now)
    assert atomically(lambda s: expire_lots(s, account_id=first, now=now)) == 50

    def killed(session: Session) -> None:
        expire_lots(session, account_id=second, now=now)
        raise KeyboardInterrupt  # Nothing of it was committed.

    with pytest.raises(KeyboardInterrupt):
        atomically(killed)
    assert balances()["mileage"] == 70
    assert expire(now) == 70
    assert balances()["mileage_breakage"] == 120


def test_what_an_open_order_holds_does_not_expire_under_it(mall: Mall, bea: Person) -> None:
    lot(bea, 100, 1)
    order = make_order(bea, mall, {make_variant(mall, krw=9_000): 1}, mileage_points=60, outcome=None)
    assert expire(clock.now() + 2 * DAY) == 40
    answer(order, "captured")
    assert rows("SELECT remaining FROM mileage_lot") == [(0,)]
    assert balances()["mileage_breakage"] == 40


def test_a_lot_is_told_of_once_a_week_before_its_end(mall: Mall, bea: Person) -> None:
    lot(bea, 50, 10)
    lot(bea, 30, 8)
    lot(bea, 20, 60)
    now = clock.now()
    with transaction() as session:
        assert tell_of_ends(session, now=now) == 0
        assert tell_of_ends(session, now=now + 4 * DAY) == 1
        assert tell_of_ends(session, now=now + 4 * DAY) == 0
    with transaction() as session:
        event = session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "mileage.expiring")).one()
        tell_of_ending_mileage(session, event, now)
        tell_of_ending_mileage(session, event, now)  # As after a relay that died.
    first_day = (now + 8 * DAY).astimezone(ZoneInfo("Asia/Seoul")).date()
    assert rows("SELECT params FROM notice") == [({"points": 80, "day": first_day.isoformat()},)]
    with reading() as session:
        assert session.scalars(select(Mail.subject)).all() == ["80 points end soon"]
