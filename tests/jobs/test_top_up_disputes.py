"""A top-up that its payer disputes at the bank: held at once, and paying the loss as far as it is there (STR-05)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.db import atomically
from portal.gateways.base import DisputeNotice, DisputeState
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.services.checkout.begin_payment import Begun
from portal.services.disputes.settle_dispute import settle_dispute
from tests.factories.cart import make_variant
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.jobs.test_top_ups import AMOUNT, approved, press, sent, tell

pytestmark = pytest.mark.req("BAL-02", "STR-05")


def dispute(payment: Begun, state: DisputeState, held: int, minutes: int) -> None:
    """A bank's word about the payment."""
    gateway, account, ref = rows(
        "SELECT gateway, gateway_account_id, gateway_ref FROM payment_attempt WHERE payment_id = :id",
        id=payment.payment_id,
    )[0]
    now = clock.now() + timedelta(minutes=minutes)
    notice = DisputeNotice(
        dispute_ref="dp_1",
        gateway_ref=ref,
        state=state,
        amount_minor=AMOUNT,
        currency="KRW",
        held_minor=held,
        reason="fraudulent",
        opened_at=now,
        told_at=now,
        answer_due_at=now + timedelta(days=7),
    )
    assert atomically(
        lambda s: settle_dispute(s, gateway=gateway, gateway_account_id=account, notice=notice, actor=SYSTEM, now=now)
    )


def free_of(world: World) -> tuple[int, int]:
    """The deposit, and what of it can be spent."""
    found = rows(
        "SELECT balance_minor, held_minor FROM ledger_account WHERE kind = 'deposit' AND owner = :owner",
        owner=f"user:{world.bea.id}",
    )[0]
    return found[0], found[0] - found[1]


def test_a_disputed_top_up_is_held_and_pays_the_loss_as_far_as_it_is_there(world: World) -> None:
    payment = sent(press(world, method="bank_transfer"))
    tell(payment, approved())
    bought = ready_to_buy(
        world.bea, world.mall.kr, {make_variant(world.mall, krw=9_000): 1}, deposit_minor=12_000, method="bank_transfer"
    )
    bought()  # 12,000 of it are spent before the bank speaks.
    dispute(payment, DisputeState.NEEDS_RESPONSE, AMOUNT, 1)
    dispute(payment, DisputeState.NEEDS_RESPONSE, AMOUNT, 2)
    assert free_of(world) == (18_000, 0)
    dispute(payment, DisputeState.LOST, AMOUNT, 3)
    assert free_of(world) == (0, 0)
    lost = rows(
        "SELECT sum(p.amount_minor)::bigint FROM ledger_posting p"
        " JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = 'write_off'"
    )
    assert lost == [(-12_000,)]
    dispute(payment, DisputeState.WON, 0, 4)  # The bank thinks again.
    assert free_of(world) == (18_000, 18_000)


def test_a_won_dispute_frees_the_deposit(world: World) -> None:
    payment = sent(press(world, method="bank_transfer"))
    tell(payment, approved())
    dispute(payment, DisputeState.NEEDS_RESPONSE, AMOUNT, 1)
    assert free_of(world) == (AMOUNT, 0)
    dispute(payment, DisputeState.WON, 0, 2)
    assert free_of(world) == (AMOUNT, AMOUNT)
