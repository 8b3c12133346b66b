"""Returns in the browser: the buyer asks, the store takes it through its steps, the mall may do so in its stead."""

from __future__ import annotations

import io
import re
import uuid
from html import unescape

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text

from portal.db import reading, transaction
from portal.jobs.outbox import handle_events
from portal.models import Mail, Notice, OutboxEvent
from portal.rules.returns import ReturnKind
from tests.blueprints.desks import browser
from tests.blueprints.pages import send
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.parcel import new_tracking_number
from tests.factories.refund import rows
from tests.factories.returns import Case, status_of_return, units_of

pytestmark = pytest.mark.req("ORD-005")

OF_VARIANT = "SELECT product_id FROM variant WHERE id = :was"


@pytest.fixture
def case(books: None) -> Case:
    return Case()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


def handle_all() -> None:
    with reading() as session:
        ids = list(session.scalars(select(OutboxEvent.id).order_by(OutboxEvent.id)))
    handle_events(ids)


def code_of(return_id: uuid.UUID) -> str:
    return str(rows("SELECT number FROM goods_return WHERE id = :id", id=return_id)[0][0])


@pytest.mark.req("REF-01", "NOT-01")
def test_a_buyer_sees_what_comes_back_asks_prints_the_label_and_says_that_it_was_sent(
    app: APIFlask, case: Case
) -> None:
    client = browser(app, case.bea)
    form = f"/orders/{case.order.number}/returns/new"
    assert form in client.get(f"/orders/{case.order.number}").text
    page = unescape(client.get(f"{form}?units-{case.line}=2&reason=changed_mind").text)
    assert "₩24,000" in page
    assert "You pay for the way back." in page
    data = {"kind": "return", f"units-{case.line}": "2", "reason": "changed_mind", "note": "Too small"}
    none = send(client, f"/orders/{case.order.number}/returns", {"kind": "return", "key": "a"}, page=form)
    assert none.status_code == 422
    assert "Choose what is to be given back." in none.text
    answer = send(client, f"/orders/{case.order.number}/returns", data | {"key": "b"}, page=form)
    assert answer.status_code == 303
    assert send(client, f"/orders/{case.order.number}/returns", data | {"key": "b"}, page=form).status_code == 303
    [(return_id, code)] = rows("SELECT id, number FROM goods_return")
    assert client.get(f"/returns/{code}/label.pdf").status_code == 404
    case.approve(return_id)
    shown = client.get(f"/returns/{code}").text
    assert "label.pdf" in shown
    label = client.get(f"/returns/{code}/label.pdf")
    assert label.data.startswith(b"%PDF-")
    wrong = send(client, f"/returns/{code}/shipment", {"carrier": "cj", "number": "1"}, page=f"/returns/{code}")
    assert wrong.status_code == 422
    sent = {"carrier": "cj", "number": new_tracking_number()}
    assert send(client, f"/returns/{code}/shipment", sent, page=f"/returns/{code}").status_code == 303
    assert status_of_return(return_id) == "sent"
    handle_all()
    with reading() as session:
        assert session.scalars(select(Mail.template).where(Mail.template == "return")).all() == ["return"]
        bells = session.execute(select(Notice.kind, Notice.user_id).where(Notice.kind.like("return%"))).all()
    assert {tuple(one) for one in bells} == {
        ("return_wanted", case.sam.id),
        ("return_approved", case.bea.id),
        ("return_comes", case.sam.id),
    }
    assert code in client.get("/returns").text
    assert code in client.get(f"/orders/{case.order.number}").text
    assert browser(app, make_person("eve")).get(f"/returns/{code}").status_code == 404


@pytest.mark.ux("S01")
@pytest.mark.req("ORD-10")
def test_a_store_answers_receives_looks_at_each_piece_and_sends_back_what_it_does_not_take(
    app: APIFlask, case: Case
) -> None:
    return_id = case.ask({case.line: 2})
    client, path = browser(app, case.sam), f"/seller/returns/{return_id}"
    home = unescape(client.get("/seller/").text)
    assert "/seller/returns?queue=waiting" in home
    code = code_of(return_id)
    assert code in client.get("/seller/returns?queue=waiting").text
    assert code not in client.get("/seller/returns?queue=arrived").text
    assert code in client.get(f"/seller/returns?q={code.replace('-', '').lower()}").text
    page = client.get(path).text
    version = hidden(page, "version")
    missing = send(client, f"{path}/approval", {"version": version, "return_to": " "}, page=path)
    assert "Say where the buyer is to send it." in missing.text
    empty = send(client, f"{path}/refusal", {"version": version, "answer": ""}, page=path)
    assert empty.status_code == 422
    agreed = {"version": version, "return_to": "12 Store Street\nSeoul"}
    assert send(client, f"{path}/approval", agreed, page=path).status_code == 303
    stale = send(client, f"{path}/receipt", {"version": version, f"units-{case.line}": "2"}, page=path)
    assert stale.status_code == 409
    assert "changed this request" in stale.text
    version = hidden(client.get(path).text, "version")
    assert client.get(f"{path}/label.pdf").data.startswith(b"%PDF-")
    came = send(client, f"{path}/receipt", {"version": version, f"units-{case.line}": "2"}, page=path)
    assert came.status_code == 303
    page = client.get(path).text
    first, second = [row[0] for row in rows("SELECT id FROM return_unit ORDER BY n")]
    data = {
        "version": hidden(page, "version"),
        f"verdict-{first}": "accepted",
        f"condition-{first}": "new",
        f"restock-{first}": "y",
        f"verdict-{second}": "rejected",
    }
    silent = send(client, f"{path}/inspection", data, page=path)
    assert "Say why you do not take a piece" in silent.text
    assert send(client, f"{path}/inspection", data | {"note": "Stained."}, page=path).status_code == 303
    assert units_of(return_id) == ["accepted", "rejected"]
    page = client.get(path).text
    back = {"version": hidden(page, "version"), "carrier": "cj", "number": new_tracking_number()}
    assert send(client, f"{path}/way-back", back, page=path).status_code == 303
    assert status_of_return(return_id) == "settled"
    shown = unescape(browser(app, case.bea).get(f"/returns/{code}").text)
    assert "Stained." in shown
    assert "₩12,000" in shown
    handle_all()


def test_pictures_are_drawn_anew_and_what_is_none_is_refused(app: APIFlask, case: Case) -> None:
    from PIL import Image

    client, form = browser(app, case.bea), f"/orders/{case.order.number}/returns/new"
    data: dict[str, object] = {"kind": "return", f"units-{case.line}": "1", "reason": "damaged", "key": "p"}
    address = f"/orders/{case.order.number}/returns"
    wrong = send(client, address, data | {"pictures": (io.BytesIO(b"<script>"), "seam.jpg")}, page=form)
    assert wrong.status_code == 422
    assert rows("SELECT count(*) FROM goods_return") == [(0,)]
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(file, "JPEG", comment=b"secret place")
    file.seek(0)
    assert send(client, address, data | {"pictures": (file, "seam.jpg")}, page=form).status_code == 303
    [(picture, return_id)] = rows("SELECT id, return_id FROM return_picture")
    shown = browser(app, case.sam).get(f"/seller/returns/{return_id}/pictures/{picture}")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert b"secret place" not in shown.data
    assert client.get(f"/returns/{code_of(return_id)}/pictures/{picture}").data == shown.data
    assert client.get(f"/returns/{code_of(return_id)}/pictures/{return_id}").status_code == 404


def test_an_exchange_and_a_claim_go_through_their_pages(app: APIFlask, case: Case) -> None:
    buyer, client = browser(app, case.bea), browser(app, case.sam)
    form = f"/orders/{case.order.number}/returns/new"
    assert "₩7,000 less" in buyer.get(f"{form}?kind=exchange").text  # Other goods of the store.
    claims = unescape(buyer.get(f"{form}?kind=claim&units-{case.line}=1").text)
    assert str(case.shipment_id) in claims
    data = {
        "kind": "claim",
        "key": "c",
        f"units-{case.line}": "1",
        "reason": "damaged",
        "parcel": str(case.shipment_id),
        "wish": "resend",
    }
    assert send(buyer, f"/orders/{case.order.number}/returns", data, page=form).status_code == 303
    [(return_id,)] = rows("SELECT id FROM goods_return")
    path = f"/seller/returns/{return_id}"
    version = hidden(client.get(path).text, "version")
    settled = {"version": version, "outcome": "resend", "carrier_liable": "y"}
    assert send(client, f"{path}/settlement", settled, page=path).status_code == 422
    assert send(client, f"{path}/settlement", settled | {"note": "Case 7"}, page=path).status_code == 303
    page = client.get(path).text
    sent = {"version": hidden(page, "version"), "carrier": "cj", "number": new_tracking_number()}
    assert send(client, f"{path}/replacement", sent, page=path).status_code == 303
    assert status_of_return(return_id) == "settled"
    handle_all()
    seen = buyer.get(f"/orders/{case.order.number}").text
    assert sent["number"] in seen
    assert "Your order is on its way" in seen
    assert "on its way back" not in seen
    assert sent["number"] in client.get(f"/seller/orders/{case.part_id}").text


def test_a_store_claims_for_its_own_parcel_and_for_no_other(app: APIFlask, case: Case) -> None:
    client, path = browser(app, case.sam), f"/seller/parcels/{case.shipment_id}/claim"
    assert path in client.get(f"/seller/orders/{case.part_id}").text
    page = client.get(path).text
    none = {"key": hidden(page, "key"), f"units-{case.line}": "0", "reason": "lost"}
    assert send(client, path, none, page=path).status_code == 422
    data = {"key": hidden(page, "key"), f"units-{case.line}": "3", "reason": "lost", "note": "No scan"}
    assert send(client, path, data, page=path).status_code == 303
    assert "CLAIM" in [str(row[0]).upper() for row in rows("SELECT kind FROM goods_return")]
    sue = make_person("sue", roles=("buyer", "seller"), store_ids=(case.mall.store_ids[1],))
    assert browser(app, sue).get(path).status_code == 404


@pytest.mark.req("ORD-11")
def test_an_administrator_sees_all_and_acts_in_a_stores_stead_and_others_do_not(app: APIFlask, case: Case) -> None:
    return_id = case.ask({case.line: 1})
    ada, path = browser(app, case.ada), f"/admin/returns/{return_id}"
    assert code_of(return_id) in ada.get("/admin/returns").text
    page = ada.get(path).text
    agreed = {"version": hidden(page, "version"), "return_to": "Mall street"}
    assert send(ada, f"{path}/approval", agreed, page=path).status_code == 303
    assert status_of_return(return_id) == "approved"
    for person in (make_person("eve"), case.sam):
        assert browser(app, person).get(path).status_code == 403
    sue = make_person("sue", roles=("buyer", "seller"), store_ids=(case.mall.store_ids[1],))
    assert browser(app, sue).get(f"/seller/returns/{return_id}").status_code == 404


def test_an_exchange_shows_the_options_of_the_same_price(app: APIFlask, case: Case) -> None:
    wanted = make_variant(case.mall, krw=12_000)
    from sqlalchemy import text

    from portal.db import transaction

    with transaction() as session:
        session.execute(
            text("UPDATE variant SET product_id = (SELECT product_id FROM variant WHERE id = :was) WHERE id = :id"),
            {"was": case.variant, "id": wanted},
        )
    buyer = browser(app, case.bea)
    form = f"/orders/{case.order.number}/returns/new?kind=exchange"
    assert f'value="{wanted}"' in buyer.get(form).text
    data = {"kind": "exchange", "key": "x", f"units-{case.line}": "1", f"variant-{case.line}": str(wanted)}
    answer = send(buyer, f"/orders/{case.order.number}/returns", data | {"reason": "changed_mind"}, page=form)
    assert answer.status_code == 303
    [(return_id, kind)] = rows("SELECT id, kind FROM goods_return")
    assert kind == ReturnKind.EXCHANGE
    assert "Exchange for" in browser(app, case.sam).get(f"/seller/returns/{return_id}").text


@pytest.mark.ux("S18")
@pytest.mark.req("ORD-06")
def test_a_buyer_changes_address_and_option_and_the_second_of_two_is_told(app: APIFlask, books: None) -> None:
    case = Case(sent=False)
    client, path = browser(app, case.bea), f"/orders/{case.order.number}/change"
    assert path in client.get(f"/orders/{case.order.number}").text
    page = client.get(path).text
    version = hidden(page, "version")
    address = {
        "version": version,
        "country": "KR",
        "name": "Bea",
        "phone": "010-1234-5678",
        "postcode": "48058",
        "line1": "부산 해운대구 센텀로 1",
    }
    missing = send(client, f"/orders/{case.order.number}/address", address | {"line1": ""}, page=path)
    assert missing.status_code == 422
    assert "Enter the street and number." in missing.text
    assert send(client, f"/orders/{case.order.number}/address", address, page=path).status_code == 303
    changed = client.get(f"/orders/{case.order.number}").text
    assert "센텀로" in changed
    assert "The stores are told." in changed
    assert send(client, f"/orders/{case.order.number}/address", address, page=path).status_code == 303
    assert "Nothing was changed: it was so already." in client.get(f"/orders/{case.order.number}").text
    late = send(client, f"/orders/{case.order.number}/address", address | {"postcode": "48059"}, page=path)
    assert late.status_code == 409
    assert "changed this order on" in unescape(late.text)
    option = f"/orders/{case.order.number}/lines/{case.line}/option"
    assert send(client, option, {"variant": str(case.other)}, page=path).status_code == 422
    assert browser(app, make_person("eve")).get(path).status_code == 404
    handle_all()
    with reading() as session:
        told = session.scalars(select(Notice.user_id).where(Notice.kind == "order_amended")).all()
    assert told == [case.sam.id]


@pytest.mark.req("ORD-11")
def test_the_mall_changes_an_order_with_a_reason_and_sees_no_address_that_was_not_revealed(
    app: APIFlask, books: None
) -> None:
    case = Case(sent=False)
    ada, path = browser(app, case.ada), f"/admin/orders/{case.order.number}/change"
    page = ada.get(path).text
    assert "김베아" not in page
    address = {
        "version": hidden(page, "version"),
        "country": "KR",
        "name": "Bea",
        "phone": "010-1234-5678",
        "postcode": "48058",
        "line1": "부산 해운대구 센텀로 1",
    }
    where = f"/admin/orders/{case.order.number}/address"
    assert "Say why: it stands in the record." in send(ada, where, address, page=path).text
    assert send(ada, where, address | {"reason": "She called."}, page=path).status_code == 303
    assert browser(app, case.sam).get(path).status_code == 403
    handle_all()
    with reading() as session:
        told = session.scalars(select(Notice.user_id).where(Notice.kind == "order_amended")).all()
    assert set(told) == {case.sam.id, case.bea.id}


@pytest.mark.req("REF-02")
def test_an_exchange_for_something_cheaper_shows_first_what_comes_back_and_names_what_costs_more(
    app: APIFlask, case: Case
) -> None:
    cheaper, dearer = make_variant(case.mall, krw=9_500), make_variant(case.mall, krw=13_000)
    with transaction() as session:
        session.execute(
            text(
                "UPDATE variant SET product_id = (SELECT product_id FROM variant WHERE id = :was) WHERE id = ANY(:ids)"
            ),
            {"was": case.variant, "ids": [cheaper, dearer]},
        )
    client = browser(app, case.bea)
    form = f"/orders/{case.order.number}/returns/new?kind=exchange"
    page = unescape(client.get(f"{form}&units-{case.line}=2&reason=changed_mind&variant-{case.line}={cheaper}").text)
    assert "(₩2,500 less)" in page
    assert "(₩1,000 more)" in page
    assert 'data-announce="₩5,000 comes back"' in page
    data = {"kind": "exchange", f"units-{case.line}": "2", "reason": "changed_mind", "key": "a"}
    taken = send(
        client, f"/orders/{case.order.number}/returns", data | {f"variant-{case.line}": str(cheaper)}, page=form
    )
    assert taken.status_code == 303
    [(return_id, code)] = rows("SELECT id, number FROM goods_return")
    case.approve(return_id)
    assert "costs ₩2,500 less" in browser(app, case.sam).get(f"/seller/returns/{return_id}").text
    case.receive(return_id)
    case.inspect(return_id)
    assert "₩5,000 comes back" in client.get(f"/returns/{code}").text
