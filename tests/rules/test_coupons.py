"""Every restriction of a coupon, from both sides (CPN-03, CPN-07), and why a coupon was left out (CPN-06)."""

import dataclasses
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.kit.money import Money
from portal.rules.coupons.conditions import ConditionInvalidError, ConditionUnknownError
from portal.rules.coupons.evaluate import evaluate, evaluate_all
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.lanes import best_set, conflicts
from portal.rules.coupons.rejection import SENTENCES, Code
from portal.rules.coupons.terms import UNLIMITED, ConditionTerms, CouponTerms, Standing, from_snapshot, to_snapshot
from portal.rules.pricing import Kind, ShippingFee, Target
from tests.rules.carts import NOON, STORE_A, STORE_B, line

LINES = (
    dataclasses.replace(line("1", STORE_A, 10_000, 2, product_id=11), section_ids=frozenset({1, 2})),
    dataclasses.replace(line("2", STORE_B, 5_000, product_id=12), section_ids=frozenset({3})),
)
FEES = (ShippingFee(STORE_A, 3_000), ShippingFee(STORE_B, 0))
CART = Facts(
    now=NOON, currency="KRW", channel_id=1, lines=LINES, shipping=FEES, zone=ZoneInfo("Asia/Seoul"), paid_orders=1
)


def coupon(key: str = "c", **changes: Any) -> CouponTerms:
    """10 % off the order, unless changed."""
    terms: dict[str, Any] = {
        "key": key,
        "campaign_id": 1,
        "name": key.title(),
        "kind": Kind.PERCENTAGE,
        "target": Target.ORDER,
        "percent": Decimal(10),
        "valid_from": NOON - timedelta(days=1),
        "valid_until": NOON + timedelta(days=1),
        "issued_at": NOON - timedelta(days=1),
    }
    return CouponTerms(**(terms | changes))


def fixed(key: str, amount: int, **changes: Any) -> CouponTerms:
    return coupon(key, kind=Kind.FIXED, percent=None, amounts={"KRW": amount}, **changes)


def spending(*, minimum: Any = None, maximum: Any = None, **changes: Any) -> CouponTerms:
    bounds = {"minimum": minimum or {}, "maximum": maximum or {}}
    return coupon(conditions=(ConditionTerms("minimum_spend", bounds),), **changes)


def answer(terms: CouponTerms, standing: Standing = UNLIMITED, **changes: Any) -> str | None:
    """The rejection's code, or None."""
    rejection = evaluate(terms, dataclasses.replace(CART, **changes), standing).rejection
    if rejection is not None:
        assert str(rejection)
    return rejection.code if rejection else None


def limited(name: str, **params: Any) -> CouponTerms:
    return coupon(conditions=(ConditionTerms(name, params),))


@pytest.mark.req("CPN-07")
def test_a_coupon_is_valid_from_its_start_until_just_before_its_end() -> None:
    terms = coupon(valid_from=NOON, valid_until=NOON + timedelta(hours=1))
    tick = timedelta(microseconds=1)
    assert answer(terms, now=NOON - tick) == "COUPON_NOT_STARTED"
    assert answer(terms, now=NOON) is None
    assert answer(terms, now=NOON + timedelta(hours=1) - tick) is None
    assert answer(terms, now=NOON + timedelta(hours=1)) == "COUPON_EXPIRED"
    assert answer(coupon(valid_until=None), now=NOON + timedelta(days=9_000)) is None


@pytest.mark.req("CPN-04", "CPN-07")
@pytest.mark.parametrize(
    ("standing", "code"),
    [
        (Standing(is_revoked=True), "COUPON_REVOKED"),
        (Standing(is_paused=True), "COUPON_PAUSED"),
        (Standing(uses_left=0), "COUPON_USED_UP"),
        (Standing(user_uses_left=0), "COUPON_ALREADY_USED"),
        (Standing(day_uses_left=0), "COUPON_DAY_USED_UP"),
        (Standing(budget_left_minor=0), "COUPON_BUDGET_SPENT"),
        (Standing(uses_left=1, user_uses_left=1, day_uses_left=1, budget_left_minor=1), None),
    ],
)
def test_counters_that_ran_out_refuse(standing: Standing, code: str | None) -> None:
    assert answer(coupon(), standing) == code


def test_the_rest_of_a_budget_is_a_maximum() -> None:
    assert evaluate(coupon(), CART, Standing(budget_left_minor=700)).alone_minor == 700


@pytest.mark.req("CPN-03")
@pytest.mark.parametrize(
    ("terms", "code", "saved"),
    [
        (limited("channel", channel_ids=[1, 2]), None, 2_500),
        (limited("channel", channel_ids=[2]), "COUPON_WRONG_CHANNEL", 0),
        (limited("section", included=[2]), None, 2_000),
        (limited("section", included=[9]), "COUPON_WRONG_PRODUCTS", 0),
        (limited("section", excluded=[1]), None, 500),
        (limited("section", included=[2], excluded=[1]), "COUPON_WRONG_PRODUCTS", 0),
        (limited("product", included=[12]), None, 500),
        (limited("product", included=[13]), "COUPON_WRONG_PRODUCTS", 0),
        (limited("product", excluded=[12]), None, 2_000),
        (limited("store", store_ids=[STORE_B]), None, 500),
        (limited("store", store_ids=[9]), "COUPON_WRONG_STORE", 0),
        (limited("minimum_spend", minimum={"KRW": 25_000}), None, 2_500),
        (limited("minimum_spend", minimum={"KRW": 25_001}), "COUPON_MIN_SPEND", 0),
        (limited("minimum_spend", maximum={"KRW": 25_000}), None, 2_500),
        (limited("minimum_spend", maximum={"KRW": 24_999}), "COUPON_MAX_SPEND", 0),
        (spending(minimum={"KRW": 25_000}, maximum={"KRW": 25_000}), None, 2_500),
        (spending(minimum={"KRW": 25_001}), "COUPON_MIN_SPEND", 0),
        (spending(maximum={"KRW": 24_999}), "COUPON_MAX_SPEND", 0),
        (coupon(store_id=STORE_B), None, 500),
        (coupon(store_id=9), "COUPON_WRONG_STORE", 0),
        (coupon(max_discount={"KRW": 999}), None, 999),
        (coupon(max_discount={"USD": 999}), "COUPON_WRONG_CURRENCY", 0),
        (spending(minimum={"USD": 999}), "COUPON_WRONG_CURRENCY", 0),
        (coupon(kind=Kind.FIXED, percent=None, amounts={"USD": 500}), "COUPON_WRONG_CURRENCY", 0),
        (coupon(kind=Kind.FREE_SHIPPING, target=Target.SHIPPING, percent=None), None, 3_000),
        (
            coupon(kind=Kind.FREE_SHIPPING, target=Target.SHIPPING, percent=None, store_id=STORE_B),
            "COUPON_NO_EFFECT",
            0,
        ),
    ],
)
def test_restrictions_hold(terms: CouponTerms, code: str | None, saved: int) -> None:
    assert answer(terms) == code
    assert evaluate(terms, CART).alone_minor == saved


def test_a_minimum_is_told_with_what_is_missing() -> None:
    rejection = evaluate(spending(minimum={"KRW": 30_000}), CART).rejection
    assert rejection is not None
    assert rejection.params == {"minimum": Money(30_000, "KRW"), "missing": Money(5_000, "KRW")}


def test_a_minimum_counts_only_what_the_coupon_covers() -> None:
    terms = spending(store_id=STORE_B, minimum={"KRW": 5_001})
    assert answer(terms) == "COUPON_MIN_SPEND"


@pytest.mark.parametrize(("paid", "code"), [(0, None), (1, "COUPON_FIRST_ORDER_ONLY")])
def test_a_first_order_is_one_without_a_paid_one_before(paid: int, code: str | None) -> None:
    assert answer(limited("first_order"), paid_orders=paid) == code


# NOON is Monday, 21:00 in Seoul.
@pytest.mark.parametrize(
    ("params", "is_open"),
    [
        ({"weekdays": [0]}, True),
        ({"weekdays": [1, 6]}, False),
        ({"from": "21:00", "until": "21:01"}, True),
        ({"from": "20:00", "until": "21:00"}, False),
        ({"from": "20:00"}, True),
        ({"from": "20:00", "until": "02:00", "weekdays": [0]}, True),
        ({"from": "22:00", "until": "21:01", "weekdays": [0]}, False),
        ({"from": "22:00", "until": "21:01", "weekdays": [6]}, True),
        ({"from": "22:00", "until": "21:00", "weekdays": [6]}, False),
    ],
)
def test_hours_and_weekdays_go_by_the_clock_of_the_channel(params: dict[str, Any], is_open: bool) -> None:
    assert answer(limited("window", **params)) == (None if is_open else "COUPON_WRONG_TIME")


@pytest.mark.parametrize(
    "terms",
    [
        limited("channel", channel_ids="12"),
        limited("product", included=["12"]),
        limited("window", **{"from": "25:00"}),
        limited("window", **{"from": "09:00", "until": "09:00"}),
        limited("window", weekdays=[7]),
        limited("minimum_spend", minimum={"KRW": 1.5}),
        limited("first_order", times=1),
    ],
)
def test_a_condition_without_sense_is_an_error(terms: CouponTerms) -> None:
    with pytest.raises(ConditionInvalidError):
        evaluate(terms, CART)


def test_an_unknown_condition_is_an_error_and_not_ignored() -> None:
    with pytest.raises(ConditionUnknownError):
        evaluate(limited("moon"), CART)


@pytest.mark.parametrize(
    "wrong",
    [
        {"percent": Decimal(0)},
        {"percent": Decimal("100.1")},
        {"percent": None},
        {"kind": Kind.FIXED},
        {"kind": Kind.FIXED, "amounts": {"KRW": 0}},
        {"kind": Kind.FREE_SHIPPING},
    ],
)
def test_terms_that_promise_nothing_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        coupon(**wrong)


@pytest.mark.req("CPN-11")
def test_terms_survive_being_kept() -> None:
    terms = coupon(
        amounts={"KRW": 5},
        max_discount={"KRW": 9},
        lane="brand",
        stackable=True,
        percent=Decimal("12.5"),
        conditions=(ConditionTerms("section", {"included": [1, 2]}),),
    )
    assert from_snapshot(json.loads(json.dumps(to_snapshot(terms)))) == terms
    endless = coupon(valid_until=None)
    assert from_snapshot(to_snapshot(endless)) == endless


def test_every_code_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Code)


@pytest.mark.req("CPN-07")
def test_a_rejected_coupon_names_those_that_work() -> None:
    wallet = [coupon("old", valid_until=NOON), fixed("small", 500), coupon("large")]
    results = evaluate_all([(terms, UNLIMITED) for terms in wallet], CART)
    assert results[0].rejection is not None
    assert results[0].rejection.alternatives == ("large", "small")
    assert [result.is_eligible for result in results] == [False, True, True]


@pytest.mark.req("CPN-05", "CPN-06")
def test_coupons_exclude_one_another_unless_they_may_stack() -> None:
    wallet = [evaluate(terms, CART) for terms in (fixed("a", 1_000), fixed("b", 2_000))]
    found = best_set(wallet, lines=LINES, shipping=FEES)
    assert (found.keys, found.saving_minor) == (("b",), 2_000)
    (left_out,) = found.not_chosen
    assert (left_out.key, left_out.rejection.code) == ("a", "COUPON_NOT_STACKABLE")
    assert str(left_out.rejection) == "This coupon cannot be combined with B."


def test_stackable_coupons_stand_together_one_per_lane() -> None:
    wallet = [
        evaluate(terms, CART)
        for terms in (
            fixed("brand-small", 1_000, stackable=True, lane="brand"),
            fixed("brand-large", 1_500, stackable=True, lane="brand"),
            fixed("free", 800, stackable=True),
            fixed("alone", 2_200),
        )
    ]
    found = best_set(wallet, lines=LINES, shipping=FEES)
    assert (set(found.keys), found.saving_minor) == ({"brand-large", "free"}, 2_300)
    assert {one.key: one.rejection.code for one in found.not_chosen} == {
        "brand-small": "COUPON_NOT_STACKABLE",
        "alone": "COUPON_NOT_STACKABLE",
    }


def test_one_exclusive_coupon_beats_a_weaker_stack() -> None:
    wallet = [evaluate(terms, CART) for terms in (fixed("a", 500, stackable=True), fixed("alone", 900))]
    assert best_set(wallet, lines=LINES, shipping=FEES).keys == ("alone",)


def test_a_coupon_that_adds_nothing_stays_in_the_wallet() -> None:
    wallet = [
        evaluate(terms, CART)
        for terms in (coupon("all", percent=Decimal(100), stackable=True), fixed("more", 500, stackable=True))
    ]
    found = best_set(wallet, lines=LINES, shipping=FEES)
    assert found.keys == ("all",)
    assert [one.rejection.code for one in found.not_chosen] == ["COUPON_NO_EFFECT"]


def test_what_the_buyer_chose_himself_is_checked_for_conflicts() -> None:
    stack = [evaluate(terms, CART) for terms in (fixed("a", 1, stackable=True), fixed("b", 1, stackable=True))]
    alone = evaluate(fixed("alone", 1), CART)
    assert conflicts(stack) == ()
    assert [one.key for one in conflicts([*stack, alone])] == ["alone"]
    assert [one.key for one in conflicts([alone, *stack])] == ["a", "b"]
    assert [one.key for one in conflicts([alone, alone])] == ["alone"]


def test_thirty_coupons_are_searched_to_the_end() -> None:
    wallet = [
        evaluate(terms, CART)
        for i in range(15)
        for terms in (
            fixed(f"f{i}", 100 + i, stackable=True),
            coupon(f"p{i}", percent=Decimal(i % 3 + 1), stackable=True),
        )
    ]
    found = best_set(wallet, lines=LINES, shipping=FEES)
    assert found.is_proven
    assert len(found.keys) == 30
