"""Lists of orders on both desks: sorted by their address, looked into in place; and the story of one order."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from portal.db import reading, transaction
from portal.icons import icon
from portal.jobs.handlers import HANDLERS
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.models import Order, OrderPart, OutboxEvent
from portal.queries.admin_orders import OrderFilter, list_orders
from portal.queries.store_orders import StoreOrderFilter, StoreView, list_store_orders
from portal.rules.holds import HoldKind
from portal.rules.refund_policy import Party
from portal.services.fulfilment.move_part import move_part
from portal.services.orders.amend_order import change_address
from portal.services.orders.place_hold import place_hold
from tests.blueprints.desks import browser
from tests.factories.account import ADDRESS_KR, Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import LONG_AGO, MadeOrder, make_order
from tests.factories.refund import answer_legs, ask_refund, lines_of
from tests.reading_html import by_id, links, text_of, tree

PRICES = (20_000, 5_000, 40_000, 5_000, 90_000)


@dataclass
class Lists:
    """Five orders at sam's store, their times and promises mixed up."""

    mall: Mall
    bea: Person
    sam: Person
    orders: list[MadeOrder]
    as_sam: FlaskClient
    as_ada: FlaskClient
    app: APIFlask


def head(page: Element, label: str) -> Element:
    return next(one for one in page.iter("th") if one.get("scope") == "col" and text_of(one) == label)


def numbers(page: Element) -> list[str]:
    rows = [row for row in page.iter("tr") if "data-row" in row.attrib]
    return [text_of(next(row.iter("a"))) for row in rows]


@pytest.mark.ux("S09")
def test_a_column_head_sorts_both_ways_and_says_which(lists: Lists) -> None:
    number_of, amounts, placed, due = facts(lists)
    parts = {one.id: one.part_ids[0] for one in lists.orders}
    heads: list[tuple[FlaskClient, str, str, Callable[[uuid.UUID], Any]]] = [
        (lists.as_ada, "/admin/orders", "Amount", lambda one: (amounts[one], one)),
        (lists.as_ada, "/admin/orders", "Placed", placed.__getitem__),
        (lists.as_sam, "/seller/orders?view=all", "Amount", lambda one: (amounts[one], parts[one])),
        (lists.as_sam, "/seller/orders?view=all", "Deliver by", due.__getitem__),
        (lists.as_sam, "/seller/orders?view=all", "Placed", placed.__getitem__),
    ]
    for client, path, column, key in heads:
        rising = [number_of[one] for one in sorted(number_of, key=key)]
        page = tree(client.get(path).text)
        table = next(page.iter("table"))
        assert text_of(next(table.iter("caption")))
        cells = [one for one in table.iter() if one.get("data-label") == "Amount"]
        assert cells
        assert all("num" in one.get("class", "").split() for one in cells)  # Right, digits of one width.
        seen = set()
        for _ in range(2):
            page = tree(client.get(next(head(page, column).iter("a")).get("href", "")).text)
            direction = head(page, column).get("aria-sort", "")
            assert [one.get("aria-sort") for one in page.iter("th") if one.get("aria-sort")] == [direction]
            arrow = "arrow-down" if direction == "descending" else "arrow-up"
            drawn = [one.get("d") for one in head(page, column).iter("path")]
            assert drawn == [one.get("d") for one in tree(icon(arrow)).iter("path")]
            assert numbers(page) == (rising[::-1] if direction == "descending" else rising)
            seen.add(direction)
        assert seen == {"ascending", "descending"}


@pytest.mark.ux("S09")
@pytest.mark.req("PRF-05")
def test_pages_of_a_sorted_list_meet_without_gap_or_double(lists: Lists) -> None:
    for sort in ("placed", "-placed", "amount", "-amount"):
        chosen, cursor, seen = OrderFilter(sort=sort), None, []
        with reading() as session:
            while True:
                page = list_orders(session, chosen=chosen, cursor=cursor, rows_max=2)
                seen.append([row.number for row in page.rows])
                cursor = page.next_cursor
                if cursor is None:
                    break
            back = list_orders(session, chosen=chosen, cursor=page.previous_cursor, rows_max=2)
        assert [len(rows) for rows in seen] == [2, 2, 1]
        assert {number for rows in seen for number in rows} == {one.number for one in lists.orders}
        assert [row.number for row in back.rows] == seen[-2]
    chosen = replace(chosen, sort="placed")
    with reading() as session, pytest.raises(CursorInvalidError):  # A page of one order is none of another.
        list_orders(session, chosen=chosen, cursor=page.previous_cursor)


@pytest.mark.ux("S09")
@pytest.mark.parametrize("sort", ["deliver", "-amount"])
def test_next_and_previous_follow_the_order_that_was_chosen(lists: Lists, sort: str) -> None:
    chosen = StoreOrderFilter(lists.mall.store_ids[0], StoreView.ALL, clock.now(), sort=sort)
    with reading() as session:
        rows = list_store_orders(session, chosen=chosen, cursor=None).rows
    page = tree(lists.as_sam.get(f"/seller/orders/{rows[1].part_id}?view=all&sort={sort}").text)
    steps = {one.get("rel"): one.get("href", "") for one in page.iter("a") if one.get("rel") in {"prev", "next"}}
    assert str(rows[0].part_id) in steps["prev"]
    assert str(rows[2].part_id) in steps["next"]
    assert parse_qs(urlsplit(steps["next"]).query) == {"view": ["all"], "sort": [sort]}


@pytest.mark.ux("S08")
def test_an_order_is_a_link_and_opens_in_place_with_and_without_script(lists: Lists) -> None:
    stranger = browser(lists.app, make_person("max"))
    for desk in ("seller", "admin"):
        order = lists.orders[0]
        client, path = (
            (lists.as_sam, "/seller/orders?view=all") if desk == "seller" else (lists.as_ada, "/admin/orders")
        )
        name = str(order.part_ids[0]) if desk == "seller" else order.number
        page = tree(client.get(path).text)
        assert links(page)[order.number].startswith(f"/{desk}/orders/{name}")
        look, row = by_id(page, f"look-{name}"), by_id(page, f"peek-{name}")
        assert (look.get("aria-expanded"), "hidden" in row.attrib) == ("false", True)
        assert look.get("hx-get") == look.get("href")
        whole = tree(client.get(look.get("href", "")).text)  # Without script: the same list, opened there.
        part = client.get(look.get("href", ""), headers={"HX-Request": "true", "HX-Target": f"peek-{name}"}).text
        assert "<html" not in part
        for answer in (whole, tree(part)):
            opened = by_id(answer, f"peek-{name}")
            assert "hidden" not in opened.attrib
            said = text_of(opened)
            assert "Ceramic bowl 0" in said
            assert "Credit card" in said
            assert ("서울" in said) is (desk == "seller")  # Administrators see addresses only when they ask for them.
            assert "김베아" not in said or desk == "seller"
        close = by_id(tree(part), f"look-{name}")
        assert (close.get("aria-expanded"), close.get("hx-swap-oob")) == ("true", "true")
        shut = client.get(close.get("href", ""), headers={"HX-Request": "true", "HX-Target": f"peek-{name}"}).text
        assert "hidden" in by_id(tree(shut), f"peek-{name}").attrib
        assert stranger.get(look.get("href", "")).status_code == 403


@pytest.mark.ux("S19")
@pytest.mark.req("ORD-12")
def test_the_story_tells_moves_refunds_holds_and_edits_and_is_right_without_reload(lists: Lists) -> None:
    order, sam, now = lists.orders[0], lists.sam, clock.now()
    part_id = order.part_ids[0]
    before = tree(lists.as_sam.get(f"/seller/orders/{part_id}").text)
    refresh = by_id(before, "story-refresh")
    assert "sse:order" in refresh.get("hx-trigger", "")
    with transaction() as session:
        note = "Which house?"
        change_address(
            session, order_id=order.id, fields={**ADDRESS_KR, "line1": "종로 9"}, actor=lists.bea.actor, now=now
        )
        hold = HoldKind.SELLER
        place_hold(session, part_id=part_id, kind=hold, reason="address_unclear", note=note, actor=sam.actor, now=now)
        session.execute(text("UPDATE order_hold SET released_at = :now, released_by = 'system'"), {"now": now})
        session.execute(update(OrderPart).where(OrderPart.id == part_id).values(status="released"))
    with transaction() as session:
        move_part(session, part_id=part_id, step="accepted", actor=sam.actor, now=clock.now())
    asked = ask_refund(order, {lines_of(order)[0]: 1}, actor=sam.actor, party=Party.SELLER, reason="out_of_stock")
    answer_legs(asked.refund_id)
    for client, address in ((lists.as_sam, refresh.get("hx-get", "")), (lists.as_ada, f"/admin/orders/{order.number}")):
        answer = client.get(address, headers={"HX-Request": "true", "HX-Target": "story"})
        assert "<html" not in answer.text
        story = tree(answer.text)
        told = [text_of(one) for one in by_id(story, "story").iter("li")]
        whole = " | ".join(told)
        for words in ("Which house?", "Accepted", "Given back", "Out of stock", "Sam"):
            assert words in whole, (words, whole)
        assert all("GMT" in one or "UTC" in one or "KST" in one for one in told), told
    moved = tree(lists.as_sam.get(refresh.get("hx-get", ""), headers={"HX-Request": "true", "HX-Target": "story"}).text)
    assert "Delivery address changed" in text_of(moved)
    assert "Show the order as it is now" in links(moved)
    assert "Show the order as it is now" not in links(by_id(before, "story"))
    with transaction() as session:  # Each of these facts reaches the open pages of both desks.
        events = session.scalars(select(OutboxEvent).where(OutboxEvent.subject == f"order:{order.id}")).all()
        wanted = {"order.amended", "part.held", "part.moved", "refund.approved", "refund.succeeded"}
        assert wanted <= {event.kind for event in events}
        for event in events:
            if event.kind in wanted:
                heard = {topic for handle in HANDLERS[event.kind] for topic in handle(session, event, now)}
                assert heard >= {f"store:{lists.mall.store_ids[0]}", "admin"}, event.kind


def facts(lists: Lists) -> tuple[dict[uuid.UUID, Any], ...]:
    """Number, amount, when placed and when due of each order, by its id."""
    with reading() as session:
        rows = session.execute(
            select(Order.id, Order.number, Order.payable_minor, Order.placed_at, OrderPart.deliver_until).join(
                OrderPart, OrderPart.order_id == Order.id
            )
        ).all()
    return tuple({row.id: row[place] for row in rows} for place in range(1, 5))


@pytest.fixture
def lists(app: APIFlask) -> Lists:
    mall = make_mall()
    bea, ada = make_person("bea", now=LONG_AGO), make_person("ada", roles=("buyer", "admin"))
    sam = make_person("sam", store_ids=(mall.store_ids[0],))
    orders = [
        make_order(bea, mall, {make_variant(mall, krw=price, name=f"Ceramic bowl {n}"): 1})
        for n, price in enumerate(PRICES)
    ]
    with transaction() as session:
        later = "UPDATE order_part SET deliver_until = deliver_until + :days * interval '1 day' WHERE order_id = :id"
        for n, order in enumerate(orders):
            session.execute(text(later), {"days": n * 3 % 5, "id": order.id})
    return Lists(mall, bea, sam, orders, browser(app, sam), browser(app, ada), app)
