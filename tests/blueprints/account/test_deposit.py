"""Withdrawing deposit on the pages: asked for by its owner, decided and paid by an administrator (REF-08)."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.db import transaction
from portal.models import Channel
from portal.services.accounts.throttle import DEPOSIT_WITHDRAW
from tests.blueprints.confirming import by_mail, let_through, path_of, through
from tests.blueprints.desks import browser
from tests.blueprints.pages import send
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.order import give_deposit
from tests.factories.refund import rows
from tests.factories.step_up import pass_step_up

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


@pytest.mark.req("FRD-05")
def test_the_same_wish_over_and_over_is_told_when_to_come_again(app: APIFlask) -> None:
    make_mall()
    bea = make_person("bea")
    client, page = browser(app, bea), "/account/deposit"
    for _ in range(DEPOSIT_WITHDRAW.per_account.times):
        assert send(client, page, {"amount": "1"}, page=page).status_code == 400
    refused = send(client, page, {"amount": "1"}, page=page)
    assert (refused.status_code, refused.headers["X-Error-Code"]) == (429, "too_often")
    assert 0 < int(refused.headers["Retry-After"]) <= 3600
    assert rows("SELECT count(*) FROM withdrawal") == [(0,)]


def asked(client: FlaskClient, amount: str, **more: str) -> TestResponse:
    page = "/account/deposit"
    return send(client, page, {"amount": amount, "key": more.pop("key", amount), **BANK, **more}, page=page)


@pytest.mark.req("IDN-04")
def test_above_the_threshold_it_is_confirmed_and_goes_through_with_what_was_typed(app: APIFlask) -> None:
    make_mall()
    bea = make_person("bea")
    give_deposit(bea, 2_000_000)
    client = browser(app, bea)
    assert asked(client, "500,000").location == "/account/deposit"
    path = path_of(asked(client, "500,001"))
    page = unescape(client.get(path).text)
    assert "Withdraw ₩500,001 to the account at Hana that ends in 7890" in page
    assert rows("SELECT count(*) FROM withdrawal") == [(1,)]
    done = through(client, by_mail(client, path))
    assert (done.status_code, done.location) == (303, "/account/deposit")
    found = rows("SELECT amount_minor FROM withdrawal ORDER BY requested_at")
    assert found == [(500_000,), (500_001,)]
    trail = rows("SELECT payload FROM audit_row WHERE action = 'account:step-up-used'")
    assert "7890" not in trail[0][0]


@pytest.mark.req("IDN-04")
@pytest.mark.parametrize("changes", [{"amount": "600,001"}, {"bank_number": "999-999-9999"}])
def test_another_amount_or_account_than_confirmed_is_asked_for_anew(app: APIFlask, changes: dict[str, str]) -> None:
    make_mall()
    bea = make_person("bea")
    give_deposit(bea, 2_000_000)
    client = browser(app, bea)
    pass_step_up(uuid.UUID(path_of(asked(client, "600,000")).rpartition("/")[2]))
    typed = {"amount": "600,000", **changes}
    again = asked(client, typed.pop("amount"), **typed)
    assert again.location.endswith("?why=changed")
    assert "This is not what you have confirmed." in client.get(again.location).text
    assert rows("SELECT count(*) FROM withdrawal") == [(0,)]


@pytest.mark.req("IDN-04")
def test_a_channel_asks_from_its_own_threshold_on(app: APIFlask) -> None:
    mall = make_mall()
    with transaction() as session:
        session.get_one(Channel, mall.kr.id).policy = {"step_up": {"deposit:withdraw": {"KRW": 10_000}}}
    bea = make_person("bea")
    give_deposit(bea, 100_000)
    client = browser(app, bea)
    assert asked(client, "10,000").location == "/account/deposit"
    assert path_of(asked(client, "10,001"))


@pytest.mark.req("IDN-04")
def test_letting_a_large_withdrawal_out_is_confirmed_by_whoever_does_it(app: APIFlask) -> None:
    make_mall()
    bea, ada = make_person("bea"), make_person("ada", roles=("buyer", "admin"))
    give_deposit(bea, 2_000_000)
    client, desk = browser(app, bea), browser(app, ada)
    assert let_through(client, asked(client, "600,000")).status_code == 303
    found = rows("SELECT id FROM withdrawal")[0][0]
    path = f"/admin/withdrawals/{found}"
    act = send(desk, f"{path}/approval", page=path)
    assert "Let a withdrawal of ₩600,000 go out" in desk.get(path_of(act)).text
    assert rows("SELECT status FROM withdrawal") == [("requested",)]
    assert let_through(desk, act).location == path
    assert rows("SELECT status FROM withdrawal") == [("approved",)]
