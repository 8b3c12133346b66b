"""A purchase in another currency than the platform's: the rate that was shown, kept, and refused when it is too old."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from portal.kit import clock
from portal.kit.rates import BUNDLED
from portal.queries.exchange import use_platform
from portal.rules.fx import AGE_MAX_DAYS, LOCKED_FOR, RateMissingError, RateStaleError
from portal.services.checkout.place_order import ChangedSinceShownError, Placed
from tests.factories.account import ADDRESS_US, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_gateway, make_order
from tests.factories.purchase import ready_to_buy
from tests.factories.rates import give_rates
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("CAT-04"), pytest.mark.usefixtures("books")]

_KEPT = "SELECT platform_currency, platform_minor, fx_rate, fx_source FROM {0}"


def kept(table: str) -> list[tuple[object, ...]]:
    return rows(_KEPT.format(table))


def test_order_and_payment_keep_both_amounts_with_the_rate() -> None:
    mall, bea = make_mall(), make_person("bea")
    order = make_order(bea, mall, {make_variant(mall): 2}, channel=mall.us, address=ADDRESS_US)
    assert order.gateway_minor == 2_700  # 20.00 and 5.00 for sending, 8% tax: 27.00 dollars at 1,300 won.
    assert kept("orders") == [("KRW", 35_100, Decimal(1300), "bank")]
    assert kept("payment") == [("KRW", 35_100, Decimal(1300), "bank")]


def test_an_order_in_the_platforms_own_currency_keeps_none() -> None:
    mall, bea = make_mall(rate_age=None), make_person("bea")
    make_order(bea, mall, {make_variant(mall): 2})
    assert kept("orders") == kept("payment") == [(None, None, None, None)]


def test_the_rate_that_was_shown_is_kept_for_half_an_hour() -> None:
    mall, bea = make_mall(), make_person("bea")
    make_gateway()
    press = ready_to_buy(bea, mall.us, {make_variant(mall): 2})
    now = clock.now()
    give_rates(as_of=now - timedelta(minutes=20), fetched_at=now - LOCKED_FOR + timedelta(minutes=1), KRW="1540")
    assert isinstance(press(), Placed)
    assert kept("orders") == [("KRW", 35_100, Decimal(1300), "bank")]


def test_after_that_the_buyer_looks_again() -> None:
    mall, bea = make_mall(), make_person("bea")
    make_gateway()
    press = ready_to_buy(bea, mall.us, {make_variant(mall): 2})
    now = clock.now()
    give_rates(as_of=now - timedelta(minutes=40), fetched_at=now - LOCKED_FOR, KRW="1540")
    with pytest.raises(ChangedSinceShownError):
        press()
    assert kept("orders") == []


def test_a_rate_that_was_never_shown_cannot_be_had() -> None:
    mall, bea = make_mall(), make_person("bea")
    make_gateway()
    now = clock.now()
    give_rates(as_of=now - timedelta(minutes=40), fetched_at=now - timedelta(hours=2), KRW="1540")
    ready_to_buy(bea, mall.us, {make_variant(mall): 2})()
    assert kept("orders") == [("KRW", 37_800, Decimal(1400), "bank")]


def test_a_rate_that_is_too_old_closes_the_other_currency_and_leaves_the_own_open() -> None:
    mall, bea = make_mall(rate_age=timedelta(days=AGE_MAX_DAYS)), make_person("bea")
    bowl = make_variant(mall)
    make_gateway()
    with pytest.raises(RateStaleError):
        ready_to_buy(bea, mall.us, {bowl: 1})()
    make_order(bea, mall, {bowl: 1})
    assert rows("SELECT currency, status FROM orders") == [("KRW", "paid")]


def test_how_old_is_a_matter_of_the_channels_policy() -> None:
    mall, bea = make_mall(rate_age=timedelta(hours=25)), make_person("bea")
    make_gateway()
    strict = replace(mall.us, policy={"fx": {"age_max_days": 1}})
    press = ready_to_buy(bea, strict, {make_variant(mall): 1})
    with pytest.raises(RateStaleError):
        press()
    assert isinstance(ready_to_buy(bea, mall.us, {make_variant(mall): 1})(), Placed)


def test_without_any_rate_nothing_is_sold_in_the_other_currency() -> None:
    mall, bea = make_mall(rate_age=None), make_person("bea")
    make_gateway()
    with pytest.raises(RateMissingError):
        ready_to_buy(bea, mall.us, {make_variant(mall): 1})()


def test_the_bundled_table_serves_at_any_age_only_where_that_is_said() -> None:
    mall, bea = make_mall(rate_age=timedelta(days=400)), make_person("bea")
    make_gateway()
    press = ready_to_buy(bea, mall.us, {make_variant(mall): 1})
    use_platform(currency="", ageless={"bank"})
    try:
        placed = press()
    finally:
        use_platform(currency="", ageless={BUNDLED})
    assert isinstance(placed, Placed)
    with pytest.raises(RateStaleError):
        ready_to_buy(bea, mall.us, {make_variant(mall): 1})()


def test_the_books_may_be_kept_in_another_currency_than_the_oldest_channels() -> None:
    mall, bea = make_mall(), make_person("bea")
    use_platform(currency="USD", ageless={BUNDLED})
    try:
        make_order(bea, mall, {make_variant(mall): 2})
        make_order(bea, mall, {make_variant(mall): 2}, channel=mall.us, address=ADDRESS_US)
    finally:
        use_platform(currency="", ageless={BUNDLED})
    amounts = rows("SELECT currency, payable_minor, platform_currency, platform_minor FROM orders ORDER BY currency")
    assert amounts == [("KRW", 27_000, "USD", 2_077), ("USD", 2_700, None, None)]  # 27,000 won are 20.769 dollars.
