"""The review as a person does it: pages without JavaScript, one act, and what masks what is personal."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.db import transaction
from portal.models import AuditRow, LedgerAccount, Order, OutboxEvent
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, MadeOrder, give_deposit, make_order


@dataclass
class Review:
    """An order of bea's that a rule holds, and two who may decide."""

    order: MadeOrder
    bea: Person
    ada: Person
    as_ada: FlaskClient
    as_rita: FlaskClient


def statuses(order: MadeOrder) -> tuple[str, bool]:
    with transaction() as session:
        row = session.execute(select(Order.status, Order.fraud_hold).where(Order.id == order.id)).one()
        return row.status, row.fraud_hold


def recorded(action: str) -> list[tuple[str, str]]:
    with transaction() as session:
        rows = session.execute(select(AuditRow.actor, AuditRow.ref).where(AuditRow.action == action))
        return [(row.actor, row.ref) for row in rows]


@pytest.mark.req("ORD-002", "FRD-06")
def test_the_order_offers_both_decisions_with_what_happens_to_the_money(review: Review) -> None:
    page = review.as_ada.get(f"/admin/orders/{review.order.number}").text

    assert "Clear: capture ₩3,500,000" in page
    assert "Refuse: void ₩3,500,000" in page
    assert "The amount is more than ₩3,000,000." in page


def test_a_decision_needs_a_reason_and_a_page_of_its_own(review: Review) -> None:
    path = f"/admin/orders/{review.order.number}/clearance"
    sent = fields(review.as_ada.get(path).text)

    refused = review.as_ada.post(path, data=sent)

    assert refused.status_code == 422
    assert "There is a problem" in refused.text
    assert statuses(review.order) == ("pending", True)


def test_clear_by_form_does_it_once_however_often_it_is_sent(review: Review) -> None:
    path = f"/admin/orders/{review.order.number}/clearance"
    sent = fields(review.as_ada.get(path).text) | {"reason": "confirmed", "note": "She answered the phone."}

    answers = [review.as_ada.post(path, data=sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert statuses(review.order) == ("pending", False)
    with transaction() as session:
        kinds = list(session.scalars(select(OutboxEvent.kind)))
    assert kinds.count("payment.capture_wanted") == 1
    assert recorded("risk:decided") == [(f"user:{review.ada.id}", f"order:{review.order.id}")]


def test_the_second_reviewer_reads_who_decided_and_when(review: Review) -> None:
    path = f"/admin/orders/{review.order.number}"
    of_rita = fields(review.as_rita.get(f"{path}/refusal").text) | {"reason": "stolen_means"}
    of_ada = fields(review.as_ada.get(f"{path}/clearance").text) | {"reason": "confirmed"}
    review.as_ada.post(f"{path}/clearance", data=of_ada)

    told = review.as_rita.post(f"{path}/refusal", data=of_rita)

    assert told.status_code == 409
    assert "Ada decided on" in told.text
    assert statuses(review.order) == ("pending", False)


def test_the_form_of_another_site_is_refused(review: Review) -> None:
    answer = review.as_ada.post(f"/admin/orders/{review.order.number}/clearance", data={"reason": "confirmed"})

    assert answer.status_code == 400
    assert statuses(review.order) == ("pending", True)


@pytest.mark.req("IDN-05")
def test_name_and_balances_are_masked_until_a_look_that_is_recorded(review: Review) -> None:
    address = f"/admin/users/{review.bea.id}"
    masked = review.as_ada.get(address).text
    assert "bea@example.com" not in masked
    assert "₩7,777" not in masked

    token = {"csrf_token": fields(masked)["csrf_token"]}
    profile = review.as_ada.post(f"{address}/profile-view", data=token, follow_redirects=True).text
    assert "bea@example.com" in profile
    assert "₩7,777" not in profile
    balances = review.as_ada.post(f"{address}/balance-view", data=token, follow_redirects=True).text
    assert "₩7,777" in balances

    assert recorded("user:viewed") == [(f"user:{review.ada.id}", f"user:{review.bea.id}")]
    assert recorded("balance:viewed") == [(f"user:{review.ada.id}", f"user:{review.bea.id}")]


@pytest.mark.req("IDN-05", "BAL-01")
def test_a_persons_account_shows_its_postings_only_after_a_recorded_look(review: Review) -> None:
    with transaction() as session:
        account = session.scalars(
            select(LedgerAccount.id).where(
                LedgerAccount.owner == f"user:{review.bea.id}", LedgerAccount.kind == "deposit"
            )
        ).one()
    address = f"/admin/ledger/accounts/{account}"
    masked = review.as_ada.get(address).text
    assert "₩7,777" not in masked

    token = {"csrf_token": fields(masked)["csrf_token"]}
    shown = review.as_ada.post(f"{address}/balance-view", data=token)

    assert "₩7,777" in review.as_ada.get(shown.headers["Location"]).text
    # The mark in the address is of no use to anybody else.
    assert "₩7,777" not in review.as_rita.get(shown.headers["Location"]).text
    assert recorded("balance:viewed") == [(f"user:{review.ada.id}", f"user:{review.bea.id}")]


@pytest.mark.req("IDN-05")
def test_the_buyers_address_on_an_order_is_masked_too(review: Review) -> None:
    address = f"/admin/orders/{review.order.number}"
    masked = review.as_ada.get(address).text
    assert "김베아" not in masked
    token = {"csrf_token": fields(masked)["csrf_token"]}

    shown = review.as_ada.post(f"{address}/buyer-view", data=token, follow_redirects=True).text

    assert "김베아" in shown
    assert recorded("user:viewed") == [(f"user:{review.ada.id}", f"user:{review.bea.id}")]


@pytest.fixture
def review(app: APIFlask) -> Review:
    mall = make_mall()
    bea = make_person("bea", now=LONG_AGO)
    give_deposit(bea, 7_777)
    ada = make_person("ada", roles=("buyer", "admin"), now=LONG_AGO)
    rita = make_person("rita", roles=("risk",), now=LONG_AGO)
    order = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    return Review(order, bea, ada, browser(app, ada), browser(app, rita))
