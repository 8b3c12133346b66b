"""What a dearer exchange costs has a receipt of its own, and stands in the report of taxes (PAY-15, ORD-005)."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text

from portal.db import atomically, transaction
from portal.jobs.documents import issue_documents
from portal.kit import clock
from portal.models import Document, Mail, Order
from portal.queries.documents import find_document
from portal.services.figures.renew_figures import lock_figures, note_renewal, renew_changed
from tests.blueprints.desks import browser
from tests.documents.reading import pages_of
from tests.factories.account import ADDRESS_US
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import give_deposit, make_order
from tests.factories.parcel import send
from tests.factories.refund import lines_of, rows
from tests.factories.returns import Case
from tests.services.returns.test_cheaper_exchanges import give_back, option_of
from tests.services.returns.test_dearer_exchanges import money_comes, pay, ship, taken, work_off
from tests.services.returns.test_restocking_fees import tax_report

pytestmark = pytest.mark.req("PAY-15", "ORD-005")


def papers() -> list[dict[str, Any]]:
    """What was issued about exchanges, in the order in which it was."""
    work_off()
    issue_documents()
    with transaction() as session:
        query = "SELECT order_id, label FROM document WHERE entry_id IS NOT NULL ORDER BY issued_at, label"
        found = session.execute(text(query)).all()
        documents = [find_document(session, order_id=one.order_id, label=one.label) for one in found]
    return [dict(one.content) for one in documents if one]


def mails() -> list[Any]:
    """What was mailed about exchanges, each with the document that goes with it, in the order of these."""
    with transaction() as session:
        about = select(Mail.subject, Mail.body, Mail.html, Order.locale, Document.kind).join(
            Document, Document.id == Mail.document_id
        )
        found = about.join(Order, Order.id == Document.order_id).where(Mail.template == "exchange_paper")
        return list(session.execute(found.order_by(Document.issued_at)).all())


@pytest.mark.req("ORD-13")
def test_the_difference_has_a_receipt_with_its_tax_and_what_goes_back_a_credit_note(books: None) -> None:
    mall = make_mall()
    case = Case(mall)
    variant = make_variant(mall, usd=1_001)
    order = make_order(case.bea, mall, {variant: 3}, channel=mall.us, address=ADDRESS_US)
    case.order, case.part_id, case.line = order, order.part_ids[0], lines_of(order)[0]
    case.arrive(send(case.part_id, case.sam).shipment_id)
    [before] = tax_report("USD")
    asked = taken(case, option_of(mall, variant, usd=1_334), 2)
    [(rate,)] = rows("SELECT tax_rate FROM order_line WHERE id = :id", id=case.line)
    tax = round(333 * float(rate))
    money_comes(pay(case, asked, "credit_card"), 2 * (333 + tax), "USD")
    [receipt] = papers()
    [(code,)] = rows("SELECT number FROM goods_return")
    assert (receipt["kind"], receipt["exchange"], receipt["corrects"]) == ("receipt", code, None)
    assert (receipt["subtotal_minor"], receipt["tax_added_minor"]) == (666, 2 * tax)
    assert receipt["total_minor"] == 2 * (333 + tax)
    assert [one["quantity"] for one in receipt["parts"][0]["lines"]] == [2]
    assert [(one["method"], one["amount_minor"]) for one in receipt["tenders"]] == [("credit_card", 2 * (333 + tax))]
    [told] = tax_report("USD")
    assert (told.base_minor - before.base_minor, told.tax_minor - before.tax_minor) == (666, 2 * tax)
    assert ship(case, asked)
    give_back(order, {case.line: 2}, case.ada)
    _receipt, note = papers()
    # One of three was never exchanged, and goes back first.
    assert (note["kind"], note["corrects"], note["total_minor"]) == ("credit_note", receipt["label"], 333 + tax)
    assert [one["type"] for one in note["tenders"]] == ["deposit"]
    give_back(order, {case.line: 1}, case.ada)
    assert [one["total_minor"] for one in papers()] == [2 * (333 + tax), 333 + tax, 333 + tax]
    mailed = mails()
    assert [(one.locale, one.kind) for one in mailed] == [("en", "receipt"), *[("en", "credit_note")] * 2]
    assert f"For the receipt: {receipt['label']}" in mailed[1].body
    assert f"${(333 + tax) / 100:.2f} that you paid for exchange {code}" in mailed[1].body
    [told] = tax_report("USD")
    [(line_tax,)] = rows("SELECT tax_minor::int FROM order_line WHERE id = :id", id=case.line)
    assert told.tax_back_minor == line_tax + 2 * tax
    assert told.base_back_minor == 3_003 + 666


def test_a_tax_within_prices_is_told_and_the_buyer_finds_the_receipt(app: APIFlask, books: None) -> None:
    case = Case()
    give_deposit(case.bea, 10_000)
    with transaction() as session:
        session.execute(text("UPDATE orders SET locale = 'ko'"))
    asked = taken(case, option_of(case.mall, case.variant, krw=15_000), 2)
    pay(case, asked)
    [receipt] = papers()
    assert [(one["inclusive"], one["amount_minor"]) for one in receipt["taxes"]] == [(True, 2 * (3_000 - 2_727))]
    bea = browser(app, case.bea)
    assert receipt["label"] in bea.get(f"/orders/{case.order.number}").text
    [mail] = mails()
    assert (mail.subject, "6,000원 결제" in mail.body) == (f"교환 {receipt['exchange']} 영수증", True)
    assert receipt["label"] in mail.html
    assert "border-bottom:3px solid" in mail.html
    paper = bea.get(f"/orders/{case.order.number}/documents/{receipt['label']}")
    said = " ".join(pages_of(paper.data))
    assert "교환으로 보낸 상품이 돌아온 상품보다 비싼 만큼의 금액입니다." in said
    assert "6,000원" in said


@pytest.mark.req("ANA-01")
def test_the_day_of_an_old_order_is_counted_again_when_its_exchange_is_paid(books: None) -> None:
    case = Case()
    give_deposit(case.bea, 10_000)
    with transaction() as session:
        session.execute(text("UPDATE orders SET placed_at = placed_at - interval '9 days'"))
        lock_figures(session)
        # Whatever has moved before is counted.
        note_renewal(session, now=clock.now(), transition_id=10**9)
    pay(case, taken(case, option_of(case.mall, case.variant, krw=15_000), 2))
    atomically(lambda s: renew_changed(s, now=clock.now()))
    [(bought,)] = rows("SELECT tax_included_minor::int FROM orders")
    told = "SELECT sum(value)::int FROM figure_day WHERE fact = 'tax' AND day < current_date - 7"
    assert rows(told) == [(bought + 2 * (3_000 - 2_727),)]
