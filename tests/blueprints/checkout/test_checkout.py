"""The checkout's page: what it shows, what it renews, what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask

from portal.db import transaction
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import CouponGrant
from portal.services.accounts.save_address import save_address
from tests.blueprints.checkout.checkouts import (
    CONSENTS,
    amounts_of,
    counts,
    errors_of,
    facts,
    fields_of,
    make_desk,
)
from tests.blueprints.desks import browser, counted
from tests.factories.account import ADDRESS_KR, ADDRESS_US, make_person
from tests.factories.cart import make_variant, put_into_cart, set_price, set_stock
from tests.factories.order import give_deposit, give_mileage, make_coupon


@pytest.mark.req("PAY-03")
def test_worked_example_a_adds_up_on_the_page(app: APIFlask) -> None:
    desk = make_desk(app, krw=())
    bea, kr = desk.bea, desk.mall.kr
    assert bea is not None
    put_into_cart(bea.actor, kr, make_variant(desk.mall, krw=9_900), 2)
    put_into_cart(bea.actor, kr, make_variant(desk.mall, store=1, krw=5_500))
    put_into_cart(bea.actor, kr, make_variant(desk.mall, store=1, krw=3_333), 3)
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    make_coupon("TEN", percent=10)
    page = desk.update(code="TEN", deposit="5,000", mileage="2,000", use_best="1").text
    *rows, to_pay = amounts_of(page)
    # The stores of these tests send for 3,000 each; the example's second store for 2,500.
    assert rows == [35_299, -3_530, 6_000, 3_434, -5_000, -2_000]
    assert to_pay == 35_299 - 3_530 + 6_000 - 5_000 - 2_000
    assert "Pay ₩30,769" in page


def test_the_page_opens_with_what_is_known(app: APIFlask) -> None:
    desk = make_desk(app)
    assert desk.bea is not None
    with transaction() as session:
        save_address(session, user_id=desk.bea.id, fields=ADDRESS_KR, now=clock.now())
        save_address(session, user_id=desk.bea.id, fields=ADDRESS_US, now=clock.now())
    page = desk.open()
    values = fields_of(page)
    assert values["email"] == ["bea@example.com"]
    assert "This shop does not deliver to that country." in page
    assert len(values["address_id"]) == 1
    assert "Arrives" in page


@pytest.mark.req("IDN-08")
def test_nothing_that_costs_or_consents_is_chosen_beforehand(app: APIFlask) -> None:
    values = fields_of(make_desk(app).open())
    assert not [name for name in values if name.startswith("consent_")]
    assert "method" not in values


@pytest.mark.req("CAT-05")
def test_a_method_that_cannot_take_the_amount_stands_there_with_its_reason(app: APIFlask) -> None:
    page = make_desk(app, krw=(2_000_000,)).open()
    assert "This takes up to ₩1,000,000." in page


@pytest.mark.req("CPN-06")
def test_the_best_coupons_are_applied_and_the_others_explained(app: APIFlask) -> None:
    desk = make_desk(app)
    assert desk.bea is not None
    first, second = make_coupon("A", percent=10, lane="week"), make_coupon("B", percent=5, lane="week")
    with transaction() as session:
        for campaign in (first, second):
            grant = CouponGrant(id=new_id(), user_id=desk.bea.id, campaign_id=campaign, granted_at=clock.now())
            session.add(grant)
    page = desk.open()
    assert "The best of your coupons are applied." in page
    assert page.count('name="applied"') == 1
    assert "cannot be combined" in page or "save more without" in page


@pytest.mark.req("CPN-07")
def test_an_unknown_code_is_named_with_its_reason_and_changes_nothing(app: APIFlask) -> None:
    desk = make_desk(app)
    before = amounts_of(desk.open())
    page = desk.update(code="no-such", apply="1").text
    assert "NOSUCH was not applied. We do not know this code." in page
    assert amounts_of(page) == before
    assert facts("SELECT choices -> 'codes' FROM cart") == [([],)]


def test_a_code_that_works_is_kept_with_the_cart(app: APIFlask) -> None:
    desk = make_desk(app)
    make_coupon("TEN", percent=10)
    desk.update(code=" ten ", apply="1")
    page = desk.open()
    assert fields_of(page)["codes"] == ["TEN"]
    assert amounts_of(page)[1] == -1_750


def test_a_coupon_that_drops_out_is_said(app: APIFlask) -> None:
    desk = make_desk(app, krw=(12_000, 5_500))
    make_coupon("BIG", percent=10, minimum={"KRW": 15_000})
    desk.update(code="BIG", apply="1")
    form = desk.form()
    set_price(desk.variants[0], desk.mall.kr, 3_000)
    page = desk.client.post("/checkout/choices", data=form).text
    assert "“10% off” no longer applies." in page


def test_use_all_without_a_script_fills_in_the_highest_amount(app: APIFlask) -> None:
    desk = make_desk(app)
    assert desk.bea is not None
    give_deposit(desk.bea, 50_000)
    # The button stands in the form that buys: it must not buy.
    page = desk.client.post("/checkout/orders", data=desk.form(use_all="deposit"))
    assert page.status_code == 200
    assert fields_of(page.text)["deposit"] == ["23,500"]
    assert "Place order, nothing to pay" in page.text
    assert counts()["orders"] == 0


def test_renewing_answers_htmx_with_parts_only(app: APIFlask) -> None:
    desk = make_desk(app)
    answer = desk.update(htmx=True, method="wallet")
    assert answer.text.lstrip().startswith('<div id="amounts"')
    assert "<html" not in answer.text
    assert facts("SELECT choices ->> 'method' FROM cart") == [("wallet",)]


def test_a_typed_address_is_kept_while_amounts_are_renewed_without_a_script(app: APIFlask) -> None:
    page = make_desk(app).update(line1="서울특별시 중구", postcode="12", update="1").text
    assert "서울특별시 중구" in page
    # What is filled in and wrong is said; what is empty is not complained about yet.
    assert errors_of(page) == ["A Korean postcode has 5 digits, such as 04524."]


def test_three_faults_keep_every_value_and_stand_in_the_summary(app: APIFlask) -> None:
    answer = make_desk(app).place(postcode="1", phone="", email="nobody", consent_terms=None)
    assert answer.status_code == 422
    assert answer.text.index("There is a problem") < answer.text.index("<h1")
    assert "<title>Error: " in answer.text
    for sentence in (
        "A Korean postcode has 5 digits, such as 04524.",
        "Enter a phone number for the carrier.",
        "Enter an e-mail address such as name@example.com.",
        "Accept the terms of purchase to order.",
    ):
        assert answer.text.count(sentence) == 2
    values = fields_of(answer.text)
    assert (values["line1"], values["method"]) == ([ADDRESS_KR["line1"]], ["bank_transfer"])
    assert "consent_seller_data" in values
    assert counts()["orders"] == 0


# What is changed in an otherwise good form: status, code.
BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("deposit below zero", {"deposit": "-1"}, 422, "amount_invalid"),
    ("deposit above the balance", {"deposit": "5,001"}, 422, "DEPOSIT_ABOVE_BALANCE"),
    ("deposit in another currency", {"deposit": "$10"}, 422, "amount_invalid"),
    ("parts of a won", {"deposit": "10.5"}, 422, "amount_too_many_decimals"),
    ("deposit beyond all numbers", {"deposit": "9" * 40}, 422, "amount_invalid"),
    ("mileage below zero", {"mileage": "-100"}, 422, "amount_invalid"),
    ("mileage above the balance", {"mileage": "2,001"}, 422, "MILEAGE_ABOVE_BALANCE"),
    ("amounts that were never shown", {"shown": "0" * 32}, 409, "changed_since_shown"),
    ("a coupon that is not hers", {"coupon_mode": "own", "coupons": ["999"], "shown": "x"}, 409, "changed_since_shown"),
    ("no way of paying", {"method": None}, 422, "METHOD_MISSING"),
    ("an unknown way of paying", {"method": "gold"}, 422, "METHOD_MISSING"),
    ("a text that has changed", {"consent_terms": "2020-01"}, 422, "consent_terms_missing"),
    ("no consent", dict.fromkeys(CONSENTS), 422, "consent_terms_missing"),
    ("a strange address", {"address_id": "01980000-0000-7000-8000-000000000000"}, 422, "address_missing"),
    ("no key", {"idempotency_key": ""}, 400, "idempotency_key_missing"),
    ("a key without end", {"idempotency_key": "k" * 201}, 400, "idempotency_key_missing"),
]


@pytest.mark.req("CPN-08", "PAY-10", "BAL-06")
@pytest.mark.parametrize(("changes", "status", "code"), [one[1:] for one in BAD], ids=[one[0] for one in BAD])
def test_bad_input_is_refused_by_name_and_changes_nothing(
    app: APIFlask, changes: dict[str, Any], status: int, code: str
) -> None:
    desk = make_desk(app)
    assert desk.bea is not None
    give_deposit(desk.bea, 5_000)
    give_mileage(desk.bea, 2_000)
    form = desk.paying(**changes)
    before = counts(), facts("SELECT balance_minor, held_minor FROM ledger_account ORDER BY id")
    answer = desk.client.post("/checkout/orders", data=form)
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, code)
    assert 'role="alert"' in answer.text
    assert (counts(), facts("SELECT balance_minor, held_minor FROM ledger_account ORDER BY id")) == before


@pytest.mark.req("IDN-05")
def test_another_persons_address_is_as_if_it_were_not_there(app: APIFlask) -> None:
    desk = make_desk(app)
    with transaction() as session:
        strange = save_address(session, user_id=make_person("max").id, fields=ADDRESS_KR, now=clock.now())
    answer = desk.place(address_id=str(strange))
    assert (answer.status_code, answer.headers["X-Error-Code"]) == (422, "address_missing")


def test_the_page_takes_few_statements(app: APIFlask) -> None:
    desk = make_desk(app)
    desk.open()
    with counted() as sent:
        desk.open()
    assert len(sent) <= 8, sent
    with counted() as sent:
        desk.update(htmx=True, method="wallet")
    assert len(sent) <= 8 + 8, sent  # The helper opens the page first.


def test_an_empty_cart_says_so(app: APIFlask) -> None:
    desk = make_desk(app, krw=())
    assert "There is nothing to buy" in desk.open()


def test_what_is_sold_out_is_named_and_left_in_the_cart(app: APIFlask) -> None:
    desk = make_desk(app)
    set_stock(desk.variants[1], on_hand=0)
    page = desk.open()
    assert "Rice bowl: sold out" in page
    assert amounts_of(page)[0] == 12_000


def test_a_seller_without_a_session_sees_the_account_fields(app: APIFlask) -> None:
    desk = make_desk(app)
    page = browser(app).get("/checkout").text
    assert "There is nothing to buy" in page
    assert desk.variants


@pytest.mark.req("BAL-03", "BAL-06", "CPN-07")
@pytest.mark.parametrize(
    ("field", "typed"), [("deposit", "-1"), ("deposit", "999999999"), ("mileage", "7"), ("code", "NOSUCHCODE")]
)
def test_a_choice_that_may_not_be_is_refused_with_its_status_and_code(app: APIFlask, field: str, typed: str) -> None:
    changes: dict[str, Any] = {field: typed}
    answer = make_desk(app).update(**changes)
    assert answer.status_code == 422
    assert answer.headers["X-Error-Code"]
