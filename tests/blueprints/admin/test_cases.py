"""The desk of cases as a reviewer uses it."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from portal.db import atomically
from portal.kit import clock
from portal.services.cases.open_cases import open_cases
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, make_order
from tests.factories.refund import rows
from tests.reading_html import tree

pytestmark = pytest.mark.req("FRD-06", "FRD-03")


@pytest.mark.ux("A06")
def test_a_case_is_read_taken_decided_and_undone(app: APIFlask) -> None:
    mall = make_mall()
    bea = make_person("bea", now=LONG_AGO)
    make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    atomically(lambda s: open_cases(s, now=clock.now()))
    [(case_id,)] = rows("SELECT id FROM risk_case")
    rita, mina = (browser(app, make_person(name, roles=("risk",))) for name in ("rita", "mina"))

    assert f"/admin/cases/{case_id}" in rita.get("/admin/cases").text
    page = rita.get(f"/admin/cases/{case_id}").text
    assert "capture ₩3,500,000" in page
    assert "void ₩3,500,000, freeze the account at once, withdraw the coupons" in page
    assert "Bea" not in page
    offered = [one for one in tree(page).iter("input") if one.get("name") == "verdict"]
    assert offered
    assert not any("checked" in one.attrib for one in offered)  # Nothing is chosen for anybody.
    of_mina = fields(mina.get(f"/admin/cases/{case_id}").text)
    sent = fields(page)
    assert rita.post(f"/admin/cases/{case_id}/assignment", data=sent).status_code == 303
    assert "Rita has been looking at it" in mina.get(f"/admin/cases/{case_id}").text

    assert rita.post(f"/admin/cases/{case_id}/verdict", data=sent).status_code == 422
    assert rita.post(f"/admin/cases/{case_id}/verdict", data=sent | {"verdict": "maybe"}).status_code == 422
    assert rita.post(f"/admin/cases/{case_id}/verdict", data=sent | {"verdict": "genuine"}).status_code == 303
    told = mina.post(f"/admin/cases/{case_id}/verdict", data=of_mina | {"verdict": "fraud"})
    assert told.status_code == 409
    assert "Rita decided on" in told.text
    assert "/undoing" not in told.text

    assert rita.post(f"/admin/cases/{case_id}/undoing", data=sent).status_code == 303
    assert rows("SELECT state FROM risk_case") == [("open",)]


def test_nobody_decides_about_himself_or_without_the_permission(app: APIFlask) -> None:
    mall = make_mall()
    ada = make_person("ada", roles=("buyer", "admin"), now=LONG_AGO)
    make_order(ada, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    atomically(lambda s: open_cases(s, now=clock.now()))
    [(case_id,)] = rows("SELECT id FROM risk_case")
    client = browser(app, ada)
    page = client.get(f"/admin/cases/{case_id}").text
    assert "Give the verdict" not in page
    sent = fields(page) | {"verdict": "genuine", "version": "2"}
    assert client.post(f"/admin/cases/{case_id}/verdict", data=sent).status_code == 409
    auditor = browser(app, make_person("audrey", roles=("auditor",)))
    answer = auditor.get(f"/admin/cases/{case_id}")
    assert answer.status_code == 200
    assert "Give the verdict" not in answer.text


def test_the_next_case_opens_and_offers_to_undo_the_last(app: APIFlask) -> None:
    mall = make_mall()
    for n, name in enumerate(("bea", "max", "kim"), start=1):
        person = make_person(name, now=LONG_AGO)
        make_order(person, mall, {make_variant(mall, krw=REVIEWED_KRW + n): 1}, outcome="authorised")
    atomically(lambda s: open_cases(s, now=clock.now()))
    [(first,), (second,), (third,)] = rows("SELECT id FROM risk_case ORDER BY expected_loss_minor DESC, id DESC")
    rita = browser(app, make_person("rita", roles=("risk",)))
    sent = fields(rita.get(f"/admin/cases/{first}").text)

    answer = rita.post(f"/admin/cases/{first}/verdict", data=sent | {"verdict": "genuine"})

    assert answer.status_code == 303
    assert answer.location == f"/admin/cases/{second}?decided={first}#page-title"
    page = rita.get(answer.location).text
    assert "This is the next one." in page
    assert f"/admin/cases/{first}/undoing" in page
    # Who skips goes through the whole queue, and from its end to its beginning.
    for here, there in ((second, third), (third, second)):
        page = rita.get(f"/admin/cases/{here}").text
        [link] = [one for one in tree(page).iter("a") if one.get("data-key") == "n"]
        assert link.get("href") == f"/admin/cases/{there}"
    for one in (third, second):
        sent = fields(rita.get(f"/admin/cases/{one}").text) | {"verdict": "genuine"}
        last = rita.post(f"/admin/cases/{one}/verdict", data=sent)
    assert last.location == "/admin/cases?view=decided"


def test_a_decision_on_the_orders_page_closes_the_case(app: APIFlask) -> None:
    mall = make_mall()
    bea = make_person("bea", now=LONG_AGO)
    order = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    atomically(lambda s: open_cases(s, now=clock.now()))
    rita = browser(app, make_person("rita", roles=("risk",)))
    path = f"/admin/orders/{order.number}/clearance"
    sent = fields(rita.get(path).text) | {"reason": "known_buyer"}
    assert rita.post(path, data=sent).status_code == 303
    assert rows("SELECT state, verdict FROM risk_case") == [("closed", "genuine")]
