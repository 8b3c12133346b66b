"""The steps of a part on the seller's page: each once, and refused with who was faster (S16-S18)."""

from __future__ import annotations

import html
import re
import uuid

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.db import atomically, reading, transaction
from portal.kit import clock
from portal.models import OrderPart
from portal.rules.holds import HoldKind
from portal.services.orders.amend_order import change_address
from portal.services.orders.place_hold import place_hold
from tests.blueprints.desks import browser, fields
from tests.factories.account import ADDRESS_KR, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.parcel import new_tracking_number, send
from tests.factories.refund import lines_of, rows


def state_of(part_id: object) -> str:
    with reading() as session:
        return session.get_one(OrderPart, part_id).status


@pytest.mark.req("ORD-10", "ORD-12")
def test_of_two_people_the_second_is_told_who_was_faster(app: APIFlask, books: None) -> None:
    mall = make_mall()
    sam, mina = (make_person(name, store_ids=(mall.store_ids[0],)) for name in ("sam", "mina"))
    part_id = make_order(make_person("bea"), mall, {make_variant(mall): 1}).part_ids[0]
    as_sam, as_mina = browser(app, sam), browser(app, mina)
    page = f"/seller/orders/{part_id}"
    before, late = fields(as_sam.get(page).text), fields(as_mina.get(page).text)

    assert as_sam.post(f"{page}/acceptance", data=before).status_code == 303
    twice = as_sam.post(f"{page}/acceptance", data=before)  # A double click.
    answer = as_mina.post(f"{page}/acceptance", data=late)

    assert twice.status_code == 303
    assert answer.status_code == 409
    assert "Sam changed this order on" in html.unescape(answer.text)
    assert "It is now “Accepted”" in html.unescape(answer.text)
    assert as_sam.post(f"{page}/packing", data=fields(as_sam.get(page).text)).status_code == 303
    assert state_of(part_id) == "packed"


ACCEPT, PACK, SHIP, HOLD, CANCEL = "acceptance", "packing", "shipments", "hold", "refund"
# What sam does first, and in which words mina hears of it.
FIRST = {
    ACCEPT: "Sam changed this order on",
    SHIP: "Sam sent a parcel of this order on",
    HOLD: "Sam changed this order on",
    CANCEL: "Sam gave something of this order back on",
    "address": "Ada changed the address or an option of this order on",
}


@pytest.mark.req("ORD-10", "ORD-002", "ORD-003")
@pytest.mark.parametrize(
    ("first", "second"),
    [*((first, ACCEPT) for first in FIRST), *(("address", second) for second in (PACK, SHIP, HOLD, CANCEL))],
)
def test_whatever_two_people_do_at_once_the_second_is_told_who_did_what(
    app: APIFlask, books: None, first: str, second: str
) -> None:
    mall = make_mall()
    sam, mina = (make_person(name, store_ids=(mall.store_ids[0],)) for name in ("sam", "mina"))
    ada = make_person("ada", roles=("admin",))
    order = make_order(make_person("bea"), mall, {make_variant(mall): 3})
    (line,) = lines_of(order)
    # One parcel has left already, so that another of these changes nothing but itself.
    if first == SHIP:
        send(order.part_ids[0], sam, {line: 1})
    page = f"/seller/orders/{order.part_ids[0]}"
    as_sam, as_mina = browser(app, sam), browser(app, mina)
    late = form_of(as_mina, page, second, line)

    if first == "address":
        fields_ = {**ADDRESS_KR, "line2": "Room 9"}
        atomically(
            lambda s: change_address(
                s, order_id=order.id, fields=fields_, actor=ada.actor, now=clock.now(), reason="He called."
            )
        )
    else:
        assert as_sam.post(f"{page}/{first}", data=form_of(as_sam, page, first, line)).status_code == 303
    before = row_of(order)
    answer = as_mina.post(f"{page}/{second}", data=late)
    assert answer.status_code == 409
    assert FIRST[first] in html.unescape(answer.text)
    assert row_of(order) == before


def form_of(client: FlaskClient, page: str, act: str, line: uuid.UUID) -> dict[str, str]:
    """What a person sends who has the page open now."""
    if act == CANCEL:
        asked = {f"units-{line}": "1", "reason": "out_of_stock"}
        shown = client.get(f"{page}/{act}", query_string=asked).text
        return fields(shown) | asked
    sent = fields(client.get(f"{page}/hold" if act == HOLD else page).text)
    if act == SHIP:
        return sent | {"carrier": "cj", "number": new_tracking_number(), f"units-{line}": "1"}
    return sent | {"reason": "asked_buyer"} if act == HOLD else sent


def row_of(order: MadeOrder) -> list[tuple[object, ...]]:
    """All that an act could have changed."""
    return rows(
        """
        SELECT p.status, p.version, (SELECT count(*) FROM shipment), (SELECT count(*) FROM order_hold),
               (SELECT count(*) FROM refund) FROM order_part p WHERE p.order_id = :id
        """,
        id=order.id,
    )


@pytest.mark.req("ORD-002", "FRD-08")
def test_a_store_stops_its_own_part_and_lets_it_go_on_and_what_the_mall_stopped_has_no_steps(
    app: APIFlask, books: None
) -> None:
    mall = make_mall()
    sam = make_person("sam", store_ids=(mall.store_ids[0],))
    ada = make_person("ada", roles=("admin",))
    part_id = make_order(make_person("bea"), mall, {make_variant(mall): 1}).part_ids[0]
    as_sam, page = browser(app, sam), f"/seller/orders/{part_id}"
    token = {"csrf_token": fields(as_sam.get(page).text)["csrf_token"]}

    assert as_sam.post(f"{page}/hold", data=token).status_code == 422
    as_sam.post(f"{page}/hold", data=token | {"reason": "asked_buyer", "note": "Which <colour>?"})
    shown = as_sam.get(page).text
    assert "Which &lt;colour&gt;?" in shown
    assert "Accept the order" not in shown
    end = shown.split("/holds/")[1].split('"')[0]
    assert as_sam.post(f"{page}/holds/{end}", data=token).status_code == 303
    assert state_of(part_id) == "released"

    with transaction() as session:
        place_hold(
            session,
            part_id=part_id,
            kind=HoldKind.ADMIN,
            reason="legal",
            note="",
            actor=ada.actor,
            now=clock.now(),
        )
    refused = as_sam.post(f"{page}/acceptance", data=token)
    assert refused.status_code == 409
    assert "is on hold" in refused.text
    assert "End the hold" not in refused.text
    assert as_sam.get(f"{page}/packing-slip").status_code == 404


@pytest.mark.req("ORD-003")
def test_a_parcel_is_sent_from_the_page_and_stands_there_for_store_buyer_and_mall(app: APIFlask, books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    sam = make_person("sam", store_ids=(mall.store_ids[0],))
    order = make_order(bea, mall, {make_variant(mall, name="Rice bowl"): 3})
    next_one = make_order(bea, mall, {make_variant(mall): 1})
    as_sam, page = browser(app, sam), f"/seller/orders/{order.part_ids[0]}"
    shown = as_sam.get(page).text
    units = re.findall(r'name="(units-[0-9a-f-]+)"', shown)
    sent = fields(shown) | {"carrier": "cj", "number": "5812-3456-7890", units[0]: "2"}

    wrong = as_sam.post(f"{page}/shipments", data=sent | {"number": "<b>12</b>"})
    assert wrong.status_code == 422
    assert 'value="&lt;b&gt;12&lt;/b&gt;"' in wrong.text
    assert "5812-3456-7890" in wrong.text  # What a number looks like.
    many = as_sam.post(f"{page}/shipments", data=sent | {units[0]: "1e9"})
    assert many.status_code == 422
    answer = as_sam.post(f"{page}/shipments", data=sent | {"then": "next"})
    assert (answer.status_code, answer.location) == (303, f"/seller/orders/{next_one.part_ids[0]}")
    away = as_sam.post(f"{page}/shipments", data=sent | {"then": "next", "next": "https://evil.example/x"})
    assert away.location == "/x"  # A repeat; and never another site.

    assert "581234567890" in as_sam.get(page).text
    assert as_sam.get("/seller/orders?q=5812+3456+7890").text.count("data-row") == 1
    assert "581234567890" in browser(app, bea).get(f"/orders/{order.number}").text
    ada = browser(app, make_person("ada", roles=("admin",)))
    assert "581234567890" in ada.get(f"/admin/orders/{order.number}").text
