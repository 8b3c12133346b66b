"""A discount that is asked back when its minimum is no longer met (REF-05)."""

from __future__ import annotations

import pytest

from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.store_order import load_store_order
from portal.rules.permissions import SYSTEM
from portal.rules.refund_policy import Party
from portal.services.documents.freeze import freeze_credit_note
from portal.services.orders.release_part import release_part
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import give_deposit, give_mileage, make_coupon, make_order
from tests.factories.refund import answer_legs, ask_refund, lines_of, plan, rows
from tests.services.refunds.test_decisions import move_part
from tests.services.refunds.test_hard_cases import balance

pytestmark = pytest.mark.req("REF-05", "CPN-08")


@pytest.mark.parametrize("policy", ["keep", "ask_back"])
def test_what_is_kept_pays_its_full_price(books: None, policy: str) -> None:
    mall, bea = make_mall(), make_person("bea")
    make_coupon(percent=10, minimum={"KRW": 50_000}, on_refund=policy)
    goods = {make_variant(mall, krw=40_000): 1, make_variant(mall, store=1, krw=20_000): 1}
    order = make_order(bea, mall, goods, codes=["AUTUMN10"])
    _, second = lines_of(order)
    shown = plan(order, {second: 1}).plan
    # 18,000 was paid for the second; the first costs 4,000 more without its discount.
    asked = 4_000 if policy == "ask_back" else 0
    fee = rows("SELECT shipping_fee_minor::int FROM order_part WHERE id = :id", id=order.part_ids[1])[0][0]
    assert (shown.total_minor, shown.asked_minor) == (18_000 + fee - asked, asked)
    made = ask_refund(order, {second: 1})
    assert answer_legs(made.refund_id) == "succeeded"
    assert rows("SELECT sum(asked_minor)::int FROM discount_share") == [(asked,)]
    # The platform bears the discount of what was given back and of what was asked back no more.
    assert balance("coupon_cost") == (0 if asked else -4_000)
    assert answer_legs(ask_refund(order).refund_id) == "succeeded"
    assert rows("SELECT count(*) FROM tender WHERE refunded_minor <> captured_minor") == [(0,)]
    assert rows("SELECT sum(held_minor)::int, sum(refunded_minor)::int FROM tender_share")[0][0] == 0
    assert (balance("order_escrow"), balance("coupon_cost")) == (0, 0)


def test_what_a_store_is_at_fault_for_costs_no_discount(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    make_coupon(percent=10, minimum={"KRW": 30_000}, on_refund="ask_back")
    order = make_order(bea, mall, {make_variant(mall, krw=20_000): 2}, codes=["AUTUMN10"])
    move_part(order, "shipped", "delivered")
    line = lines_of(order)[0]
    assert plan(order, {line: 1}).plan.asked_minor == 2_000
    assert plan(order, {line: 1}, reason="damaged").plan.asked_minor == 0


def test_free_shipping_is_asked_back_and_its_store_hears_of_it(books: None) -> None:
    """A coupon on fees, borne by its store: the fee that is kept costs what it would have."""
    mall, bea = make_mall(), make_person("bea")
    make_coupon(
        on_refund="ask_back",
        conditions=[{"name": "quantity", "params": {"minimum": 2}}],
        store_id=mall.store_ids[0],
        funding="seller",
        kind="free_shipping",
        target="shipping",
        percent=None,
    )
    order = make_order(bea, mall, {make_variant(mall, krw=20_000): 2}, codes=["AUTUMN10"])
    fee = rows("SELECT shipping_discount_minor::int FROM order_part")[0][0]
    assert fee > 0
    line = lines_of(order)[0]
    shown = plan(order, {line: 1}).plan
    assert (shown.total_minor, shown.asked_minor) == (20_000 - fee, fee)
    assert answer_legs(ask_refund(order, {line: 1}).refund_id) == "succeeded"
    with reading() as session:
        part = load_store_order(session, part_id=order.part_ids[0], store_ids=mall.store_ids, now=clock.now())
    assert part is not None
    assert (part.asked_back_minor, part.earned_minor) == (0, 20_000 + fee)
    assert answer_legs(ask_refund(order).refund_id) == "succeeded"
    assert (balance("order_escrow"), rows("SELECT status FROM orders")) == (0, [("refunded",)])


def test_credit_notes_follow_what_went_back(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    make_coupon(percent=10, minimum={"KRW": 50_000}, on_refund="ask_back")
    goods = {make_variant(mall, krw=20_000): 1, make_variant(mall, store=1, krw=40_000): 1}
    order = make_order(bea, mall, goods, codes=["AUTUMN10"])
    first, second = lines_of(order)
    notes = []
    for line in (first, second):
        made = ask_refund(order, {line: 1})
        assert answer_legs(made.refund_id) == "succeeded"
        with reading() as session:
            note = freeze_credit_note(session, order_id=order.id, refund_id=made.refund_id, label="C", now=clock.now())
        total = rows("SELECT total_minor::int FROM refund WHERE id = :id", id=made.refund_id)[0][0]
        assert note["total_minor"] == total
        notes.append(note["total_minor"])
    assert sum(notes) == order.gateway_minor


@pytest.mark.parametrize("released_first", [False, True])
@pytest.mark.parametrize("funding", ["platform", "seller"])
def test_units_come_back_one_by_one(books: None, released_first: bool, funding: str) -> None:
    """Three of one article, with every tender; the seller ends with what he is owed at each step."""
    mall = make_mall()
    bea, ada = make_person("bea"), make_person("ada", roles=("buyer", "admin"))
    store = mall.store_ids[0] if funding == "seller" else None
    conditions = [{"name": "quantity", "params": {"minimum": 3}}]
    make_coupon(percent=10, funding=funding, store_id=store, on_refund="ask_back", conditions=conditions)
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    variant = make_variant(mall, krw=9_999)
    order = make_order(bea, mall, {variant: 3}, codes=["AUTUMN10"], deposit_minor=5_000, mileage_points=2_000)
    move_part(order, "shipped", "delivered")
    line = lines_of(order)[0]

    def release() -> None:
        atomically(lambda s: release_part(s, part_id=order.part_ids[0], actor=SYSTEM, now=clock.now()))

    if released_first:
        release()
    totals = []
    for _ in range(3):
        made = ask_refund(order, {line: 1}, actor=ada.actor, party=Party.ADMIN, reason="goodwill")
        totals.append(rows("SELECT total_minor FROM refund WHERE id = :id", id=made.refund_id)[0][0])
        assert answer_legs(made.refund_id) == "succeeded"
    # 3,000 off 29,997: what was kept first lost 2,000 of it, then 1,000.
    assert totals == [8_999 - 2_000, 8_999 + 1_000, 8_999 + 1_000]
    if not released_first:
        release()
    assert rows("SELECT sum(held_minor)::int FROM tender_share") == [(0,)]
    assert rows("SELECT sum(asked_minor)::int FROM discount_share") == [(0,)]
    assert (balance("order_escrow"), balance("coupon_cost")) == (0, 0)
