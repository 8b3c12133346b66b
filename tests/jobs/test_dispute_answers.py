"""Answers to disputes on their way to the gateway, with the vendor's stand-in over HTTP (STR-05)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from portal.config import Settings
from portal.db import atomically, reading, transaction
from portal.documents.receipt import render_receipt
from portal.gateways.base import DisputeState
from portal.jobs.disputes import ask_dispute, send_answer
from portal.jobs.documents import issue_documents
from portal.jobs.outbox import handle_events
from portal.jobs.schedule import watch_disputes
from portal.kit import clock
from portal.queries.disputes import list_disputes
from portal.queries.documents import find_document
from portal.rules.permissions import SYSTEM
from portal.services.checkout.place_order import Placed
from portal.services.disputes.answer_dispute import Answer, note_answer_refused, note_answer_sent, want_answer
from portal.services.disputes.find_due import disputes_due, remind_of_disputes
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.dispute import make_dispute
from tests.factories.order import make_gateway, make_order
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.jobs.killed_worker import worker
from tests.jobs.test_disputes import (
    Told,
    dispute,
    events_of,
    later,
    payment,
    standing,
    tell,
    told,
)
from tests.jobs.test_interruptions import held, somebody_waits, until
from tests.jobs.test_refunds import buy

pytestmark = pytest.mark.req("STR-05")

__all__ = ["told"]


@pytest.mark.parametrize(("said", "status"), [("winning_evidence", "won"), ("losing_evidence", "lost")])
def test_evidence_is_handed_in_by_a_worker_once_and_decides(world: World, said: str, status: str) -> None:
    placed, ref = disputed(world)
    dispute_id = answer(Answer.EVIDENCE, said)
    for _ in range(2):
        send_answer(str(dispute_id))
    assert rows("SELECT answer_state, answer_calls, status FROM dispute") == [("sent", 1, "under_review")]
    handed_in = vendors(world, ref)
    assert handed_in["evidence_details"]["submission_count"] == 1
    assert handed_in["evidence"]["uncategorized_text"] == said
    assert handed_in["evidence"]["customer_email_address"] == world.bea.email
    assert "2 x " in handed_in["evidence"]["product_description"]
    assert placed.number in handed_in["metadata"]["order_number"]
    wait_until(lambda: vendors(world, ref)["status"] == status)
    tell(events_of(world, ref)[-1])
    assert standing()[0] == status


@pytest.mark.req("PAY-15")
@pytest.mark.parametrize("trouble", [None, "timeout_after"])
def test_the_receipt_goes_along_as_a_file(world: World, trouble: str | None) -> None:
    placed, ref = disputed(world)
    handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")])
    issue_documents()
    if trouble:
        world.sandbox.fault(kind=trouble, on="any", times=1)
    dispute_id = answer(Answer.EVIDENCE, "It was signed for.")
    for minutes in (0, 2):
        with later(minutes=minutes):
            send_answer(str(dispute_id))
    assert rows("SELECT answer_state FROM dispute") == [("sent",)]
    label = rows("SELECT label FROM document WHERE kind = 'receipt'")[0][0]
    with reading() as session:
        receipt = find_document(session, order_id=placed.order_id, label=label)
    assert receipt is not None
    file = stripes(world, f"files/{vendors(world, ref)['evidence']['receipt']}")
    assert (file["type"], file["size"]) == ("pdf", len(render_receipt(receipt.content, logo=receipt.logo)))


def test_a_dispute_that_is_accepted_is_lost_at_once(world: World) -> None:
    disputed(world)
    send_answer(str(answer(Answer.ACCEPTANCE)))
    assert (standing(), payment()) == (("lost", 27_000, 27_000), "dispute_lost")


@pytest.mark.parametrize("trouble", ["timeout_after", "error_after"])
def test_an_answer_that_was_taken_without_a_word_is_found_at_the_gateway(world: World, trouble: str) -> None:
    _, ref = disputed(world)
    world.sandbox.fault(kind=trouble, on="dispute", times=1)
    send_answer(str(answer(Answer.EVIDENCE, "It was signed for.")))
    assert rows("SELECT answer_state, status FROM dispute") == [("sent", "under_review")]
    assert vendors(world, ref)["evidence_details"]["submission_count"] == 1


@pytest.mark.parametrize("trouble", ["reset_before", "rate_limit"])
def test_an_answer_that_did_not_arrive_goes_out_again_as_it_was(world: World, trouble: str) -> None:
    _, ref = disputed(world)
    dispute_id = answer(Answer.EVIDENCE, "It was signed for.")
    world.sandbox.fault(kind=trouble, on="dispute", times=1)
    send_answer(str(dispute_id))
    assert rows("SELECT answer_state FROM dispute") == [("wanted",)]
    with transaction() as session:  # The order has changed since: what is handed in has not.
        session.execute(text("UPDATE order_line SET sku = 'another'"))
    with later(minutes=1):
        with reading() as session:
            assert disputes_due(session, now=clock.now()).to_send == [dispute_id]
        send_answer(str(dispute_id))
    assert rows("SELECT answer_state FROM dispute") == [("sent",)]
    assert vendors(world, ref)["evidence_details"]["submission_count"] == 1


@pytest.mark.parametrize(("fault", "arrived"), [("timeout_before", 0), ("timeout_after", 1)])
def test_killed_while_it_hands_evidence_in_the_same_goes_out_again_and_arrives_once(
    world: World, environment: dict[str, str], fault: str, arrived: int
) -> None:
    _, ref = disputed(world)
    dispute_id = answer(Answer.EVIDENCE, "It was signed for.")
    world.sandbox.fault(kind=fault, on="dispute", times=2)
    with worker(environment, dispute_id, "send_answer"):
        until(lambda: any(rule["met"] for rule in world.sandbox.state()["faults"]))
    world.sandbox.clear_faults()
    assert rows("SELECT answer_state, answer_calls FROM dispute") == [("wanted", 1)]
    assert vendors(world, ref)["evidence_details"]["submission_count"] == arrived
    with later(minutes=1):
        watch_disputes()
        for _ in range(2):
            send_answer(str(dispute_id))
    assert rows("SELECT answer_state, status FROM dispute") == [("sent", "under_review")]
    assert vendors(world, ref)["evidence_details"]["submission_count"] == 1


def test_killed_while_it_notes_what_the_bank_says_the_answer_is_asked_for_again_and_booked_once(
    world: World, environment: dict[str, str], settings: Settings
) -> None:
    disputed(world)
    dispute_id = answer(Answer.ACCEPTANCE)
    payment_id = rows("SELECT payment_id FROM dispute")[0][0]
    lock = f"SELECT 1 FROM payment WHERE id = '{payment_id}' FOR UPDATE"  # noqa: S608  # An id of ours.
    with held(settings, lock), worker(environment, dispute_id, "send_answer"):
        until(somebody_waits)
    assert standing() == ("needs_response", 27_000, 0)
    with later(hours=2):
        send_answer(str(dispute_id))
        ask_dispute(str(dispute_id))
    assert (standing(), payment()) == (("lost", 27_000, 27_000), "dispute_lost")
    assert rows("SELECT count(*) FROM ledger_entry WHERE kind = 'dispute_lost'") == [(1,)]


def test_an_answer_that_is_refused_is_somebodys_business_and_may_be_given_anew(world: World, told: Told) -> None:
    disputed(world)
    with transaction() as session:
        session.execute(text("UPDATE dispute SET gateway_ref = 'dp_unknown'"))
    send_answer(str(answer(Answer.EVIDENCE, "It was signed for.")))
    assert rows("SELECT answer_state, answer_code FROM dispute") == [("refused", "resource_missing")]
    assert "dispute_answer_refused" in told()
    answer(Answer.EVIDENCE, "Once more.")
    assert rows("SELECT answer_state, answer_code FROM dispute") == [("wanted", None)]


@pytest.mark.parametrize("before", [DisputeState.UNDER_REVIEW, DisputeState.LOST])
def test_one_that_is_asked_about_anew_wants_another_answer(mall: Mall, before: DisputeState) -> None:
    """An answered inquiry becomes a dispute, or the bank opens again what it had decided."""
    order = make_order(make_person("bea"), mall, {make_variant(mall): 1})
    dispute_id = make_dispute(order, state=DisputeState.INQUIRY)
    answer(Answer.EVIDENCE, "It was signed for.")
    with transaction() as session:
        note_answer_sent(session, dispute_id=dispute_id, now=clock.now())
    make_dispute(order, state=before)
    assert wanting() == []
    make_dispute(order, state=DisputeState.NEEDS_RESPONSE)
    assert wanting() == [dispute_id]
    assert rows("SELECT statement IS NULL, answer, answer_state, packet FROM dispute") == [(False, None, None, None)]
    assert rows("SELECT count(*) FROM outbox_event WHERE kind = 'dispute.opened'") == [(2,)]
    answer(Answer.EVIDENCE, "It was signed for, and here is the photograph.")
    make_dispute(order, state=DisputeState.NEEDS_RESPONSE)  # What is on its way stays on its way.
    assert rows("SELECT answer_state FROM dispute") == [("wanted",)]


def test_one_whose_answer_was_refused_still_needs_one_and_is_reminded_of(mall: Mall) -> None:
    dispute_id = make_dispute(make_order(make_person("bea"), mall, {make_variant(mall): 1}))
    answer(Answer.EVIDENCE, "It was signed for.")
    with transaction() as session:
        note_answer_refused(session, dispute_id=dispute_id, code="too_long", now=clock.now())
    assert wanting() == [dispute_id]
    with later(days=6.5), transaction() as session:
        assert remind_of_disputes(session, now=clock.now()) == 1


@pytest.fixture
def mall(books: None) -> Mall:
    make_gateway("paylink")
    return make_mall()


def wanting() -> list[UUID]:
    """What the desk shows first."""
    with reading() as session:
        return [row.id for row in list_disputes(session, view="answer", cursor=None).rows]


def disputed(world: World) -> tuple[Placed, str]:
    placed = buy(world)
    ref = dispute(world, placed)
    tell(events_of(world, ref)[0])
    return placed, ref


def answer(how: Answer, statement: str = "") -> UUID:
    """Somebody decides; returns the dispute."""
    dispute_id = rows("SELECT id FROM dispute")[0][0]
    assert isinstance(dispute_id, UUID)
    atomically(
        lambda s: want_answer(s, dispute_id=dispute_id, answer=how, statement=statement, actor=SYSTEM, now=clock.now())
    )
    return dispute_id


def vendors(world: World, ref: str) -> dict[str, Any]:
    """The dispute as the vendor holds it."""
    return stripes(world, f"disputes/{ref}")


def stripes(world: World, path: str) -> dict[str, Any]:
    """What the vendor holds."""
    found: dict[str, Any] = world.sandbox.http.request(
        "GET",
        f"{world.sandbox.url}/v1/{path}",
        headers={"authorization": f"Bearer {world.sandbox.environ['STRIPE_SECRET_KEY']}"},
    ).json()
    return found


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # The bank decides after a while, and nothing tells us here.
