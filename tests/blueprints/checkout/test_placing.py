"""The button: one order for every intent, and the page as it was whenever something stands in its way."""

from __future__ import annotations

import re

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.blueprints.identity import TOKEN_KEY
from portal.broker import broker
from portal.crypto import blind_index
from portal.db import transaction
from portal.gateways.base import Declined, DeclineReason
from portal.jobs.queue import PAYMENTS, queue
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import Channel, RiskListEntry
from portal.queries.channels import forget_channels
from portal.rules.permissions import SYSTEM, Actor
from portal.services.payments.claim_attempt import claim_attempt
from portal.services.payments.settle_attempt import settle_attempt
from tests.blueprints.checkout.checkouts import (
    CONSENTS,
    NEW_ADDRESS,
    Desk,
    counts,
    facts,
    fields_of,
    make_desk,
)
from tests.blueprints.confirming import by_mail, path_of, through
from tests.blueprints.desks import browser, counted
from tests.blueprints.desks import fields as hidden
from tests.factories.account import PASSWORD, make_person, make_session
from tests.factories.cart import put_into_cart, set_price, set_stock
from tests.factories.order import give_deposit, make_coupon


@pytest.mark.req("PAY-07", "PAY-10", "IDN-08")
def test_it_places_the_order_and_hints_a_worker(app: APIFlask) -> None:
    desk = make_desk(app)
    answer = desk.place(save_address="1")
    assert answer.status_code == 303
    assert re.fullmatch(r"/orders/KR-[0-9A-Z]{10}", answer.location)
    jobs = [job.func_name for job in queue(PAYMENTS).get_jobs()]
    assert jobs == ["portal.jobs.payments.charge_attempt"]
    assert facts("SELECT count(*) FROM address") == [(1,)]
    assert facts("SELECT kind, version FROM consent ORDER BY kind") == [
        ("payment_agency", "2026-11"),
        ("seller_data", "2026-11"),
        ("terms", "2026-11"),
    ]
    return_url = facts("SELECT return_url FROM payment_attempt")[0][0]
    order_id = facts("SELECT id FROM orders")[0][0]
    assert return_url == f"http://localhost/orders/{order_id}/return"


@pytest.mark.req("PAY-09", "PAY-12")
def test_after_a_failed_payment_everything_stands_as_it_was(app: APIFlask) -> None:
    desk = make_desk(app)
    make_coupon("TEN", percent=10)
    desk.update(code="TEN", apply="1")
    desk.place(save_address="1", method="wallet")
    attempt_id = facts("SELECT id FROM payment_attempt")[0][0]
    declined = Declined("no", DeclineReason.DECLINED, retry_helps=False)
    with transaction() as session:
        claim_attempt(session, attempt_id=attempt_id, worker="tests", now=clock.now())
        settle_attempt(session, attempt_id=attempt_id, outcome=declined, actor=SYSTEM, now=clock.now())
    values = fields_of(desk.open())
    assert values["codes"] == ["TEN"]
    assert values["method"] == ["wallet"]
    # The address that was new is in the book now, and chosen.
    assert values["address_id"] == [str(facts("SELECT id FROM address")[0][0])]


@pytest.mark.req("PAY-10")
def test_the_same_form_twice_is_one_order(app: APIFlask) -> None:
    desk = make_desk(app)
    form = desk.paying()
    first = desk.client.post("/checkout/orders", data=form)
    second = desk.client.post("/checkout/orders", data=form)
    assert first.location == second.location
    assert counts()["orders"] == 1


@pytest.mark.req("PAY-10")
def test_a_second_tab_ends_on_the_same_order(app: APIFlask) -> None:
    desk = make_desk(app)
    one, other = desk.paying(), desk.paying()
    assert one["idempotency_key"] != other["idempotency_key"]
    first = desk.client.post("/checkout/orders", data=one)
    second = desk.client.post("/checkout/orders", data=other)
    assert (second.status_code, second.location) == (303, first.location)
    assert counts()["orders"] == 1


@pytest.mark.req("PAY-10")
def test_a_key_with_other_values_is_refused(app: APIFlask) -> None:
    desk = make_desk(app)
    form = desk.paying()
    desk.client.post("/checkout/orders", data=form)
    assert desk.bea is not None
    put_into_cart(desk.bea.actor, desk.mall.kr, desk.variants[0])
    answer = desk.place(idempotency_key=form["idempotency_key"], name="Somebody else")
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (409, "idempotency_key_reused")
    assert fields_of(answer.text)["idempotency_key"] != form["idempotency_key"]
    assert counts()["orders"] == 1


@pytest.mark.req("CPN-08")
def test_a_changed_price_stands_beside_the_old_one_and_the_next_press_buys(app: APIFlask) -> None:
    desk = make_desk(app)
    form = desk.paying()
    set_price(desk.variants[0], desk.mall.kr, 13_000)
    answer = desk.client.post("/checkout/orders", data=form)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (409, "changed_since_shown")
    changes = answer.text[answer.text.index('id="changed"') : answer.text.index("</table>")]
    assert "₩17,500" in changes
    assert "₩18,500" in changes
    assert counts()["orders"] == 0
    # Everything was kept, so that pressing again is all there is to do.
    again = desk.client.post("/checkout/orders", data=fields_of(answer.text))
    assert again.status_code == 303
    assert facts("SELECT subtotal_minor FROM orders") == [(18_500,)]


def test_a_tampered_price_buys_at_the_real_one_or_not_at_all(app: APIFlask) -> None:
    desk = make_desk(app)
    answer = desk.place(unit_price_minor="1", amount="1", payable_minor="1", shown_rows="items||1;to_pay_now||1")
    assert answer.status_code == 303
    assert facts("SELECT payable_minor FROM orders") == [(23_500,)]


def test_stock_that_went_meanwhile_charges_nothing(app: APIFlask) -> None:
    desk = make_desk(app)
    form = desk.paying()
    set_stock(desk.variants[0], on_hand=0)
    answer = desk.client.post("/checkout/orders", data=form)
    assert answer.status_code == 409
    assert "Rice bowl: sold out" in answer.text
    assert counts()["orders"] == 0


def test_a_card_without_its_fields_goes_to_a_page(app: APIFlask) -> None:
    make_desk(app).place(method="credit_card")
    assert facts("SELECT gateway FROM payment_attempt") == [("paylink",)]


def test_a_card_with_a_token_goes_to_the_gateway_of_the_fields(app: APIFlask) -> None:
    make_desk(app).place(method="credit_card", source_token="ctoken_1")
    assert facts("SELECT gateway FROM payment_attempt") == [("stripe",)]


@pytest.mark.req("PAY-03")
def test_nothing_left_to_pay_is_an_order_without_a_gateway(app: APIFlask) -> None:
    desk = make_desk(app)
    assert desk.bea is not None
    give_deposit(desk.bea, 50_000)
    desk.update(deposit="23,500")
    answer = desk.place(method=None)
    assert answer.status_code == 303
    assert facts("SELECT status FROM orders") == [("paid",)]
    assert "Thank you, your order is confirmed" in desk.client.get(answer.location).text


def test_a_blocked_payment_is_refused_without_its_reason(app: APIFlask) -> None:
    desk = make_desk(app)
    assert desk.bea is not None
    index = blind_index(f"user:{desk.bea.id}")
    with transaction() as session:
        entry = RiskListEntry(id=new_id(), kind="user", value_index=index, mode="block", created_at=clock.now())
        entry.reason, entry.owner = "stolen cards", "ada"
        session.add(entry)
    answer = desk.place()
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (403, "payment_blocked")
    assert "write to our support" in answer.text
    assert counts()["orders"] == 0


def test_a_frozen_account_is_told_so(app: APIFlask) -> None:
    desk = make_desk(app)
    with transaction() as session:
        session.execute(text("UPDATE user_account SET state = 'frozen'"))
    answer = desk.place()
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (403, "account_frozen")


def test_a_session_that_ended_leads_to_the_sign_in_and_back(app: APIFlask) -> None:
    desk = make_desk(app)
    form = desk.paying()
    with transaction() as session:
        session.execute(text("UPDATE web_session SET revoked_at = :now"), {"now": clock.now()})
    answer = desk.client.post("/checkout/orders", data=form, headers={"Referer": "http://localhost/checkout"})
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/checkout"
    assert facts("SELECT count(*) FROM cart_line") == [(2,)]


def _visitors_desk(app: APIFlask) -> Desk:
    desk = make_desk(app, signed_in=False, krw=(12_000,))
    token, session_id = make_session()
    with desk.client.session_transaction() as kept:
        kept[TOKEN_KEY] = token
    put_into_cart(Actor(session_id=session_id), desk.mall.kr, desk.variants[0])
    return desk


NEWCOMER = {"account": "new", "account_name": "Nari", "account_email": "nari@example.com", "account_password": PASSWORD}


@pytest.mark.req("IDN-07")
def test_a_newcomer_signs_up_and_buys_with_one_press(app: APIFlask) -> None:
    desk = _visitors_desk(app)
    answer = desk.place(**NEWCOMER, email=None)
    assert answer.status_code == 303, errors(answer.text)
    assert answer.location.startswith("/orders/KR-")
    assert desk.client.get(answer.location).status_code == 200
    assert facts("SELECT count(*) FROM cart_line") == [(0,)]


@pytest.mark.req("IDN-07")
def test_an_account_made_on_the_page_keeps_cart_and_typed_values(app: APIFlask) -> None:
    desk = _visitors_desk(app)
    answer = desk.client.post("/checkout/account", data=desk.form(**NEWCOMER, **NEW_ADDRESS, sign_up="1"))
    assert answer.status_code == 200
    values = fields_of(answer.text)
    assert values["line1"] == [NEW_ADDRESS["line1"]]
    assert values["email"] == ["nari@example.com"]
    assert "You are signed in as Nari." in answer.text
    assert desk.client.post("/checkout/orders", data=values | {"method": "wallet", **CONSENTS}).status_code == 303


@pytest.mark.req("IDN-07")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"account_email": "bea@example.com"}, "email_taken"),
        ({"account_password": "short"}, "password_unfit"),
        ({"account_name": ""}, "account_name_missing"),
        ({"account_email": "nari"}, "email_unfit"),
    ],
)
def test_a_sign_up_that_fails_leaves_a_visitor_with_everything_typed(
    app: APIFlask, changes: dict[str, str], code: str
) -> None:
    desk = _visitors_desk(app)
    make_person("bea")
    answer = desk.client.post("/checkout/account", data=desk.form(**NEWCOMER | changes, **NEW_ADDRESS, sign_up="1"))
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (422, code)
    assert fields_of(answer.text)["line1"] == [NEW_ADDRESS["line1"]]
    assert PASSWORD not in answer.text
    assert counts()["orders"] == 0


def test_somebody_known_signs_in_and_finds_his_coupons_beside_the_visitors_cart(app: APIFlask) -> None:
    desk = _visitors_desk(app)
    make_person("bea")
    form = desk.form(account="known", known_email="bea@example.com", known_password=PASSWORD, sign_in="1")
    answer = desk.client.post("/checkout/account", data=form)
    assert answer.status_code == 200
    assert "Coupons and balances" in answer.text
    assert fields_of(answer.text)["email"] == ["bea@example.com"]
    wrong = browser(app)
    assert wrong.get("/checkout").status_code == 200


@pytest.mark.req("IDN-04", "CPN-09")
def test_coupons_in_a_rush_are_confirmed_first_and_then_used_with_what_was_typed(app: APIFlask) -> None:
    desk = make_desk(app)
    for code in ("TEN", "FIVE"):
        make_coupon(code, percent=5)
    with transaction() as session:
        session.get_one(Channel, desk.mall.kr.id).policy = {"step_up": {"coupon:use-many": {"uses": 1}}}
    forget_channels()
    for code in ("TEN", "FIVE"):
        desk.update(code=code, apply="1")
    asked = desk.place()
    assert counts()["orders"] == 0
    path = path_of(asked)
    assert "coupons" in desk.client.get(f"{path}?lang=en").text
    done = through(desk.client, by_mail(desk.client, path))
    assert (done.status_code, done.location[:8]) == (303, "/orders/")
    assert facts("SELECT count(*) FROM coupon_use") == [(2,)]


@pytest.mark.req("BAL-03", "PAY-09")
def test_a_balance_that_another_checkout_keeps_says_where_and_can_be_moved_here(app: APIFlask) -> None:
    """Hard case 15: two tabs; the second one names the order that keeps the deposit, and giving that up frees it."""
    desk = make_desk(app)
    assert desk.bea is not None
    give_deposit(desk.bea, 5_000)
    desk.update(deposit="5,000")
    assert desk.place().status_code == 303
    number = facts("SELECT number FROM orders")[0][0]
    put_into_cart(desk.bea.actor, desk.mall.kr, desk.variants[0])
    page = desk.client.get("/checkout?lang=en").text
    assert f"The rest is kept for order {number}" in page
    assert f'href="/orders/{number}"' in page
    order = desk.client.get(f"/orders/{number}").text
    assert desk.client.post(f"/orders/{number}/cancellation", data=hidden(order)).status_code == 303
    assert "The rest is kept" not in desk.client.get("/checkout?lang=en").text
    desk.update(deposit="5,000")
    assert desk.place().status_code == 303
    assert facts("SELECT status FROM ledger_hold ORDER BY created_at") == [("released",), ("active",)]
    assert facts("SELECT held_minor FROM ledger_account WHERE kind = 'deposit'") == [(5_000,)]


def test_placing_takes_few_statements(app: APIFlask) -> None:
    desk = make_desk(app)
    make_coupon("TEN", percent=10)
    desk.update(code="TEN", apply="1")
    form = desk.paying()
    with counted() as sent:
        assert desk.client.post("/checkout/orders", data=form).status_code == 303
    # One of them reads which routing rules are in force at this very moment (PAY-04), one, where there are coupons,
    # how many the buyer has used just now (IDN-04).
    assert len(sent) <= 18, len(sent)


def test_redis_being_away_is_no_reason_not_to_sell(app: APIFlask) -> None:
    desk = make_desk(app)
    form = desk.paying()
    broker.client.connection_pool.disconnect()
    assert desk.client.post("/checkout/orders", data=form).status_code == 303


def errors(page: str) -> list[str]:
    return re.findall(r'class="error".*?</p>', page, re.DOTALL)
