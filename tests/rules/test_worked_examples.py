"""The worked examples, to the unit: whoever changes a rule meets these first."""

import pytest

from portal.rules.pricing import ShippingFee, Target
from portal.rules.quote import RowKind, quote
from portal.rules.refunds import share_to_refund
from portal.rules.split import Mileage, TenderKind, deposit
from tests.rules.carts import FEES_A, LINES_A, STORE_A, free_shipping, line, on


@pytest.mark.req("PAY-03", "CPN-08")
def test_example_a_two_sellers_one_coupon_three_tenders() -> None:
    made = quote(
        currency="KRW",
        lines=LINES_A,
        shipping=FEES_A,
        discounts=[on(LINES_A, percent="10")],
        tenders=[Mileage(chosen=2_000, balance_points=9_999), deposit(chosen=5_000, balance_minor=5_000)],
    )
    items = made.priced.items
    assert [item.gross_minor for item in items] == [19_800, 5_500, 9_999, 3_000, 2_500]
    assert [item.discount_minor for item in items] == [1_980, 550, 1_000, 0, 0]
    assert [item.to_pay_minor for item in items] == [17_820, 4_950, 8_999, 3_000, 2_500]
    assert [(tender.kind, tender.amount_minor, tender.shares) for tender in made.split.tenders] == [
        (TenderKind.DEPOSIT, 5_000, (2_391, 664, 1_207, 403, 335)),
        (TenderKind.MILEAGE, 2_000, (956, 266, 483, 161, 134)),
        (TenderKind.GATEWAY, 30_269, (14_473, 4_020, 7_309, 2_436, 2_031)),
    ]
    assert made.priced.discount_minor == 3_530
    assert made.total_minor == 37_269


def test_example_a_shows_its_amounts_in_the_one_order() -> None:
    made = quote(
        currency="KRW",
        lines=LINES_A,
        shipping=FEES_A,
        discounts=[on(LINES_A, percent="10")],
        tenders=[deposit(chosen=5_000, balance_minor=5_000), Mileage(chosen=2_000, balance_points=2_000)],
    )
    assert [(row.kind, row.amount_minor) for row in made.rows] == [
        (RowKind.ITEMS, 35_299),
        (RowKind.DISCOUNT, -3_530),
        (RowKind.SHIPPING, 5_500),
        (RowKind.DEPOSIT, -5_000),
        (RowKind.MILEAGE, -2_000),
        (RowKind.TO_PAY_NOW, 30_269),
    ]


def test_example_b_half_a_percent_of_cents() -> None:
    lines = [line("1", STORE_A, 333, 3), line("2", STORE_A, 100)]
    made = quote(
        currency="USD", lines=lines, shipping=[ShippingFee(STORE_A, 499)], discounts=[on(lines, percent="12.5")]
    )
    assert [item.discount_minor for item in made.priced.items] == [125, 12, 0]
    assert [item.to_pay_minor for item in made.priced.items] == [874, 88, 499]
    assert made.to_pay_now_minor == 1_461


def test_example_c_three_coupons_and_no_gateway() -> None:
    lines = [line("1", STORE_A, 50_000), line("2", STORE_A, 30_000)]
    made = quote(
        currency="KRW",
        lines=lines,
        shipping=[ShippingFee(STORE_A, 3_000)],
        discounts=[
            free_shipping(STORE_A),
            on(lines, key="order", amount=5_000),
            on(lines[:1], key="line", target=Target.LINE, percent="20", maximum=8_000),
        ],
        tenders=[deposit(chosen=67_000, balance_minor=67_000)],
    )
    assert [one.discount.key for one in made.priced.discounts] == ["line", "order", "free-shipping"]
    assert [item.discounts for item in made.priced.items] == [(8_000, 2_917, 0), (0, 2_083, 0), (0, 0, 3_000)]
    assert [item.to_pay_minor for item in made.priced.items] == [39_083, 27_917, 0]
    assert made.split.tenders[0].shares == (39_083, 27_917, 0)
    assert made.to_pay_now_minor == 0


@pytest.mark.req("REF-05")
@pytest.mark.parametrize(("share", "steps"), [(1_000, [333, 334, 333]), (1, [0, 1, 0])])
def test_example_d_partial_refunds_lose_nothing(share: int, steps: list[int]) -> None:
    refunded: list[int] = []
    for before in range(3):
        refunded.append(share_to_refund(share, quantity=3, units_before=before, units=1, refunded_before=sum(refunded)))
    assert refunded == steps
