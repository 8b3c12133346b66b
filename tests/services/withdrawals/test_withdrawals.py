"""Deposit goes back to its owner: limits, looks against money laundering, approval, payment by hand (REF-08)."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from portal.db import atomically
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.kit.errors import PortalError, RejectedError
from portal.services.accounts.bank_details import BankDetailsError
from portal.services.idempotency import IdempotencyKeyReusedError
from portal.services.ledger.holds import BalanceTooLowError
from portal.services.withdrawals.ask_withdrawal import ask_withdrawal
from portal.services.withdrawals.decide_withdrawal import (
    WithdrawalDecidedError,
    WithdrawalTextMissingError,
    WithdrawalUnknownError,
    approve_withdrawal,
    pay_withdrawal,
    refuse_withdrawal,
)
from portal.services.withdrawals.request_withdrawal import WithdrawalRequested, request_withdrawal
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import LONG_AGO, give_deposit, give_mileage, make_order
from tests.factories.refund import rows
from tests.factories.step_up import confirmed, with_session

pytestmark = pytest.mark.req("REF-08")
BANK = {"bank": "Hana", "number": "123-456-789012", "holder": "Bea Kim"}


def ask(
    person: Person, amount_minor: int, *, key: str | None = None, bank: dict[str, str] | None = None
) -> WithdrawalRequested:
    """As somebody does who confirms what he is asked to."""
    key = key or str(uuid.uuid4())
    return confirmed(
        person.actor,
        lambda s: request_withdrawal(
            s,
            actor=person.actor,
            currency="KRW",
            amount_minor=amount_minor,
            bank=bank or BANK,
            key=key,
            now=clock.now(),
        ),
    )


def ask_scored(person: Person, amount_minor: int, key: str) -> WithdrawalRequested | None:
    """As the pages do, which score it first; no proof is needed for so little."""
    actor, now = person.actor, clock.now()
    return atomically(
        lambda s: ask_withdrawal(
            s, actor=actor, currency="KRW", amount_minor=amount_minor, bank=BANK, key=key, ip=None, now=now
        )
    )


def pay(asked: WithdrawalRequested, by: Person, reference: str) -> None:
    withdrawal_id, now = asked.withdrawal_id, clock.now()
    atomically(lambda s: pay_withdrawal(s, withdrawal_id=withdrawal_id, reference=reference, actor=by.actor, now=now))


def approve(asked: WithdrawalRequested, by: Person) -> None:
    withdrawal_id, now = asked.withdrawal_id, clock.now()
    confirmed(by.actor, lambda s: approve_withdrawal(s, withdrawal_id=withdrawal_id, actor=by.actor, now=now))


def refuse(asked: WithdrawalRequested, by: Person) -> None:
    withdrawal_id, now = asked.withdrawal_id, clock.now()
    atomically(lambda s: refuse_withdrawal(s, withdrawal_id=withdrawal_id, reason="Call us.", actor=by.actor, now=now))


def deposit() -> int:
    return int(rows("SELECT balance_minor FROM ledger_account WHERE kind = 'deposit'")[0][0])


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def bea(mall: Mall) -> Person:
    """A buyer of long standing whose deposit has lain for a week."""
    bea = with_session(make_person("bea", now=LONG_AGO))
    with clock.frozen(clock.now() - timedelta(days=7)):
        give_deposit(bea, 2_000_000)
    return bea


@pytest.fixture
def ada(bea: Person) -> Person:
    return with_session(make_person("ada", roles=("buyer", "admin")))


def test_a_small_amount_goes_to_the_payouts_at_once_and_is_paid_by_hand(bea: Person, ada: Person) -> None:
    asked = ask(bea, 300_000)
    assert (asked.status, asked.holds) == ("approved", ())
    assert deposit() == 1_700_000
    with pytest.raises(WithdrawalTextMissingError):
        pay(asked, ada, " ")
    pay(asked, ada, "HN-1")
    assert rows("SELECT status FROM withdrawal") == [("paid",)]
    assert rows("SELECT state, reference FROM payout") == [("paid", "HN-1")]
    handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL")])
    told = [row[0] for row in rows("SELECT kind FROM notice ORDER BY kind")]
    assert told == ["withdrawal_approved", "withdrawal_paid"]
    with pytest.raises(WithdrawalDecidedError):
        pay(asked, ada, "HN-2")


def test_a_large_amount_waits_and_a_refusal_gives_it_back(bea: Person, ada: Person) -> None:
    asked = ask(bea, 1_500_000)
    assert (asked.status, asked.holds) == ("requested", ("amount",))
    assert deposit() == 500_000
    for person in (bea, make_person("max")):
        with pytest.raises(WithdrawalUnknownError):
            approve(asked, person)
    refuse(asked, ada)
    assert deposit() == 2_000_000
    again = ask(bea, 1_500_000)
    approve(again, ada)
    assert rows("SELECT count(*) FROM payout") == [(1,)]


@pytest.mark.req("FRD-06")
def test_new_accounts_fresh_money_and_many_requests_are_looked_at(bea: Person) -> None:
    new = make_person("new")
    give_deposit(new, 100_000)
    assert ask(new, 10_000).holds == ("new_account", "fresh_money")
    for _ in range(3):
        assert ask(bea, 10_000).holds == ()
    assert ask(bea, 10_000).holds == ("velocity",)


@pytest.mark.req("FRD-01")
def test_who_only_passes_money_through_is_looked_at_however_small_the_steps(bea: Person) -> None:
    with clock.frozen(clock.now() - timedelta(days=7)):
        give_deposit(bea, 2_000_000)
    now, holds = clock.now(), []
    for step in range(5):
        # Below the amounts that ask for a proof or a look, and not three in any week.
        with clock.frozen(now + step * timedelta(days=6)):
            asked = ask_scored(bea, 450_000, f"step-{step}")
        assert asked is not None
        holds.append(asked.holds)
    assert holds == [(), (), (), (), ("risk",)]
    assert rows("SELECT features->>'withdrawn_30d', fired->0->>'rule' FROM risk_decision WHERE outcome = 'review'") == [
        ("1800000", "pass_through")
    ]


def test_only_what_is_free_and_within_the_limits_goes_out(mall: Mall, bea: Person) -> None:
    give_mileage(bea, 50_000)
    for amount, code in ((999, "WITHDRAWAL_TOO_SMALL"), (5_000_001, "WITHDRAWAL_TOO_LARGE")):
        with pytest.raises(RejectedError) as refused:
            ask(bea, amount)
        assert refused.value.code == code
    with pytest.raises(BankDetailsError):
        ask(bea, 10_000, bank={"bank": "Hana"})
    make_order(bea, mall, {make_variant(mall, krw=1_000_000): 1}, deposit_minor=1_000_000, outcome=None)
    with pytest.raises(BalanceTooLowError):
        ask(bea, 1_990_000)
    assert rows("SELECT count(*) FROM withdrawal") == [(0,)]


def test_a_repetition_is_the_first_answer_and_two_at_once_take_what_is_there(bea: Person) -> None:
    first, again = ask(bea, 10_000, key="one"), ask(bea, 10_000, key="one")
    assert (again.withdrawal_id, again.is_repeat) == (first.withdrawal_id, True)
    with pytest.raises(IdempotencyKeyReusedError):
        ask(bea, 20_000, key="one")
    start = threading.Barrier(4)

    def click(_: int) -> str:
        start.wait(timeout=30)
        try:
            return ask(bea, 900_000).status
        except PortalError as refused:
            return refused.code

    with ThreadPoolExecutor(4) as pool:
        results = Counter(pool.map(click, range(4)))
    assert results["balance_too_low"] == 2
    assert deposit() == 2_000_000 - 10_000 - 1_800_000
