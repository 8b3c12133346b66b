"""The seller's desk: his part of an order, and nothing of anybody else's."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import update

from portal.db import transaction
from portal.kit import clock
from portal.models import OrderPart
from portal.services.fulfilment.move_part import move_part
from tests.blueprints.desks import browser, counted
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, MadeOrder, make_coupon, make_order
from tests.factories.refund import ask_refund, lines_of


@dataclass
class Desks:
    """bea's paid order at sam's store and at sue's."""

    mall: Mall
    bea: Person
    sam: Person
    sue: Person
    order: MadeOrder
    as_sam: FlaskClient
    as_sue: FlaskClient


def numbers(body: str) -> list[str]:
    return re.findall(r'<a class="mono" href="[^"]*/seller/orders/[^"]+">([^<]+)</a>', body)


@pytest.mark.req("ORD-001")
def test_each_store_sees_its_own_lines_and_amounts_and_nothing_of_the_other(desks: Desks) -> None:
    page = desks.as_sam.get(f"/seller/orders/{desks.order.part_ids[0]}").text

    assert "Rice bowl" in page
    assert "₩22,800" in page  # 9,900 x 2 and 3,000 for shipping.
    assert "Linen scarf" not in page
    assert "₩8,500" not in page
    assert "₩31,300" not in page  # What the order costs in all.
    assert not {"paylink", "4242"} & set(re.findall(r"\w+", page))


@pytest.mark.req("IDN-02", "ORD-001")
def test_another_stores_part_does_not_exist(desks: Desks) -> None:
    assert desks.as_sam.get(f"/seller/orders/{desks.order.part_ids[1]}").status_code == 404
    assert desks.as_sam.get(f"/seller/orders/{desks.order.part_ids[1]}/packing-slip").status_code == 404
    assert desks.as_sue.get(f"/seller/orders/{desks.order.part_ids[1]}").status_code == 200


def test_the_inbox_opens_on_what_needs_action_and_leaves_unpaid_orders_out(desks: Desks) -> None:
    unpaid = make_order(desks.bea, desks.mall, {make_variant(desks.mall): 1}, outcome=None)
    declined = make_order(desks.bea, desks.mall, {make_variant(desks.mall): 1}, outcome="declined")

    assert numbers(desks.as_sam.get("/seller/orders").text) == [desks.order.number]
    shown = numbers(desks.as_sam.get("/seller/orders?view=all").text)
    assert not {unpaid.number, declined.number} & set(shown)
    for order in (unpaid, declined):
        assert desks.as_sam.get(f"/seller/orders/{order.part_ids[0]}").status_code == 404


def test_what_waits_stands_by_its_deadline_the_oldest_first(desks: Desks) -> None:
    early = make_order(desks.bea, desks.mall, {make_variant(desks.mall): 1})
    # It was held for days: placed first, due last.
    with transaction() as session:
        part = session.get_one(OrderPart, desks.order.part_ids[0])
        assert part.accept_by is not None
        assert part.ship_by is not None
        part.accept_by, part.ship_by = part.accept_by + timedelta(days=9), part.ship_by + timedelta(days=9)
    for view, column in (("action", "accept"), ("to_send", "send")):
        page = desks.as_sam.get(f"/seller/orders?view={view}").text
        assert numbers(page) == [early.number, desks.order.number], view
        assert 'aria-sort="ascending"' in page
        falling = f"/seller/orders?view={view}&sort=-{column}"
        assert numbers(desks.as_sam.get(falling).text) == [desks.order.number, early.number]
        following = desks.as_sam.get(f"/seller/orders/{early.part_ids[0]}?view={view}").text
        assert f'rel="next" href="/seller/orders/{desks.order.part_ids[0]}' in following
        placed = desks.as_sam.get(f"/seller/orders?view=all&sort={column}").text
        assert numbers(placed) == [early.number, desks.order.number]  # No deadline there: the newest first.
        for order in (early, desks.order):
            with transaction() as session:
                session.get_one(OrderPart, order.part_ids[0]).status = "accepted"


@pytest.mark.req("ORD-10")
def test_each_count_of_the_home_page_opens_exactly_its_rows(desks: Desks) -> None:
    hold_one(desks)
    with transaction() as session:
        session.execute(
            update(OrderPart)
            .where(OrderPart.id == desks.order.part_ids[0])
            .values(deliver_until=clock.now() - timedelta(days=1))
        )
    home = desks.as_sam.get("/seller/").text
    tiles = re.findall(r'<a class="tile" href="([^"]+)">.*?<span class="tile-value">(\d+)</span>', home, re.DOTALL)

    assert [int(count) for _href, count in tiles] == [1, 0, 1, 1] + [0] * 9  # New and overdue: the same one.
    for href, count in tiles:
        assert len(numbers(desks.as_sam.get(html.unescape(href)).text)) == int(count)


@pytest.mark.req("ORD-002")
def test_a_held_part_says_only_that_it_is_held(desks: Desks) -> None:
    held = hold_one(desks)

    assert numbers(desks.as_sam.get("/seller/orders?view=hold").text) == [held.number]
    page = desks.as_sam.get(f"/seller/orders/{held.part_ids[0]}").text
    assert "Held for review" in page
    for secret in ("amount_above", "high_risk", "3,000,000", "김베아", "score"):
        assert secret not in page
    assert desks.as_sam.get(f"/seller/orders/{held.part_ids[0]}/packing-slip").status_code == 404


@pytest.mark.req("ORD-001")
def test_the_part_shows_address_coupons_commission_and_net(desks: Desks) -> None:
    store_id = desks.mall.store_ids[0]
    make_coupon("SAM20", percent=20, store_id=store_id, funding="seller")
    order = make_order(desks.bea, desks.mall, {make_variant(desks.mall, krw=10_000): 1}, codes=["SAM20"])
    page = desks.as_sam.get(f"/seller/orders/{order.part_ids[0]}").text

    assert "김베아" in page
    assert "-₩2,000" in page  # His own coupon.
    assert "₩11,000" in page  # 10,000 - 2,000 + 3,000: what the buyer paid.
    assert "-₩1,100" in page  # The commission of 10%.
    assert "₩9,900" in page
    assert "김베아" in desks.as_sam.get(f"/seller/orders/{order.part_ids[0]}/packing-slip").text


def test_search_and_filters_are_in_the_address_and_shown_as_chips(desks: Desks) -> None:
    other = make_order(desks.bea, desks.mall, {make_variant(desks.mall, name="Oak table"): 1})

    assert numbers(desks.as_sam.get("/seller/orders?q=oak").text) == [other.number]
    assert numbers(desks.as_sam.get(f"/seller/orders?q={desks.order.number.lower()}").text) == [desks.order.number]
    assert numbers(desks.as_sam.get("/seller/orders?q=scarf").text) == []  # Sue sells scarves.
    assert numbers(desks.as_sam.get("/seller/orders?channel=us&view=all").text) == []
    page = desks.as_sam.get("/seller/orders?view=all&q=oak&period=7d&channel=kr").text
    for words in ("Search: oak", "Last 7 days", "Channel: Portal Korea"):
        assert f"Remove the filter {words}" in page
    # Every other name is searched for as it is, and finds nothing.
    assert numbers(desks.as_sam.get("/seller/orders?q=%25").text) == []


def test_next_and_previous_walk_the_list_that_was_opened(desks: Desks) -> None:
    orders = [desks.order] + [make_order(desks.bea, desks.mall, {make_variant(desks.mall): 1}) for _ in range(2)]
    seen = []
    address = f"/seller/orders/{orders[0].part_ids[0]}?view=action"
    while address:
        page = desks.as_sam.get(address).text
        seen.append(re.findall(r"<h1[^>]*>([^<]+)</h1>", page)[0])
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = html.unescape(found.group(1)) if found else ""

    assert seen == [order.number for order in orders]  # The oldest first, as the list is.


def test_a_member_of_two_stores_chooses_and_sees_one_at_a_time(app: APIFlask, desks: Desks) -> None:
    both = browser(app, make_person("sal", store_ids=desks.mall.store_ids))

    first, second = (both.get(f"/seller/orders?store={slug}").text for slug in ("hanok", "maru"))

    assert desks.order.part_ids[0].hex in first.replace("-", "")
    assert desks.order.part_ids[0].hex not in second.replace("-", "")
    assert both.get(f"/seller/orders/{desks.order.part_ids[1]}").status_code == 200


def test_pages_stay_within_their_statements(desks: Desks) -> None:
    part = desks.order.part_ids[0]
    limits = {"/seller/": 8, "/seller/orders": 8, "/seller/orders?q=bowl": 9, f"/seller/orders/{part}": 15}
    for path, most in limits.items():
        desks.as_sam.get(path)
        with counted() as sent:
            assert desks.as_sam.get(path).status_code == 200
        assert len(sent) <= most, path


@pytest.mark.ux("S01", "S12")
@pytest.mark.req("REF-01")
def test_a_request_of_the_buyer_stands_on_the_order_before_it_is_sent(desks: Desks) -> None:
    part = desks.order.part_ids[0]
    page = f"/seller/orders/{part}"
    with transaction() as session:
        move_part(session, part_id=part, step="packed", actor=desks.sam.actor, now=clock.now())
    assert "wants to cancel" not in desks.as_sam.get(page).text
    refund = ask_refund(desks.order, {lines_of(desks.order)[0]: 1}).refund_id

    shown = html.unescape(desks.as_sam.get(page).text)
    assert "The buyer wants to cancel. Answer before you send it" in shown
    assert "Rice bowl × 1" in shown
    assert f"/seller/refunds/{refund}" in shown
    assert re.search(r"Refunds to answer.*?>1<", desks.as_sam.get("/seller/").text, re.DOTALL)
    assert not re.search(r"Refunds to answer.*?>1<", desks.as_sue.get("/seller/").text, re.DOTALL)


def hold_one(desks: Desks) -> MadeOrder:
    """An order at sam's store that a rule holds."""
    goods = {make_variant(desks.mall, krw=REVIEWED_KRW, name="Gold vase"): 1}
    return make_order(desks.bea, desks.mall, goods, outcome="authorised")


@pytest.fixture
def desks(app: APIFlask) -> Desks:
    mall = make_mall()
    bea = make_person("bea", now=LONG_AGO)
    sam = make_person("sam", store_ids=(mall.store_ids[0],))
    sue = make_person("sue", store_ids=(mall.store_ids[1],))
    goods = {
        make_variant(mall, krw=9_900, name="Rice bowl"): 2,
        make_variant(mall, store=1, krw=5_500, name="Linen scarf"): 1,
    }
    order = make_order(bea, mall, goods)
    return Desks(mall, bea, sam, sue, order, browser(app, sam), browser(app, sue))
