"""Cases: one for a person, a verdict that moves the money, a minute to think again."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rq.serializers import JSONSerializer
from sqlalchemy import text

from portal.broker import broker
from portal.db import atomically, transaction
from portal.jobs.outbox import handle_events
from portal.jobs.queue import QUEUES, queue
from portal.jobs.relay import relay_once
from portal.kit import clock
from portal.kit.money import Money
from portal.models import OutboxEvent
from portal.queries.cases import alert_times
from portal.rules.cases import TELL_WITHIN, UNDO_WITHIN, Effect, OrderFacts, Verdict, effect_of, expected_loss
from portal.services.cases.apply_verdict import apply_verdict, verdicts_due
from portal.services.cases.decide_case import (
    CaseMovedError,
    CaseUnknownError,
    UndoOverError,
    decide_case,
    take_case,
    undo_verdict,
)
from portal.services.cases.open_cases import open_cases
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, MadeOrder, answer, make_order
from tests.factories.refund import rows
from worker import ThreadWorker

pytestmark = [pytest.mark.req("FRD-03", "FRD-06"), pytest.mark.usefixtures("books")]


def gathered() -> uuid.UUID:
    atomically(lambda s: open_cases(s, now=clock.now()))
    [(case_id,)] = rows("SELECT id FROM risk_case WHERE state = 'open'")
    assert isinstance(case_id, uuid.UUID)
    return case_id


def say(case_id: uuid.UUID, verdict: Verdict, by: Person, version: int | None = None) -> datetime:
    if version is None:
        [(version,)] = rows("SELECT version FROM risk_case WHERE id = :id", id=case_id)
    seen = version
    return atomically(
        lambda s: decide_case(
            s, case_id=case_id, verdict=verdict, note="", version=seen, actor=by.actor, now=clock.now()
        )
    )


def carry_out() -> None:
    """As the clock does it when the minute is over."""
    now = clock.now() + UNDO_WITHIN + timedelta(seconds=1)
    with transaction() as session:
        due = verdicts_due(session, now=now)
    for case_id in due:
        atomically(lambda s, case_id=case_id: apply_verdict(s, case_id=case_id, now=now))  # type: ignore[misc]  # a lambda's default


def state_of(order: MadeOrder) -> tuple[str, str | None]:
    [(status, reversal)] = rows(
        """SELECT o.status, a.reversal FROM orders o JOIN payment p ON p.order_id = o.id
             JOIN payment_attempt a ON a.payment_id = p.id WHERE o.id = :id""",
        id=order.id,
    )
    return status, reversal


def test_two_orders_of_one_person_are_one_case_and_a_second_sweep_adds_nothing(
    mall: Mall, bea: Person, held: MadeOrder
) -> None:
    case_id = gathered()
    make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")

    assert gathered() == case_id
    assert gathered() == case_id
    assert rows("SELECT count(*) FROM risk_case_decision") == [(2,)]
    [(stake, loss, score)] = rows("SELECT stake_minor, expected_loss_minor, score FROM risk_case")
    assert stake == 2 * REVIEWED_KRW
    assert loss == expected_loss(Money(stake, "KRW"), score).minor
    assert rows("SELECT count(*) FROM outbox_event WHERE kind = 'case.opened'") == [(1,)]


def test_genuine_captures_after_a_minute_and_not_before(held: MadeOrder, rita: Person) -> None:
    case_id = gathered()
    say(case_id, Verdict.GENUINE, rita)
    with transaction() as session:
        assert list(verdicts_due(session, now=clock.now())) == []

    carry_out()

    assert rows("SELECT capture_wanted FROM payment WHERE order_id = :id", id=held.id) == [(True,)]
    assert rows("SELECT state FROM risk_case") == [("closed",)]
    assert rows("SELECT label, source FROM risk_label") == [(False, "verdict")]
    carry_out()
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'case:closed'") == [(1,)]


def test_fraud_voids_and_freezes_and_is_what_models_learn(held: MadeOrder, bea: Person, rita: Person) -> None:
    say(gathered(), Verdict.FRAUD, rita)
    assert rows("SELECT state FROM user_account WHERE id = :id", id=bea.id) == [("frozen",)]

    carry_out()

    assert state_of(held) == ("cancelled", "wanted")
    assert rows("SELECT label, source FROM risk_label") == [(True, "verdict")]


def test_what_was_captured_meanwhile_is_given_back(held: MadeOrder, rita: Person, ada: Person) -> None:
    case_id = gathered()
    assert held.attempt_id is not None
    say(case_id, Verdict.FRIENDLY_FRAUD, rita)
    # A look-up finds that the gateway took the money after all.
    answer(held, "captured")

    carry_out()

    assert rows("SELECT reason, total_minor FROM refund") == [("risk_refused", REVIEWED_KRW)]
    assert rows("SELECT state FROM risk_case") == [("closed",)]


def test_a_verdict_can_be_undone_for_a_minute_with_all_that_it_did(
    mall: Mall, held: MadeOrder, bea: Person, rita: Person
) -> None:
    case_id = gathered()
    say(case_id, Verdict.FRAUD, rita)
    atomically(lambda s: undo_verdict(s, case_id=case_id, actor=rita.actor, now=clock.now()))

    assert rows("SELECT state FROM user_account WHERE id = :id", id=bea.id) == [("active",)]
    assert rows("SELECT state, verdict FROM risk_case") == [("open", None)]
    carry_out()
    assert state_of(held) == ("pending", None)

    say(case_id, Verdict.FRAUD, rita)
    late = clock.now() + UNDO_WITHIN
    with pytest.raises(UndoOverError):
        atomically(lambda s: undo_verdict(s, case_id=case_id, actor=rita.actor, now=late))


def test_what_came_in_within_the_minute_joins_the_case_that_is_opened_again(
    mall: Mall, held: MadeOrder, bea: Person, rita: Person
) -> None:
    case_id = gathered()
    say(case_id, Verdict.GENUINE, rita)
    make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    assert gathered() != case_id

    atomically(lambda s: undo_verdict(s, case_id=case_id, actor=rita.actor, now=clock.now()))

    assert rows("SELECT state FROM risk_case ORDER BY opened_at") == [("open",), ("merged",)]
    assert rows("SELECT DISTINCT case_id FROM risk_case_decision") == [(case_id,)]


def test_the_second_reviewer_is_told(held: MadeOrder, rita: Person, ada: Person) -> None:
    case_id = gathered()
    [(version,)] = rows("SELECT version FROM risk_case")
    first = say(case_id, Verdict.GENUINE, rita, version)
    assert say(case_id, Verdict.GENUINE, rita, version) == first

    with pytest.raises(CaseMovedError):
        say(case_id, Verdict.FRAUD, ada, version)
    with pytest.raises(CaseMovedError):
        atomically(lambda s: take_case(s, case_id=case_id, actor=ada.actor, now=clock.now()))


@pytest.mark.req("IDN-02")
def test_strangers_decide_nothing(held: MadeOrder, bea: Person) -> None:
    case_id = gathered()
    with pytest.raises(CaseUnknownError):
        say(case_id, Verdict.GENUINE, bea)
    assert rows("SELECT state FROM risk_case") == [("open",)]


def test_administrators_hear_by_bell_and_mail_once(held: MadeOrder, rita: Person, ada: Person) -> None:
    gathered()
    with transaction() as session:
        ids = [e.id for e in session.query(OutboxEvent).filter(OutboxEvent.kind == "case.opened")]
    handle_events(ids)
    handle_events(ids)

    assert rows("SELECT count(*) FROM notice WHERE kind = 'case_opened'") == [(2,)]
    assert rows("SELECT count(*) FROM mail WHERE template = 'risk_case'") == [(2,)]
    assert rows("SELECT told_at IS NOT NULL FROM risk_case") == [(True,)]


@given(
    st.sampled_from(Verdict), st.sampled_from(["pending", "paid", "shipped", "cancelled", "refunded"]), st.booleans()
)
def test_money_goes_back_exactly_where_a_verdict_says_so(verdict: Verdict, status: str, is_authorised: bool) -> None:
    effect = effect_of(verdict, OrderFacts(status, is_held=True, is_authorised=is_authorised))
    assert (effect in {Effect.VOID, Effect.REFUND}) == (
        not verdict.lets_through and (status in {"paid", "shipped"} or (status == "pending" and is_authorised))
    )


def test_an_alert_survives_the_worker_that_died_with_it(held: MadeOrder, rita: Person) -> None:
    """The relay hands the event to a worker, who dies: what he had is handed out again when his lease is over."""
    gathered()
    relay_once()
    broker.client.flushdb()  # The worker and its queue are gone.
    assert rows("SELECT count(*) FROM notice WHERE kind = 'case_opened'") == [(0,)]
    [(waits,)] = rows("SELECT max(due_at - created_at) FROM outbox_event WHERE kind = 'case.opened'")
    assert waits < TELL_WITHIN

    with transaction() as session:
        session.execute(text("UPDATE outbox_event SET due_at = now() WHERE handled_at IS NULL"))
    relay_once()
    work()

    assert rows("SELECT count(*) FROM notice WHERE kind = 'case_opened'") == [(1,)]
    assert rows("SELECT count(*) FROM mail WHERE template = 'risk_case'") == [(1,)]
    with transaction() as session:
        session.execute(text("UPDATE mail SET sent_at = created_at + interval '1 second'"))
        times = alert_times(session, since=clock.now() - timedelta(days=1), within=TELL_WITHIN)
    assert (times.cases, times.mailed, times.in_time) == (1, 1, 1)


def work() -> None:
    queues = [queue(name) for name in QUEUES]
    worker = ThreadWorker(queues, connection=broker.client, serializer=JSONSerializer)
    worker.work(logging_level="CRITICAL", with_scheduler=False, burst=True)


@pytest.fixture
def mall(db: None) -> Mall:
    return make_mall()


@pytest.fixture
def bea(db: None) -> Person:
    return make_person("bea", now=LONG_AGO)


@pytest.fixture
def rita(db: None) -> Person:
    return make_person("rita", roles=("risk",))


@pytest.fixture
def ada(db: None) -> Person:
    return make_person("ada", roles=("admin",))


@pytest.fixture
def held(mall: Mall, bea: Person) -> MadeOrder:
    return make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
