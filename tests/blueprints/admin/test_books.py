"""The books at a glance, and who has looked at whose balance (BAL-01, IDN-05)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from apiflask import APIFlask

from portal.db import transaction
from portal.kit import clock
from portal.rules.posting import AccountKind, AccountRef
from portal.services.accounts.view_balance import view_balance
from portal.services.ledger.accounts import ensure_accounts
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import give_deposit, make_order
from tests.factories.refund import rows


@pytest.mark.req("BAL-01")
def test_every_currency_comes_to_zero_now_and_on_any_day(app: APIFlask, books: None) -> None:
    mall = make_mall()
    bea = make_person("bea")
    give_deposit(bea, 50_000)
    order = make_order(bea, mall, {make_variant(mall): 1}, deposit_minor=1_000, outcome=None)
    as_ada = browser(app, make_person("ada", roles=("buyer", "admin")))
    page = as_ada.get("/admin/ledger/trial-balance").text
    assert "₩50,000" in page
    assert "-₩50,000" in page
    assert "Does not balance" not in page
    day = (clock.now() - timedelta(days=2)).date()
    assert "Nothing was posted" in as_ada.get(f"/admin/ledger/trial-balance?on={day}").text
    held = as_ada.get("/admin/ledger/holds").text
    assert order.number in held
    assert "₩1,000" in held
    assert order.number not in as_ada.get("/admin/ledger/holds?status=used").text


@pytest.mark.req("BAL-01")
@pytest.mark.parametrize("words", ["bea@example.com", "BEA@example.com", "{id}", "{store}", "paylink", "{number}"])
def test_an_account_is_found_by_whom_it_belongs_to(app: APIFlask, books: None, words: str) -> None:
    mall = make_mall()
    bea = make_person("bea")
    give_deposit(bea, 50_000)
    order = make_order(bea, mall, {make_variant(mall): 1})
    with transaction() as session:
        ensure_accounts(session, [AccountRef(AccountKind.SELLER_PAYABLE, f"store:{mall.store_ids[0]}", "KRW")])
    slug = rows("SELECT slug FROM store ORDER BY id LIMIT 1")[0][0]
    sought = words.format(id=bea.id, store=slug, number=order.number)
    as_ada = browser(app, make_person("ada", roles=("buyer", "admin")))
    found = re.findall(r"/admin/ledger/accounts/(\d+)", as_ada.get(f"/admin/ledger/accounts?q={sought}").text)
    assert found
    assert len(set(found)) < rows("SELECT count(*) FROM ledger_account")[0][0]
    assert "No account matches" in as_ada.get("/admin/ledger/accounts?q=%25").text


@pytest.mark.req("IDN-05")
def test_who_saw_whose_balance_when_and_from_where(app: APIFlask, books: None) -> None:
    make_mall()
    bea, ada = make_person("bea"), make_person("ada", roles=("buyer", "admin"))
    give_deposit(bea, 5_000)
    as_ada = browser(app, ada)
    page = as_ada.get(f"/admin/users/{bea.id}").text
    assert as_ada.post(f"/admin/users/{bea.id}/balance-view", data=fields(page)).status_code == 303
    with transaction() as session:
        view_balance(session, user_id=ada.id, actor=ada.actor, now=clock.now())
    log = as_ada.get("/admin/audit/balance-views").text
    for said in ("203.0.113.7", "Firefox", f'href="/admin/users/{ada.id}"', f'href="/admin/users/{bea.id}"', "1 look"):
        assert said in log, said
    assert "Nobody has looked" in as_ada.get(f"/admin/audit/balance-views?whose={ada.id}").text
    assert "203.0.113.7" in as_ada.get(f"/admin/audit/balance-views?whose={bea.id}&who={ada.id}").text
