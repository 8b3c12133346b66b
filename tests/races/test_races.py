"""Many buyers at once on real PostgreSQL. Each race has its positive control: without its lock it is lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import TextClause, create_engine, text

from portal.config import Settings
from portal.db import reading, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.channels import ChannelView
from portal.rules.permissions import SYSTEM
from portal.services.checkout.place_order import Blocked
from portal.services.coupons import claim_uses
from portal.services.stock import reserve_stock
from portal.services.stock.set_aside_stock import set_aside_stock
from portal.stack.processes import wait_until
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import give_deposit, make_coupon, make_gateway
from tests.factories.purchase import ready_to_buy

Click = Callable[[], str]


def one(query: str) -> int:
    with reading() as session:
        return int(session.execute(text(query)).scalar_one())


def ready(
    buyer: Person,
    mall: Mall,
    goods: dict[int, int],
    *,
    codes: Sequence[str] = (),
    deposit_minor: int = 0,
    key: str | None = None,
    channel: ChannelView | None = None,
) -> Click:
    """A buyer with a filled cart who has seen its amounts; the answer presses the button and says what came of it."""
    press = ready_to_buy(buyer, channel or mall.kr, goods, codes=codes, deposit_minor=deposit_minor, key=key)

    def click() -> str:
        try:
            placed = press()
        except PortalError as refused:
            return refused.code
        assert not isinstance(placed, Blocked)
        return "repeated" if placed.is_repeat else "placed"

    return click


def all_at_once(clicks: Sequence[Click]) -> Counter[str]:
    """Press all buttons in the same moment."""
    start = threading.Barrier(len(clicks))

    def press(click: Click) -> str:
        start.wait(timeout=30)
        return click()

    with ThreadPoolExecutor(len(clicks)) as pool:
        return Counter(pool.map(press, clicks))


def buyers(count: int) -> list[Person]:
    return [make_person(f"buyer{n}") for n in range(count)]


@pytest.mark.req("ORD-14")
def test_64_buyers_get_exactly_20_pieces(books: None) -> None:
    results = sell_last_pieces(64, 20)
    assert results["placed"] == 20
    assert results["placed"] + results["out_of_stock"] + results["changed_since_shown"] == 64
    assert one("SELECT reserved FROM stock") == 20


@pytest.mark.req("CHN-03", "CHN-10")
def test_of_the_last_pieces_those_of_a_channel_are_sold_there_and_none_twice(books: None) -> None:
    mall = make_mall()
    make_gateway()
    bowl = make_variant(mall, on_hand=3)
    everybody = buyers(10)
    clicks = [ready(one, mall, {bowl: 1}) for one in everybody[:6]]
    clicks += [ready(one, mall, {bowl: 1}, channel=mall.us) for one in everybody[6:]]
    with transaction() as session:
        set_aside_stock(session, variant_id=bowl, channel_id=mall.us.id, kept=2, floor=0, actor=SYSTEM, now=clock.now())
    assert all_at_once(clicks)["placed"] == 3
    assert one("SELECT reserved FROM stock") == 3
    assert one("SELECT sum(set_aside) FROM reservation") == 2
    assert one(f"SELECT count(*) FROM orders WHERE channel_id = {mall.kr.id}") <= 1  # noqa: S608  # Ours.


def sell_last_pieces(people: int, pieces: int) -> Counter[str]:
    mall = make_mall()
    make_gateway()
    goods = {make_variant(mall, on_hand=pieces): 1}
    return all_at_once([ready(buyer, mall, goods) for buyer in buyers(people)])


def test_without_the_lock_on_stock_more_than_there_are_would_be_sold(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserve_stock, "_RESERVE", without_lock(reserve_stock._RESERVE))
    with (
        lifted(settings, "stock", "ck_stock_reserved", "CHECK (reserved >= 0 AND reserved <= on_hand)"),
        held(settings, "SELECT 1 FROM stock FOR UPDATE", until_waiting=6),
    ):
        results = sell_last_pieces(12, 5)
        assert results["placed"] > 5


def without_lock(statement: TextClause) -> TextClause:
    return text(statement.text.replace("FOR UPDATE OF s", "")).bindparams(*statement._bindparams.values())


@contextmanager
def held(settings: Settings, statement: str, *, until_waiting: int) -> Iterator[None]:
    """Hold what `statement` locks as soon as it is there, until so many wait for it: none comes late for the race."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def hold() -> None:
        with owner.connect() as holder, owner.connect() as watch:
            wait_until(lambda: bool(holder.execute(text(statement)).all()), timeout_s=60)
            wait_until(lambda: watch.execute(waiting).scalar_one() >= until_waiting, timeout_s=60)

    owner = create_engine(settings.database_owner_url)
    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        yield
        holding.result()
    owner.dispose()


@contextmanager
def lifted(settings: Settings, table: str, constraint: str, rule: str) -> Iterator[None]:
    """Take the database's own last guard away for a while, so that a missing lock shows."""
    owner = create_engine(settings.database_owner_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}"))
        try:
            yield
        finally:
            connection.execute(text(f"TRUNCATE {table} CASCADE"))
            connection.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {rule}"))
    owner.dispose()


@pytest.mark.req("CPN-04", "CPN-09")
def test_40_buyers_use_a_coupon_of_10_uses_exactly_10_times(books: None) -> None:
    results = use_limited_coupon()
    assert results["placed"] == 10
    assert one("SELECT count(*) FROM coupon_use WHERE status = 'reserved'") == 10


@pytest.mark.req("CPN-04", "CPN-09")
def test_of_20_buyers_with_a_single_use_code_one_has_it_and_nothing_is_asked_of_the_others(books: None) -> None:
    results = use_limited_coupon(people=20, cap=1)
    assert results["placed"] == 1
    assert sum(results.values()) == 20
    assert set(results) <= {"placed", "changed_since_shown", "COUPON_USED_UP"}
    assert one("SELECT count(*) FROM payment_attempt") == 1
    assert one("SELECT sum(discount_minor) FROM orders") > 0


@pytest.mark.req("CPN-04")
@pytest.mark.parametrize("limits", [{"per_day_cap": 5}, {"per_code_cap": 5}, {"budgets": {"KRW": 6_000}}])
def test_the_other_limits_of_a_coupon_hold_under_a_rush_too(books: None, limits: dict[str, Any]) -> None:
    results = use_limited_coupon(people=16, cap=None, **limits)
    assert results["placed"] == 5
    assert one("SELECT used FROM campaign_counter") == next(
        limit["KRW"] if isinstance(limit, dict) else limit for limit in limits.values()
    )


def use_limited_coupon(*, people: int = 40, cap: int | None = 10, **limits: Any) -> Counter[str]:
    mall = make_mall()
    make_gateway()
    make_coupon("FLASH", percent=10, cap=cap, **limits)
    goods = {make_variant(mall, on_hand=1000): 1}
    return all_at_once([ready(buyer, mall, goods, codes=["FLASH"]) for buyer in buyers(people)])


def test_without_counting_under_the_lock_the_coupon_would_be_used_more_often(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_uses, "lock_limits", lambda *_args, **_more: None)
    monkeypatch.setattr("portal.services.checkout.place_order.lock_limits", lambda *_args, **_more: None)
    assert use_limited_coupon()["placed"] > 10


@pytest.mark.req("BAL-03", "CPN-04")
def test_one_balance_in_two_tabs_is_spent_once(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    make_gateway()
    give_deposit(bea, 10_000)
    goods = {make_variant(mall): 1}
    first = ready(bea, mall, goods, deposit_minor=10_000)
    second = ready(bea, mall, {}, deposit_minor=10_000)
    results = all_at_once([first, second])
    assert results["placed"] == 1
    assert one("SELECT held_minor FROM ledger_account WHERE kind = 'deposit'") == 10_000
    assert one("SELECT count(*) FROM orders") == 1


@pytest.mark.req("PAY-10")
def test_eight_clicks_with_one_key_make_one_order(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    make_gateway()
    click = ready(bea, mall, {make_variant(mall): 1}, key="the-same-form")
    assert all_at_once([click] * 8) == {"placed": 1, "repeated": 7}
    assert one("SELECT count(*) FROM payment_attempt") == 1


@pytest.mark.req("ORD-14")
def test_orders_that_lock_the_same_goods_crosswise_all_go_through(books: None) -> None:
    mall = make_mall()
    make_gateway()
    a, b = make_variant(mall, on_hand=1000), make_variant(mall, on_hand=1000)
    clicks = []
    for n, buyer in enumerate(buyers(40)):
        clicks.append(ready(buyer, mall, {a: 1, b: 1} if n % 2 else {b: 1, a: 1}))
    assert all_at_once(clicks) == {"placed": 40}
    assert one("SELECT sum(reserved) FROM stock") == 80
