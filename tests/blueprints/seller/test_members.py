"""What people in a store see and may do by their roles: the rest is not shown, and refused (IDN-02)."""

from __future__ import annotations

import html
import re

import pytest
from apiflask import APIFlask
from sqlalchemy import update

from portal.db import transaction
from portal.models import StoreMember
from portal.rules.permissions import STORE_MATRIX, Permission, StoreRole
from tests.blueprints.desks import browser
from tests.blueprints.forms import form_with
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.factories.returns import Case, status_of_return
from tests.factories.top_up import work_off_events
from tests.services.accounts.test_store_members import token

pytestmark = pytest.mark.req("IDN-01", "IDN-02")
P = Permission
PAGES = {
    "/seller/orders": P.STORE_ORDER_VIEW,
    "/seller/figures": P.ANALYTICS_VIEW,
    "/seller/products": P.PRODUCT_EDIT,
    "/seller/stock": P.STOCK_EDIT,
    "/seller/tickets": P.TICKET_VIEW,
    "/seller/remarks": P.REMARK_VIEW,
    "/seller/payments": P.PAYMENT_VIEW,
    "/seller/balance": P.PAYOUT_VIEW,
    "/seller/returns": P.RETURN_RECEIVE,
    "/seller/refunds": P.REFUND_HANDLE,
    "/seller/campaigns": P.COUPON_VIEW,
    "/seller/profile": P.STORE_EDIT,
    "/seller/members": P.STORE_MEMBER_MANAGE,
    "/seller/bank": P.STORE_BANK_EDIT,
}


@pytest.fixture
def mall(app: APIFlask, books: None) -> Mall:
    return make_mall()


@pytest.fixture
def sam(mall: Mall) -> Person:
    return make_person("sam", store_ids=(mall.store_ids[0],))


def member(name: str, role: StoreRole, *store_ids: int) -> Person:
    person = make_person(name, store_ids=store_ids)
    with transaction() as session:
        session.execute(update(StoreMember).where(StoreMember.user_id == person.id).values(role=role.value))
    return person


@pytest.mark.parametrize("role", list(StoreRole))
def test_what_a_role_may_not_do_is_neither_shown_nor_answered(app: APIFlask, mall: Mall, role: StoreRole) -> None:
    client = browser(app, member("pia", role, mall.store_ids[0]))
    menu = set(re.findall(r'href="(/seller/[a-z]+)"', client.get("/seller/").text)) & set(PAGES)
    assert menu == {path for path, permission in PAGES.items() if permission in STORE_MATRIX[role]}
    for path, permission in PAGES.items():
        assert client.get(path).status_code == (200 if permission in STORE_MATRIX[role] else 403), path


def test_an_order_shows_each_role_its_own_acts(app: APIFlask, mall: Mall) -> None:
    order = make_order(make_person("bea"), mall, {make_variant(mall): 1})
    here = f"/seller/orders/{order.part_ids[0]}"
    packer, helper = (
        browser(app, member(name, role, mall.store_ids[0]))
        for name, role in (("pia", StoreRole.FULFILMENT), ("hal", StoreRole.SUPPORT))
    )
    packs, helps = packer.get(here).text, helper.get(here).text
    assert ("Accept the order" in packs, "Give back" in packs) == (True, False)
    assert ("Accept the order" in helps, "Give back" in helps) == (False, True)
    form = form_with(packs, "version")
    helper_form = {"csrf_token": form_with(helper.get("/seller/orders").text, "csrf_token")["csrf_token"]}
    accept = f"{here}/acceptance"
    assert helper.post(accept, data=form | helper_form).status_code == 403
    assert rows("SELECT status FROM order_part") == [("released",)]
    assert packer.post(accept, data=form).status_code == 303


def test_of_several_stores_each_page_has_those_where_the_role_allows_it(app: APIFlask, mall: Mall) -> None:
    own, other = mall.store_ids
    pia = make_person("pia", store_ids=(own, other))
    with transaction() as session:
        session.execute(
            update(StoreMember).where(StoreMember.store_id == other).values(role=StoreRole.FULFILMENT.value)
        )
    make_variant(mall, store=1)
    client = browser(app, pia)
    assert client.get("/seller/stock?store=maru").status_code == 200
    assert client.get("/seller/products?store=maru").status_code == 403
    assert "maru" not in client.get("/seller/products").text
    [(product,)] = rows("SELECT id FROM product")
    assert client.get(f"/seller/products/{product}").status_code == 404


def test_an_owner_invites_changes_and_removes_on_the_page(app: APIFlask, mall: Mall, sam: Person) -> None:
    as_sam, pia = browser(app, sam), make_person("pia")
    as_pia = browser(app, pia)
    page = "/seller/members"
    form = form_with(as_sam.get(page).text, "email")
    assert as_sam.post(page, data=form | {"email": "nobody"}).status_code == 422
    assert as_sam.post(page, data=form | {"email": "Pia@example.com", "role": "everything"}).status_code == 422
    assert as_sam.post(page, data=form | {"email": "pia@example.com", "role": "support"}).status_code == 303
    assert "pia@example.com" in as_sam.get(page).text
    link = f"/account/store-invitations/{token()}"
    assert as_sam.get(link).status_code == 403
    asked = as_pia.get(link)
    assert "Your role would be: Customer support." in html.unescape(asked.text)
    accepted = as_pia.post(f"{link}/acceptance", data=form_with(asked.text, "csrf_token"))
    assert accepted.headers["Location"].endswith("/seller/")
    assert as_pia.get("/seller/tickets").status_code == 200
    assert as_pia.get(link).status_code == 410

    def post(path: str, **values: str) -> int:
        given = {"csrf_token": form["csrf_token"], **values}
        return as_sam.post(f"{page}/{path}", data=given).status_code

    assert post(f"{pia.id}/role", role="accountant", was="fulfilment") == 409
    assert post(f"{pia.id}/role", role="accountant", was="support") == 303
    assert as_pia.get("/seller/tickets").status_code == 403
    assert post(f"{sam.id}/removal") == 409
    assert "Remove Pia from Hanok?" in html.unescape(as_sam.get(f"{page}/{pia.id}/removal").text)
    assert post(f"{pia.id}/removal") == 303
    assert as_pia.get("/seller/").status_code == 403
    assert rows("SELECT user_id FROM store_member") == [(sam.id,)]


def test_a_stores_events_are_told_to_whom_they_concern(app: APIFlask, mall: Mall, sam: Person) -> None:
    packer = member("pia", StoreRole.FULFILMENT, mall.store_ids[0])
    member("abe", StoreRole.ACCOUNTANT, mall.store_ids[0])
    make_order(make_person("bea"), mall, {make_variant(mall): 1})
    work_off_events()
    told = rows("SELECT user_id FROM notice WHERE kind = 'part_released'")
    assert {one for (one,) in told} == {sam.id, packer.id}


@pytest.mark.req("ORD-005")
def test_who_packs_receives_what_comes_back_and_leaves_the_money_to_others(app: APIFlask, mall: Mall) -> None:
    case = Case(mall)
    packer = member("pia", StoreRole.FULFILMENT, mall.store_ids[0])
    client, asked = browser(app, packer), case.ask({case.line: 1})
    page = f"/seller/returns/{asked}"
    waiting = client.get(page).text
    assert ("This waits for somebody of the store" in waiting, "Refuse the request" in waiting) == (True, False)
    token = {"csrf_token": form_with(client.get("/seller/orders").text, "csrf_token")["csrf_token"]}
    refused = client.post(f"{page}/refusal", data=token | {"answer": "No"})
    assert (refused.status_code, status_of_return(asked)) == (404, "requested")
    case.approve(asked)
    came = form_with(client.get(page).text, "version") | {f"units-{case.line}": "1"}
    assert client.post(f"{page}/receipt", data=came).status_code == 303
    assert status_of_return(asked) == "received"
    history = client.get(page).text
    assert "Pia" in history[history.index('id="history"') :]
    looks = client.post(f"{page}/inspection", data=token)
    assert (looks.status_code, status_of_return(asked)) == (404, "received")
    number = rows("SELECT number FROM goods_return WHERE id = :id", id=asked)[0][0]
    assert "Pia" not in browser(app, case.bea).get(f"/returns/{number}").text
