"""Orders on invoice: the claim on the credit, what is owed, paying it, refunds, and the calendar (PAY-17)."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from apiflask import APIFlask

from portal.db import atomically
from portal.jobs.payments import charge_attempt, reverse_attempt
from portal.jobs.refunds import send_leg
from portal.jobs.schedule import remind_of_invoices
from portal.kit import clock
from portal.kit.errors import PortalError, RejectedError
from portal.queries.channels import channel_directory
from portal.services.checkout.begin_payment import Begun
from portal.services.checkout.means import Means
from portal.services.checkout.pay_invoice import InvoicePaymentWish, pay_invoice
from portal.services.checkout.place_order import Placed
from portal.services.invoices.change_credit_line import (
    CreditBelowUsedError,
    CreditLineUnknownError,
    CreditNotWaitingError,
    CreditOwnError,
    CreditPersonUnknownError,
    CreditSecondPersonError,
    CreditTermsError,
    agree_to_credit,
    close_credit,
    grant_credit,
)
from portal.services.invoices.write_off import InvoiceClosedError, InvoiceUnknownError, WriteOffReasonError, write_off
from tests.blueprints.desks import browser
from tests.factories.account import Person, make_person
from tests.factories.cart import make_variant
from tests.factories.invoice import give_credit, make_invoice_account
from tests.factories.order import LONG_AGO, give_deposit
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.factories.top_up import deposit_of, work_off_events
from tests.jobs.conftest import World
from tests.jobs.test_refunds import ask
from tests.jobs.test_top_ups import approved, sent, tell

pytestmark = pytest.mark.req("PAY-17")
TOTAL = 15_000


@pytest.fixture
def ada(world: World) -> Person:
    """An administrator; bea may owe 40,000."""
    make_invoice_account()
    ada = make_person("ada", roles=("admin",), now=LONG_AGO)
    give_credit(world.bea, ada, 40_000)
    return ada


def buy(world: World) -> Placed:
    placed = ready_to_buy(world.bea, world.mall.kr, {make_variant(world.mall, krw=12_000): 1}, method="invoice")()
    assert isinstance(placed, Placed)
    return placed


def bought(world: World) -> uuid.UUID:
    """An order on invoice; returns the invoice."""
    placed = buy(world)
    charge_attempt(str(placed.attempt_id))
    found: uuid.UUID = rows("SELECT id FROM invoice WHERE order_id = :id", id=placed.order_id)[0][0]
    return found


def pay(world: World, invoice_id: uuid.UUID, amount: int, method: str, *, key: str | None = None) -> Begun | None:
    wish = InvoicePaymentWish(key or str(uuid.uuid4()), amount, Means(method), "en", "http://127.0.0.1/{payment_id}")
    channel, now, actor = channel_directory()["kr"], clock.now(), world.bea.actor
    return atomically(
        lambda s: pay_invoice(
            s,
            actor=actor,
            invoice_id=invoice_id,
            channel=channel,
            wish=wish,
            key_lifetime=timedelta(hours=24),
            now=now,
        )
    )


def state_of(invoice_id: uuid.UUID) -> tuple[str, int]:
    state, left = rows(
        "SELECT state, total_minor - paid_minor - lowered_minor - lost_minor FROM invoice WHERE id = :id", id=invoice_id
    )[0]
    return state, left


def owed(world: World) -> int:
    found = rows(
        "SELECT coalesce(-sum(p.amount_minor), 0)::bigint FROM ledger_posting p"
        " JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = 'invoice_receivable' AND a.owner = :owner",
        owner=f"user:{world.bea.id}",
    )
    return int(found[0][0])


def test_an_order_on_invoice_is_paid_at_once_and_owed(app: APIFlask, world: World, ada: Person) -> None:
    invoice_id = bought(world)
    work_off_events()
    assert rows("SELECT status FROM orders") == [("paid",)]
    assert (state_of(invoice_id), owed(world)) == (("open", TOTAL), TOTAL)
    as_bea = browser(app, world.bea)
    shown = as_bea.get("/account/invoices").text
    number = rows("SELECT number FROM invoice")[0][0]
    assert number in shown
    assert "₩25,000" in shown  # What is left of the limit.
    assert "₩15,000" in as_bea.get(f"/account/invoices/{number}").text
    assert browser(app, make_person("max")).get(f"/account/invoices/{number}").status_code == 404
    assert number in browser(app, ada).get("/admin/invoices").text
    assert rows("SELECT template FROM mail WHERE template = 'invoice'") == [("invoice",)]


def test_nobody_buys_beyond_his_limit_and_what_is_pending_counts(world: World, ada: Person) -> None:
    buy(world)
    buy(world)
    with pytest.raises(RejectedError) as refused:
        buy(world)
    assert refused.value.code == "CREDIT_TOO_LOW"
    assert rows("SELECT count(*)::int FROM payment WHERE method = 'invoice'") == [(2,)]


@pytest.mark.req("CAT-05")
def test_whoever_has_no_credit_is_told_so_before_and_when_he_tries(app: APIFlask, world: World, ada: Person) -> None:
    max_ = make_person("max", now=LONG_AGO)
    press = ready_to_buy(max_, world.mall.kr, {make_variant(world.mall, krw=12_000): 1}, method="invoice")
    shown = browser(app, max_).get("/kr/checkout").text
    assert "Invoices are for buyers with an approved credit limit." in shown
    with pytest.raises(RejectedError) as refused:
        press()
    assert refused.value.code == "CREDIT_NONE"
    assert rows("SELECT count(*)::int FROM orders") == [(0,)]


@pytest.mark.parametrize("amount", [0, -1, TOTAL + 1, 10**15])
def test_an_amount_that_is_not_left_is_refused(world: World, ada: Person, amount: int) -> None:
    invoice_id = bought(world)
    with pytest.raises(RejectedError):
        pay(world, invoice_id, amount, "bank_transfer")
    assert state_of(invoice_id) == ("open", TOTAL)


def test_it_is_paid_in_parts_by_deposit_and_through_a_gateway(app: APIFlask, world: World, ada: Person) -> None:
    invoice_id = bought(world)
    give_deposit(world.bea, 5_000)
    key = str(uuid.uuid4())
    assert pay(world, invoice_id, 5_000, "deposit", key=key) is None
    assert pay(world, invoice_id, 5_000, "deposit", key=key) is None  # A double press.
    assert (state_of(invoice_id), deposit_of(world.bea)) == (("partly_paid", 10_000), 0)
    begun = pay(world, invoice_id, 10_000, "bank_transfer")
    assert begun is not None
    tell(sent(begun), approved(amount=10_000))
    tell(begun, approved(amount=10_000))
    work_off_events()
    assert (state_of(invoice_id), owed(world)) == (("paid", 0), 0)
    assert "is paid" in browser(app, world.bea).get(f"/account/paying/{begun.payment_id}").text
    with pytest.raises(InvoiceClosedError):
        pay(world, invoice_id, 1, "bank_transfer")


def test_of_two_tabs_that_pay_it_one_gets_its_money_back(world: World, ada: Person) -> None:
    invoice_id = bought(world)
    first, second = (pay(world, invoice_id, TOTAL, "bank_transfer") for _ in range(2))
    assert first is not None
    assert second is not None
    tell(sent(first), approved("one", TOTAL))
    tell(sent(second), approved("two", TOTAL))
    assert state_of(invoice_id) == ("paid", 0)
    assert rows("SELECT reversal FROM payment_attempt WHERE gateway_ref = 'two'") == [("wanted",)]


def test_an_invoice_is_not_paid_on_invoice(world: World, ada: Person) -> None:
    invoice_id = bought(world)
    with pytest.raises(RejectedError) as refused:
        pay(world, invoice_id, TOTAL, "invoice")
    assert refused.value.code == "NOT_ON_INVOICE"


def give_back(world: World) -> None:
    """The whole order, as its buyer asks for it."""
    order_id, number = rows("SELECT id, number FROM orders")[0]
    leg_id = str(ask(world, Placed(order_id, number)))
    send_leg(leg_id)
    send_leg(leg_id)
    work_off_events()


@pytest.mark.req("REF-02")
def test_a_refund_lowers_the_invoice_first_and_gives_back_what_was_paid(world: World, ada: Person) -> None:
    invoice_id = bought(world)
    give_deposit(world.bea, 4_000)
    pay(world, invoice_id, 4_000, "deposit")
    give_back(world)
    assert (state_of(invoice_id), owed(world)) == (("paid", 0), 0)
    assert deposit_of(world.bea) == 4_000
    assert rows("SELECT status FROM orders") == [("refunded",)] or rows("SELECT status FROM orders") == [("cancelled",)]


def test_a_refund_of_what_nobody_has_paid_leaves_nothing_owed(world: World, ada: Person) -> None:
    invoice_id = bought(world)
    begun = pay(world, invoice_id, TOTAL, "bank_transfer")
    assert begun is not None
    give_back(world)
    assert (state_of(invoice_id), owed(world), deposit_of(world.bea)) == (("credited", 0), 0, 0)
    tell(sent(begun), approved("late", TOTAL))  # The transfer that was under way.
    assert rows("SELECT reversal FROM payment_attempt WHERE gateway_ref = 'late'") == [("wanted",)]
    reverse_attempt(str(begun.attempt_id))


def test_the_calendar_reminds_once_each_time_and_what_is_late_stops_credit(world: World, ada: Person) -> None:
    invoice_id = bought(world)
    work_off_events()
    seen = []
    for days in (26, 27, 29, 30, 37, 44, 60):
        with clock.frozen(clock.now() + timedelta(days=days, minutes=1)):
            remind_of_invoices()
            remind_of_invoices()
        seen.append(rows("SELECT reminded, state FROM invoice WHERE id = :id", id=invoice_id)[0])
    work_off_events()
    assert seen == [
        (0, "open"),
        (1, "open"),
        (1, "open"),
        (2, "overdue"),
        (3, "overdue"),
        (4, "overdue"),
        (4, "overdue"),
    ]
    kinds = Counter(kind for (kind,) in rows("SELECT kind FROM notice WHERE kind LIKE 'invoice%'"))
    assert kinds == {
        "invoice_issued": 1,
        "invoice_soon": 1,
        "invoice_today": 1,
        "invoice_late": 2,
        "invoice_overdue": 1,
    }
    with pytest.raises(RejectedError) as refused:
        buy(world)
    assert refused.value.code == "CREDIT_OVERDUE"


def grant(email: str, limit: int, by: Person, *, days: int = 30, reason: str = "Good.") -> uuid.UUID:
    now = clock.now()
    return atomically(
        lambda s: (
            grant_credit(
                s, email=email, currency="KRW", limit_minor=limit, days=days, reason=reason, actor=by.actor, now=now
            ).id
        )
    )


def test_a_large_limit_waits_for_a_second_person(world: World, ada: Person) -> None:
    eve = make_person("eve", roles=("finance",), now=LONG_AGO)
    line_id, now = grant("bea@example.com", 9_000_000, ada), clock.now()
    assert rows("SELECT limit_minor, wanted_minor FROM credit_line") == [(40_000, 9_000_000)]
    with pytest.raises(CreditSecondPersonError):
        atomically(lambda s: agree_to_credit(s, line_id=line_id, actor=ada.actor, now=now))
    atomically(lambda s: agree_to_credit(s, line_id=line_id, actor=eve.actor, now=now))
    assert rows("SELECT limit_minor, wanted_minor FROM credit_line") == [(9_000_000, None)]
    with pytest.raises(CreditNotWaitingError):
        atomically(lambda s: agree_to_credit(s, line_id=line_id, actor=eve.actor, now=now))


def test_limits_that_cannot_be_change_nothing(world: World, ada: Person) -> None:
    bought(world)
    now = clock.now()
    line_id = rows("SELECT id FROM credit_line")[0][0]
    wrong: list[tuple[type[PortalError], str, int, Person, int, str]] = [
        (CreditPersonUnknownError, "nobody@example.com", 1, ada, 30, "Good."),
        (CreditOwnError, "ada@example.com", 1, ada, 30, "Good."),
        (CreditTermsError, "bea@example.com", 0, ada, 30, "Good."),
        (CreditTermsError, "bea@example.com", 50_000, ada, 181, "Good."),
        (CreditTermsError, "bea@example.com", 50_000, ada, 30, "  "),
        (CreditBelowUsedError, "bea@example.com", TOTAL - 1, ada, 30, "Good."),
        (CreditLineUnknownError, "bea@example.com", 50_000, world.bea, 30, "Good."),
    ]
    for error, email, limit, by, days, reason in wrong:
        with pytest.raises(error):
            grant(email, limit, by, days=days, reason=reason)
    assert rows("SELECT limit_minor, days, state FROM credit_line") == [(40_000, 30, "open")]
    atomically(lambda s: close_credit(s, line_id=line_id, actor=ada.actor, now=now))
    with pytest.raises(RejectedError):
        buy(world)


def test_what_nobody_will_pay_is_written_off_with_a_reason(app: APIFlask, world: World, ada: Person) -> None:
    invoice_id, now = bought(world), clock.now()

    def give_up(reason: str, by: Person) -> None:
        atomically(lambda s: write_off(s, invoice_id=invoice_id, reason=reason, actor=by.actor, now=now))

    for reason, by, error in (
        ("Gone.", world.bea, InvoiceUnknownError),
        (" ", ada, WriteOffReasonError),
    ):
        with pytest.raises(error):
            give_up(reason, by)
    assert browser(app, ada).get(f"/admin/invoices/{invoice_id}").status_code == 200
    give_up("Gone without trace.", ada)
    assert (state_of(invoice_id), owed(world)) == (("written_off", 0), 0)
    with pytest.raises(InvoiceClosedError):
        give_up("Again.", ada)
    assert "Credit limits" in browser(app, ada).get("/admin/credit-lines").text
