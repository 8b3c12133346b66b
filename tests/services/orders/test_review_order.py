"""Risk review: clear captures or releases, refuse voids and gives up, and each happens once."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from sqlalchemy import select, text, update

from portal.db import transaction
from portal.kit import clock
from portal.models import AuditRow, LedgerHold, Order, OrderHold, OrderPart, OutboxEvent, Payment, PaymentAttempt, Stock
from portal.services.orders.review_order import (
    AlreadyReviewedError,
    Decision,
    NotUnderReviewError,
    RefuseNeedsRefundError,
    ReviewForbiddenError,
    ReviewTooEarlyError,
    review_order,
)
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, MadeOrder, answer, give_deposit, make_order

pytestmark = pytest.mark.req("ORD-002", "PAY-11", "FRD-06")


def review(order: MadeOrder, decision: Decision, by: Person, version: int | None = None) -> Any:
    with transaction() as session:
        return review_order(
            session,
            order_id=order.id,
            decision=decision,
            reason="confirmed",
            actor=by.actor,
            now=clock.now(),
            version=version,
        )


def one(statement: Any) -> Any:
    with transaction() as session:
        return session.execute(statement).one()


def events(order: MadeOrder) -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(OutboxEvent.kind).where(OutboxEvent.subject == f"order:{order.id}")))


def holds(order: MadeOrder) -> list[tuple[str | None, bool]]:
    with transaction() as session:
        rows = session.execute(
            select(OrderHold.released_by, OrderHold.released_at).where(OrderHold.order_id == order.id)
        )
        return [(row.released_by, row.released_at is not None) for row in rows]


def test_clear_asks_for_the_capture_and_the_parts_follow_when_it_is_done(held: MadeOrder, ada: Person) -> None:
    review(held, Decision.CLEAR, ada)

    assert holds(held) == [(f"user:{ada.id}", True)]
    assert one(select(Payment.capture_wanted, Payment.status).where(Payment.order_id == held.id)) == (
        True,
        "authorised",
    )
    assert events(held).count("payment.capture_wanted") == 1

    answer(held, "captured")
    assert one(select(Order.status, Order.fraud_hold).where(Order.id == held.id)) == ("paid", False)
    assert one(select(OrderPart.status).where(OrderPart.order_id == held.id)) == ("released",)


def test_refuse_gives_the_order_up_and_marks_the_money_to_go_back(
    held: MadeOrder, variant_id: int, ada: Person
) -> None:
    review(held, Decision.REFUSE, ada)

    assert one(select(Order.status).where(Order.id == held.id)) == ("cancelled",)
    assert one(select(OrderPart.status).where(OrderPart.order_id == held.id)) == ("cancelled",)
    assert one(select(Payment.status, Payment.captured_minor).where(Payment.order_id == held.id)) == ("cancelled", 0)
    assert one(select(PaymentAttempt.reversal).where(PaymentAttempt.id == held.attempt_id)) == ("wanted",)
    assert one(select(Stock.reserved).where(Stock.variant_id == variant_id)) == (0,)
    assert "payment.reversal_wanted" in events(held)
    reason = one(
        text(
            "SELECT reason FROM transition WHERE subject = 'order' AND order_id = :id AND to_state = 'cancelled'"
        ).bindparams(id=held.id)
    )
    assert reason == ("risk_refused",)


def test_clear_of_an_order_paid_by_balance_releases_its_parts_at_once(mall: Mall, bea: Person, ada: Person) -> None:
    give_deposit(bea, 5_000_000)
    order = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, deposit_minor=REVIEWED_KRW)
    assert order.attempt_id is None
    assert one(select(Order.status).where(Order.id == order.id)) == ("paid",)
    assert one(select(OrderPart.status).where(OrderPart.order_id == order.id)) == ("held",)

    review(order, Decision.CLEAR, ada)

    assert one(select(OrderPart.status).where(OrderPart.order_id == order.id)) == ("released",)
    assert events(order).count("order.parts_released") == 1


def test_refuse_of_a_paid_order_is_a_refund_and_changes_nothing(mall: Mall, bea: Person, ada: Person) -> None:
    give_deposit(bea, 5_000_000)
    order = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, deposit_minor=REVIEWED_KRW)

    with pytest.raises(RefuseNeedsRefundError):
        review(order, Decision.REFUSE, ada)

    assert holds(order) == [(None, False)]
    assert one(select(LedgerHold.status).where(LedgerHold.order_id == order.id)) == ("used",)


def test_the_same_decision_twice_happens_once(held: MadeOrder, ada: Person) -> None:
    assert not review(held, Decision.CLEAR, ada, version=1).is_repeat
    assert review(held, Decision.CLEAR, ada, version=1).is_repeat

    assert events(held).count("payment.capture_wanted") == 1
    with transaction() as session:
        decided = session.scalars(select(AuditRow.id).where(AuditRow.action == "risk:decided"))
        assert len(list(decided)) == 1


def test_the_second_reviewer_is_told_who_was_faster(held: MadeOrder, ada: Person) -> None:
    rita = make_person("rita", roles=("risk",))
    review(held, Decision.CLEAR, ada)

    with pytest.raises(AlreadyReviewedError) as told:
        review(held, Decision.REFUSE, rita)

    assert told.value.by == f"user:{ada.id}"
    assert one(select(Order.status).where(Order.id == held.id)) == ("pending",)


def test_two_reviewers_at_the_same_moment_decide_once(held: MadeOrder, ada: Person) -> None:
    rita = make_person("rita", roles=("risk",))
    start = threading.Barrier(2)
    done: list[str] = []

    def decide(person: Person, decision: Decision) -> None:
        start.wait()
        try:
            review(held, decision, person)
            done.append(decision.value)
        except AlreadyReviewedError:
            done.append("told")

    threads = [threading.Thread(target=decide, args=args) for args in ((ada, Decision.CLEAR), (rita, Decision.REFUSE))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) in (["clear", "told"], ["refuse", "told"])
    wanted = {"payment.capture_wanted", "payment.reversal_wanted"} & set(events(held))
    assert len(wanted) == 1


def test_an_order_that_changed_since_it_was_shown_is_not_decided(held: MadeOrder, ada: Person) -> None:
    with transaction() as session:
        session.execute(update(Order).where(Order.id == held.id).values(version=Order.version + 1))

    with pytest.raises(AlreadyReviewedError):
        review(held, Decision.CLEAR, ada, version=1)

    assert holds(held) == [(None, False)]


def test_nothing_is_decided_before_the_gateway_has_answered(mall: Mall, bea: Person, ada: Person) -> None:
    order = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="unknown")

    for decision in Decision:
        with pytest.raises(ReviewTooEarlyError):
            review(order, decision, ada)


def test_an_order_that_nobody_holds_has_nothing_to_decide(mall: Mall, bea: Person, ada: Person) -> None:
    order = make_order(bea, mall, {make_variant(mall): 1})

    with pytest.raises(NotUnderReviewError):
        review(order, Decision.CLEAR, ada)
    with pytest.raises(NotUnderReviewError), transaction() as session:
        review_order(
            session,
            order_id=uuid.uuid4(),
            decision=Decision.CLEAR,
            reason="",
            actor=ada.actor,
            now=clock.now(),
        )


@pytest.mark.req("IDN-02", "IDN-05")
@pytest.mark.parametrize("role", ["buyer", "finance", "marketing", "operations", "auditor"])
def test_only_reviewers_decide(held: MadeOrder, role: str) -> None:
    with pytest.raises(ReviewForbiddenError):
        review(held, Decision.CLEAR, make_person("max", roles=(role,)))

    assert holds(held) == [(None, False)]


@pytest.fixture
def mall(db: None) -> Mall:
    return make_mall()


@pytest.fixture
def bea(mall: Mall) -> Person:
    return make_person("bea", now=LONG_AGO)


@pytest.fixture
def ada(mall: Mall) -> Person:
    return make_person("ada", roles=("buyer", "admin"))


@pytest.fixture
def variant_id(mall: Mall) -> int:
    return make_variant(mall, krw=REVIEWED_KRW)


@pytest.fixture
def held(bea: Person, mall: Mall, variant_id: int) -> MadeOrder:
    return make_order(bea, mall, {variant_id: 1}, outcome="authorised")
