"""Deposit goes back through the payments that it came from, with the vendors' stand-ins over HTTP (REF-08)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from apiflask import APIFlask
from hypothesis import given
from hypothesis import strategies as st

from portal.db import atomically
from portal.gateways.base import Refunded, RefundFailed
from portal.jobs.payments import charge_attempt
from portal.jobs.refunds import send_leg
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.rules.withdrawals import WayBack, spread
from portal.services.accounts.bank_details import BankDetailsError
from portal.services.refunds.settle_leg import settle_leg
from portal.services.withdrawals.decide_withdrawal import WithdrawalDecidedError, approve_withdrawal, pay_withdrawal
from portal.services.withdrawals.request_withdrawal import request_withdrawal
from portal.services.withdrawals.return_card import return_card
from tests.blueprints.desks import browser
from tests.factories.account import Person, make_person
from tests.factories.order import give_deposit
from tests.factories.refund import rows
from tests.factories.step_up import confirmed, with_session
from tests.factories.top_up import begun, deposit_of, ready_to_top_up, work_off_events
from tests.jobs.conftest import World
from tests.jobs.test_gift_cards import bought

pytestmark = pytest.mark.req("REF-08")
BANK = {"bank": "Hana", "number": "123-456-789012", "holder": "Bea Kim"}
NO_BANK = {"bank": "", "number": "", "holder": ""}


@pytest.fixture
def bea(world: World) -> Person:
    return with_session(world.bea)


@pytest.fixture
def ada(world: World) -> Person:
    return with_session(make_person("ada", roles=("buyer", "admin")))


def top_up(world: World, amount: int) -> uuid.UUID:
    token = world.sandbox.card("4242424242424242")
    payment = begun(ready_to_top_up(world.bea, world.mall.kr, amount, method="credit_card", token=token)())
    charge_attempt(str(payment.attempt_id))
    return payment.payment_id


def ask(person: Person, amount: int, bank: dict[str, str]) -> uuid.UUID:
    key, now = str(uuid.uuid4()), clock.now() + timedelta(days=4)
    return confirmed(
        person.actor,
        lambda s: request_withdrawal(
            s, actor=person.actor, currency="KRW", amount_minor=amount, bank=bank, key=key, now=now
        ),
    ).withdrawal_id


def send_all() -> None:
    with clock.frozen(clock.now() + timedelta(days=5)):
        for (leg_id,) in rows("SELECT id FROM refund_leg WHERE status = 'approved' ORDER BY id"):
            send_leg(str(leg_id))


def test_the_oldest_payment_takes_it_first_and_the_bank_what_is_left(world: World, bea: Person, ada: Person) -> None:
    first, second = top_up(world, 10_000), top_up(world, 20_000)
    give_deposit(bea, 7_000)
    with pytest.raises(BankDetailsError):
        ask(bea, 33_000, NO_BANK)
    asked = ask(bea, 33_000, BANK)
    assert rows("SELECT amount_minor, status FROM refund_leg ORDER BY id") == [
        (10_000, "approved"),
        (20_000, "approved"),
    ]
    assert rows("SELECT amount_minor, state FROM payout") == [(3_000, "waiting")]
    send_all()
    send_all()
    states = "SELECT status, refunded_minor FROM payment WHERE id = :id"
    assert rows(states, id=first) == rows(states, id=first) == [("refunded", 10_000)]
    assert rows(states, id=second) == [("refunded", 20_000)]
    assert rows("SELECT status FROM withdrawal") == [("approved",)]
    now = clock.now()
    atomically(lambda s: pay_withdrawal(s, withdrawal_id=asked, reference="HN-1", actor=ada.actor, now=now))
    with pytest.raises(WithdrawalDecidedError):
        atomically(lambda s: pay_withdrawal(s, withdrawal_id=asked, reference="HN-2", actor=ada.actor, now=now))
    assert rows("SELECT status, returned_minor FROM withdrawal") == [("paid", 0)]
    assert deposit_of(bea) == 4_000
    work_off_events()


def test_what_a_gateway_refuses_is_deposit_again_and_goes_another_way_next(world: World, bea: Person) -> None:
    payment = top_up(world, 10_000)
    ask(bea, 6_000, NO_BANK)
    ((leg_id,),) = rows("SELECT id FROM refund_leg")
    now = clock.now()
    outcome = RefundFailed("expired_or_canceled_card")
    for _ in range(2):
        atomically(lambda s: settle_leg(s, leg_id=leg_id, outcome=outcome, actor=SYSTEM, now=now))
    assert rows("SELECT status, returned_minor FROM withdrawal") == [("refused", 6_000)]
    assert rows("SELECT status, refunded_minor FROM payment WHERE id = :id", id=payment) == [("captured", 0)]
    assert deposit_of(bea) == 10_000
    with pytest.raises(BankDetailsError):
        ask(bea, 6_000, NO_BANK)


def test_what_came_back_from_the_bank_later_is_deposit_again(world: World, bea: Person) -> None:
    payment = top_up(world, 10_000)
    ask(bea, 10_000, NO_BANK)
    send_all()
    assert rows("SELECT status FROM withdrawal") == [("paid",)]
    ((leg_id,),) = rows("SELECT id FROM refund_leg")
    now = clock.now()
    outcome = RefundFailed("expired_or_canceled_card")
    atomically(lambda s: settle_leg(s, leg_id=leg_id, outcome=outcome, actor=SYSTEM, now=now))
    assert rows("SELECT status, refunded_minor FROM payment WHERE id = :id", id=payment) == [("captured", 0)]
    assert deposit_of(bea) == 10_000


def test_pages_say_where_it_goes(app: APIFlask, world: World, bea: Person, ada: Person) -> None:
    payment = top_up(world, 10_000)
    page = browser(app, bea).get("/kr/account/deposit").text
    assert "up to ₩10,000" in page
    assert "4242" in page
    asked = rows("SELECT count(*)::int FROM withdrawal")
    assert asked == [(0,)]
    now = clock.now()
    made = confirmed(
        bea.actor,
        lambda s: request_withdrawal(
            s, actor=bea.actor, currency="KRW", amount_minor=9_000, bank=NO_BANK, key="k", now=now
        ),
    )
    assert "fresh_money" in made.holds
    assert rows("SELECT count(*)::int FROM refund_leg") == [(0,)]
    confirmed(ada.actor, lambda s: approve_withdrawal(s, withdrawal_id=made.withdrawal_id, actor=ada.actor, now=now))
    desk = browser(app, ada)
    shown = desk.get(f"/admin/withdrawals/{made.withdrawal_id}").text
    assert "Back the way it was paid in" in shown
    assert "The bank’s reference" not in shown
    assert f"/admin/withdrawals/{made.withdrawal_id}" in desk.get(f"/admin/payments/{payment}").text


@pytest.mark.req("BAL-09")
@pytest.mark.parametrize("refused", [False, True])
def test_a_card_given_back_goes_to_its_payment_or_is_deposit(world: World, refused: bool) -> None:
    card_id, now = bought(world), clock.now()
    back, sent = atomically(
        lambda s: return_card(s, card_id=card_id, reason="given_back_by_buyer", actor=world.bea.actor, now=now)
    )
    assert (back.minor, sent.minor, deposit_of(world.bea)) == (50_000, 50_000, 0)
    ((leg_id,),) = rows("SELECT id FROM refund_leg WHERE status = 'approved'")
    outcome = RefundFailed("refused") if refused else Refunded("re_1", 50_000, "KRW")
    atomically(lambda s: settle_leg(s, leg_id=leg_id, outcome=outcome, actor=SYSTEM, now=now))
    expected = ("captured", 50_000) if refused else ("refunded", 0)
    payment = rows("SELECT p.status FROM payment p JOIN gift_card c ON c.payment_id = p.id")[0][0]
    assert (payment, deposit_of(world.bea)) == expected


WAYS = st.lists(st.builds(WayBack, st.uuids(), st.integers(0, 10**6), st.booleans(), st.booleans()), max_size=8)


@given(st.integers(1, 10**6), WAYS)
def test_nothing_is_lost_and_no_payment_gives_more_than_it_can(amount: int, ways: list[WayBack]) -> None:
    parts, rest = spread(amount, ways)
    assert sum(part for _, part in parts) + rest == amount
    assert rest >= 0
    for way, part in parts:
        assert 0 < part <= way.left_minor
        assert way.takes_parts or part == way.left_minor
