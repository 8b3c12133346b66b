"""Cases beside decisions about single orders: neither asks what the other has answered."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from portal.db import atomically
from portal.jobs.cases import gather_left_over
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.kit.money import Money
from portal.rules.cases import Verdict
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.cases.close_by_review import close_by_review
from portal.services.cases.decide_case import decide_case
from portal.services.cases.open_cases import LOOK_BACK, open_cases
from portal.services.fraud.score_event import RiskEvent, score_event
from portal.services.orders.review_order import Decision, review_order
from tests.factories.account import ADDRESS_KR, Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, MadeOrder, make_order
from tests.factories.refund import rows
from tests.factories.step_up import confirmed, with_session
from tests.services.cases.test_cases import carry_out, gathered, say, state_of

pytestmark = [pytest.mark.req("FRD-03", "FRD-06"), pytest.mark.usefixtures("books")]


def review(order: MadeOrder, by: Person, decision: Decision = Decision.CLEAR, reason: str = "known_buyer") -> bool:
    """As the order's page does it; says whether a case was closed with it."""

    def work(session: Session) -> bool:
        now = clock.now()
        review_order(session, order_id=order.id, decision=decision, reason=reason, actor=by.actor, now=now)
        return close_by_review(session, order_id=order.id, actor=by.actor, now=now)

    return atomically(work)


@pytest.fixture
def mall() -> Mall:
    return make_mall()


@pytest.fixture
def bea() -> Person:
    return make_person("bea", now=LONG_AGO)


@pytest.fixture
def rita() -> Person:
    return with_session(make_person("rita", roles=("risk",)))


@pytest.fixture
def held(mall: Mall, bea: Person) -> MadeOrder:
    return make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")


def test_a_verdict_of_fraud_voids_what_was_cleared_before_and_not_captured(held: MadeOrder, rita: Person) -> None:
    case_id = gathered()
    atomically(
        lambda s: review_order(
            s, order_id=held.id, decision=Decision.CLEAR, reason="explained", actor=rita.actor, now=clock.now()
        )
    )
    say(case_id, Verdict.FRAUD, rita)

    carry_out()

    assert rows("SELECT state FROM risk_case") == [("closed",)]
    assert state_of(held) == ("cancelled", "wanted")


def test_an_order_that_was_decided_closes_its_case(held: MadeOrder, rita: Person) -> None:
    gathered()
    assert review(held, rita)
    assert rows("SELECT state, verdict, decided_by FROM risk_case") == [("closed", "genuine", rita.id)]
    assert not review(held, rita)  # A second press decides nothing twice.


def test_the_gravest_of_several_orders_counts_when_the_last_is_decided(
    mall: Mall, bea: Person, held: MadeOrder, rita: Person
) -> None:
    other = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    gathered()
    [(version,)] = rows("SELECT version FROM risk_case")
    assert not review(held, rita)
    # A verdict that was thought of before tells of other money than would move: it is not taken.
    assert rows("SELECT version > :version FROM risk_case", version=version) == [(True,)]
    assert review(other, rita, Decision.REFUSE, "stolen_means: the owner called")
    assert rows("SELECT k.state, verdict, froze FROM risk_case k JOIN risk_case_person p ON p.case_id = k.id") == [
        ("closed", "fraud", False)
    ]
    assert rows("SELECT DISTINCT label FROM risk_label") == [(True,)]


def test_a_reviewed_order_rings_once(mall: Mall, bea: Person, held: MadeOrder, rita: Person) -> None:
    def rung() -> list[str]:
        while waiting := [row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")]:
            handle_events(waiting)
        return [row[0] for row in rows("SELECT kind FROM notice WHERE user_id = :id ORDER BY created_at", id=rita.id)]

    assert rung() == ["case_opened"]
    # What comes to an open case rings by itself: nobody would hear of it else.
    make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    assert rung() == ["case_opened", "order_under_review"]


def test_what_waits_since_before_the_look_back_becomes_a_case(held: MadeOrder) -> None:
    later = clock.now() + LOOK_BACK + timedelta(hours=1)
    assert atomically(lambda s: open_cases(s, now=later)) == 0
    assert atomically(lambda s: open_cases(s, now=later, left_over=True)) == 1
    assert atomically(lambda s: open_cases(s, now=later, left_over=True)) == 0
    gather_left_over()
    assert rows("SELECT count(*) FROM risk_case") == [(1,)]


def test_what_was_settled_long_ago_does_not(held: MadeOrder, rita: Person) -> None:
    review(held, rita)
    later = clock.now() + LOOK_BACK + timedelta(hours=1)
    assert atomically(lambda s: open_cases(s, now=later, left_over=True)) == 0


def test_a_verdict_about_much_money_takes_a_second_proof(mall: Mall, bea: Person, rita: Person) -> None:
    make_order(bea, mall, {make_variant(mall, krw=2 * REVIEWED_KRW): 1}, outcome="authorised")
    case_id = gathered()
    [(version,)] = rows("SELECT version FROM risk_case")

    def decide(session: Session) -> None:
        decide_case(
            session,
            case_id=case_id,
            verdict=Verdict.GENUINE,
            note="",
            version=version,
            actor=rita.actor,
            now=clock.now(),
        )

    with pytest.raises(StepUpNeededError) as needed:
        atomically(decide)
    assert needed.value.action is StepUpAction.DECIDE_CASE
    assert needed.value.binding.amount == Money(2 * REVIEWED_KRW, "KRW")
    assert rows("SELECT state FROM risk_case") == [("open",)]
    confirmed(rita.actor, decide)
    assert rows("SELECT state FROM risk_case") == [("decided",)]
    assert isinstance(case_id, uuid.UUID)


def test_orders_decided_one_by_one_say_of_each_person_what_was_said_of_him(
    mall: Mall, bea: Person, held: MadeOrder, rita: Person
) -> None:
    other = make_order(
        make_person("carl", now=LONG_AGO), mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised"
    )
    case_id = gathered_together(held, other)
    assert not review(held, rita)
    assert review(other, rita, Decision.REFUSE, "stolen_means: the owner called")
    assert rows(
        """SELECT p.user_id, k.verdict, k.state, k.apart_from
             FROM risk_case_person p JOIN risk_case k ON k.id = p.case_id ORDER BY k.apart_from NULLS FIRST"""
    ) == [(other.buyer.id, "fraud", "closed", None), (bea.id, "genuine", "closed", case_id)]
    assert rows(
        "SELECT DISTINCT d.user_id, label FROM risk_label l JOIN risk_decision d ON d.id = l.decision_id ORDER BY label"
    ) == [(bea.id, False), (other.buyer.id, True)]


def gathered_together(*orders: MadeOrder) -> uuid.UUID:
    """As when the orders come from one device."""
    shared = uuid.uuid4()
    for order in orders:
        event = RiskEvent(
            "order", order_id=order.id, currency="KRW", amount_minor=REVIEWED_KRW, address=ADDRESS_KR, device_id=shared
        )
        actor = order.buyer.actor
        atomically(lambda s, event=event, actor=actor: score_event(s, event=event, actor=actor, now=clock.now()))  # type: ignore[misc]  # a lambda's default
    return gathered()
