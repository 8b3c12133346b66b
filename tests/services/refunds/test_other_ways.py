"""Where the original way is closed: deposit, a bank account, and what becomes of a leg that failed (REF-03, S20)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.db import atomically, reading, transaction
from portal.gateways.base import RefundFailed
from portal.kit import clock
from portal.queries.gateways import forget_gateways
from portal.queries.refund_lists import refund_speed
from portal.queries.refunds import load_bank
from portal.services.accounts.bank_details import BankDetailsError
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.refunds.escalate_late import escalate_late
from portal.services.refunds.mark_paid import PayoutPaidError, PayoutUnknownError, ReferenceMissingError, mark_paid
from portal.services.refunds.replace_leg import LegNotFailedError, LegUnknownError, replace_leg
from portal.services.refunds.request_refund import PreferenceUnknownError
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.refund import answer_legs, ask_refund, open_legs, plan, rows, settle, status_of
from tests.factories.step_up import prove, with_session

pytestmark = pytest.mark.req("REF-03")

BANK = {"bank": "Hana", "number": "123-456-789012", "holder": "Bea Kim"}


def bought() -> MadeOrder:
    mall = make_mall()
    return make_order(make_person("bea"), mall, {make_variant(mall, krw=12_000): 1})


def without_connection(order: MadeOrder) -> None:
    """As a payment of an imported history: nobody is there to be asked."""
    with transaction() as session:
        session.execute(text("UPDATE gateway_account SET gateway = 'imported'"))
    forget_gateways()
    assert order.payment_id


def replace(leg_id: uuid.UUID, by: Person, destination: str, bank: dict[str, str] | None = None) -> uuid.UUID:
    return atomically(
        lambda s: replace_leg(s, leg_id=leg_id, destination=destination, bank=bank, actor=by.actor, now=clock.now())
    )


def pay(payout_id: uuid.UUID, by: Person, reference: str = "HN-1") -> None:
    atomically(lambda s: mark_paid(s, payout_id=payout_id, reference=reference, actor=by.actor, now=clock.now()))


def failed_leg(order: MadeOrder) -> tuple[uuid.UUID, uuid.UUID]:
    asked = ask_refund(order)
    leg_id = open_legs(asked.refund_id)[0]
    assert answer_legs(asked.refund_id, RefundFailed("expired_or_canceled_card")) == "failed"
    return asked.refund_id, leg_id


def test_what_has_no_way_back_becomes_deposit_when_the_buyer_says_so(books: None) -> None:
    order = bought()
    without_connection(order)
    (leg,) = plan(order).plan.legs
    assert (leg.destination, leg.closed) == ("deposit", "no_connection")
    asked = ask_refund(order)
    assert asked.status == "succeeded"
    assert rows("SELECT balance_minor FROM ledger_account WHERE kind = 'deposit'") == [(15_000,)]
    assert rows("SELECT refunded_minor FROM payment") == [(0,)]
    assert rows("SELECT status FROM orders") == [("refunded",)]


def test_a_bank_account_is_paid_by_hand_and_its_details_are_kept_encrypted(books: None) -> None:
    order, ada = bought(), make_person("ada", roles=("buyer", "admin"))
    without_connection(order)
    with pytest.raises(BankDetailsError):
        ask_refund(order, otherwise="bank", bank={"bank": "Hana"})
    asked = ask_refund(order, otherwise="bank", bank=BANK)
    assert asked.status == "approved"
    payout_id, kept = rows("SELECT id, bank FROM payout")[0]
    assert b"123-456" not in bytes(kept)
    with reading() as session:
        assert load_bank(session, payout_id=payout_id) == BANK
    with pytest.raises(PayoutUnknownError):
        pay(payout_id, order.buyer)
    with pytest.raises(ReferenceMissingError):
        pay(payout_id, ada, " ")
    pay(payout_id, ada)
    assert status_of(asked.refund_id) == "succeeded"
    assert rows("SELECT status FROM orders") == [("refunded",)]
    with pytest.raises(PayoutPaidError):
        pay(payout_id, ada)


def test_a_failed_leg_is_owed_and_goes_out_another_way_once(books: None) -> None:
    order = bought()
    refund_id, leg_id = failed_leg(order)
    with pytest.raises(LegUnknownError):
        replace(leg_id, make_person("max"), "deposit")
    with pytest.raises(PreferenceUnknownError):
        replace(leg_id, order.buyer, "original")  # The same way once more is an administrator's decision.
    replace(leg_id, order.buyer, "deposit")
    assert status_of(refund_id) == "succeeded"
    assert rows("SELECT balance_minor FROM ledger_account WHERE kind = 'deposit'") == [(15_000,)]
    with pytest.raises(LegNotFailedError):
        replace(leg_id, order.buyer, "deposit")


def test_an_administrator_tries_the_same_way_again_under_a_new_key(books: None) -> None:
    order, ada = bought(), make_person("ada", roles=("buyer", "admin"))
    refund_id, leg_id = failed_leg(order)
    second = replace(leg_id, ada, "original")
    keys = rows("SELECT op_key FROM refund_leg")
    assert len(set(keys)) == 2
    assert answer_legs(refund_id) == "succeeded"
    # A late word about the first leg changes nothing any more.
    assert not settle(leg_id, RefundFailed("expired_or_canceled_card"))
    assert rows("SELECT status FROM refund_leg WHERE id = :id", id=second) == [("succeeded",)]
    assert rows("SELECT refunded_minor FROM payment") == [(15_000,)]


@pytest.mark.req("IDN-04")
def test_a_large_amount_goes_to_a_bank_account_only_when_just_this_is_confirmed(books: None) -> None:
    mall, bea = make_mall(), with_session(make_person("bea"))
    order = make_order(bea, mall, {make_variant(mall, krw=600_000): 1})
    with pytest.raises(StepUpNeededError) as first:
        failed_leg(order)
    prove(bea.actor, first.value.action, first.value.binding)
    refund_id, leg_id = failed_leg(order)
    with pytest.raises(StepUpNeededError) as needed:
        replace(leg_id, bea, "bank", BANK)
    assert rows("SELECT count(*) FROM payout") == [(0,)]
    prove(bea.actor, needed.value.action, needed.value.binding)
    with pytest.raises(StepUpNeededError) as changed:
        replace(leg_id, bea, "bank", BANK | {"number": "999-999-999999"})
    assert changed.value.why == "changed"
    replace(leg_id, bea, "bank", BANK)
    assert rows("SELECT count(*) FROM payout") == [(1,)]
    assert status_of(refund_id) == "approved"


@pytest.mark.req("REF-09")
def test_late_refunds_are_told_of_once_and_counted(books: None) -> None:
    order = bought()
    ask_refund(order)
    soon, late = clock.now() + timedelta(minutes=5), clock.now() + timedelta(days=5)
    for now, expected in ((soon, 0), (late, 1), (late, 0)):
        assert atomically(lambda s, now=now: escalate_late(s, now=now)) == expected  # type: ignore[misc]  # As in schedule.
    assert rows("SELECT kind FROM outbox_event WHERE kind = 'refund.late'") == [("refund.late",)]
    since = clock.now() - timedelta(days=30)
    with reading() as session:
        assert refund_speed(session, since=since, now=soon).basis_points is None
        speed = refund_speed(session, since=since, now=late)
    assert (speed.counted, speed.in_time, speed.late_open) == (1, 0, 1)
