"""A frozen account: nothing can be spent, nothing is lost, and all of it comes back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from portal.db import atomically, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.rules.freezes import FreezeReason
from portal.rules.refund_policy import Party
from portal.services.accounts.may_spend import AccountFrozenError, OwnerFrozenError, check_may_spend
from portal.services.mileage.expire_lots import accounts_to_expire
from portal.services.orders.part_holds import PartOnHoldError
from portal.services.orders.release_hold import HoldUnknownError, release_hold
from portal.services.orders.review_order import Decision, review_order
from portal.services.payments.find_due import attempt_to_capture, find_due
from portal.services.restrictions.clear_account import NotFrozenError, clear_account
from portal.services.restrictions.freeze_account import (
    AccountUnknownError,
    FreezeSelfError,
    Frozen,
    LastAdminError,
    freeze_account,
)
from portal.services.withdrawals.decide_withdrawal import approve_withdrawal
from portal.services.withdrawals.request_withdrawal import request_withdrawal
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.coupon import give, make_campaign
from tests.factories.order import LONG_AGO, REVIEWED_KRW, give_deposit, give_mileage, make_order
from tests.factories.parcel import send
from tests.factories.refund import answer_legs, ask_refund, lines_of, rows
from tests.factories.step_up import confirmed, with_session

pytestmark = [pytest.mark.req("FRD-07", "FRD-08"), pytest.mark.usefixtures("books")]


def freeze(person: Person, by: Person, reason: FreezeReason = FreezeReason.FRAUD) -> Frozen:
    return atomically(
        lambda s: freeze_account(s, user_id=person.id, reason=reason, note="", actor=by.actor, now=clock.now())
    )


def clear(person: Person, by: Person, note: str = "She is herself.") -> None:
    atomically(lambda s: clear_account(s, user_id=person.id, note=note, actor=by.actor, now=clock.now()))


def test_balances_coupons_and_open_orders_stop_and_come_back(mall: Mall, bea: Person, rita: Person) -> None:
    give_deposit(bea, 10_000)
    give_mileage(bea, 500)
    give(make_campaign("grant"), bea)
    order = make_order(bea, mall, {make_variant(mall): 1})

    frozen = freeze(bea, rita)

    assert (frozen.coupons, frozen.parts) == (1, 1)
    assert rows("SELECT DISTINCT frozen_at IS NOT NULL FROM ledger_account WHERE owner = :o", o=f"user:{bea.id}") == [
        (True,)
    ]
    assert rows("SELECT state FROM coupon_grant") == [("suspended",)]
    assert rows("SELECT status FROM order_part WHERE order_id = :id", id=order.id) == [("held",)]

    clear(bea, rita)

    assert rows("SELECT count(*) FROM ledger_account WHERE frozen_at IS NOT NULL") == [(0,)]
    assert rows("SELECT state FROM coupon_grant") == [("held",)]
    assert rows("SELECT status FROM order_part WHERE order_id = :id", id=order.id) == [("released",)]
    assert rows("SELECT state FROM user_account WHERE id = :id", id=bea.id) == [("active",)]
    assert rows("SELECT action FROM audit_row WHERE action LIKE 'user:%' ORDER BY id") == [
        ("user:frozen",),
        ("user:cleared",),
    ]


def test_nothing_is_spent_and_refunds_still_arrive(mall: Mall, bea: Person, rita: Person, ada: Person) -> None:
    give_deposit(bea, 50_000)
    order = make_order(bea, mall, {make_variant(mall, krw=20_000): 1}, deposit_minor=5_000)
    freeze(bea, rita)

    with pytest.raises(AccountFrozenError):
        make_order(bea, mall, {make_variant(mall): 1})
    with pytest.raises(AccountFrozenError), transaction() as session:
        request_withdrawal(
            session,
            actor=bea.actor,
            currency="KRW",
            amount_minor=1_000,
            bank={"bank": "Hana", "number": "123-456-789012", "holder": "Bea Kim"},
            key="one",
            now=clock.now(),
        )
    before = rows("SELECT balance_minor FROM ledger_account WHERE kind = 'deposit' AND owner = :o", o=f"user:{bea.id}")
    asked = ask_refund(order, dict.fromkeys(lines_of(order), 1), actor=ada.actor, party=Party.ADMIN)
    answer_legs(asked.refund_id)
    after = rows("SELECT balance_minor FROM ledger_account WHERE kind = 'deposit' AND owner = :o", o=f"user:{bea.id}")
    assert after[0][0] == before[0][0] + 5_000


def test_a_withdrawal_that_was_asked_for_before_waits(bea: Person, rita: Person, ada: Person) -> None:
    give_deposit(bea, 2_000_000)
    asked = confirmed(
        bea.actor,
        lambda s: request_withdrawal(
            s,
            actor=bea.actor,
            currency="KRW",
            amount_minor=1_500_000,
            bank={"bank": "Hana", "number": "123-456-789012", "holder": "Bea Kim"},
            key="one",
            now=clock.now(),
        ),
    )
    freeze(bea, rita)

    with pytest.raises(OwnerFrozenError), transaction() as session:
        approve_withdrawal(session, withdrawal_id=asked.withdrawal_id, actor=ada.actor, now=clock.now())


def test_a_held_part_gets_no_label_and_no_parcel_and_its_hold_ends_with_the_freeze_alone(
    mall: Mall, bea: Person, rita: Person, sam: Person
) -> None:
    order = make_order(bea, mall, {make_variant(mall): 1})
    freeze(bea, rita)

    with pytest.raises(PartOnHoldError):
        send(order.part_ids[0], sam)
    [(hold_id,)] = rows("SELECT id FROM order_hold WHERE released_at IS NULL")
    with pytest.raises(HoldUnknownError), transaction() as session:
        release_hold(session, hold_id=hold_id, reason="", actor=rita.actor, now=clock.now())


def test_what_a_gateway_holds_is_not_taken_while_the_account_is_frozen(mall: Mall, bea: Person, rita: Person) -> None:
    order = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    freeze(bea, rita)
    atomically(
        lambda s: review_order(
            s, order_id=order.id, decision=Decision.CLEAR, reason="confirmed", actor=rita.actor, now=clock.now()
        )
    )
    assert order.attempt_id is not None
    attempt_id = order.attempt_id

    assert atomically(lambda s: attempt_to_capture(s, attempt_id=attempt_id, now=clock.now())) is None
    assert attempt_id not in atomically(lambda s: find_due(s, now=clock.now() + timedelta(days=1))).to_capture

    clear(bea, rita)
    assert attempt_id in atomically(lambda s: find_due(s, now=clock.now() + timedelta(days=1))).to_capture
    assert atomically(lambda s: attempt_to_capture(s, attempt_id=attempt_id, now=clock.now())) is not None


def test_points_do_not_run_out_meanwhile(bea: Person, rita: Person) -> None:
    give_mileage(bea, 500)
    [(before,)] = rows("SELECT expires_at FROM mileage_lot")
    freeze(bea, rita)
    with transaction() as session:
        assert accounts_to_expire(session, now=before + timedelta(days=1)) == []
    now = clock.now() + timedelta(days=10)
    atomically(lambda s: clear_account(s, user_id=bea.id, note="fine", actor=rita.actor, now=now))
    [(after,)] = rows("SELECT expires_at FROM mileage_lot")
    assert timedelta(days=9, hours=23) < after - before < timedelta(days=10, hours=1)


def test_twice_is_once(bea: Person, rita: Person) -> None:
    first, again = freeze(bea, rita), freeze(bea, rita)
    assert again.is_repeat
    assert again.freeze_id == first.freeze_id
    clear(bea, rita)
    with pytest.raises(NotFrozenError):
        clear(bea, rita)


@pytest.mark.req("IDN-02")
def test_only_who_may_restrict_does_and_nobody_himself(bea: Person, rita: Person, max_: Person) -> None:
    with pytest.raises(AccountUnknownError):
        freeze(bea, max_)
    with pytest.raises(FreezeSelfError):
        freeze(rita, rita)
    assert rows("SELECT count(*) FROM account_freeze") == [(0,)]


def test_the_last_administrator_stays(ada: Person, rita: Person) -> None:
    with pytest.raises(LastAdminError):
        freeze(ada, rita)
    make_person("eve", roles=("admin",))
    freeze(ada, rita)


def test_a_purchase_and_a_freeze_at_once_end_in_one_order_of_things(bea: Person, rita: Person) -> None:
    """Whoever has passed the question is finished before the freeze; whoever asks after it is refused."""
    asked, go_on = threading.Event(), threading.Event()

    def spend() -> str:
        with transaction() as session:
            check_may_spend(session, user_id=bea.id)
            asked.set()
            go_on.wait(10)
        return "spent"

    with ThreadPoolExecutor(2) as pool:
        spending = pool.submit(spend)
        asked.wait(10)
        freezing = pool.submit(freeze, bea, rita)
        with pytest.raises(TimeoutError):
            freezing.result(timeout=0.3)
        go_on.set()
        assert spending.result() == "spent"
        freezing.result()
    with pytest.raises(PortalError), transaction() as session:
        check_may_spend(session, user_id=bea.id)


@pytest.fixture
def mall(db: None) -> Mall:
    return make_mall()


@pytest.fixture
def bea(db: None) -> Person:
    return with_session(make_person("bea", now=LONG_AGO))


@pytest.fixture
def rita(db: None) -> Person:
    return make_person("rita", roles=("risk",))


@pytest.fixture
def ada(db: None) -> Person:
    return with_session(make_person("ada", roles=("admin",)))


@pytest.fixture
def max_(db: None) -> Person:
    return make_person("max")


@pytest.fixture
def sam(mall: Mall) -> Person:
    return make_person("sam", store_ids=mall.store_ids)
