"""The best combination of coupons against exhaustive search (CPN-06)."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.rules.coupons.evaluate import EligibilityResult, evaluate
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.lanes import best_set, conflicts
from portal.rules.coupons.terms import ConditionTerms, CouponTerms
from portal.rules.pricing import Kind, PricedLine, ShippingFee, Target, price
from tests.rules.carts import NOON, line

# Made once: what a composite makes anew at each draw is looked over anew, which takes longer than the draw itself.
PRICES = st.lists(st.integers(0, 40) | st.integers(0, 90_000), min_size=1, max_size=5)
STORE, QUANTITY, FEE = st.integers(1, 2), st.integers(1, 3), st.integers(0, 3_000)
KINDS, TARGETS = st.sampled_from(Kind), st.sampled_from(Target)
PRODUCTS = st.none() | st.sets(st.integers(0, 4), min_size=1)
UNTIL = st.none() | st.just(NOON + timedelta(days=1))
AGE_DAYS, PRIORITY = st.integers(0, 3), st.integers(1, 3)
PERMILLE, FIXED = st.integers(1, 1_000), st.integers(1, 60) | st.integers(1, 9_000)
MOST = st.dictionaries(st.just("KRW"), st.integers(1, 5_000), max_size=1)
STACKABLE, LANES = st.sampled_from([True, True, True, False]), st.sampled_from(["", "", "x", "y"])


@st.composite
def carts(draw: st.DrawFn) -> tuple[tuple[PricedLine, ...], tuple[ShippingFee, ...]]:
    prices = draw(PRICES)
    lines = tuple(line(str(i), draw(STORE), amount, draw(QUANTITY), product_id=i) for i, amount in enumerate(prices))
    stores = {one.store_id for one in lines}
    return lines, tuple(ShippingFee(store_id, draw(FEE)) for store_id in stores)


@st.composite
def coupons(draw: st.DrawFn, key: str) -> CouponTerms:
    kind = draw(KINDS)
    target = Target.SHIPPING if kind is Kind.FREE_SHIPPING else draw(TARGETS)
    products = draw(PRODUCTS)
    conditions = () if products is None else (ConditionTerms("product", {"included": sorted(products)}),)
    return CouponTerms(
        key=key,
        campaign_id=1,
        name=key,
        kind=kind,
        target=target,
        valid_from=NOON - timedelta(days=9),
        valid_until=draw(UNTIL),
        issued_at=NOON - timedelta(days=draw(AGE_DAYS)),
        percent=Decimal(draw(PERMILLE)) / 10 if kind is Kind.PERCENTAGE else None,
        amounts={"KRW": draw(FIXED)} if kind is Kind.FIXED else {},
        max_discount=draw(MOST),
        stackable=draw(STACKABLE),
        lane=draw(LANES),
        priority=draw(PRIORITY),
        conditions=conditions,
    )


HELD = tuple(coupons(f"c{i}") for i in range(6))
WALLETS = [st.tuples(*HELD[:count]) for count in range(7)]
wallets = st.integers(0, 6).flatmap(WALLETS.__getitem__)


def usable(
    wallet: Sequence[CouponTerms], lines: Sequence[PricedLine], shipping: Sequence[ShippingFee]
) -> list[EligibilityResult]:
    facts = Facts(now=NOON, currency="KRW", channel_id=1, lines=lines, shipping=shipping)
    return [result for result in (evaluate(terms, facts) for terms in wallet) if result.is_eligible]


def saving(chosen: Sequence[EligibilityResult], lines: Sequence[PricedLine], shipping: Sequence[ShippingFee]) -> int:
    discounts = [one.discount for one in chosen if one.discount]
    return price(currency="KRW", lines=lines, shipping=shipping, discounts=discounts).discount_minor


@pytest.mark.req("CPN-05", "CPN-06")
@settings(max_examples=250)
@given(carts(), wallets)
def test_no_valid_set_saves_more_than_the_chosen_one(
    cart: tuple[tuple[PricedLine, ...], tuple[ShippingFee, ...]], wallet: tuple[CouponTerms, ...]
) -> None:
    lines, shipping = cart
    eligible = usable(wallet, lines, shipping)
    found = best_set(eligible, lines=lines, shipping=shipping)
    valid = [
        subset for size in range(len(eligible) + 1) for subset in combinations(eligible, size) if not conflicts(subset)
    ]
    best = max(saving(subset, lines, shipping) for subset in valid)
    assert found.is_proven
    assert found.saving_minor == best
    for idle in found.keys:
        assert saving([one for one in eligible if one.terms.key in found.keys and one.terms.key != idle], *cart) < best
    chosen = [one for one in eligible if one.terms.key in found.keys]
    assert not conflicts(chosen)
    assert saving(chosen, lines, shipping) == best
    assert {one.key for one in found.not_chosen} | set(found.keys) == {one.terms.key for one in eligible}


@settings(max_examples=60)
@given(carts(), wallets, st.randoms())
def test_the_order_in_which_coupons_are_held_changes_nothing(cart, wallet, random) -> None:  # type: ignore[no-untyped-def]  # Given by Hypothesis or by parameters.
    lines, shipping = cart
    eligible = usable(wallet, lines, shipping)
    shuffled = list(eligible)
    random.shuffle(shuffled)
    assert (
        best_set(eligible, lines=lines, shipping=shipping).discounts
        == best_set(shuffled, lines=lines, shipping=shipping).discounts
    )
