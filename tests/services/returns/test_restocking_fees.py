"""A store keeps a restocking fee of what comes back by choice: shown first, booked once, on every paper (REF-01)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.db import atomically, reading, transaction
from portal.kit import clock
from portal.queries.seller_balance import fresh_figures
from portal.queries.taxes import TaxSum, tax_sums
from portal.rules.permissions import SYSTEM
from portal.rules.refund_policy import Party
from portal.rules.returns import ReturnKind
from portal.services.documents.freeze import freeze_credit_note
from portal.services.figures.renew_figures import Stretch, renew
from portal.services.orders.release_part import release_part
from portal.services.refunds.decide_refund import approve_refund
from tests.blueprints.desks import browser, fields
from tests.factories.account import ADDRESS_US
from tests.factories.cart import make_variant
from tests.factories.order import make_coupon, make_order
from tests.factories.parcel import send
from tests.factories.refund import answer_legs, ask_refund, lines_of, rows
from tests.factories.returns import Case
from tests.services.refunds.test_decisions import move_part
from tests.services.refunds.test_hard_cases import balance
from tests.services.returns.test_cheaper_exchanges import option_of, refund_of

pytestmark = pytest.mark.req("REF-01", "ORD-005")


@pytest.fixture
def case(books: None) -> Case:
    with transaction() as session:
        session.execute(text("INSERT INTO refund_rule (restocking_basis_points) VALUES (1000)"))
    return Case()


def come_back(case: Case, units: int = 2, reason: str = "changed_mind") -> uuid.UUID:
    """Asked for, agreed to, received and taken; returns its refund."""
    asked = case.ask({case.line: units}, reason=reason)
    case.approve(asked)
    case.receive(asked)
    case.inspect(asked)
    return refund_of(asked)


def release(case: Case) -> None:
    move_part(case.order, "delivered")
    atomically(lambda s: release_part(s, part_id=case.part_id, actor=SYSTEM, now=clock.now()))


def total_and_fee(refund_id: uuid.UUID) -> tuple[int, int]:
    [(total, fee)] = rows(
        "SELECT f.total_minor, sum(r.restocking_minor)::int FROM refund f JOIN refund_line r ON r.refund_id = f.id"
        " WHERE f.id = :id GROUP BY f.id",
        id=refund_id,
    )
    return int(total), fee


def tax_report(currency: str) -> list[TaxSum]:
    """What the report of taxes says of these days."""
    today = clock.now().date()
    first, last = today - timedelta(days=1), today + timedelta(days=1)
    atomically(lambda s: renew(s, Stretch(first, last), now=clock.now()))
    with reading() as session:
        return [one for one in tax_sums(session, first=first, last=last) if one.currency == currency]


@pytest.mark.req("BAL-13")
@pytest.mark.parametrize("released_first", [False, True])
def test_the_store_keeps_the_fee_in_full_and_its_statement_says_so(case: Case, released_first: bool) -> None:
    if released_first:
        release(case)
        asked = ask_refund(case.order, {case.line: 2}, actor=case.ada.actor, party=Party.ADMIN)
        refund_id = asked.refund_id
    else:
        refund_id = come_back(case)
    assert answer_legs(refund_id) == "succeeded"
    assert total_and_fee(refund_id) == (21_600, 2_400)
    if not released_first:
        release(case)
    store = case.mall.store_ids[0]
    with reading() as session:
        figures = fresh_figures(session, store_id=store, currency="KRW", until=clock.now())
    [(paid,)] = rows("SELECT payable_minor::int FROM order_part WHERE id = :id", id=case.part_id)
    # One of three is kept, with the other thing: of that the mall has its commission, of the fee it has none.
    kept = 12_000 + 5_000
    assert (figures.sales_minor - figures.own_coupons_minor, figures.refunds_minor) == (paid, 24_000)
    assert (figures.commission_minor, figures.other_minor) == (kept // 10, 2_400)
    assert figures.net_minor == paid - 24_000 - kept // 10 + 2_400 == balance("seller_payable", f"store:{store}")
    assert balance("order_escrow", f"order:{case.order.id}") == 0


def test_what_is_not_the_buyers_choice_costs_nothing(case: Case) -> None:
    assert total_and_fee(come_back(case, 1, reason="not_as_described"))[1] == 0
    assert total_and_fee(come_back(case, 1, reason="too_late")) == (12_000, 0)
    given = ask_refund(case.order, {case.line: 1}, actor=case.ada.actor, party=Party.ADMIN, reason="goodwill")
    assert total_and_fee(given.refund_id) == (12_000, 0)


def test_what_was_never_sent_comes_back_whole(books: None) -> None:
    with transaction() as session:
        session.execute(text("INSERT INTO refund_rule (restocking_basis_points) VALUES (1000)"))
    case = Case(sent=False)
    assert total_and_fee(ask_refund(case.order, {case.line: 1}).refund_id) == (12_000, 0)


@pytest.mark.req("PAY-15", "REF-02")
def test_the_credit_note_takes_the_fee_off_and_the_tax_goes_back_with_the_goods(case: Case) -> None:
    mall = case.mall
    make_coupon(percent=15)
    order = make_order(
        case.bea, mall, {make_variant(mall, usd=1_001): 3}, channel=mall.us, codes=["AUTUMN10"], address=ADDRESS_US
    )
    case.order, case.part_id, case.line = order, order.part_ids[0], lines_of(order)[0]
    case.arrive(send(case.part_id, case.sam).shipment_id)
    [(payable, tax)] = rows("SELECT payable_minor::int, tax_minor::int FROM order_line WHERE id = :id", id=case.line)
    refund_id = come_back(case, 3)
    assert answer_legs(refund_id) == "succeeded"
    fee = round((payable - tax) * 0.1)
    assert total_and_fee(refund_id) == (payable - fee, fee)
    note = atomically(
        lambda s: freeze_credit_note(s, order_id=order.id, refund_id=refund_id, label="C1", now=clock.now())
    )
    assert (note["subtotal_minor"], note["tax_added_minor"]) == (payable - tax, tax)
    assert (note["restocking_minor"], note["total_minor"]) == (fee, payable - fee)
    assert sum(one["amount_minor"] for one in note["tenders"]) == payable - fee
    [told] = tax_report("USD")
    assert (told.base_back_minor, told.tax_back_minor) == (payable - tax, tax)


@pytest.mark.req("REF-02")
def test_whoever_agrees_later_agrees_to_the_same_fee(case: Case) -> None:
    with transaction() as session:
        session.execute(text("UPDATE refund_rule SET approve_above = '{\"KRW\": 5000}'"))
    refund_id = come_back(case)
    assert balance("deposit") == balance("seller_payable") == 0
    ada, now = case.ada.actor, clock.now()
    atomically(lambda s: approve_refund(s, refund_id=refund_id, actor=ada, reason="", now=now))
    assert answer_legs(refund_id) == "succeeded"
    assert balance("seller_payable") == 2_400


def test_everybody_reads_the_fee_before_and_after(app: APIFlask, case: Case) -> None:
    bea, sam = browser(app, case.bea), browser(app, case.sam)
    form = f"/orders/{case.order.number}/returns/new?kind={{}}&units-{case.line}=2&reason={{}}"
    kept = "The store keeps a restocking fee of ₩2,400. It is taken off what comes back."
    plan = bea.get(form.format("return", "changed_mind")).text
    assert kept in plan
    assert "₩21,600" in plan
    assert "restocking" not in bea.get(form.format("return", "damaged")).text
    dearer = option_of(case.mall, case.variant, krw=15_000)
    assert kept in bea.get(form.format("exchange", "changed_mind") + f"&variant-{case.line}={dearer}").text
    asked = case.ask({case.line: 2})
    said = "Of what you take of it, you keep a restocking fee of up to ₩2,400."
    assert said in sam.get(f"/seller/returns/{asked}").text
    case.approve(asked)
    case.receive(asked)
    assert said in sam.get(f"/seller/returns/{asked}").text
    case.inspect(asked)
    [(code, refund_id)] = rows("SELECT number, refund_id FROM goods_return")
    assert kept in bea.get(f"/returns/{code}").text
    assert kept in bea.get(f"/orders/{case.order.number}").text
    assert "You keep a restocking fee of ₩2,400." in sam.get(f"/seller/returns/{asked}").text
    assert "₩2,400" in sam.get(f"/seller/refunds/{refund_id}").text
    assert "Restocking fee, kept of what came back" in sam.get(f"/seller/orders/{case.part_id}").text


def test_an_exchange_that_is_not_paid_is_a_return_with_its_fee(app: APIFlask, case: Case) -> None:
    dearer = option_of(case.mall, case.variant, krw=15_000)
    asked = case.ask({case.line: 2}, kind=ReturnKind.EXCHANGE, variants={case.line: dearer})
    case.approve(asked)
    case.receive(asked)
    case.inspect(asked)
    [(code,)] = rows("SELECT number FROM goods_return")
    bea = browser(app, case.bea)
    page = bea.get(f"/returns/{code}").text
    assert "Then the store keeps a restocking fee of ₩2,400." in page
    bea.post(f"/returns/{code}/money", data=fields(page))
    assert total_and_fee(refund_of(asked)) == (21_600, 2_400)
