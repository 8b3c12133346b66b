"""Tenders at their bounds: refused with a code, or lowered visibly, never in silence (BAL-03, BAL-06)."""

from fractions import Fraction

import pytest

from portal.rules.split import (
    Choice,
    Mileage,
    MileageTerms,
    Stored,
    TenderKind,
    deposit,
    highest_deposit,
    highest_mileage,
    split,
)

TERMS = MileageTerms(minimum_points=1_000, maximum_points=5_000, step_points=100, max_share_basis_points=3_000)


@pytest.mark.req("BAL-06", "PAY-03")
@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (deposit(chosen=-1, balance_minor=100), "DEPOSIT_BELOW_ZERO"),
        (deposit(chosen=101, balance_minor=100), "DEPOSIT_ABOVE_BALANCE"),
        (Mileage(chosen=-100, balance_points=9_000), "MILEAGE_BELOW_ZERO"),
        (Mileage(chosen=1_100, balance_points=1_000, terms=TERMS), "MILEAGE_ABOVE_BALANCE"),
        (Mileage(chosen=900, balance_points=9_000, terms=TERMS), "MILEAGE_BELOW_MINIMUM"),
        (Mileage(chosen=5_100, balance_points=9_000, terms=TERMS), "MILEAGE_ABOVE_MAXIMUM"),
        (Mileage(chosen=1_001, balance_points=9_000, terms=TERMS), "MILEAGE_NOT_A_STEP"),
        (Mileage(chosen=3_100, balance_points=9_000, terms=TERMS), "MILEAGE_ABOVE_SHARE"),
    ],
)
def test_a_choice_out_of_bounds_is_refused_and_covers_nothing(choice: Choice, code: str) -> None:
    made = split(currency="KRW", to_pay=[10_000], choices=[choice])
    assert [(kind, rejection.code) for kind, rejection in made.rejections] == [(choice.kind, code)]
    assert str(made.rejections[0][1])
    assert made.gateway_minor == 10_000


@pytest.mark.parametrize("chosen", [0, 1_000, 3_000])
def test_a_choice_on_the_bound_is_taken(chosen: int) -> None:
    made = split(currency="KRW", to_pay=[10_000], choices=[Mileage(chosen=chosen, balance_points=3_000, terms=TERMS)])
    assert made.rejections == ()
    assert made.amount(TenderKind.MILEAGE) == made.units(TenderKind.MILEAGE) == chosen


def test_more_deposit_than_there_is_to_pay_is_lowered_and_says_so() -> None:
    made = split(currency="KRW", to_pay=[700, 300], choices=[deposit(chosen=5_000, balance_minor=5_000)])
    assert (made.tenders[0].amount_minor, made.tenders[0].chosen, made.tenders[0].is_lowered) == (1_000, 5_000, True)
    assert made.gateway_minor == 0


def test_mileage_gets_what_the_deposit_leaves_in_whole_steps() -> None:
    terms = MileageTerms(step_points=100)
    made = split(
        currency="KRW",
        to_pay=[1_000],
        choices=[Mileage(chosen=900, balance_points=900, terms=terms), deposit(chosen=450, balance_minor=450)],
    )
    assert [tender.amount_minor for tender in made.tenders] == [450, 500, 50]
    nothing_left = split(
        currency="KRW",
        to_pay=[1_000],
        choices=[
            Mileage(chosen=1_000, balance_points=1_000, terms=MileageTerms(1_000)),
            deposit(chosen=1, balance_minor=1),
        ],
    )
    assert [tender.amount_minor for tender in nothing_left.tenders] == [1, 0, 999]


def test_points_of_another_value_stay_whole_in_minor_units() -> None:
    terms = MileageTerms(point_value=Fraction(1, 10))
    good = split(currency="USD", to_pay=[1_000], choices=[Mileage(chosen=250, balance_points=999, terms=terms)])
    assert (good.amount(TenderKind.MILEAGE), good.units(TenderKind.MILEAGE)) == (25, 250)
    bad = split(currency="USD", to_pay=[1_000], choices=[Mileage(chosen=255, balance_points=999, terms=terms)])
    assert [rejection.code for _, rejection in bad.rejections] == ["MILEAGE_NOT_A_STEP"]
    assert bad.rejections[0][1].params == {"step": 10}


@pytest.mark.parametrize(
    ("balance", "total", "left", "highest"),
    [
        (9_999, 100_000, 100_000, 5_000),
        (4_950, 100_000, 100_000, 4_900),
        (9_999, 10_000, 10_000, 3_000),
        (9_999, 10_000, 1_234, 1_200),
        (9_999, 10_000, 999, 0),
        (999, 100_000, 100_000, 0),
        (-50, 10_000, 10_000, 0),
    ],
)
def test_use_all_is_always_accepted(balance: int, total: int, left: int, highest: int) -> None:
    points = highest_mileage(balance_points=balance, total_minor=total, left_minor=left, terms=TERMS)
    assert points == highest
    made = split(
        currency="KRW",
        to_pay=[total],
        choices=[
            deposit(chosen=total - left, balance_minor=total),
            Mileage(chosen=points, balance_points=balance, terms=TERMS),
        ],
    )
    assert made.rejections == ()
    assert made.units(TenderKind.MILEAGE) == highest


@pytest.mark.parametrize(("balance", "total", "highest"), [(500, 300, 300), (300, 500, 300), (-1, 500, 0)])
def test_use_all_of_the_deposit(balance: int, total: int, highest: int) -> None:
    assert highest_deposit(balance_minor=balance, total_minor=total) == highest


def test_a_further_stored_value_takes_its_place_by_its_kind() -> None:
    gift = Stored(chosen=300, balance_minor=300, kind=TenderKind.GIFT)
    made = split(currency="KRW", to_pay=[1_000], choices=[gift, deposit(chosen=100, balance_minor=100)])
    assert [(tender.kind, tender.amount_minor) for tender in made.tenders] == [
        (TenderKind.DEPOSIT, 100),
        (TenderKind.GIFT, 300),
        (TenderKind.GATEWAY, 600),
    ]
    with pytest.raises(ValueError):
        split(currency="KRW", to_pay=[1_000], choices=[gift, gift])
