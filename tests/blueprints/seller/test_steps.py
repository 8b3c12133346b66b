"""The steps of a part on the seller's page: each once, and refused with who was faster (S16-S18)."""

from __future__ import annotations

import html

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
