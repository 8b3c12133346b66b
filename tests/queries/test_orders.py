"""A buyer's orders, read: pages by key, and nobody else's."""

from __future__ import annotations

import pytest

from portal.db import reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.order_list import list_orders
from portal.queries.orders import latest_number, load_order, load_parts, number_of
from tests.factories.account import ADDRESS_KR, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_coupon, make_order


def test_pages_follow_each_other_both_ways_and_lose_nothing(db: None) -> None:
    mall, bea, max_ = make_mall(), make_person("bea"), make_person("max")
    variant = make_variant(mall, on_hand=100)
    mine = [make_order(bea, mall, {variant: 1}).number for _ in range(5)]
    make_order(max_, mall, {variant: 1})
    newest_first = mine[::-1]
    with reading() as session:
        first = list_orders(session, buyer_id=bea.id, length=2)
        second = list_orders(session, buyer_id=bea.id, length=2, cursor=first.next_cursor)
        third = list_orders(session, buyer_id=bea.id, length=2, cursor=second.next_cursor)
        back = list_orders(session, buyer_id=bea.id, length=2, cursor=second.previous_cursor)
    assert [row.number for page in (first, second, third) for row in page.rows] == newest_first
    assert [row.number for row in back.rows] == newest_first[:2]
    assert first.total == 5
    assert third.next_cursor is None


def test_a_cursor_of_another_list_is_refused(db: None) -> None:
    mall, bea, max_ = make_mall(), make_person("bea"), make_person("max")
    variant = make_variant(mall, on_hand=100)
    for _ in range(3):
        make_order(bea, mall, {variant: 1})
    with reading() as session:
        page = list_orders(session, buyer_id=bea.id, length=2)
        with pytest.raises(CursorInvalidError):
            list_orders(session, buyer_id=max_.id, length=2, cursor=page.next_cursor)


def test_an_order_reads_back_as_it_was_bought(db: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    make_coupon("TEN", percent=10)
    goods = {make_variant(mall, krw=9_900): 2, make_variant(mall, store=1, krw=5_500): 1}
    made = make_order(bea, mall, goods, codes=["TEN"])
    with reading() as session:
        order = load_order(session, buyer_id=bea.id, number=made.number)
        parts = load_parts(session, order_id=made.id)
    assert order is not None
    assert order.address["line1"] == ADDRESS_KR["line1"]
    assert [(one.names["en"], one.amount_minor) for one in order.coupons] == [("10% off", 2_530)]
    shipping = sum(part.shipping_fee_minor for part in parts)
    assert order.payable_minor == order.subtotal_minor - 2_530 + shipping == order.gateway_minor
    assert [len(part.lines) for part in parts] == [1, 1]
    assert order.attempt is not None
    assert order.attempt.card["last4"] == "4242"


def test_nobody_reads_anothers(db: None) -> None:
    mall, bea, max_ = make_mall(), make_person("bea"), make_person("max")
    made = make_order(bea, mall, {make_variant(mall): 1})
    with reading() as session:
        assert load_order(session, buyer_id=max_.id, number=made.number) is None
        assert number_of(session, buyer_id=max_.id, order_id=made.id) is None
        assert latest_number(session, buyer_id=max_.id, since=clock.now().replace(year=2020)) is None
        assert number_of(session, buyer_id=bea.id, order_id=made.id) == made.number
