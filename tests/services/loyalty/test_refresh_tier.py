"""A person's tier follows what he spends and keeps, on every channel (BAL-08)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from portal.db import atomically, reading
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.queries.benefits import load_balances
from portal.queries.tiers import list_moves, load_tier
from portal.services.coupons.give_welcome import give_welcome
from portal.services.loyalty.refresh_tier import refresh_tier, tiers_due
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.loyalty import TIERS, write_version
from tests.factories.order import make_coupon, make_order
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


def handle_waiting() -> None:
    while waiting := [row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")]:
        handle_events(waiting)


def welcoming(*campaigns: int) -> dict[str, Any]:
    """The tiers, with a coupon for each of them but the lowest."""
    lowest, *others = deepcopy(cast("list[dict[str, Any]]", TIERS["tiers"]))
    for one, campaign in zip(others, campaigns, strict=True):
        one["welcome"] = [campaign]
    return {**TIERS, "tiers": [lowest, *others]}


def test_whoever_reaches_a_tier_is_given_its_coupons_once_with_those_of_the_tiers_below(
    mall: Mall, bea: Person, ada: Person
) -> None:
    coupons = [make_coupon(code, distribution="grant") for code in ("SILVER", "GOLD")]
    write_version(ada, "tiers", welcoming(*coupons))
    make_order(bea, mall, {make_variant(mall, krw=60_000): 2})
    assert refresh(bea) == "gold"
    handle_waiting()
    granted = "SELECT campaign_id, state, reason FROM coupon_grant WHERE user_id = :user ORDER BY 1"
    assert [row[:2] for row in rows(granted, user=bea.id)] == [(one, "held") for one in coupons]
    assert len(rows("SELECT 1 FROM notice WHERE kind = 'coupon_given'")) == 2
    # She comes there again, and the notice arrives twice: nothing more is given.
    atomically(lambda s: give_welcome(s, user_id=bea.id, before="bronze", code="gold", now=clock.now()))
    assert len(rows(granted, user=bea.id)) == 2


def test_a_tier_gives_nothing_of_campaigns_that_are_over(mall: Mall, bea: Person, ada: Person) -> None:
    coupons = [make_coupon("OVER", distribution="grant", state="ended"), make_coupon("GOLD", distribution="grant")]
    write_version(ada, "tiers", welcoming(*coupons))
    make_order(bea, mall, {make_variant(mall, krw=15_000): 2})
    assert refresh(bea) == "silver"
    handle_waiting()
    assert rows("SELECT campaign_id FROM coupon_grant") == []


def test_free_shipping_of_a_tier_applies_by_itself_and_to_nobody_else(mall: Mall, bea: Person, ada: Person) -> None:
    conditions = [{"name": "tier", "params": {"any_of": ["silver", "gold"]}}]
    make_coupon(
        "FREE", percent=None, kind="free_shipping", target="shipping", distribution="automatic", conditions=conditions
    )
    write_version(ada, "tiers", TIERS)
    variant = make_variant(mall, krw=30_000)
    fees = [make_order(bea, mall, {variant: 1}).number]
    assert refresh(bea) == "silver"
    fees.append(make_order(bea, mall, {variant: 1}).number)
    discounts = """SELECT sum(p.shipping_discount_minor) FROM order_part p JOIN orders o ON o.id = p.order_id
                    WHERE o.number = :number"""
    assert [rows(discounts, number=one)[0][0] > 0 for one in fees] == [False, True]
