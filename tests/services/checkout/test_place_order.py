"""Placing an order and what becomes of it, over the real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import reading, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.rules.permissions import SYSTEM
from portal.services.checkout.expire_orders import expire_order, overdue_orders
from portal.services.payments.settle_attempt import settle_attempt
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import _outcome, answer, give_deposit, give_mileage, make_coupon, make_order

# What may differ between before and after an attempt that came to nothing: history, and who has locked what when.
HISTORY = {"transition", "audit_row", "audit_link", "outbox_event", "risk_decision", "idempotency_key"}


def facts(query: str) -> list[tuple[Any, ...]]:
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query))]


def one(query: str) -> Any:
    return facts(query)[0][0]


def purse() -> list[tuple[Any, ...]]:
    """Everything that an order reserves: balances, holds, stock, coupon counters, and the cart."""
    return (
        facts("SELECT kind, owner, balance_minor, held_minor FROM ledger_account ORDER BY 1, 2")
        + facts("SELECT variant_id, on_hand, reserved FROM stock ORDER BY 1")
        + facts("SELECT id, used FROM campaign ORDER BY 1")
        + facts("SELECT variant_id, quantity FROM cart_line ORDER BY 1")
    )


@pytest.mark.req("PAY-03", "PAY-08", "CPN-08", "CPN-09", "BAL-03", "ORD-001", "ORD-14")
def test_worked_example_a_goes_through_the_books(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    make_coupon("TEN", percent=10)
    goods = {
        make_variant(mall, krw=9_900, on_hand=20): 2,
        make_variant(mall, store=1, krw=5_500, on_hand=20): 1,
        make_variant(mall, store=1, krw=3_333, on_hand=20): 3,
    }
    order = make_order(bea, mall, goods, codes=["TEN"], deposit_minor=5_000, mileage_points=2_000)
    tenders = dict(facts(f"SELECT type, captured_minor FROM tender WHERE order_id = '{order.id}'"))  # noqa: S608  # An id of our own.
    assert tenders == {"deposit": 5_000, "mileage": 2_000, "gateway": order.gateway_minor}
    assert one("SELECT status FROM orders") == "paid"
    assert facts("SELECT status FROM order_part") == [("released",), ("released",)]
    assert sorted(facts("SELECT on_hand, reserved FROM stock")) == [(17, 0), (18, 0), (19, 0)]
    assert one("SELECT status FROM coupon_use") == "redeemed"
    balances = dict(facts("SELECT kind, balance_minor FROM ledger_account WHERE cached"))
    assert balances["deposit"] == 0
    assert balances["mileage"] == 0
    assert one(
        "SELECT sum(amount_minor) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id "
        "WHERE a.kind = 'order_escrow'"
    ) == 40_799 + (order_shipping() - 5_500)


def order_shipping() -> int:
    return int(one("SELECT shipping_minor FROM orders"))


@pytest.mark.req("PAY-09", "BAL-03")
@pytest.mark.parametrize("ending", ["declined", "expired"])
def test_an_order_that_is_given_up_leaves_everything_as_it_was(books: None, ending: str) -> None:
    mall, bea = make_mall(), make_person("bea")
    give_deposit(bea, 500)
    give_mileage(bea, 300)
    make_coupon("TEN", percent=10, cap=5, per_user_cap=1)
    goods = {make_variant(mall, krw=9_900): 2, make_variant(mall, store=1, krw=700): 1}
    before = purse()
    order = make_order(bea, mall, goods, codes=["TEN"], deposit_minor=500, mileage_points=300, outcome=None)
    assert purse() != before
    if ending == "declined":
        answer(order, "declined")
    else:
        with clock.frozen(clock.now() + timedelta(hours=1)), transaction() as session:
            assert overdue_orders(session, now=clock.now()) == [order.id]
            assert expire_order(session, order_id=order.id, now=clock.now())
    assert one("SELECT status FROM orders") == {"declined": "failed", "expired": "expired"}[ending]
    assert purse() == before + sorted(goods.items())


@pytest.mark.req("PAY-08", "STR-02")
def test_a_confirmation_that_comes_again_changes_nothing(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    order = make_order(bea, mall, {make_variant(mall): 1})
    assert order.attempt_id is not None
    counts = facts("SELECT count(*) FROM ledger_entry UNION ALL SELECT count(*) FROM transition")
    outcome = _outcome(order, "captured", None)  # type: ignore[arg-type]  # No reason takes part in an approval.
    with transaction() as session:
        assert not settle_attempt(session, attempt_id=order.attempt_id, outcome=outcome, actor=SYSTEM, now=clock.now())
    assert facts("SELECT count(*) FROM ledger_entry UNION ALL SELECT count(*) FROM transition") == counts


@pytest.mark.req("PAY-06", "PAY-07")
def test_money_that_comes_for_an_order_given_up_is_marked_to_go_back(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    order = make_order(bea, mall, {make_variant(mall): 1}, outcome="requires_action")
    with clock.frozen(clock.now() + timedelta(hours=1)), transaction() as session:
        assert expire_order(session, order_id=order.id, now=clock.now())
    answer_late(order)
    assert facts("SELECT state, reversal FROM payment_attempt") == [("captured", "wanted")]
    assert one("SELECT status FROM orders") == "expired"
    assert one("SELECT count(*) FROM ledger_entry") == 0


def answer_late(order: Any) -> None:
    with transaction() as session:
        outcome = _outcome(order, "captured", None)  # type: ignore[arg-type]  # No reason takes part in an approval.
        settle_attempt(session, attempt_id=order.attempt_id, outcome=outcome, actor=SYSTEM, now=clock.now())


@pytest.mark.req("PAY-03")
def test_an_order_paid_by_deposit_alone_needs_no_gateway(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    give_deposit(bea, 100_000)
    order = make_order(bea, mall, {make_variant(mall, krw=12_000): 1}, deposit_minor=100_000)
    assert order.attempt_id is None
    assert one("SELECT status FROM orders") == "paid"
    assert one("SELECT count(*) FROM payment") == 0
    assert one("SELECT balance_minor FROM ledger_account WHERE kind = 'deposit'") == 100_000 - 12_000 - order_shipping()


@pytest.mark.req("BAL-03", "BAL-06")
@pytest.mark.parametrize(
    ("deposit", "mileage", "code"),
    [
        (-1, 0, "DEPOSIT_BELOW_ZERO"),
        (501, 0, "DEPOSIT_ABOVE_BALANCE"),
        (0, -1, "MILEAGE_BELOW_ZERO"),
        (0, 301, "MILEAGE_ABOVE_BALANCE"),
    ],
)
def test_amounts_out_of_bounds_are_refused_and_change_nothing(
    books: None, deposit: int, mileage: int, code: str
) -> None:
    mall, bea = make_mall(), make_person("bea")
    give_deposit(bea, 500)
    give_mileage(bea, 300)
    before = purse()
    with pytest.raises(PortalError) as refused:
        make_order(bea, mall, {make_variant(mall): 1}, deposit_minor=deposit, mileage_points=mileage)
    assert refused.value.code == code
    assert [row for row in purse() if row in before] == before
    assert one("SELECT count(*) FROM orders") == 0
