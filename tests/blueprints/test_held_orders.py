"""What people read of an order whose card is charged when the goods leave: nothing is called paid that is only held."""

from __future__ import annotations

import re
from html import unescape

import pytest
from apiflask import APIFlask

from portal.jobs.held_payments import tend_holds
from portal.kit import clock
from portal.rules.refund_policy import Party
from tests.blueprints.desks import browser
from tests.blueprints.pages import send
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.held import charge_on, ends, handle_all, lapsed
from tests.factories.order import LONG_AGO, MadeOrder, make_order
from tests.factories.refund import ask_refund, rows

pytestmark = pytest.mark.req("PAY-07")


def held() -> MadeOrder:
    mall = make_mall()
    charge_on("shipment")
    bea = make_person("bea", now=LONG_AGO)
    return make_order(bea, mall, {make_variant(mall, krw=12_000): 2}, outcome="authorised")


def test_the_buyer_is_told_that_nothing_is_charged_yet_and_what_is_let_go_of(app: APIFlask) -> None:
    order = held()
    client = browser(app, order.buyer)
    shown = unescape(client.get(f"/orders/{order.number}").text)
    assert "The amount is held, and charged only when the first parcel leaves." in shown
    assert "The receipt goes to" not in shown

    path = f"/orders/{order.number}/refund"
    plan = unescape(client.get(path).text)
    assert "the held amount is let go of, nothing was charged" in plan
    sent = {name: re.findall(rf'name="{name}" value="([^"]*)"', plan)[0] for name in ("shown", "key")}
    form = sent | {"reason": "changed_mind"}
    assert send(client, f"/orders/{order.number}/refunds", form, page=path).status_code == 303
    assert rows("SELECT status FROM payment") == [("cancelled",)]
    after = unescape(client.get(f"/orders/{order.number}").text)
    assert "the held amount is let go of, nothing was charged" in after
    handle_all()
    assert ("refund",) in rows("SELECT template FROM mail")


def test_administrators_find_it_among_the_exceptions_and_on_its_pages(app: APIFlask) -> None:
    order = held()
    ada = make_person("ada", roles=("buyer", "admin"))
    desk = browser(app, ada)
    assert "when the first parcel leaves" in desk.get(f"/admin/payments/{order.payment_id}").text
    ends(order, clock.now())
    tend_holds()
    handle_all()
    inbox = desk.get("/admin/exceptions").text
    assert "Held payment that lapses soon" in inbox
    assert order.number in inbox
    lapsed(order)
    handle_all()
    assert "Held payment that has lapsed" in desk.get("/admin/exceptions").text
    assert "The payment has lapsed" in desk.get(f"/admin/orders/{order.number}").text
    ask_refund(order, party=Party.ADMIN, actor=ada.actor, reason="goodwill")
    assert order.number not in desk.get("/admin/exceptions").text
