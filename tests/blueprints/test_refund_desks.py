"""The desks' pages of refunds: stores answer for their own parts, administrators follow up what failed."""

from __future__ import annotations

import re
from html import unescape

import pytest
from apiflask import APIFlask

from portal.gateways.base import RefundFailed
from tests.blueprints.desks import browser
from tests.blueprints.pages import send
from tests.factories.account import make_person
from tests.factories.dispute import make_dispute
from tests.factories.refund import answer_legs, ask_refund, lines_of, open_legs, rows, status_of
from tests.services.refunds.test_decisions import Case, move_part

pytestmark = pytest.mark.req("REF-01")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return unescape(found[1])


def test_a_store_finds_the_request_in_its_queue_and_answers(app: APIFlask) -> None:
    case = Case()
    move_part(case.order, "accepted", "packed")
    asked = ask_refund(case.order, part_id=case.order.part_ids[0])
    as_sam, as_sue = browser(app, case.sam), browser(app, case.sue)
    path = f"/seller/refunds/{asked.refund_id}"
    assert path in as_sam.get("/seller/refunds").text
    assert path not in as_sue.get("/seller/refunds?queue=all").text
    assert as_sue.get(path).status_code == 404
    page = unescape(as_sam.get(path).text)
    assert "₩39,000" in page
    assert "It is packed already." in page
    empty = send(as_sam, f"{path}/refusal", {"reason": ""}, page=path)
    assert empty.status_code == 422
    assert "Say why" in empty.text
    assert send(as_sue, f"{path}/approval", page="/seller/orders").status_code == 404
    assert send(as_sam, f"{path}/approval", page=path).status_code == 303
    assert status_of(asked.refund_id) == "approved"


def test_a_refusal_is_read_by_the_buyer(app: APIFlask) -> None:
    case = Case()
    move_part(case.order, "accepted", "packed")
    asked = ask_refund(case.order, part_id=case.order.part_ids[0])
    path = f"/seller/refunds/{asked.refund_id}"
    send(browser(app, case.sam), f"{path}/refusal", {"reason": "It left this morning."}, page=path)
    assert "It left this morning." in browser(app, case.bea).get(f"/orders/{case.order.number}").text


def test_a_store_gives_something_back_from_its_order_page(app: APIFlask) -> None:
    case = Case()
    client, path = browser(app, case.sam), f"/seller/orders/{case.order.part_ids[0]}/refund"
    page = client.get(path).text
    units = dict(re.findall(r'name="(units-[^"]+)" value="(\d+)"', page))
    data = {**units, "shown": hidden(page, "shown"), "key": hidden(page, "key"), "reason": "out_of_stock"}
    assert send(client, path, data, page=path).status_code == 303
    assert rows("SELECT origin, total_minor FROM refund") == [("seller", 39_000)]


@pytest.mark.req("REF-03", "STR-04")
def test_a_failed_leg_shows_the_gateways_reason_and_the_next_step(app: APIFlask) -> None:
    case = Case()
    asked = ask_refund(case.order)
    leg_id = open_legs(asked.refund_id)[0]
    answer_legs(asked.refund_id, RefundFailed("expired_or_canceled_card"))
    client, path = browser(app, case.ada), f"/admin/refunds/{asked.refund_id}"
    assert path in client.get("/admin/refunds?queue=failed").text
    page = unescape(client.get(path).text)
    assert "expired_or_canceled_card" in page
    assert "The card is closed. Offer deposit or a bank transfer." in page
    bank = {"destination": "bank", "bank_bank": "Hana", "bank_number": "123-456-7890", "bank_holder": "Bea Kim"}
    assert send(client, f"{path}/legs/{leg_id}/replacement", bank, page=path).status_code == 303
    payout_id = rows("SELECT id FROM payout")[0][0]
    assert "123-456-7890" in client.get(path).text
    auditor = browser(app, make_person("max", roles=("operations",)))
    assert "123-456-7890" not in auditor.get(path).text
    assert send(client, f"{path}/payouts/{payout_id}/payment", {"reference": "HN-7"}, page=path).status_code == 303
    assert status_of(asked.refund_id) == "succeeded"


@pytest.mark.req("REF-03", "STR-05")
def test_who_pays_by_hand_is_warned_when_the_bank_has_taken_the_payment_back(app: APIFlask) -> None:
    case = Case()
    asked = ask_refund(case.order)
    leg_id = open_legs(asked.refund_id)[0]
    answer_legs(asked.refund_id, RefundFailed("expired_or_canceled_card"))
    client, path = browser(app, case.ada), f"/admin/refunds/{asked.refund_id}"
    bank = {"destination": "bank", "bank_bank": "Hana", "bank_number": "123-456-7890", "bank_holder": "Bea Kim"}
    assert send(client, f"{path}/legs/{leg_id}/replacement", bank, page=path).status_code == 303
    warning = "Do not pay it a second time."
    assert warning not in client.get(path).text
    make_dispute(case.order)
    assert warning in client.get(path).text


@pytest.mark.req("REF-03")
def test_the_buyer_chooses_another_way_on_the_order_page(app: APIFlask) -> None:
    case = Case()
    asked = ask_refund(case.order)
    leg_id = open_legs(asked.refund_id)[0]
    answer_legs(asked.refund_id, RefundFailed("expired_or_canceled_card"))
    client, page = browser(app, case.bea), f"/orders/{case.order.number}"
    assert "Where should ₩47,500 go instead?" in unescape(client.get(page).text)
    path = f"/orders/{case.order.number}/refund-legs/{leg_id}/settlement"
    assert send(client, path, {"destination": "deposit"}, page=page).status_code == 303
    assert status_of(asked.refund_id) == "succeeded"


@pytest.mark.req("REF-09")
def test_the_first_page_of_administrators_says_how_quick_refunds_are(app: APIFlask) -> None:
    case = Case()
    answer_legs(ask_refund(case.order).refund_id)
    page = browser(app, case.ada).get("/admin/").text
    assert "Refunds within a working day" in page
    assert "100%" in page


def test_a_store_sends_only_what_was_not_given_back(app: APIFlask) -> None:
    case = Case()
    client, path = browser(app, case.sam), f"/seller/orders/{case.order.part_ids[0]}"
    before = unescape(client.get(path).text)
    assert "Given back" not in before
    answer_legs(ask_refund(case.order, {lines_of(case.order)[0]: 1}).refund_id)
    page = unescape(client.get(path).text)
    assert "1 given back" in page
    assert "-₩12,000" in page
    slip = client.get(f"{path}/packing-slip").text
    assert '<td class="num">2</td>' in slip
