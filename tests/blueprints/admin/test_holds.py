"""Administrators stop parts, each kind by whoever it belongs to."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order


@pytest.mark.req("ORD-002", "FRD-08", "IDN-05")
def test_a_part_is_stopped_with_a_reason_and_goes_on_when_its_hold_is_ended(app: APIFlask, books: None) -> None:
    mall = make_mall()
    order = make_order(make_person("bea"), mall, {make_variant(mall): 1, make_variant(mall, store=1): 1})
    as_rita = browser(app, make_person("rita", roles=("risk",)))
    as_omar = browser(app, make_person("omar", roles=("operations",)))
    page, part = f"/admin/orders/{order.number}", order.part_ids[0]
    form = as_rita.get(f"{page}/parts/{part}/hold").text
    assert "Risk: It is unclear who buys" in form
    assert "A legal question is open" not in form
    token = fields(form)
    why = {"why": "fraud:identity_unclear", "note": "Called twice"}

    assert as_rita.post(f"{page}/parts/{part}/hold", data=token).status_code == 422
    assert as_rita.post(f"{page}/parts/{part}/hold", data=token | why).status_code == 303
    anew = fields(as_rita.get(f"{page}/parts/{part}/hold").text)
    again = as_rita.post(f"{page}/parts/{part}/hold", data=anew | why)
    assert again.status_code == 409
    assert "held for that reason already" in again.text
    shown = as_omar.get(page).text
    assert "Called twice" in shown
    assert "End the hold" not in shown
    ours = as_rita.get(page).text
    end = ours.split("/holds/")[1].split('"')[0]
    as_rita.post(f"{page}/holds/{end}", data=token)
    after = as_rita.get(page).text
    assert "Called twice" not in after.split("History")[0]

    assert as_omar.get(f"{page}/parts/{order.id}/hold").status_code == 404
    assert browser(app, make_person("aud", roles=("auditor",))).get(f"{page}/parts/{part}/hold").status_code == 404
