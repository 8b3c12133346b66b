"""From what stores sold to what they are paid (BAL-13, CPN-15)."""

from __future__ import annotations

import csv
import io
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.db import atomically, insert_rows, reading, transaction
from portal.jobs.payouts import close_periods
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import OrderHold
from portal.queries.seller_balance import fresh_lines
from portal.rules.permissions import SYSTEM
from portal.rules.posting import AccountKind, AccountRef, EntryKind, Line, of_platform
from portal.rules.states import Machine
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.orders.release_part import release_part
from portal.services.payouts.decide_payout import (
    PayoutDecidedError,
    PayoutUnknownError,
    approve_payout,
    hold_payout,
    pay_payout,
)
from tests.blueprints.desks import browser, fields
from tests.documents.reading import pages_of
from tests.factories.account import Person, freeze, make_person, thaw
from tests.factories.bank import give_bank
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, give_deposit, make_coupon, make_order
from tests.factories.refund import ask_refund, lines_of, rows
from tests.factories.step_up import with_session

pytestmark = pytest.mark.req("BAL-13")


@pytest.fixture
def mall(books: None) -> Mall:
    made = make_mall()
    give_bank(*made.store_ids)
    return made


@pytest.fixture
def fay(mall: Mall) -> Person:
    return with_session(make_person("fay", roles=("buyer", "finance")))


def sold(mall: Mall) -> MadeOrder:
    """19,800 of goods and 3,000 of shipping, with a coupon of the store's and one of the mall's, paid by deposit."""
    make_coupon("OWN", percent=10, store_id=mall.store_ids[0], funding="seller")
    make_coupon("MALL", percent=5)
    variant = make_variant(mall, krw=9_900)
    bea = make_person("bea")
    give_deposit(bea, 19_929)
    return make_order(bea, mall, {variant: 2}, codes=["OWN", "MALL"], deposit_minor=19_929)


def close_part(order: MadeOrder) -> None:
    part_id = order.part_ids[0]
    with transaction() as session:
        moves = [
            Move(Machine.PART, part_id, "released", "shipped", order.id),
            Move(Machine.PART, part_id, "shipped", "delivered", order.id),
        ]
        record_moves(session, *moves, actor=SYSTEM, now=clock.now())
        session.execute(text("UPDATE order_part SET status = 'delivered'"))
    with transaction() as session:
        release_part(session, part_id=part_id, actor=SYSTEM, now=clock.now())


def charge(mall: Mall, amount: int) -> None:
    """Something is charged to the store beside its sales; below zero, given back."""
    payable = AccountRef(AccountKind.SELLER_PAYABLE, f"store:{mall.store_ids[0]}", "KRW")
    with transaction() as session:
        post(
            session,
            kind=EntryKind.FX_DIFFERENCE,
            idem_key=f"charge:{new_id()}",
            lines=[Line(payable, -amount), Line(of_platform(AccountKind.OUTSIDE, "KRW"), amount)],
            now=clock.now(),
            order_id=rows("SELECT id FROM orders LIMIT 1")[0][0],
        )


def next_month() -> datetime:
    return clock.now() + timedelta(days=40)


def close_month(at: datetime | None = None) -> int:
    with clock.frozen(at or next_month()):
        return close_periods()


def payout_id() -> uuid.UUID:
    found: uuid.UUID = rows("SELECT id FROM seller_payout ORDER BY made_at DESC LIMIT 1")[0][0]
    return found


def approve(person: Person) -> bool:
    wanted = payout_id()
    return atomically(lambda s: approve_payout(s, payout_id=wanted, actor=person.actor, now=clock.now()))


def pay(person: Person, reference: str = "KB 0042") -> bool:
    wanted = payout_id()
    return atomically(
        lambda s: pay_payout(s, payout_id=wanted, reference=reference, actor=person.actor, now=clock.now())
    )


def test_just_after_another_account_was_given_nothing_goes_out(mall: Mall, fay: Person) -> None:
    close_part(sold(mall))
    close_month()
    with transaction() as session:
        session.execute(text("UPDATE store_bank SET payouts_wait_until = :at"), {"at": clock.now() + timedelta(days=3)})
    assert not approve(fay)
    assert rows("SELECT state, holds FROM seller_payout") == [("held", ["new_bank"])]
    with clock.frozen(clock.now() + timedelta(days=3)):
        assert approve(fay)


def test_a_statement_says_what_the_balance_is_made_of_and_is_made_once(mall: Mall) -> None:
    order = sold(mall)
    ask_refund(order, {lines_of(order)[0]: 1})
    close_part(order)
    balance = rows(
        "SELECT sum(p.amount_minor)::int FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        " WHERE a.kind = 'seller_payable'"
    )[0][0]
    assert close_month() == 1
    assert close_month() == 0
    (figures,) = rows(
        "SELECT opening_minor, sales_minor, own_coupons_minor, mall_coupons_minor, refunds_minor, commission_minor,"
        " other_minor, closing_minor FROM seller_statement"
    )
    opening, sales, own, of_mall, refunds, commission, other, closing = figures
    assert (opening, sales, own, other) == (0, 22_800, 1_980, 0)
    assert of_mall > 0
    assert closing == balance == sales - own - refunds - commission
    assert rows("SELECT amount_minor, state FROM seller_payout") == [(balance, "waiting")]


def test_what_came_late_is_fresh_beside_what_came_in_time(mall: Mall) -> None:
    def fresh() -> list[int]:
        with reading() as session:
            found = fresh_lines(
                session, store_id=mall.store_ids[0], currency="KRW", until=clock.now() + timedelta(days=400)
            )
        return [line.net_minor for line in found]

    close_part(sold(mall))
    close_month()
    assert fresh() == []
    charge(mall, 100)  # Bears a time that the statement has passed.
    with clock.frozen(next_month()):
        charge(mall, 10)
    assert fresh() == [-100, -10]
    close_month(clock.now() + timedelta(days=80))
    assert fresh() == []
    with clock.frozen(clock.now() + timedelta(days=80)):
        charge(mall, 5)
    assert fresh() == [-5]


def test_it_is_paid_by_the_books_and_the_next_one_begins_with_what_was_left(mall: Mall, fay: Person) -> None:
    close_part(sold(mall))
    close_month()
    owed = rows("SELECT closing_minor FROM seller_statement")[0][0]
    assert approve(fay)
    assert pay(fay)
    with pytest.raises(PayoutDecidedError):
        pay(fay)
    charge(mall, 700)
    assert close_month(clock.now() + timedelta(days=80)) == 1
    second = "SELECT opening_minor, other_minor, closing_minor FROM seller_statement WHERE number = 2"
    assert rows(second) == [(owed, -owed - 700, -700)]
    # Below zero nothing is paid: it is carried over.
    assert rows("SELECT count(*) FROM seller_payout") == [(1,)]


def test_four_who_pay_it_at_once_pay_it_once(mall: Mall, fay: Person) -> None:
    close_part(sold(mall))
    close_month()
    assert approve(fay)
    start = threading.Barrier(4)

    def one(number: int) -> object:
        start.wait(timeout=30)
        try:
            return pay(fay, f"KB {number}")
        except PayoutDecidedError as refusal:
            return refusal.code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(map(str, pool.map(one, range(4)))) == ["True", *[PayoutDecidedError.code] * 3]
    assert rows(
        "SELECT sum(p.amount_minor)::int FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
        " WHERE a.kind = 'seller_payable'"
    ) == [(0,)]


@pytest.mark.req("FRD-08")
def test_it_waits_while_an_owner_of_the_store_is_frozen(mall: Mall, fay: Person) -> None:
    owner = make_person("sid", store_ids=mall.store_ids[:1])
    close_part(sold(mall))
    close_month()
    freeze(owner.id)
    assert not approve(fay)
    assert rows("SELECT state, holds FROM seller_payout") == [("held", ["owner_frozen"])]
    thaw(owner.id)
    assert approve(fay)


def test_it_waits_while_less_is_owed_or_an_order_is_on_hold(mall: Mall, fay: Person) -> None:
    order = sold(mall)
    close_part(order)
    close_month()
    charge(mall, 1)
    assert not approve(fay)
    assert rows("SELECT state, holds FROM seller_payout") == [("held", ["balance"])]
    charge(mall, -1)
    hold = {
        "id": new_id(), "order_id": order.id, "part_id": order.part_ids[0], "kind": "admin", "reason": "x",
        "placed_by": "system", "placed_at": clock.now(),
    }  # fmt: skip
    with transaction() as session:
        insert_rows(session, OrderHold, [hold])
    assert not approve(fay)
    assert rows("SELECT holds FROM seller_payout") == [(["order_hold"],)]
    with transaction() as session:
        session.execute(text("UPDATE order_hold SET released_at = now()"))
    assert approve(fay)
    # What comes back between approval and payment holds it again.
    charge(mall, 1)
    assert not pay(fay)
    assert rows("SELECT state, approved_by FROM seller_payout") == [("held", None)]
    charge(mall, -1)


def test_nobody_decides_about_a_store_of_his_own_and_a_statement_stays(mall: Mall) -> None:
    close_part(sold(mall))
    close_month()
    sam = make_person("sam", roles=("buyer", "admin"), store_ids=mall.store_ids[:1])
    wanted = payout_id()
    for person in (sam, make_person("max")):
        with pytest.raises(PayoutUnknownError), transaction() as session:
            hold_payout(session, payout_id=wanted, reason="why", actor=person.actor, now=clock.now())
    with pytest.raises(DBAPIError), transaction() as session:
        session.execute(text("UPDATE seller_statement SET closing_minor = 0"))


@pytest.mark.req("CPN-15")
def test_page_file_and_paper_of_the_store_agree_and_nobody_elses_opens(app: APIFlask, mall: Mall, fay: Person) -> None:
    order = sold(mall)
    close_part(order)
    sam = make_person("sam", roles=("buyer",), store_ids=mall.store_ids[:1])
    sue = make_person("sue", roles=("buyer",), store_ids=mall.store_ids[1:2])
    as_sam = browser(app, sam)
    owed = rows("SELECT sum(amount_minor) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
                " WHERE a.kind = 'seller_payable'")[0][0]  # fmt: skip
    amount = f"₩{owed:,}"
    assert amount in as_sam.get("/seller/balance").text
    close_month()
    statement = rows("SELECT id FROM seller_statement")[0][0]
    page = as_sam.get(f"/seller/statements/{statement}").text
    for said in (amount, "₩22,800", "-₩1,980", "of it paid by the mall for its coupons: ₩891", order.number):
        assert said in page, said
    assert order.number in as_sam.get(f"/seller/statements/{statement}?figure=sale").text
    assert order.number not in as_sam.get(f"/seller/statements/{statement}?figure=dispute").text
    file = as_sam.get(f"/seller/statements/{statement}/lines.csv").data.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(file)))
    assert [line[-1] for line in lines[1:]] == [str(owed)]
    paper = " ".join(pages_of(as_sam.get(f"/seller/statements/{statement}/statement.pdf?lang=ko").data))
    assert f"{owed:,}원" in paper
    assert order.number in paper
    for ending in ("", "/lines.csv", "/statement.pdf"):
        assert browser(app, sue).get(f"/seller/statements/{statement}{ending}").status_code == 404
    # The administrator opens the same, approves and pays.
    as_fay = browser(app, fay)
    here = f"/admin/payouts/{payout_id()}"
    assert order.number in as_fay.get(here).text
    for act, data in (("approval", {}), ("payment", {"reference": "KB 7"})):
        answer = as_fay.post(f"{here}/{act}", data={**fields(as_fay.get(here).text), **data})
        assert answer.status_code == 303, answer.text
    assert "KB 7" in as_fay.get(here).text
    assert as_fay.post(f"{here}/hold", data={**fields(as_fay.get(here).text), "reason": "late"}).status_code == 409
    store = f"/admin/payouts/stores/{mall.store_ids[0]}"
    token = fields(as_fay.get("/admin/payouts/stores").text)
    assert as_fay.post(store, data={**token, "period": "weekly"}).status_code == 303
    assert as_fay.post(store, data={**token, "period": "daily"}).status_code == 404
    assert rows("SELECT payout_period FROM store ORDER BY id LIMIT 1") == [("weekly",)]
