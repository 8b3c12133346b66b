"""Goods that come back: each unit once, money by the refund's own plan, and the part follows (ORD-005)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from portal.db import atomically, transaction
from portal.documents.attachments import Attachment
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.kit.file_kinds import FileKind
from portal.models import RefundRule
from portal.rules.refund_policy import Party
from portal.rules.refunds import RefundUnitsError
from portal.rules.returns import Condition, ReturnKind
from portal.rules.states import MoveRefusedError
from portal.services.orders.mature_mileage import mature_mileage, parts_to_mature
from portal.services.refunds.decide_refund import approve_refund, refuse_refund
from portal.services.refunds.plan_refund import RefundOrderUnknownError, RefundReasonError, RefundWaitingError
from portal.services.returns.decide_return import lapse_return, lapsed_returns, refuse_return, withdraw_return
from portal.services.returns.inspect_return import InspectionNoteError
from portal.services.returns.receive_return import NothingReceivedError, note_sent
from portal.services.returns.request_return import NotSentYetError, ReturnUnitsError
from portal.services.returns.settle_return import send_rejected, settle_claim
from portal.services.returns.take_return import ReturnChangedError, ReturnUnknownError
from tests.factories.account import make_person
from tests.factories.refund import answer_legs, ask_refund, plan, rows
from tests.factories.returns import Case, status_of_return, units_of
from tests.services.documents.test_documents import handle_all

pytestmark = pytest.mark.req("ORD-005")


@pytest.fixture
def case(books: None) -> Case:
    return Case()


@pytest.mark.req("ORD-12", "ORD-14", "REF-02")
def test_units_come_back_are_looked_at_and_are_refunded_to_the_unit(case: Case) -> None:
    before = case.on_hand()
    asked = case.ask({case.line: 2}, pictures=[Attachment("seam.jpg", FileKind.JPEG, b"\xff\xd8\xff")])
    assert (status_of_return(asked), case.part()) == ("requested", "delivered")
    assert case.approve(asked)
    assert not case.approve(asked)  # A double click.
    assert (units_of(asked), case.part()) == (["approved"] * 2, "returning")
    carrier, number = case.send_out()
    assert atomically(
        lambda s: note_sent(s, return_id=asked, carrier=carrier, number=number, actor=case.bea.actor, now=clock.now())
    )
    assert case.receive(asked)
    assert units_of(asked) == ["received"] * 2  # Reception is not acceptance.
    assert case.on_hand() == before
    assert case.inspect(asked)
    assert (status_of_return(asked), units_of(asked), case.part()) == ("settled", ["accepted"] * 2, "delivered")
    refund_id, total = rows(
        "SELECT f.id, f.total_minor FROM goods_return g JOIN refund f ON f.id = g.refund_id WHERE g.id = :id", id=asked
    )[0]
    assert total == 24_000
    assert answer_legs(refund_id) == "succeeded"
    assert case.on_hand() == before + 2
    assert rows("SELECT refunded_quantity FROM order_line WHERE id = :id", id=case.line) == [(2,)]


def test_what_is_not_taken_goes_back_and_is_not_refunded(case: Case) -> None:
    before = case.on_hand()
    asked = case.ask({case.line: 3})
    case.approve(asked)
    case.receive(asked)
    with pytest.raises(InspectionNoteError):
        case.inspect(asked, accepted=1, note=" ")
    case.inspect(asked, accepted=1, condition=Condition.DAMAGED)
    assert (status_of_return(asked), case.part()) == ("inspected", "returning")
    assert units_of(asked) == ["accepted", "rejected", "rejected"]
    assert case.on_hand() == before  # What is damaged is not sold again, whatever was ticked.
    assert rows("SELECT total_minor FROM refund") == [(12_000,)]
    carrier, number = case.send_out()
    assert atomically(
        lambda s: send_rejected(
            s, return_id=asked, carrier=carrier, number=number, actor=case.sam.actor, now=clock.now()
        )
    )
    assert (status_of_return(asked), case.part()) == ("settled", "delivered")
    assert units_of(asked) == ["accepted", "sent_back", "sent_back"]
    # They are the buyer's again: he may ask once more, for these two.
    for units in (3, 100_000):
        with pytest.raises(ReturnUnitsError) as refused:
            case.ask({case.line: units})
        assert refused.value.params == {"left": 2}
    assert case.ask({case.line: 2})


def test_what_did_not_come_is_missing_and_stays_the_buyers(case: Case) -> None:
    asked = case.ask({case.line: 2, case.line2: 1})
    case.approve(asked)
    with pytest.raises(NothingReceivedError):
        case.receive(asked, {})
    with pytest.raises(NothingReceivedError):
        case.receive(asked, {case.line: 3})
    case.receive(asked, {case.line: 1})
    assert sorted(units_of(asked)) == ["missing", "missing", "received"]
    case.inspect(asked)
    assert rows("SELECT total_minor FROM refund") == [(12_000,)]


@pytest.mark.req("REF-01")
def test_no_more_comes_back_than_was_bought_and_what_comes_back_is_not_refunded_beside(case: Case) -> None:
    first = case.ask({case.line: 2}, key="once")
    assert case.ask({case.line: 2}, key="once") == first
    with pytest.raises(ReturnUnitsError):
        case.ask({case.line: 2})
    with pytest.raises(RefundUnitsError):
        plan(case.order, {case.line: 2}, actor=case.sam.actor, party=Party.SELLER, reason="goodwill")
    assert (
        ask_refund(case.order, {case.line: 1}, actor=case.sam.actor, party=Party.SELLER, reason="goodwill").status
        == "approved"
    )
    with pytest.raises(ReturnUnitsError):
        case.ask({case.line: 1})
    case.approve(first)
    case.receive(first)
    case.inspect(first)
    assert rows("SELECT refunded_quantity FROM order_line WHERE id = :id", id=case.line) == [(3,)]


@pytest.mark.req("REF-01")
def test_the_rules_of_channel_and_section_say_what_is_taken_back_why_and_who_pays(case: Case) -> None:
    with transaction() as session:
        session.add(
            RefundRule(
                section_id=case.mall.section_id,
                return_reasons=["damaged", "changed_mind"],
                way_back="store",
                exchangeable=False,
                window_days=7,
            )
        )
    with pytest.raises(RefundReasonError):
        case.ask({case.line: 1}, reason="ordered_by_mistake")
    with pytest.raises(RejectedError):
        case.ask({case.line: 1}, kind=ReturnKind.EXCHANGE, variants={case.line: case.other})
    case.ask({case.line: 1})
    assert rows("SELECT way_back FROM goods_return") == [("store",)]
    with transaction() as session:
        session.execute(update(RefundRule).values(window_days=0))
    with pytest.raises(RejectedError):
        case.ask({case.line: 1})


def test_nothing_is_sent_back_that_was_not_sent_and_nothing_of_another(books: None) -> None:
    case = Case(sent=False)
    with pytest.raises(NotSentYetError):
        case.ask({case.line: 1})
    with pytest.raises(RefundOrderUnknownError):
        case.ask({case.line: 1}, by=make_person("eve"))
    with pytest.raises(RefundOrderUnknownError):
        case.ask({case.line: 1}, by=case.sam, party=Party.SELLER)


def test_a_refusal_says_why_and_a_request_can_be_taken_back(case: Case) -> None:
    asked = case.ask({case.line: 1})
    sue = make_person("sue", roles=("buyer", "seller"), store_ids=(case.mall.store_ids[1],))
    with pytest.raises(ReturnUnknownError):
        case.approve(asked, sue)
    atomically(
        lambda s: refuse_return(s, return_id=asked, actor=case.sam.actor, answer="Worn.", now=clock.now(), version=1)
    )
    assert (status_of_return(asked), units_of(asked)) == ("refused", ["refused"])
    with pytest.raises(MoveRefusedError):
        case.approve(asked)
    again = case.ask({case.line: 1})
    with pytest.raises(ReturnUnknownError):
        atomically(lambda s: withdraw_return(s, return_id=again, actor=case.sam.actor, now=clock.now()))
    case.approve(again)
    atomically(lambda s: withdraw_return(s, return_id=again, actor=case.bea.actor, now=clock.now()))
    assert (status_of_return(again), case.part()) == ("cancelled", "delivered")


def test_the_second_of_two_people_is_told_who_changed_it(case: Case) -> None:
    asked = case.ask({case.line: 1})
    case.approve(asked, case.ada)
    with pytest.raises(ReturnChangedError) as changed:
        atomically(
            lambda s: refuse_return(s, return_id=asked, actor=case.sam.actor, answer="No", now=clock.now(), version=1)
        )
    assert (changed.value.by, changed.value.state) == (f"user:{case.ada.id}", "approved")


@pytest.mark.req("BAL-05")
def test_while_something_is_open_no_points_mature_and_no_store_is_paid(case: Case) -> None:
    asked = case.ask({case.line: 1})
    later = clock.now() + timedelta(days=40)
    for part_id in parts_to_mature_at(later):
        with transaction() as session:
            mature_mileage(session, part_id=part_id, now=later)
    assert rows("SELECT mileage_matured_at FROM order_part WHERE id = :id", id=case.part_id) == [(None,)]
    case.approve(asked)
    assert parts_to_mature_at(later) == []


def parts_to_mature_at(now: datetime) -> list[uuid.UUID]:
    with transaction() as session:
        return parts_to_mature(session, now=now)


def test_what_nobody_sends_lapses(case: Case) -> None:
    asked = case.ask({case.line: 1})
    case.approve(asked)
    later = clock.now() + timedelta(days=15)
    with transaction() as session:
        assert lapsed_returns(session, now=clock.now()) == []
        assert lapsed_returns(session, now=later) == [asked]
    assert atomically(lambda s: lapse_return(s, return_id=asked, now=later))
    assert not atomically(lambda s: lapse_return(s, return_id=asked, now=later))
    assert (status_of_return(asked), units_of(asked), case.part()) == ("lapsed", ["cancelled"], "delivered")


def decision(case: Case, refund_id: uuid.UUID, reason: str) -> dict[str, Any]:
    """What ada says of a refund."""
    return {"refund_id": refund_id, "actor": case.ada.actor, "now": clock.now(), "reason": reason}


@pytest.mark.req("REF-02")
@pytest.mark.parametrize("agrees", [True, False])
def test_a_large_amount_waits_for_an_administrator_who_always_leaves_a_next_step(case: Case, agrees: bool) -> None:
    with transaction() as session:
        session.add(RefundRule(channel_id=case.mall.kr.id, approve_above={"KRW": 10_000}))
    left = case.on_hand()
    asked = case.ask({case.line: 1})
    case.approve(asked)
    case.receive(asked)
    case.inspect(asked)
    ((refund_id, status),) = rows("SELECT id, status FROM refund")
    with pytest.raises(RefundWaitingError):
        case.ask({case.line: 1})
    handle_all()
    assert (status, status_of_return(asked), units_of(asked)) == ("requested", "inspected", ["accepted"])
    assert (case.on_hand(), case.part()) == (left, "returning")
    decided: dict[str, Any] = {
        "refund_id": refund_id,
        "actor": case.ada.actor,
        "now": clock.now(),
        "reason": "It was worn.",
    }
    if agrees:
        atomically(lambda s: approve_refund(s, **decided))
        handle_all()
        handle_all()
        assert (status_of_return(asked), units_of(asked), case.on_hand()) == ("settled", ["accepted"], left + 1)
        return
    atomically(lambda s: refuse_refund(s, **decided))
    handle_all()
    handle_all()
    assert (status_of_return(asked), units_of(asked), case.on_hand()) == ("inspected", ["rejected"], left)
    assert rows("SELECT inspection_note, refund_id FROM goods_return") == [("It was worn.", None)]
    carrier, number = case.send_out()
    back: dict[str, Any] = {
        "return_id": asked,
        "carrier": carrier,
        "number": number,
        "actor": case.sam.actor,
        "now": clock.now(),
    }
    assert atomically(lambda s: send_rejected(s, **back))
    assert (status_of_return(asked), units_of(asked), case.part()) == ("settled", ["sent_back"], "delivered")


@pytest.mark.req("REF-02")
def test_a_claim_whose_large_refund_is_refused_is_refused_with_the_reason(case: Case) -> None:
    with transaction() as session:
        session.add(RefundRule(channel_id=case.mall.kr.id, approve_above={"KRW": 10_000}))
    asked = case.ask(
        {case.line: 1}, kind=ReturnKind.CLAIM, reason="damaged", shipment_id=case.shipment_id, note="It rattles."
    )
    settled: dict[str, Any] = {
        "return_id": asked,
        "carrier_liable": False,
        "note": "",
        "actor": case.sam.actor,
        "now": clock.now(),
    }
    atomically(lambda s: settle_claim(s, outcome="refund", **settled))
    ((refund_id,),) = rows("SELECT id FROM refund")
    decided: dict[str, Any] = {
        "refund_id": refund_id,
        "actor": case.ada.actor,
        "now": clock.now(),
        "reason": "The carrier says no.",
    }
    assert status_of_return(asked) == "inspected"
    atomically(lambda s: refuse_refund(s, **decided))
    handle_all()
    assert (status_of_return(asked), units_of(asked)) == ("refused", ["refused"])
    assert rows("SELECT answer FROM goods_return") == [("The carrier says no.",)]
