"""The whole of a paid order goes back: to the card, the deposit, the mileage's own lots, and the coupon (REF-02)."""

from __future__ import annotations

import pytest

from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import give_deposit, give_mileage, make_coupon, make_order
from tests.factories.refund import answer_legs, ask_refund, plan, rows

pytestmark = pytest.mark.req("REF-02")


@pytest.mark.req("REF-01", "ORD-14", "CPN-08")
def test_everything_comes_back_to_where_it_came_from(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    make_coupon(cap=5, per_user_cap=1)
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    goods = {make_variant(mall, krw=9_900): 2, make_variant(mall, store=1, krw=5_500): 1}
    order = make_order(bea, mall, goods, codes=["AUTUMN10"], deposit_minor=5_000, mileage_points=2_000)

    shown = plan(order)
    assert {leg.type: leg.amount_minor for leg in shown.plan.legs} == {
        "deposit": 5_000,
        "mileage": 2_000,
        "gateway": order.gateway_minor,
    }
    assert [coupon.why for coupon in shown.plan.coupons] == ["back"]
    asked = ask_refund(order)

    # Own balances at once, the card when the gateway has said so.
    assert rows("SELECT balance_minor FROM ledger_account WHERE kind = 'deposit'") == [(5_000,)]
    assert rows("SELECT balance_minor FROM ledger_account WHERE kind = 'mileage'") == [(2_000,)]
    assert rows("SELECT remaining FROM mileage_lot") == [(2_000,)]
    assert rows("SELECT status FROM coupon_use") == [("released",)]
    assert rows("SELECT used FROM campaign") == [(0,)]
    assert rows("SELECT DISTINCT on_hand FROM stock") == [(100,)]
    assert rows("SELECT DISTINCT status FROM order_part") == [("cancelled",)]
    assert rows("SELECT status FROM orders") == [("partially_refunded",)]

    assert answer_legs(asked.refund_id) == "succeeded"
    assert rows("SELECT status FROM orders") == [("refunded",)]
    assert rows("SELECT status, refunded_minor FROM payment") == [("refunded", order.gateway_minor)]
    assert rows("SELECT count(*) FROM tender WHERE refunded_minor <> captured_minor") == [(0,)]
    escrow = "SELECT sum(p.amount_minor)::int FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
    assert rows(f"{escrow} WHERE a.kind = 'order_escrow'") == [(0,)]  # Texts of this file.


def test_the_same_submission_twice_is_one_refund(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    order = make_order(bea, mall, {make_variant(mall): 1})
    shown = plan(order).plan.mark
    first = ask_refund(order, key="once", shown=shown)
    again = ask_refund(order, key="once", shown=shown)
    assert again.refund_id == first.refund_id
    assert again.is_repeat
    assert rows("SELECT count(*) FROM refund_leg") == [(1,)]


def test_an_order_paid_by_deposit_alone_is_back_at_once(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    give_deposit(bea, 50_000)
    order = make_order(bea, mall, {make_variant(mall): 1}, deposit_minor=50_000)
    assert ask_refund(order).status == "succeeded"
    assert rows("SELECT status FROM orders") == [("refunded",)]
    assert rows("SELECT balance_minor FROM ledger_account WHERE kind = 'deposit'") == [(50_000,)]
