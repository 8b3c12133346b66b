"""The desk's pages of disputes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from apiflask import APIFlask

from portal.gateways.base import DisputeState
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.dispute import make_dispute
from tests.factories.order import make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("STR-05")


def test_what_needs_an_answer_stands_by_its_last_day_with_the_amount_at_stake(app: APIFlask) -> None:
    mall = make_mall()
    bea = make_person("bea")
    late, soon, won = (make_order(bea, mall, {make_variant(mall, krw=krw): 1}) for krw in (10_000, 20_000, 30_000))
    make_dispute(late, due_in=timedelta(days=9))
    make_dispute(soon, due_in=timedelta(days=2))
    make_dispute(won, state=DisputeState.WON)
    fay = browser(app, make_person("fay", roles=("finance",)))

    page = fay.get("/admin/disputes?lang=en").text

    assert re.findall(r"/admin/disputes/[0-9a-f-]{36}\">([^<]+)<", page) == [soon.number, late.number]
    assert "2 open disputes" in page
    assert won.number in fay.get("/admin/disputes?view=all").text


def test_the_page_has_what_speaks_for_us_and_opening_it_is_recorded(app: APIFlask) -> None:
    mall = make_mall()
    bea = make_person("bea")
    order = make_order(bea, mall, {make_variant(mall): 2})
    dispute_id = make_dispute(order)
    fay = browser(app, make_person("fay", roles=("finance",)))

    page = fay.get(f"/admin/disputes/{dispute_id}?lang=en").text

    for told in (order.number, bea.email, "Needs an answer", "Send evidence", "was placed on", "4242"):
        assert told in page
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'user:viewed' AND ref = :ref", ref=f"user:{bea.id}") == [
        (1,)
    ]


def test_the_statement_is_kept_and_the_answer_given_once(app: APIFlask) -> None:
    mall = make_mall()
    dispute_id = make_dispute(make_order(make_person("bea"), mall, {make_variant(mall): 2}))
    fay = browser(app, make_person("fay", roles=("finance",)))
    path = f"/admin/disputes/{dispute_id}"
    sent = fields(fay.get(path).text) | {"statement": "She signed for it."}

    assert fay.post(f"{path}/statement", data=sent).status_code == 303
    assert "She signed for it." in fay.get(path).text
    assert fay.post(f"{path}/evidence", data=sent | {"statement": " "}).status_code == 422
    assert fay.post(f"{path}/evidence", data=sent).status_code == 303
    assert fay.post(f"{path}/acceptance", data=sent).status_code == 409
    assert rows("SELECT answer, answer_state FROM dispute") == [("evidence", "wanted")]
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'dispute:answered'") == [(1,)]


def test_giving_in_is_asked_about_first(app: APIFlask) -> None:
    mall = make_mall()
    dispute_id = make_dispute(make_order(make_person("bea"), mall, {make_variant(mall): 2}))
    fay = browser(app, make_person("fay", roles=("finance",)))
    path = f"/admin/disputes/{dispute_id}/acceptance"

    page = fay.get(f"{path}?lang=en").text

    assert "is lost" in page
    assert fay.post(path, data=fields(page)).status_code == 303
    assert rows("SELECT answer, answer_state FROM dispute") == [("acceptance", "wanted")]
