"""Documents as PDF by a program: each for those who open them on the pages (API-01)."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from portal.db import transaction
from portal.jobs.documents import issue_documents
from portal.jobs.payments import charge_attempt
from portal.kit import clock
from portal.services.documents.want_document import want_receipt
from tests.blueprints.api.conftest import Api, World, make_key, place
from tests.blueprints.desks import browser
from tests.documents.reading import pages_of
from tests.factories.account import make_person
from tests.factories.invoice import give_credit, make_invoice_account
from tests.factories.order import give_deposit, make_order
from tests.factories.refund import rows
from tests.factories.returns import Case

pytestmark = pytest.mark.req("API-01", "IDN-02")


@pytest.mark.req("PAY-15", "ORD-10")
def test_a_receipt_is_its_buyers_and_a_slip_its_stores(world: World) -> None:
    order = make_order(world.bea, world.mall, {world.bowl: 2})
    with transaction() as session:
        want_receipt(session, order_id=order.id, now=clock.now())
    issue_documents()
    (document,) = world.api.read(f"/orders/{order.number}")["documents"]
    path = f"/orders/{order.number}/documents/{document['label']}"
    taken = world.api.get(path)
    assert (taken.status_code, taken.mimetype) == (200, "application/pdf")
    assert order.number in pages_of(taken.data)[0]
    assert world.api.get(path, If_None_Match=taken.headers["ETag"]).status_code == 304
    assert world.api.get(f"/orders/{order.number}/documents/KR-1999-R-000001").status_code == 404
    sam, sue = (make_person(name, store_ids=(world.mall.store_ids[n],)) for n, name in enumerate(("sam", "sue")))
    store, other = (Api(world.api.client, make_key(person, world.mall.kr)) for person in (sam, sue))
    slip = f"/store/orders/{order.part_ids[0]}/packing-slip"
    (page,) = pages_of(store.get(slip).data)
    assert order.number in page
    assert "₩" not in page
    assert [one.get(path).status_code for one in (world.stranger, store)] == [404, 404]
    assert [one.get(slip).status_code for one in (other, world.api)] == [404, 403]


@pytest.mark.req("ORD-10")
def test_slips_of_many_orders_come_with_a_pick_list_and_without_those_of_others(world: World) -> None:
    made = [make_order(world.bea, world.mall, {one: 1}) for one in (world.bowl, world.bowl, world.lamp)]
    sam = make_person("sam", store_ids=(world.mall.store_ids[0],))
    store = Api(world.api.client, make_key(sam, world.mall.kr))
    wanted = {"orders": [str(one.part_ids[0]) for one in made]}
    text = "".join(pages_of(store.post("/store/packing-slips", wanted).data))
    assert [one.number in text for one in made] == [True, True, False]
    assert store.post("/store/packing-slips", {"orders": [str(made[2].part_ids[0])]}).status_code == 404
    assert world.api.post("/store/packing-slips", wanted).status_code == 403


@pytest.mark.req("BAL-10")
def test_a_balance_on_paper_is_its_persons_and_of_the_days_that_are_asked_for(world: World) -> None:
    give_deposit(world.bea, 30_000)
    path = "/balances/deposit/KRW/statement"
    assert "30,000" in pages_of(world.api.get(path).data)[0]
    assert "30,000" not in pages_of(world.api.get(f"{path}?last=2020-01-31").data)[0]
    assert "30,000" not in pages_of(world.stranger.get(path).data)[0]
    unfit = [world.api.get(f"{path}?first={day}").status_code for day in ("yesterday", "0001-01-01", "9999-12-31")]
    assert unfit == [422, 422, 422]
    assert world.api.get("/balances/escrow/KRW/statement").status_code == 404


@pytest.mark.req("ORD-005")
def test_the_label_of_a_return_is_its_buyers_and_its_stores(app: APIFlask, books: None) -> None:
    case, client = Case(), app.test_client(use_cookies=False)
    people = (case.bea, case.sam, make_person("max"))
    buyer, store, stranger = (Api(client, make_key(one, case.mall.kr)) for one in people)
    asked = case.ask({case.line: 1})
    number = rows("SELECT number FROM goods_return")[0][0]
    own = f"/returns/{number}/label"
    theirs = f"/store/returns/{asked}/label"
    assert [buyer.get(own).status_code, store.get(theirs).status_code] == [404, 404]
    case.approve(asked)
    assert "12 Store Street" in pages_of(buyer.get(own).data)[0]
    assert pages_of(store.get(theirs).data) == pages_of(buyer.get(own).data)
    assert stranger.get(own).status_code == 404
    assert stranger.get(theirs).status_code == 403


@pytest.mark.req("PAY-17")
def test_an_invoice_is_a_paper_on_its_page_and_for_a_program(world: World, app: APIFlask) -> None:
    make_invoice_account()
    give_credit(world.bea, make_person("ada", roles=("admin",)), 100_000)
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    assert place(world.api, choices={"method": "invoice"}).status_code == 201
    charge_attempt(str(rows("SELECT id FROM payment_attempt")[0][0]))
    (invoice,) = world.api.read("/invoices")["items"]
    text = pages_of(world.api.get(f"/invoices/{invoice['number']}/file").data)[0]
    assert invoice["order_number"] in text
    assert f"{invoice['left']['amount_minor']:,}" in text
    page = browser(app, world.bea)
    address = f"/account/invoices/{invoice['number']}"
    assert f"{address}/invoice.pdf" in page.get(address).text
    assert pages_of(page.get(f"{address}/invoice.pdf").data)[0] == text
    assert world.stranger.get(f"/invoices/{invoice['number']}/file").status_code == 404
