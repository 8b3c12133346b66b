"""Receipts and credit notes: numbered without gaps, never changed, and equal to the books."""

from __future__ import annotations

import hashlib
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import orjson
import pytest
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.exc import IntegrityError

from portal.config import Settings
from portal.db import atomically, reading, transaction
from portal.jobs.documents import issue_documents
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.models import Channel, Document, Mail
from portal.queries.documents import DocumentAlteredError, load_document
from portal.services.documents.issue_document import CreditAboveReceiptError, issue_document, wanted_documents
from portal.services.documents.want_document import want_credit_note, want_receipt
from tests.factories.account import ADDRESS_US, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, give_deposit, give_mileage, make_coupon, make_order
from tests.factories.rates import give_rates
from tests.factories.refund import answer_legs, ask_refund, lines_of, rows

pytestmark = pytest.mark.req("PAY-15")


def buy(mall: Mall, *, krw: int = 9_900, units: int = 2, who: str = "bea") -> MadeOrder:
    return make_order(make_person(who), mall, {make_variant(mall, krw=krw): units})


def want(order: MadeOrder) -> uuid.UUID:
    with transaction() as session:
        want_receipt(session, order_id=order.id, now=clock.now())
    found = rows("SELECT id FROM document WHERE order_id = :id AND kind = 'receipt'", id=order.id)
    return uuid.UUID(str(found[0][0]))


def issue(document_id: uuid.UUID) -> str | None:
    issued = atomically(lambda session: issue_document(session, document_id=document_id, now=clock.now()))
    return issued.label if issued else None


def content(label: str) -> dict[str, Any]:
    with reading() as session:
        kept = session.scalars(select(Document.content).where(Document.label == label)).one()
    found: dict[str, Any] = orjson.loads(kept or "")
    return found


def handle_all() -> None:
    """What the relay would do until nothing waits."""
    while waiting := [row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")]:
        handle_events(waiting)


def test_a_paid_order_gets_its_receipt_with_the_amounts_of_the_books(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    make_coupon(cap=5)
    give_deposit(bea, 5_000)
    give_mileage(bea, 2_000)
    goods = {make_variant(mall, krw=9_900): 2, make_variant(mall, store=1, krw=5_500): 1}
    order = make_order(bea, mall, goods, codes=["AUTUMN10"], deposit_minor=5_000, mileage_points=2_000)
    handle_all()
    issue_documents()
    ((label, total, sha256),) = rows("SELECT label, total_minor, sha256 FROM document")
    said = content(label)
    paid = rows("SELECT payable_minor, discount_minor, shipping_minor, tax_included_minor FROM orders")[0]
    assert (total, said["total_minor"]) == (paid[0], paid[0])
    assert (said["discount_minor"], said["shipping_minor"]) == paid[1:3]
    assert sum(one["amount_minor"] for one in said["taxes"]) == paid[3]
    assert sum(one["amount_minor"] for one in said["tenders"]) == total
    booked = rows(
        "SELECT sum(p.amount_minor)::bigint FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        " JOIN ledger_entry e ON e.id = p.entry_id WHERE e.kind = 'order_paid' AND a.kind = 'order_escrow'"
    )[0][0]
    platform = sum(one["amount_minor"] for one in said["discounts"] if one["funding"] == "platform")
    assert booked == total + platform
    gateway = next(one for one in said["tenders"] if one["type"] == "gateway")
    assert gateway["amount_minor"] == order.gateway_minor
    assert gateway["ref"] == rows("SELECT gateway_ref FROM payment_attempt")[0][0]
    assert hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest() == sha256


def test_the_receipt_goes_out_by_mail_with_its_document_once(books: None) -> None:
    buy(make_mall())
    handle_all()
    for _ in range(2):
        issue_documents()
        handle_all()
    mails = rows("SELECT m.template, d.kind, m.sender FROM mail m LEFT JOIN document d ON d.id = m.document_id")
    ((name,),) = rows("SELECT name ->> 'en' FROM channel WHERE code = 'kr'")
    assert [one for one in mails if one[0] == "receipt"] == [("receipt", "receipt", name)]


def test_numbers_follow_one_another_for_each_issuer_and_kind(books: None) -> None:
    mall = make_mall()
    labels = [issue(want(buy(mall, who=f"buyer{n}"))) for n in range(3)]
    year = clock.now().year
    assert labels == [f"KR-{year}-R-00000{n}" for n in (1, 2, 3)]


def test_a_document_is_issued_once(books: None) -> None:
    wanted = want(buy(make_mall()))
    first = issue(wanted)
    assert (first is not None, issue(wanted)) == (True, None)
    want_id = rows("SELECT count(*) FROM document")
    assert want_id == [(1,)]


def test_a_number_is_given_back_by_a_transaction_that_fails(books: None) -> None:
    mall = make_mall()
    first, second = want(buy(mall, who="bea")), want(buy(mall, who="cleo"))
    with transaction() as session:
        assert issue_document(session, document_id=first, now=clock.now()) is not None
        session.rollback()  # As for a worker that dies here.
    assert [issue(second), issue(first)] == [f"KR-{clock.now().year}-R-00000{n}" for n in (1, 2)]


def test_workers_at_once_leave_no_gap_and_give_no_number_twice(books: None) -> None:
    mall = make_mall()
    wanted = [want(buy(mall, who=f"buyer{n}")) for n in range(12)]
    start = Barrier(4)

    def work(_: int) -> list[str | None]:
        start.wait()
        return [issue(document_id) for document_id in wanted]

    with ThreadPoolExecutor(4) as pool:
        labels = [label for found in pool.map(work, range(4)) for label in found if label is not None]
    assert sorted(labels) == [f"KR-{clock.now().year}-R-{n:06}" for n in range(1, 13)]
    assert rows("SELECT last_number FROM document_series") == [(12,)]


def test_an_issued_document_cannot_be_changed_or_deleted(books: None, settings: Settings) -> None:
    issue(want(buy(make_mall())))
    engine = create_engine(settings.database_owner_url, isolation_level="AUTOCOMMIT")
    for statement in (
        "UPDATE document SET total_minor = 1",
        "UPDATE document SET sha256 = 'x'",
        "UPDATE document SET issued_at = NULL, number = NULL, content = NULL",
        "DELETE FROM document",
    ):
        with engine.connect() as connection, pytest.raises(IntegrityError, match="is issued and cannot be changed"):
            connection.execute(text(statement))
    engine.dispose()


def test_a_content_that_was_exchanged_is_noticed(books: None) -> None:
    wanted = want(buy(make_mall()))
    issue(wanted)
    with transaction() as session:
        session.execute(update(Document).values(content='{"total_minor": 1}'))
    with reading() as session, pytest.raises(DocumentAlteredError):
        load_document(session, document_id=wanted)


def test_documents_show_the_rate_of_the_day_of_the_order(books: None) -> None:
    mall = make_mall()
    order = buy(mall, krw=9_999, units=3)
    handle_all()
    with transaction() as session:
        session.execute(update(Channel).values(tax_rate=Decimal("0.2")))
    issue_documents()
    [(label,)] = rows("SELECT label FROM document")
    assert {tax["rate"].rstrip("0") for tax in content(label)["taxes"]} == {"0.1"}
    assert answer_legs(ask_refund(order).refund_id) == "succeeded"
    handle_all()
    issue_documents()
    [(note,)] = rows("SELECT label FROM document WHERE kind = 'credit_note'")
    assert {tax["rate"].rstrip("0") for tax in content(note)["taxes"]} == {"0.1"}


@pytest.mark.req("REF-05")
def test_refunds_get_credit_notes_that_add_up_to_the_receipt(books: None) -> None:
    mall = make_mall()
    order = buy(mall, krw=9_999, units=3)
    (line_id,) = lines_of(order)
    handle_all()
    issue_documents()
    receipt = rows("SELECT label, total_minor FROM document")[0]
    for units in (1, 2):
        assert answer_legs(ask_refund(order, {line_id: units}).refund_id) == "succeeded"
        handle_all()
        issue_documents()
    notes = rows("SELECT label, total_minor FROM document WHERE kind = 'credit_note' ORDER BY number")
    assert [label for label, _ in notes] == [f"KR-{clock.now().year}-C-00000{n}" for n in (1, 2)]
    said = [content(label) for label, _ in notes]
    assert {one["corrects"] for one in said} == {receipt[0]}
    assert sum(one["total_minor"] for one in said) == rows("SELECT sum(refunded_minor)::bigint FROM tender")[0][0]
    taxes = [tax["amount_minor"] for one in said for tax in one["taxes"]]
    assert sum(taxes) == rows("SELECT tax_included_minor FROM orders")[0][0]
    assert [one["parts"][0]["lines"][0]["quantity"] for one in said] == [1, 2]
    assert all(sum(t["amount_minor"] for t in one["tenders"]) == one["total_minor"] for one in said)


def test_credit_notes_never_exceed_the_receipt(books: None, settings: Settings) -> None:
    order = buy(make_mall())
    issue(want(order))
    refunded = ask_refund(order)
    answer_legs(refunded.refund_id)
    with transaction() as session:
        want_credit_note(session, refund_id=refunded.refund_id, now=clock.now())
        session.execute(text("UPDATE document SET total_minor = total_minor + 1 WHERE kind = 'credit_note'"))
    (wanted,) = _wanted()
    with pytest.raises(CreditAboveReceiptError):
        issue(wanted)
    with transaction() as session:
        session.execute(text("UPDATE document SET total_minor = total_minor - 1 WHERE kind = 'credit_note'"))
    assert issue(wanted) is not None


def test_a_credit_note_waits_for_its_receipt(books: None) -> None:
    order = buy(make_mall())
    receipt = want(order)
    refunded = ask_refund(order)
    answer_legs(refunded.refund_id)
    with transaction() as session:
        want_credit_note(session, refund_id=refunded.refund_id, now=clock.now())
    assert _wanted() == [receipt]
    issue_documents()
    assert rows("SELECT kind FROM document ORDER BY issued_at") == [("receipt",), ("credit_note",)]


def _wanted() -> list[uuid.UUID]:
    with reading() as session:
        return wanted_documents(session)


def test_tax_on_top_is_stated_and_given_back_to_the_cent(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    goods = {make_variant(mall, usd=333): 3, make_variant(mall, store=1, usd=1_001): 2}
    order = make_order(bea, mall, goods, channel=mall.us, address=ADDRESS_US)
    handle_all()
    issue_documents()
    answer_legs(ask_refund(order, {lines_of(order)[0]: 1}).refund_id)
    answer_legs(ask_refund(order).refund_id)
    handle_all()
    issue_documents()
    labels = [row[0] for row in rows("SELECT label FROM document ORDER BY kind DESC, number")]
    receipt, *notes = (content(label) for label in labels)
    assert receipt["tax_added_minor"] == rows("SELECT tax_added_minor FROM orders")[0][0] > 0
    assert receipt["subtotal_minor"] + receipt["shipping_minor"] + receipt["tax_added_minor"] == receipt["total_minor"]
    for name in ("subtotal_minor", "shipping_minor", "tax_added_minor", "total_minor"):
        assert sum(one[name] for one in notes) == receipt[name]
        assert all(sum(tax["amount_minor"] for tax in one["taxes"]) == one["tax_added_minor"] for one in notes)


@pytest.mark.req("CAT-04", "REF-07")
def test_receipt_mail_and_credit_notes_tell_both_currencies_at_the_rate_of_the_payment(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    order = make_order(bea, mall, {make_variant(mall): 2}, channel=mall.us, address=ADDRESS_US)
    handle_all()
    issue_documents()
    give_rates(as_of=clock.now(), KRW="1540")  # A dollar is 1,400 won now.
    answer_legs(ask_refund(order, {lines_of(order)[0]: 1}).refund_id)
    answer_legs(ask_refund(order).refund_id)
    handle_all()
    issue_documents()
    labels = [row[0] for row in rows("SELECT label FROM document ORDER BY kind DESC, number")]
    receipt, *notes = (content(label) for label in labels)
    told = {"currency": "KRW", "amount_minor": 35_100, "rate": "1300", "source": "bank"}
    assert receipt["platform"].items() >= told.items()
    assert [one["platform"]["rate"] for one in notes] == ["1300", "1300"]
    assert sum(one["platform"]["amount_minor"] for one in notes) == 35_100
    with reading() as session:
        mail = session.scalars(select(Mail).where(Mail.template == "receipt")).one()
    for body in (mail.body, mail.html or ""):
        assert "₩35,100 (1 USD = 1,300 KRW, bank, " in body
