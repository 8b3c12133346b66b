"""Numbers under which a payment is filed, and what is to be filed or taken back (PAY-18)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.cash_receipts import Cancel, CashReceiptNumberError, Filed, Issue, ReceiptWish, next_step, read_wish

pytestmark = pytest.mark.req("PAY-18")


@pytest.mark.parametrize(
    ("kind", "typed", "digits"),
    [
        ("personal", "010-1234-5678", "01012345678"),
        ("personal", "011 123 4567", "0111234567"),
        ("personal", "０１０１２３４５６７８", "01012345678"),
        ("business", "120-81-47521", "1208147521"),
        ("business", "2208162517", "2208162517"),
    ],
)
def test_a_number_is_kept_as_digits(kind: str, typed: str, digits: str) -> None:
    wish = read_wish(kind, typed)
    assert wish == ReceiptWish(kind, digits)
    assert digits not in repr(wish)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("personal", ""),
        ("personal", None),
        ("personal", "02-123-4567"),
        ("personal", "010-1234-567890"),
        ("personal", "120-81-47521"),
        ("business", "120-81-47522"),
        ("business", "120-81-4752"),
        ("business", "01012345678"),
        ("business", "١٢٠٨١٤٧٥٢١"),
    ],
)
def test_what_is_no_such_number_is_refused(kind: str, typed: str | None) -> None:
    with pytest.raises(CashReceiptNumberError):
        read_wish(kind, typed)


@pytest.mark.parametrize("kind", [None, "", "none", "PERSONAL"])
def test_no_kind_is_no_wish(kind: str | None) -> None:
    assert read_wish(kind, "010-1234-5678") is None


@given(
    owed=st.lists(st.integers(0, 5_000), min_size=1, max_size=6),
    fails=st.lists(st.booleans(), min_size=40, max_size=40),
)
def test_at_most_one_is_in_force_and_in_the_end_it_says_what_is_owed(owed: list[int], fails: list[bool]) -> None:
    """What is owed changes at any moment; calls fail to answer at any moment and are repeated."""
    filed: dict[int, Filed] = {}
    unanswered = iter(fails)
    for amount in owed:
        while (step := next_step(amount, list(filed.values()))) is not None:
            lost = next(unanswered, False)
            match step:
                case Issue(n, asked):
                    assert n not in filed or filed[n].status == "sent"
                    filed[n] = Filed(n, asked, "sent" if lost else "issued")
                case Cancel(n):
                    filed[n] = Filed(n, filed[n].amount_minor, "cancelling" if lost else "cancelled")
            assert sum(one.status in {"sent", "issued", "cancelling"} for one in filed.values()) <= 1
        in_force = [one.amount_minor for one in filed.values() if one.status == "issued"]
        assert in_force == ([amount] if amount else [])


def test_a_number_that_was_refused_is_not_tried_again() -> None:
    assert next_step(1_000, [Filed(1, 1_000, "failed")]) is None


def test_what_is_left_after_a_refund_is_filed_though_the_whole_was_refused() -> None:
    assert next_step(600, [Filed(1, 1_000, "failed")]) == Issue(2, 600)
    assert next_step(0, [Filed(1, 1_000, "failed")]) is None
    refused_anew = [Filed(1, 1_000, "cancelled"), Filed(2, 600, "failed")]
    assert next_step(600, refused_anew) is None
    assert next_step(500, refused_anew) == Issue(3, 500)
