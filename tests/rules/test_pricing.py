"""Prices at their bounds: what the examples do not show."""

from decimal import Decimal
from fractions import Fraction

import pytest

from portal.kit.money import MAX_MINOR
from portal.rules.pricing import (
    QUANTITY_MAX,
    QuantityOutOfRangeError,
    ShippingFee,
    Target,
    TotalTooLargeError,
    price,
    tax_of,
)
from portal.rules.quote import RowKind, quote
from tests.rules.carts import FEES_A, LINES_A, STORE_A, STORE_B, free_shipping, line, on


@pytest.mark.parametrize("quantity", [0, -1, QUANTITY_MAX + 1, True, 1.5])
def test_a_quantity_out_of_range_is_refused(quantity: int) -> None:
    with pytest.raises(QuantityOutOfRangeError):
        price(currency="KRW", lines=[line("1", STORE_A, 100, quantity)])


def test_the_largest_quantity_is_priced() -> None:
    assert price(currency="KRW", lines=[line("1", STORE_A, 100, QUANTITY_MAX)]).total_minor == 999_900


def test_a_total_beyond_exact_numbers_is_refused() -> None:
    assert price(currency="KRW", lines=[line("1", STORE_A, MAX_MINOR)]).total_minor == MAX_MINOR
    with pytest.raises(TotalTooLargeError):
        price(currency="KRW", lines=[line("1", STORE_A, MAX_MINOR), line("2", STORE_A, 1)])
    with pytest.raises(TotalTooLargeError):
        price(currency="KRW", lines=[line("1", STORE_A, MAX_MINOR, tax_rate=Decimal("0.1"))], tax_inclusive=False)


@pytest.mark.parametrize(
    ("lines", "fees"),
    [
        ([line("1", STORE_A, -1)], []),
        ([line("1", STORE_A, 1), line("1", STORE_A, 2)], []),
        ([line("1", STORE_A, 1)], [ShippingFee(STORE_B, 10)]),
        ([line("1", STORE_A, 1)], [ShippingFee(STORE_A, 10), ShippingFee(STORE_A, 10)]),
        ([line("1", STORE_A, 1)], [ShippingFee(STORE_A, -1)]),
    ],
)
def test_our_own_mistakes_are_not_priced(lines, fees) -> None:  # type: ignore[no-untyped-def]  # Given by Hypothesis or by parameters.
    with pytest.raises(ValueError):
        price(currency="KRW", lines=lines, shipping=fees)


def test_an_empty_cart_costs_nothing() -> None:
    assert quote(currency="KRW", lines=[]).to_pay_now_minor == 0


def test_fees_stand_in_the_order_of_the_stores_first_lines() -> None:
    priced = price(currency="KRW", lines=LINES_A, shipping=list(reversed(FEES_A)))
    assert [fee.store_id for fee in priced.shipping] == [STORE_A, STORE_B]


def test_an_order_coupon_before_a_whole_line_coupon_takes_no_line_below_zero() -> None:
    lines = [line("1", STORE_A, 1_000), line("2", STORE_A, 1_000)]
    priced = price(
        currency="KRW",
        lines=lines,
        discounts=[
            on(lines, key="order", amount=1_500),
            on(lines[:1], key="line", target=Target.LINE, percent="100"),
        ],
    )
    assert [item.discounts for item in priced.lines] == [(1_000, 0), (0, 1_000)]
    assert priced.discounts[1].amount_minor == 1_000
    assert priced.total_minor == 0


def test_within_a_kind_priority_comes_first_and_then_the_older_issue() -> None:
    lines = [line("1", STORE_A, 10_000)]
    priced = price(
        currency="KRW",
        lines=lines,
        discounts=[
            on(lines, key="young", percent="10", priority=2, age_days=1),
            on(lines, key="old", percent="10", priority=2, age_days=5),
            on(lines, key="first", percent="20", priority=1),
        ],
    )
    assert [(one.discount.key, one.amount_minor) for one in priced.discounts] == [
        ("first", 2_000),
        ("old", 800),
        ("young", 720),
    ]


def test_percentages_work_on_what_is_left() -> None:
    lines = [line("1", STORE_A, 100_00)]
    ten, twenty = on(lines, key="ten", percent="10", priority=1), on(lines, key="twenty", percent="20", priority=2)
    assert price(currency="USD", lines=lines, discounts=[twenty, ten]).discount_minor == 28_00


def test_free_shipping_stops_at_its_maximum_and_at_its_stores() -> None:
    one = price(currency="KRW", lines=LINES_A, shipping=FEES_A, discounts=[free_shipping(STORE_B)])
    assert [fee.discount_minor for fee in one.shipping] == [0, 2_500]
    both = price(currency="KRW", lines=LINES_A, shipping=FEES_A, discounts=[free_shipping(1, 2, maximum=3_000)])
    assert [fee.discount_minor for fee in both.shipping] == [1_636, 1_364]
    assert (both.discounts[0].amount_minor, both.discounts[0].wanted_minor) == (3_000, 5_500)


@pytest.mark.req("ORD-13")
@pytest.mark.parametrize(
    ("amount", "rate", "inclusive", "tax"),
    [
        (11_000, Decimal("0.1"), True, 1_000),
        (17_820, Decimal("0.1"), True, 1_620),
        (100, Fraction(1, 3), True, 25),
        (1_000, Decimal("0.0825"), False, 83),
        (1_000, Decimal("0.0824"), False, 82),
        (6, Decimal("0.0825"), False, 0),
        (1_000, None, True, 0),
        (0, Decimal("0.1"), True, 0),
    ],
)
def test_tax_is_in_the_price_or_on_it(amount: int, rate: Decimal | None, inclusive: bool, tax: int) -> None:
    assert tax_of(amount, rate, inclusive=inclusive) == tax


def test_tax_on_top_is_taken_of_the_discounted_amount_and_paid() -> None:
    lines = [line("1", STORE_A, 1_000, tax_rate=Decimal("0.1"))]
    made = quote(currency="USD", lines=lines, discounts=[on(lines, amount=400)], tax_inclusive=False)
    assert [(row.kind, row.amount_minor, row.included) for row in made.rows] == [
        (RowKind.ITEMS, 1_000, False),
        (RowKind.DISCOUNT, -400, False),
        (RowKind.SHIPPING, 0, False),
        (RowKind.TAX, 60, False),
        (RowKind.TO_PAY_NOW, 660, False),
    ]


@pytest.mark.req("CPN-08")
def test_the_fingerprint_changes_with_whatever_the_buyer_would_notice() -> None:
    lines = [line("1", STORE_A, 1_000, 2)]
    marks = {
        quote(currency="KRW", lines=lines).fingerprint,
        quote(currency="JPY", lines=lines).fingerprint,
        quote(currency="KRW", lines=[line("1", STORE_A, 2_000, 1)]).fingerprint,
        quote(currency="KRW", lines=[line("2", STORE_A, 1_000, 2)]).fingerprint,
        quote(currency="KRW", lines=lines, shipping=[ShippingFee(STORE_A, 0)]).fingerprint,
        quote(currency="KRW", lines=lines, discounts=[on(lines, amount=1)]).fingerprint,
        quote(currency="KRW", lines=lines, discounts=[on(lines, key="other", amount=1)]).fingerprint,
    }
    assert len(marks) == 7
    assert quote(currency="KRW", lines=lines).fingerprint == quote(currency="KRW", lines=list(lines)).fingerprint
