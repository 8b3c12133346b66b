"""Top-ups with the vendors' stand-ins over HTTP: credited once the money is in, once, and never otherwise (BAL-02)."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.crypto import blind_index
from portal.db import atomically, transaction
from portal.gateways.base import Approved, Declined, DeclineReason, FetchOutcome
from portal.jobs.payments import charge_attempt, look_up_attempt, reverse_attempt
from portal.jobs.schedule import expire_payments
from portal.kit import clock
from portal.kit.errors import PortalError, RejectedError
from portal.kit.ids import new_id
from portal.models import RiskListEntry
from portal.queries.channels import channel_directory, forget_channels
from portal.rules.permissions import SYSTEM
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.checkout.begin_payment import Begun
from portal.services.checkout.cancel_payment import PaymentNotPendingError, PaymentUnknownError, cancel_payment
from portal.services.idempotency import IdempotencyKeyReusedError
from portal.services.payments.claim_attempt import claim_attempt
from portal.services.payments.settle_attempt import settle_attempt
from portal.services.top_ups.begin_top_up import Blocked, TopUpForbiddenError
from tests.blueprints.desks import browser
from tests.factories.account import Person, make_person
from tests.factories.order import LONG_AGO
from tests.factories.refund import rows
from tests.factories.top_up import begun, deposit_of, ready_to_top_up, work_off_events
from tests.jobs.conftest import World
from tests.jobs.test_methods import keep

pytestmark = pytest.mark.req("BAL-02")
AMOUNT = 30_000
CLOSED = {"failed", "cancelled", "expired"}


def press(world: World, amount: int = AMOUNT, *, method: str = "virtual_account", key: str | None = None) -> Begun:
    return begun(ready_to_top_up(world.bea, world.mall.kr, amount, method=method, key=key)())


def tell(payment: Begun, outcome: FetchOutcome) -> bool:
    """A gateway's answer, however it came."""
    assert payment.attempt_id is not None
    attempt_id = payment.attempt_id
    now = clock.now()
    return atomically(lambda s: settle_attempt(s, attempt_id=attempt_id, outcome=outcome, actor=SYSTEM, now=now))


def sent(payment: Begun) -> Begun:
    """As a worker leaves it that is killed in the call."""
    assert payment.attempt_id is not None
    attempt_id, now = payment.attempt_id, clock.now()
    assert atomically(lambda s: claim_attempt(s, attempt_id=attempt_id, worker="w", now=now)) is not None
    return payment


def approved(ref: str = "ref_1", amount: int = AMOUNT) -> Approved:
    return Approved(gateway_ref=ref, amount_minor=amount, currency="KRW", captured=True)


def state_of(payment: Begun) -> str:
    found: str = rows("SELECT status FROM payment WHERE id = :id", id=payment.payment_id)[0][0]
    return found


def arrive(world: World, payment: Begun, amount: int) -> None:
    """Money arrives at the account number, and a worker asks."""
    assert payment.attempt_id is not None
    world.sandbox.deposit(f"att_{payment.attempt_id.hex}", amount, silent=True)
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        look_up_attempt(str(payment.attempt_id))


@pytest.mark.req("PAY-16")
def test_a_virtual_account_credits_the_deposit_when_its_money_is_in(app: APIFlask, world: World) -> None:
    payment = press(world)
    assert deposit_of(world.bea) == 0
    charge_attempt(str(payment.attempt_id))
    page = f"/account/paying/{payment.payment_id}"
    assert "Waiting for deposit" in browser(app, world.bea).get(page).text
    assert deposit_of(world.bea) == 0
    arrive(world, payment, AMOUNT)
    arrive(world, payment, AMOUNT)
    work_off_events()
    assert (deposit_of(world.bea), state_of(payment)) == (AMOUNT, "captured")
    assert rows("SELECT kind, idem_key FROM ledger_entry") == [("top_up", f"payment:{payment.payment_id}")]
    source = rows("SELECT payload FROM audit_row WHERE action = 'deposit:topped-up'")[0][0]
    assert str(payment.payment_id) in source
    assert "portone" in source
    as_bea = browser(app, world.bea)
    assert "₩30,000 is paid" in as_bea.get(page).text
    assert "₩30,000 is on your deposit." in as_bea.get("/account/notices").text
    assert "Deposit top-up" in as_bea.get("/account/payments").text
    assert [subject for (subject,) in rows("SELECT template FROM mail")] == ["top_up"]


@pytest.mark.parametrize("amount", [AMOUNT - 1, AMOUNT + 1])
def test_another_amount_on_a_virtual_account_is_credited_as_it_came(app: APIFlask, world: World, amount: int) -> None:
    payment = press(world)
    charge_attempt(str(payment.attempt_id))
    arrive(world, payment, amount)
    arrive(world, payment, amount)
    for _ in range(2):
        reverse_attempt(str(payment.attempt_id))
        work_off_events()
    assert (deposit_of(world.bea), state_of(payment)) == (amount, "failed")
    as_bea = browser(app, world.bea)
    assert "Another amount came in" in as_bea.get(f"/account/paying/{payment.payment_id}").text
    assert "another amount than you asked for" in as_bea.get("/account/notices").text


@pytest.mark.req("PAY-14", "PAY-01")
def test_a_kept_card_tops_up_at_once(world: World) -> None:
    card = keep(world)
    payment = begun(ready_to_top_up(world.bea, world.mall.kr, AMOUNT, method="credit_card", saved_method_id=card)())
    charge_attempt(str(payment.attempt_id))
    charge_attempt(str(payment.attempt_id))
    assert (deposit_of(world.bea), state_of(payment)) == (AMOUNT, "captured")


@pytest.mark.req("PAY-12")
def test_a_refused_card_credits_nothing_and_may_be_followed_by_another(app: APIFlask, world: World) -> None:
    token = world.sandbox.card("4000000000009995")
    payment = begun(ready_to_top_up(world.bea, world.mall.kr, AMOUNT, method="credit_card", token=token)())
    charge_attempt(str(payment.attempt_id))
    work_off_events()
    assert (deposit_of(world.bea), state_of(payment)) == (0, "failed")
    shown = browser(app, world.bea).get(f"/account/paying/{payment.payment_id}").text
    assert "The payment did not go through" in shown
    assert f"amount={AMOUNT}" in shown
    good = world.sandbox.card("4242424242424242")
    again = begun(ready_to_top_up(world.bea, world.mall.kr, AMOUNT, method="credit_card", token=good)())
    charge_attempt(str(again.attempt_id))
    assert deposit_of(world.bea) == AMOUNT


@pytest.mark.req("PAY-08")
def test_whoever_tells_of_it_and_however_often_it_is_credited_once(world: World) -> None:
    payment = sent(press(world, method="bank_transfer"))
    barrier = threading.Barrier(6)

    def told(_n: int) -> bool:
        barrier.wait()
        return tell(payment, approved())

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(told, range(6))) == 1
    assert not tell(payment, Declined("late", DeclineReason.DECLINED, retry_helps=False))
    assert (deposit_of(world.bea), state_of(payment)) == (AMOUNT, "captured")


@pytest.mark.req("PAY-07")
def test_a_notice_after_the_worker_was_killed_credits_it(world: World) -> None:
    payment = sent(press(world, method="bank_transfer"))
    tell(payment, approved())
    charge_attempt(str(payment.attempt_id))  # The hint that the queue repeats finds nothing to claim.
    assert deposit_of(world.bea) == AMOUNT


def test_money_for_a_top_up_that_was_given_up_goes_back(world: World) -> None:
    payment = press(world, method="bank_transfer")
    actor, now = world.bea.actor, clock.now()
    atomically(lambda s: cancel_payment(s, actor=actor, payment_id=payment.payment_id, now=now))
    assert state_of(payment) == "cancelled"
    with pytest.raises(PaymentNotPendingError):
        atomically(lambda s: cancel_payment(s, actor=actor, payment_id=payment.payment_id, now=now))
    tell(payment, approved())
    assert (deposit_of(world.bea), state_of(payment)) == (0, "cancelled")
    assert rows("SELECT reversal FROM payment_attempt") == [("wanted",)]


@pytest.mark.req("IDN-02")
def test_nobody_ends_or_sees_anothers_top_up(app: APIFlask, world: World) -> None:
    payment, max_ = press(world), make_person("max", now=LONG_AGO)
    now = clock.now()
    with pytest.raises(PaymentUnknownError):
        atomically(lambda s: cancel_payment(s, actor=max_.actor, payment_id=payment.payment_id, now=now))
    as_max = browser(app, max_)
    assert as_max.get(f"/account/paying/{payment.payment_id}").status_code == 404
    with pytest.raises(TopUpForbiddenError):
        ready_to_top_up(max_, world.mall.kr, AMOUNT, owner=world.bea)()
    assert state_of(payment) == "pending"


@pytest.mark.req("IDN-02")
def test_an_administrator_may_begin_one_for_somebody(world: World) -> None:
    ada = make_person("ada", roles=("admin",), now=LONG_AGO)
    payment = begun(ready_to_top_up(ada, world.mall.kr, AMOUNT, owner=world.bea, method="bank_transfer")())
    tell(sent(payment), approved())
    assert (deposit_of(world.bea), deposit_of(ada)) == (AMOUNT, 0)
    assert rows("SELECT actor FROM audit_row WHERE action = 'payment:begun'")[0][0].startswith("user:")


def test_one_that_is_not_paid_in_time_ends(world: World) -> None:
    payment = press(world)
    charge_attempt(str(payment.attempt_id))
    with clock.frozen(clock.now() + timedelta(hours=1)):
        expire_payments()
    assert state_of(payment) == "pending"  # The account number takes money for longer than a page would.
    with clock.frozen(clock.now() + timedelta(hours=74)):
        expire_payments()
        expire_payments()
    work_off_events()
    assert state_of(payment) == "expired"
    assert rows("SELECT kind FROM notice") == [("top_up_expired",)]


@pytest.mark.req("PAY-10")
def test_one_submission_is_one_payment(world: World) -> None:
    key = str(uuid.uuid4())
    first, again = press(world, key=key), press(world, key=key)
    assert (again.payment_id, again.is_repeat) == (first.payment_id, True)
    with pytest.raises(IdempotencyKeyReusedError):
        press(world, AMOUNT + 1, key=key)
    assert rows("SELECT count(*)::int FROM payment") == [(1,)]


def refused(world: World, amount: int) -> str:
    with pytest.raises(PortalError) as error:
        press(world, amount)
    return error.value.code


def test_the_limits_hold_and_change_nothing(world: World) -> None:
    assert refused(world, 0) == "TOP_UP_TOO_SMALL"
    assert refused(world, 999) == "TOP_UP_TOO_SMALL"
    assert refused(world, 2_000_001) == "TOP_UP_TOO_LARGE"
    assert refused(world, 10**15) == "TOP_UP_TOO_LARGE"
    assert rows("SELECT count(*)::int FROM payment") == [(0,)]


@pytest.mark.req("FRD-05")
def test_two_tabs_do_not_pass_the_daily_limit_together(world: World) -> None:
    with transaction() as session:
        session.execute(
            text("""UPDATE channel SET policy = policy || '{"top_up": {"daily_minor": 50000}}' WHERE code = 'kr'""")
        )
    forget_channels()
    channel = channel_directory()["kr"]
    barrier = threading.Barrier(4)

    def one(_n: int) -> str:
        pressed = ready_to_top_up(world.bea, channel, AMOUNT)
        barrier.wait()
        try:
            pressed()
        except RejectedError as error:
            return error.code
        return "begun"

    with ThreadPoolExecutor(4) as pool:
        assert Counter(pool.map(one, range(4))) == {"begun": 1, "TOP_UP_DAILY": 3}
    payment_id = rows("SELECT id FROM payment")[0][0]
    actor, now = world.bea.actor, clock.now()
    atomically(lambda s: cancel_payment(s, actor=actor, payment_id=payment_id, now=now))
    begun(ready_to_top_up(world.bea, channel, AMOUNT)())  # What was given up is free again.


@pytest.mark.req("IDN-04")
def test_a_large_one_asks_for_a_proof_first(world: World) -> None:
    press(world, 500_000)
    with pytest.raises(StepUpNeededError):
        press(world, 500_001)


@pytest.mark.req("FRD-01")
def test_each_is_scored_and_a_blocked_person_tops_up_nothing(world: World) -> None:
    press(world)
    assert rows("SELECT event, outcome FROM risk_decision") == [("top_up", "allow")]
    block(world.bea)
    assert isinstance(ready_to_top_up(world.bea, world.mall.kr, AMOUNT)(), Blocked)
    assert rows("SELECT count(*)::int FROM payment") == [(1,)]


def block(person: Person) -> None:
    with transaction() as session:
        session.add(
            RiskListEntry(
                id=new_id(),
                kind="user",
                mode="block",
                value_index=blind_index(f"user:{person.id}"),
                reason="test",
                owner="ada",
                created_at=clock.now(),
            )
        )
