"""What was paid, looked back at by buyers, stores and administrators (PAY-13)."""

from __future__ import annotations

import csv
import io
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.db import transaction
from portal.jobs.documents import issue_documents
from portal.kit import clock
from portal.services.documents.want_document import want_receipt
from tests.blueprints.desks import browser
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, give_deposit, make_order
from tests.factories.refund import ask_refund, lines_of

pytestmark = pytest.mark.req("PAY-13")

# In Seoul the second of these is a day later than the first.
BEFORE_MIDNIGHT = datetime(2026, 11, 20, 14, 59, 59, tzinfo=UTC)
MIDNIGHT = BEFORE_MIDNIGHT + timedelta(seconds=1)


def lines(answer_text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer_text.removeprefix("\ufeff"))))


def numbers(page: str) -> list[str]:
    return re.findall(r"\bKR-[0-9A-Z]{10}\b", page)


def by_hand(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status_code
    return answer.text


@pytest.fixture
def mall() -> Mall:
    return make_mall()


def order_at(when: datetime, mall: Mall, person: str = "bea") -> MadeOrder:
    with clock.frozen(when):
        return make_order(make_person(person), mall, {make_variant(mall, krw=9_900): 2})


def test_a_buyer_sees_her_own_payments_and_nobody_elses(app: APIFlask, mall: Mall) -> None:
    bea, max_ = make_person("bea"), make_person("max")
    mine = make_order(bea, mall, {make_variant(mall): 1, make_variant(mall): 1})
    other = make_order(max_, mall, {make_variant(mall): 1})
    as_bea = browser(app, bea)
    page = by_hand(as_bea, "/account/payments")
    assert numbers(page) == [mine.number]
    assert "Rice bowl and 1 more" in page
    assert as_bea.get(f"/account/payments/{mine.payment_id}").status_code == 200
    assert as_bea.get(f"/account/payments/{other.payment_id}").status_code == 404
    assert as_bea.get(f"/account/payments/{uuid.uuid4()}").status_code == 404
    assert browser(app).get("/account/payments").status_code == 303


def test_an_order_that_balances_covered_is_a_payment_too(app: APIFlask, mall: Mall) -> None:
    bea = make_person("bea")
    give_deposit(bea, 50_000)
    order = make_order(bea, mall, {make_variant(mall, krw=9_900): 1}, deposit_minor=12_900)
    assert order.payment_id is None
    as_bea = browser(app, bea)
    page = by_hand(as_bea, "/account/payments")
    assert "Deposit and mileage" in page
    assert "₩12,900" in page
    detail = by_hand(as_bea, f"/account/payments/{order.id}")
    assert order.number in detail
    assert "₩12,900" in detail


def test_an_order_that_balances_covered_is_refunded_when_it_was_given_back(app: APIFlask, mall: Mall) -> None:
    bea = make_person("bea")
    give_deposit(bea, 50_000)
    order = make_order(bea, mall, {make_variant(mall, krw=9_900): 2}, deposit_minor=22_800)
    assert order.payment_id is None
    as_bea = browser(app, bea)

    def states() -> list[str]:
        found = ("captured", "partially_refunded", "refunded")
        return [one for one in found if numbers(by_hand(as_bea, f"/account/payments?status={one}"))]

    assert states() == ["captured"]
    ask_refund(order, {lines_of(order)[0]: 1})
    assert states() == ["partially_refunded"]
    ask_refund(order)
    assert states() == ["refunded"]


def test_the_detail_has_the_gateways_id_the_tenders_and_the_receipt(app: APIFlask, mall: Mall) -> None:
    bea = make_person("bea")
    give_deposit(bea, 5_000)
    order = make_order(bea, mall, {make_variant(mall, krw=9_900): 1}, deposit_minor=5_000)
    with transaction() as session:
        want_receipt(session, order_id=order.id, now=clock.now())
    issue_documents()
    page = by_hand(browser(app, bea), f"/account/payments/{order.payment_id}")
    assert order.gateway_ref is not None
    for text in (order.gateway_ref, order.number, "₩5,000", "₩7,900", "₩12,900", "Visa ···· 4242", "/documents/KR-"):
        assert text in page, text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 0]),
        ("from=2026-11-21", [1]),
        ("until=2026-11-20", [0]),
        ("from=2026-11-20&until=2026-11-21", [1, 0]),
        ("from=2026-11-22", []),
        ("from=not-a-day&until=0001-01-01", [1, 0]),
        ("status=captured&from=2026-11-21", [1]),
        ("status=refunded", []),
    ],
)
def test_days_are_those_of_the_readers_calendar(app: APIFlask, mall: Mall, query: str, found: list[int]) -> None:
    bea = make_person("bea")
    orders = []
    for when in (BEFORE_MIDNIGHT, MIDNIGHT):
        with clock.frozen(when):
            orders.append(make_order(bea, mall, {make_variant(mall): 1}).number)
    expected = [orders[one] for one in found]
    as_bea = browser(app, bea)
    assert numbers(by_hand(as_bea, f"/account/payments?{query}").partition('id="payments"')[2]) == expected
    file = lines(by_hand(as_bea, f"/account/payments.csv?{query}"))
    assert [row[1] for row in file[1:]] == expected


def test_a_store_sees_what_was_paid_for_its_own_part(app: APIFlask, mall: Mall) -> None:
    bea = make_person("bea")
    sam = make_person("sam", roles=("seller",), store_ids=(mall.store_ids[0],))
    sue = make_person("sue", roles=("seller",), store_ids=(mall.store_ids[1],))
    both = make_order(bea, mall, {make_variant(mall, krw=9_900): 2, make_variant(mall, store=1, krw=5_500): 1})
    make_order(bea, mall, {make_variant(mall, store=1): 1}, outcome=None)
    as_sam, as_sue = browser(app, sam), browser(app, sue)
    page = by_hand(as_sam, "/seller/payments")
    assert numbers(page) == [both.number]
    assert "₩22,800" in page
    assert "₩31,300" not in page
    assert numbers(by_hand(as_sue, "/seller/payments")) == [both.number]
    head, row = lines(by_hand(as_sam, "/seller/payments.csv"))
    assert dict(zip(head, row, strict=True))["Amount"] == "22800"
    detail = by_hand(as_sam, f"/seller/orders/{both.part_ids[0]}")
    assert both.gateway_ref is not None
    assert both.gateway_ref in detail
    assert as_sam.get(f"/seller/orders/{both.part_ids[1]}").status_code == 404


def test_administrators_narrow_by_days(app: APIFlask, mall: Mall) -> None:
    early, late = order_at(BEFORE_MIDNIGHT, mall), order_at(MIDNIGHT, mall, "max")
    as_ada = browser(app, make_person("ada", roles=("admin",)))
    assert set(numbers(by_hand(as_ada, "/admin/payments"))) == {early.number, late.number}
    found = by_hand(as_ada, "/admin/payments?from=2026-11-21&until=2026-11-21")
    assert set(numbers(found.partition('id="payments"')[2])) == {late.number}


def test_a_file_holds_all_pages_and_no_formula(app: APIFlask, mall: Mall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.blueprints.payment_history.PAGE_ROWS", 2)
    bea = make_person("bea")
    variant = make_variant(mall, name="=HYPERLINK(1)")
    made = [make_order(bea, mall, {variant: 1}).number for _ in range(5)]
    answer = browser(app, bea).get("/account/payments.csv")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="payments.csv"'
    _head, *rows = lines(answer.text)
    assert [row[1] for row in rows] == made[::-1]
    assert {row[2] for row in rows} == {"'=HYPERLINK(1)"}
