"""A person's tier follows what he spends and keeps, on every channel (BAL-08)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.benefits import load_balances
from portal.queries.tiers import list_moves, load_tier
from portal.services.loyalty.refresh_tier import refresh_tier, tiers_due
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.loyalty import TIERS, write_version
from tests.factories.order import make_order
from tests.factories.refund import ask_refund, lines_of, rows

pytestmark = pytest.mark.req("BAL-08")

DAY = timedelta(days=1)


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def bea(mall: Mall) -> Person:
    return make_person("bea")


@pytest.fixture
def ada(mall: Mall) -> Person:
    return make_person("ada", roles=("buyer", "admin"))


def refresh(person: Person, now: datetime | None = None) -> str | None:
    return atomically(lambda s: refresh_tier(s, user_id=person.id, now=now or clock.now()))


def test_without_tiers_nobody_has_one(bea: Person) -> None:
    assert refresh(bea) is None
    with reading() as session:
        assert load_tier(session, user_id=bea.id, now=clock.now()) is None
        assert tiers_due(session, now=clock.now()) == []


def test_goods_that_are_kept_count_and_move_up_at_once(mall: Mall, bea: Person, ada: Person) -> None:
    write_version(ada, "tiers", TIERS)
    order = make_order(bea, mall, {make_variant(mall, krw=15_000): 2})  # The shipping fee does not count.
    with reading() as session:
        assert tiers_due(session, now=clock.now()) == [bea.id]
    assert refresh(bea) == "silver"
    with reading() as session:
        assert tiers_due(session, now=clock.now()) == []
        for currency in ("KRW", "USD"):
            assert load_balances(session, user_id=bea.id, currency=currency).tier == "silver"
        shown = load_tier(session, user_id=bea.id, now=clock.now())
    assert shown is not None
    assert shown.following is not None
    assert (shown.tier.code, shown.following.code, shown.missing_minor) == ("silver", "gold", 70_000)
    ask_refund(order, {lines_of(order)[0]: 1})
    assert refresh(bea) == "silver"  # Until the period ends.
    later = clock.now() + 365 * DAY
    with reading() as session:
        assert tiers_due(session, now=later) == [bea.id]
    assert refresh(bea, later) == "bronze"
    with reading() as session:
        moves = list_moves(session, user_id=bea.id)
    assert [(one.from_tier, one.to_tier, one.reason) for one in moves] == [
        ("silver", "bronze", "period_end"),
        (None, "silver", "spend"),
    ]


def test_purchases_in_another_currency_count_at_their_rate(mall: Mall, bea: Person, ada: Person) -> None:
    write_version(ada, "tiers", TIERS)
    make_order(bea, mall, {make_variant(mall, usd=10_000): 1}, channel=mall.us)
    assert refresh(bea) == "gold"
    minor, platform, payable = rows(
        "SELECT m.spend_minor, o.platform_minor, o.payable_minor FROM member_tier m, orders o"
    )[0]
    paid = rows("SELECT payable_minor FROM order_line")[0][0]
    assert minor == paid * platform // payable


def test_other_tiers_place_everybody_anew(mall: Mall, bea: Person, ada: Person) -> None:
    write_version(ada, "tiers", TIERS)
    make_order(bea, mall, {make_variant(mall, krw=15_000): 2})
    refresh(bea)
    lower = TIERS | {"tiers": [*TIERS["tiers"][:2], TIERS["tiers"][2] | {"from_minor": 30_001}]}  # type: ignore[index]  # JSON.
    write_version(ada, "tiers", lower)
    with reading() as session:
        assert tiers_due(session, now=clock.now()) == [bea.id]
    assert refresh(bea) == "silver"
    with reading() as session:
        assert tiers_due(session, now=clock.now()) == []


def test_many_at_once_move_somebody_once(mall: Mall, bea: Person, ada: Person) -> None:
    write_version(ada, "tiers", TIERS)
    make_order(bea, mall, {make_variant(mall, krw=15_000): 2})
    start = threading.Barrier(4)

    def run(_: int) -> str | None:
        start.wait(timeout=30)
        return refresh(bea)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(run, range(4))) == {"silver"}
    assert rows("SELECT count(*) FROM tier_move") == [(1,)]
