"""What must hold for every order there can be: nothing lost, nothing negative (PAY-03, REF-02)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.kit.money import allocate, convert
from portal.rules.mileage import Lot, LotUse, give_back, spend
from portal.rules.pricing import Discount, PricedLine, ShippingFee, Target
from portal.rules.quote import Quote, RowKind, quote
from portal.rules.refunds import line_refund
from portal.rules.split import Mileage, MileageTerms, TenderKind, deposit, highest_deposit, highest_mileage
from tests.rules.carts import NOON, free_shipping, line, on

currencies = st.sampled_from(["KRW", "USD", "KWD"])
amounts = st.integers(0, 30) | st.integers(0, 5_000_000)
rates = st.sampled_from([None, Decimal("0.1"), Decimal("0.0825"), Fraction(1, 3)])

# Made once: what a composite makes anew at each draw is looked over anew, which takes longer than the draw itself.
LINES, STORE, QUANTITY, FEE = st.integers(1, 6), st.integers(1, 3), st.integers(1, 9), st.integers(0, 9_000)
DISCOUNTS, PRIORITY, AGE_DAYS, BOOLEANS = st.integers(0, 3), st.integers(1, 3), st.integers(0, 3), st.booleans()
TARGETS = st.sampled_from([Target.LINE, Target.ORDER])
OFF = st.builds(lambda percent: {"percent": f"{percent / 8}"}, st.integers(1, 800)) | st.builds(
    lambda amount: {"amount": amount}, amounts
)
MAXIMUM, MAXIMUM_FEE = st.none() | amounts, st.none() | st.integers(0, 9_000)
MINIMUM_POINTS, STEPS, SHARES = (
    st.sampled_from([0, 1_000]),
    st.sampled_from([1, 10, 100]),
    st.sampled_from([10_000, 3_000]),
)
POINT_VALUES = st.sampled_from([Fraction(1), Fraction(1, 10), Fraction(3, 2)])


@st.composite
def carts(draw: st.DrawFn) -> tuple[tuple[PricedLine, ...], tuple[ShippingFee, ...], tuple[Discount, ...]]:
    lines = tuple(
        line(str(i), draw(STORE), draw(amounts), draw(QUANTITY), tax_rate=draw(rates)) for i in range(draw(LINES))
    )
    fees = tuple(ShippingFee(store_id, draw(FEE)) for store_id in {one.store_id for one in lines})
    discounts = [
        on(
            draw(st.lists(st.sampled_from(lines), min_size=1, unique_by=lambda one: one.key)),
            key=f"d{i}",
            target=draw(TARGETS),
            priority=draw(PRIORITY),
            age_days=draw(AGE_DAYS),
            **draw(OFF),
            maximum=draw(MAXIMUM),
        )
        for i in range(draw(DISCOUNTS))
    ]
    if draw(BOOLEANS):
        discounts.append(free_shipping(*(fee.store_id for fee in fees), maximum=draw(MAXIMUM_FEE)))
    return lines, fees, tuple(discounts)


@st.composite
def quotes(draw: st.DrawFn) -> Quote:
    lines, fees, discounts = draw(carts())
    terms = MileageTerms(
        minimum_points=draw(MINIMUM_POINTS),
        step_points=draw(STEPS),
        max_share_basis_points=draw(SHARES),
        point_value=draw(POINT_VALUES),
    )
    inclusive, currency = draw(BOOLEANS), draw(currencies)
    total = quote(
        currency=currency, lines=lines, shipping=fees, discounts=discounts, tax_inclusive=inclusive
    ).total_minor
    most = highest_deposit(balance_minor=draw(amounts), total_minor=total)
    chosen = draw(st.integers(0, most))
    balance = draw(amounts)
    points = highest_mileage(balance_points=balance, total_minor=total, left_minor=total - chosen, terms=terms)
    return quote(
        currency=currency,
        lines=lines,
        shipping=fees,
        discounts=discounts,
        tax_inclusive=inclusive,
        tenders=[
            deposit(chosen=chosen, balance_minor=most),
            Mileage(chosen=points, balance_points=balance, terms=terms),
        ],
    )


@pytest.mark.req("PAY-03", "CPN-08")
@settings(max_examples=250)
@given(quotes())
def test_every_amount_adds_up_and_none_is_negative(made: Quote) -> None:
    assert made.rejections == ()
    assert sum(tender.amount_minor for tender in made.split.tenders) == made.total_minor
    assert sum(row.amount_minor for row in made.rows[:-1] if not row.included) == made.rows[-1].amount_minor
    assert made.rows[-1].kind is RowKind.TO_PAY_NOW
    for i, item in enumerate(made.priced.items):
        assert min(item.gross_minor, item.to_pay_minor, item.tax_minor, *item.discounts, 0) == 0
        tax_on_top = 0 if made.priced.tax_inclusive else item.tax_minor
        assert item.gross_minor - item.discount_minor + tax_on_top == item.to_pay_minor
        assert sum(tender.shares[i] for tender in made.split.tenders) == item.to_pay_minor
    for place, applied in enumerate(made.priced.discounts):
        assert sum(item.discounts[place] for item in made.priced.items) == applied.amount_minor <= applied.wanted_minor
    for tender in made.split.tenders:
        assert sum(tender.shares) == tender.amount_minor
        assert min(tender.shares) >= 0


@settings(max_examples=60)
@given(carts(), st.randoms())
def test_the_order_of_the_coupons_given_changes_nothing(cart, random) -> None:  # type: ignore[no-untyped-def]  # Given by Hypothesis or by parameters.
    lines, fees, discounts = cart
    shuffled = list(discounts)
    random.shuffle(shuffled)
    one = quote(currency="KRW", lines=lines, shipping=fees, discounts=discounts)
    other = quote(currency="KRW", lines=lines, shipping=fees, discounts=shuffled)
    assert one.fingerprint == other.fingerprint


@pytest.mark.req("REF-02", "REF-05")
@settings(max_examples=150)
@given(quotes(), st.data())
def test_any_sequence_of_partial_refunds_loses_nothing(made: Quote, data: st.DataObject) -> None:
    for bought, item in zip(made.quoted_lines, made.lines, strict=True):
        shares = {str(kind): amount for kind, amount in item.tenders}
        back = dict.fromkeys(shares, 0)
        done = 0
        while done < bought.quantity:
            units = data.draw(st.integers(1, bought.quantity - done))
            step = line_refund(
                shares, quantity=bought.quantity, units_before=done, units=units, refunded_before=dict(back)
            )
            done += units
            for kind, amount in step.items():
                assert amount >= 0
                back[kind] += amount
                assert back[kind] <= shares[kind]
        assert back == shares


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(sum))
def test_allocating_loses_nothing_and_stays_within_one_of_the_proportion(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1
        assert weight or not part


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=9).filter(sum), st.data())
def test_no_line_gives_more_than_it_costs(weights: list[int], data: st.DataObject) -> None:
    total = data.draw(st.integers(0, sum(weights)))
    assert all(part <= weight for part, weight in zip(allocate(total, weights), weights, strict=True))


@given(st.lists(st.integers(0, 500), min_size=1, max_size=6), st.data())
def test_points_go_back_to_the_lots_they_came_from(sizes: list[int], data: st.DataObject) -> None:
    lots = [Lot(i, size, None) for i, size in enumerate(sizes)]
    points = data.draw(st.integers(0, sum(sizes)))
    uses: Sequence[LotUse] = spend(lots, points, now=NOON)
    assert sum(use.points for use in uses) == points
    first = data.draw(st.integers(0, points))
    returned = {use.lot_id: use.points for use in give_back(uses, first)}
    rest = [LotUse(use.lot_id, use.points, returned.get(use.lot_id, 0)) for use in uses]
    for use in give_back(rest, points - first):
        returned[use.lot_id] = returned.get(use.lot_id, 0) + use.points
    assert returned == {use.lot_id: use.points for use in uses}


@given(st.integers(0, 10**9), st.decimals("0.0001", "5000", places=4))
def test_converting_is_off_by_half_a_unit_at_most(minor: int, rate: Decimal) -> None:
    exact = minor * Fraction(rate) / 100
    assert abs(convert(minor, rate=rate, source="USD", target="KRW") - exact) <= Fraction(1, 2)


@settings(max_examples=40)
@given(quotes())
def test_the_gateway_stands_last_and_bears_the_rest(made: Quote) -> None:
    assert made.split.tenders[-1].kind is TenderKind.GATEWAY
    assert made.to_pay_now_minor == made.total_minor - sum(t.amount_minor for t in made.split.tenders[:-1])
