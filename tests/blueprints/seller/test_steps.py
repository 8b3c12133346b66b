"""The steps of a part on the seller's page: each once, and refused with who was faster (S16-S18)."""

from __future__ import annotations

import html
import re

import pytest
from apiflask import APIFlask

from portal.db import reading, transaction
from portal.kit import clock
from portal.models import OrderPart
from portal.rules.holds import HoldKind
from portal.services.orders.place_hold import place_hold
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order


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
