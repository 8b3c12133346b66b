"""Refund shares, mileage lots and exchange, at their bounds."""

from datetime import timedelta
from decimal import Decimal

import pytest

from portal.kit.money import Money
from portal.rules.fx import FxRate, RateMissingError, exchange
from portal.rules.mileage import (
    Lot,
    LotUse,
    MileageShortError,
    earned,
    give_back,
    net_of_debt,
    spend,
    still_promised,
    take_available,
)
from portal.rules.refunds import (
    RefundUnitsError,
    check_window,
    coupon_comes_back,
    line_refund,
    share_to_refund,
    shipping_fee_goes_back,
)
from tests.rules.carts import NOON

DAY = timedelta(days=1)


@pytest.mark.req("REF-05")
def test_each_tender_of_a_line_goes_back_by_its_own_share() -> None:
    shares = {"deposit": 1_207, "mileage": 483, "gateway": 7_309}
    first = line_refund(shares, quantity=3, units_before=0, units=1, refunded_before={})
    assert first == {"deposit": 402, "mileage": 161, "gateway": 2_436}
    rest = line_refund(shares, quantity=3, units_before=1, units=2, refunded_before=first)
    assert {kind: first[kind] + rest[kind] for kind in shares} == shares


@pytest.mark.parametrize(("before", "units"), [(0, 0), (0, -1), (0, 4), (2, 2), (3, 1)])
def test_no_more_units_go_back_than_were_bought(before: int, units: int) -> None:
    with pytest.raises(RefundUnitsError):
        share_to_refund(100, quantity=3, units_before=before, units=units, refunded_before=0)


def test_what_goodwill_gave_before_is_not_given_again() -> None:
    assert share_to_refund(100, quantity=2, units_before=1, units=1, refunded_before=100) == 0


@pytest.mark.parametrize(
    ("whole", "before", "fault", "back"),
    [(True, True, False, True), (True, False, False, False), (False, True, False, False), (False, False, True, True)],
)
def test_when_a_shipping_fee_goes_back(whole: bool, before: bool, fault: bool, back: bool) -> None:
    assert shipping_fee_goes_back(whole_part=whole, before_shipment=before, at_sellers_fault=fault) is back


@pytest.mark.req("REF-01")
def test_the_window_closes_on_its_instant() -> None:
    assert check_window(closes_at=NOON, now=NOON - timedelta(microseconds=1)) is None
    rejection = check_window(closes_at=NOON, now=NOON)
    assert rejection is not None
    assert rejection.code == "REFUND_WINDOW_CLOSED"


@pytest.mark.req("REF-02")
def test_a_coupon_comes_back_while_valid_or_in_grace() -> None:
    assert coupon_comes_back(whole_use_undone=True, now=NOON, valid_until=None)
    assert coupon_comes_back(whole_use_undone=True, now=NOON, valid_until=NOON + DAY)
    assert not coupon_comes_back(whole_use_undone=True, now=NOON, valid_until=NOON)
    assert not coupon_comes_back(whole_use_undone=False, now=NOON, valid_until=None)


@pytest.mark.req("BAL-04")
@pytest.mark.parametrize(
    ("rate", "gateway", "deposit", "tax", "to_pay", "points"),
    [
        ("0.01", 14_473, 2_391, 0, 0, 168),
        ("0.01", 9_900, 0, 0, 9_900, 99),
        ("0.01", 99, 0, 0, 99, 0),
        ("0.01", 11_000, 0, 1_000, 11_000, 100),
        ("0.01", 5_500, 0, 1_000, 11_000, 50),
        ("0", 11_000, 0, 0, 0, 0),
    ],
)
def test_mileage_is_earned_on_what_was_really_paid(
    rate: str, gateway: int, deposit: int, tax: int, to_pay: int, points: int
) -> None:
    made = earned(Decimal(rate), gateway_minor=gateway, deposit_minor=deposit, tax_minor=tax, to_pay_minor=to_pay)
    assert made == points


@pytest.mark.req("BAL-05")
def test_the_lot_that_expires_first_is_spent_first() -> None:
    lots = [
        Lot(1, 50, None),
        Lot(2, 50, NOON + 30 * DAY),
        Lot(3, 50, NOON + 3 * DAY),
        Lot(4, 50, NOON),
        Lot(5, 0, NOON + DAY),
    ]
    assert spend(lots, 60, now=NOON) == (LotUse(3, 50), LotUse(2, 10))
    assert spend(lots, 150, now=NOON) == (LotUse(3, 50), LotUse(2, 50), LotUse(1, 50))
    assert spend(lots, 0, now=NOON) == ()
    with pytest.raises(MileageShortError) as caught:
        spend(lots, 151, now=NOON)
    assert caught.value.params == {"available": 150}


@pytest.mark.req("REF-02")
def test_points_go_back_to_their_lots_the_last_first() -> None:
    uses = (LotUse(3, 50), LotUse(2, 10))
    assert give_back(uses, 30) == (LotUse(2, 10), LotUse(3, 20))
    assert give_back((LotUse(3, 50, returned=20), LotUse(2, 10, returned=10)), 30) == (LotUse(3, 30),)
    with pytest.raises(ValueError):
        give_back(uses, 61)


@pytest.mark.req("REF-06")
def test_earned_points_that_were_spent_are_owed_and_netted() -> None:
    assert [still_promised(100, quantity=3, units_gone=gone) for gone in range(4)] == [100, 67, 33, 0]
    assert take_available(100, available=20) == (20, 80)
    assert take_available(100, available=-5) == (0, 100)
    assert net_of_debt(100, owed=80) == (80, 20)
    assert net_of_debt(50, owed=80) == (50, 0)


@pytest.mark.req("CAT-04", "REF-07")
def test_an_exchange_keeps_its_rate_and_a_refund_the_rate_of_the_payment() -> None:
    then = FxRate("USD", "KRW", Decimal("1300"), "bank", NOON - DAY)
    made = exchange(Money(10_00, "USD"), then)
    assert (made.amount, made.rate) == (Money(13_000, "KRW"), then)
    with pytest.raises(RateMissingError):
        exchange(Money(1, "EUR"), then)
    assert then.is_stale(now=NOON, age_max=DAY)
    assert not then.is_stale(now=NOON, age_max=DAY + timedelta(seconds=1))
