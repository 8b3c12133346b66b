"""Where cards are charged when goods leave: held at checkout, taken with the first parcel, let go of, or lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.db import reading, transaction
from portal.jobs.held_payments import tend_holds
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.exceptions import list_exceptions
from portal.rules.holds import HoldKind
from portal.rules.permissions import SYSTEM
from portal.rules.refund_policy import Party
from portal.services.orders.part_holds import PartOnHoldError
from portal.services.orders.release_hold import release_hold
from portal.services.orders.release_part import NotTakenError, release_part
from portal.services.orders.review_order import Decision, review_order
from portal.services.payments.find_due import AttemptToCapture, find_due
from portal.services.refunds.plan_refund import CaptureUnderWayError
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.held import booked, charge_on, claim, ends, handle_all, hold, lapsed, states, table, taken
from tests.factories.order import LONG_AGO, REVIEWED_KRW, MadeOrder, give_deposit, make_order
from tests.factories.parcel import send
from tests.factories.refund import ask_refund

pytestmark = pytest.mark.req("PAY-07", "PAY-11")


@pytest.fixture
def mall(books: None) -> Mall:
    mall = make_mall()
    charge_on("shipment")
    return mall


@pytest.fixture
def sam(mall: Mall) -> Person:
    return make_person("sam", store_ids=(mall.store_ids[0],))


@pytest.fixture
def ada(mall: Mall) -> Person:
    return make_person("ada", roles=("buyer", "admin"))


@pytest.fixture
def order(mall: Mall) -> MadeOrder:
    """Of two stores, 2 x 10,000 and 7,000 won, partly paid by deposit."""
    bea = make_person("bea", now=LONG_AGO)
    give_deposit(bea, 4_000)
    goods = {make_variant(mall, krw=10_000): 2, make_variant(mall, store=1, krw=7_000): 1}
    return make_order(bea, mall, goods, outcome="authorised", deposit_minor=4_000)


def test_a_held_amount_confirms_the_order_and_nothing_is_taken(order: MadeOrder) -> None:
    assert order.gateway_minor > 0
    assert states(order) == ("paid", "authorised", "authorised", order.gateway_minor, 0, 0, 0)
    assert {row[0] for row in table("SELECT status FROM order_part")} == {"released"}
    assert booked("gateway_clearing") == -4_000  # The top-up of the deposit, and no more.
    assert booked("gateway_authorised") == -order.gateway_minor
    assert claim(order) is None
    handle_all()
    assert table("SELECT 1 FROM document") == []


def test_the_first_parcel_has_it_taken_once_and_the_receipt_follows(order: MadeOrder, sam: Person) -> None:
    send(order.part_ids[0], sam)
    handle_all()
    asked = claim(order)
    assert asked is not None
    assert (asked.amount_minor, asked.currency) == (order.gateway_minor, "KRW")

    taken(order, order.gateway_minor)
    taken(order, order.gateway_minor)
    handle_all()

    assert states(order)[1:] == (
        "captured",
        "captured",
        order.gateway_minor,
        order.gateway_minor,
        order.gateway_minor,
        0,
    )
    assert (booked("gateway_authorised"), booked("gateway_clearing")) == (0, -4_000 - order.gateway_minor)
    assert table("SELECT kind, total_minor FROM document") == [("receipt", order.gateway_minor + 4_000)]
    assert claim(order) is None


@pytest.mark.req("FRD-08", "ORD-002")
@pytest.mark.parametrize("kind", [HoldKind.ADMIN, HoldKind.FRAUD, HoldKind.PAYMENT])
def test_an_open_hold_on_any_part_keeps_the_capture_waiting(
    order: MadeOrder, sam: Person, ada: Person, kind: HoldKind
) -> None:
    first = hold(order, 1, ada, kind)
    second = hold(order, 0, ada, HoldKind.ADMIN)
    with pytest.raises(PartOnHoldError):
        send(order.part_ids[0], sam)
    with transaction() as session:
        release_hold(session, hold_id=second, reason="", actor=ada.actor, now=clock.now())
    send(order.part_ids[0], sam)
    handle_all()

    assert claim(order) is None
    with reading() as session:
        assert find_due(session, now=clock.now() + timedelta(hours=1)).to_capture == []

    with transaction() as session:
        release_hold(session, hold_id=first, reason="", actor=ada.actor, now=clock.now())
    with reading() as session:
        assert find_due(session, now=clock.now() + timedelta(hours=1)).to_capture == [order.attempt_id]
    assert claim(order) is not None


@pytest.mark.req("ORD-004", "REF-02")
def test_cancelling_all_of_it_before_it_is_sent_voids_and_nothing_is_charged(order: MadeOrder) -> None:
    made = ask_refund(order)
    assert made.status == "succeeded"
    assert states(order) == ("refunded", "cancelled", "released", order.gateway_minor, 0, 0, order.gateway_minor)
    assert table("SELECT reversal FROM payment_attempt") == [("wanted",)]
    assert table("SELECT destination, status FROM refund_leg WHERE attempt_id IS NULL ORDER BY 1") == [
        ("original", "succeeded"),
        ("release", "succeeded"),
    ]
    assert (booked("gateway_authorised"), booked("order_escrow"), booked("deposit")) == (0, 0, 4_000)
    assert {row[0] for row in table("SELECT status FROM order_part")} == {"cancelled"}
    handle_all()
    assert table("SELECT 1 FROM document") == []
    assert claim(order) is None


@pytest.mark.req("ORD-004", "REF-02")
def test_what_is_cancelled_before_is_not_taken_with_the_rest(order: MadeOrder, sam: Person, ada: Person) -> None:
    ask_refund(order, part_id=order.part_ids[1])
    released = states(order)[6]
    assert 0 < released < order.gateway_minor
    assert states(order)[:3] == ("partially_refunded", "authorised", "authorised")

    send(order.part_ids[0], sam)
    handle_all()
    asked = claim(order)
    assert asked is not None
    assert asked.amount_minor == order.gateway_minor - released
    taken(order, asked.amount_minor)
    handle_all()

    assert states(order)[1:] == (
        "captured", "captured", order.gateway_minor, asked.amount_minor, asked.amount_minor, released,
    )  # fmt: skip
    assert sorted(row[0] for row in table("SELECT kind FROM document")) == ["credit_note", "receipt"]

    ask_refund(order, party=Party.ADMIN, actor=ada.actor, reason="damaged")
    legs = table("SELECT destination, amount_minor FROM refund_leg WHERE attempt_id IS NOT NULL")
    assert legs == [("original", asked.amount_minor)]


def test_while_a_gateway_takes_it_nobody_cancels(order: MadeOrder, sam: Person) -> None:
    send(order.part_ids[0], sam)
    handle_all()
    assert claim(order) is not None
    with pytest.raises(CaptureUnderWayError):
        ask_refund(order, part_id=order.part_ids[1])
    taken(order, order.gateway_minor)
    assert ask_refund(order, part_id=order.part_ids[1]).status == "approved"


def test_capture_and_cancellation_at_once_agree_about_the_amount(order: MadeOrder, sam: Person) -> None:
    send(order.part_ids[0], sam)
    handle_all()
    together = threading.Barrier(2)

    def cancel() -> str:
        together.wait()
        try:
            return ask_refund(order, part_id=order.part_ids[1]).status
        except PortalError as error:
            return error.code

    def capture() -> AttemptToCapture | None:
        together.wait()
        return claim(order)

    with ThreadPoolExecutor(2) as pool:
        said, asked = pool.submit(cancel), pool.submit(capture)
        outcome, found = said.result(), asked.result()
    if found is None:  # The refund had the payment's lock: the next look takes what is left.
        found = claim(order, clock.now() + timedelta(minutes=1))
    assert found is not None
    assert found.amount_minor == order.gateway_minor - states(order)[6]
    assert outcome in {"succeeded", "capture_under_way"}
    taken(order, found.amount_minor)


@pytest.mark.req("PAY-11")
def test_a_review_that_clears_leaves_it_held_until_the_goods_leave(mall: Mall, ada: Person, sam: Person) -> None:
    bea = make_person("bea", now=LONG_AGO)
    order = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    assert states(order)[:2] == ("pending", "authorised")
    with transaction() as session:
        review_order(
            session, order_id=order.id, decision=Decision.CLEAR, reason="known", actor=ada.actor, now=clock.now()
        )
    assert states(order)[:2] == ("paid", "authorised")
    assert claim(order) is None
    send(order.part_ids[0], sam)
    handle_all()
    assert claim(order) is not None


def test_sellers_are_not_paid_out_of_what_is_only_held(order: MadeOrder, sam: Person) -> None:
    send(order.part_ids[0], sam)
    with transaction() as session:
        session.execute(text("UPDATE order_part SET status = 'delivered' WHERE id = :id"), {"id": order.part_ids[0]})
    with pytest.raises(NotTakenError), transaction() as session:
        release_part(session, part_id=order.part_ids[0], actor=SYSTEM, now=clock.now())
    assert booked("seller_payable") == 0
    with transaction() as session:  # As the invariants want it.
        session.execute(text("UPDATE order_part SET status = 'shipped' WHERE id = :id"), {"id": order.part_ids[0]})


def test_people_hear_once_of_a_hold_that_ends(order: MadeOrder, ada: Person) -> None:
    ends(order, clock.now() + timedelta(hours=20))
    tend_holds()
    tend_holds()
    handle_all()
    told = "SELECT u.email LIKE 'ada%', n.kind FROM notice n JOIN user_account u ON u.id = n.user_id"
    kinds = [row[1] for row in table(told.replace("u.email LIKE 'ada%'", "1"))]
    assert kinds.count("hold_ending") == kinds.count("hold_ending_admin") == 1
    assert table("SELECT count(*) FROM mail WHERE template = 'hold'") == [(1,)]
    assert states(order)[1] == "authorised"
    assert claim(order) is None
    with reading() as session:
        assert [row.kind for row in list_exceptions(session, now=clock.now())] == ["hold_ending"]


def test_an_account_may_take_it_before_it_lapses_unless_a_hold_is_open(mall: Mall, ada: Person) -> None:
    charge_on("shipment_or_end")
    bea = make_person("bea", now=LONG_AGO)
    free = make_order(bea, mall, {make_variant(mall, krw=9_000): 1}, outcome="authorised")
    stopped = make_order(bea, mall, {make_variant(mall, krw=8_000): 1}, outcome="authorised")
    hold(stopped, 0, ada)
    for order in (free, stopped):
        ends(order, clock.now() + timedelta(hours=20))
    tend_holds()
    handle_all()
    assert claim(free) is not None
    assert claim(stopped) is None
    with reading() as session:
        found = [(row.kind, row.ref) for row in list_exceptions(session, now=clock.now())]
    assert found == [("hold_ending", stopped.number)]


def test_what_has_lapsed_stops_the_parcels_and_is_cancelled_without_money(
    order: MadeOrder, sam: Person, ada: Person
) -> None:
    lapsed(order)
    lapsed(order)
    handle_all()
    assert states(order)[:2] == ("paid", "cancelled")
    with pytest.raises(PartOnHoldError):
        send(order.part_ids[0], sam)
    with reading() as session:
        assert [row.kind for row in list_exceptions(session, now=clock.now())] == ["hold_lost"]

    assert ask_refund(order, party=Party.ADMIN, actor=ada.actor, reason="goodwill").status == "succeeded"
    assert (booked("gateway_authorised"), booked("order_escrow"), booked("deposit")) == (0, 0, 4_000)
    with reading() as session:
        assert list_exceptions(session, now=clock.now()) == []
