"""Withdrawing deposit on the pages: asked for by its owner, decided and paid by an administrator (REF-08)."""

from __future__ import annotations

import re

import pytest
from apiflask import APIFlask

from tests.blueprints.desks import browser
from tests.blueprints.pages import send
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.order import give_deposit
from tests.factories.refund import rows

pytestmark = pytest.mark.req("REF-08")
BANK = {"bank_bank": "Hana", "bank_number": "123-456-7890", "bank_holder": "Bea Kim"}


def test_from_the_request_to_the_payment(app: APIFlask) -> None:
    make_mall()
    bea, ada = make_person("bea"), make_person("ada", roles=("buyer", "admin"))
    give_deposit(bea, 100_000)
    client, page = browser(app, bea), "/account/deposit"
    key = re.search(r'name="key" value="([^"]+)"', client.get(page).text)
    assert key
    refused = send(client, page, {"amount": "999999999", "key": key[1], **BANK}, page=page)
    assert refused.status_code == 422
    assert "At most ₩5,000,000" in refused.text
    assert 'value="Hana"' in refused.text
    assert send(client, page, {"amount": "30,000", "key": key[1], **BANK}, page=page).status_code == 303
    assert "Being looked at" in client.get(page).text
    found = rows("SELECT id FROM withdrawal")[0][0]
    desk, path = browser(app, ada), f"/admin/withdrawals/{found}"
    assert path in desk.get("/admin/withdrawals").text
    shown = desk.get(path).text
    assert "The account is new." in shown
    assert "123-456-7890" not in shown
    assert send(desk, f"{path}/approval", page=path).status_code == 303
    assert "123-456-7890" in desk.get(path).text
    assert send(desk, f"{path}/payment", {"reference": "HN-1"}, page=path).status_code == 303
    assert rows("SELECT status FROM withdrawal") == [("paid",)]
