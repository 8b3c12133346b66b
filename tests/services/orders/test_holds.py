"""Hard case 22: an open hold stops what may not go on, and its end lets it go on, where it had stopped."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import reading, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.models import OrderPart
from portal.rules.holds import HoldKind
from portal.rules.permissions import SYSTEM
from portal.services.fulfilment.move_part import move_part, move_parts
from portal.services.orders.part_holds import PartOnHoldError, PartUnknownError
from portal.services.orders.place_hold import HoldExistsError, HoldKindError, place_hold
from portal.services.orders.release_hold import HoldOverError, HoldUnknownError, release_hold
from portal.services.orders.release_part import release_part
from portal.services.orders.review_order import Decision, review_order
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, MadeOrder, make_order


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def sam(mall: Mall) -> Person:
    return make_person("sam", store_ids=(mall.store_ids[0],))


@pytest.fixture
def ada(mall: Mall) -> Person:
    return make_person("ada", roles=("admin",))


def order_of(mall: Mall, *, krw: int = 9_900, outcome: Any = "captured") -> MadeOrder:
    return make_order(make_person("bea", now=LONG_AGO), mall, {make_variant(mall, krw=krw): 2}, outcome=outcome)


def hold(part_id: uuid.UUID, who: Person, kind: HoldKind = HoldKind.ADMIN, reason: str = "other") -> uuid.UUID:
    with transaction() as session:
        return place_hold(session, part_id=part_id, kind=kind, reason=reason, note="", actor=who.actor, now=clock.now())


def end(hold_id: uuid.UUID, who: Person) -> bool:
    with transaction() as session:
        return release_hold(session, hold_id=hold_id, reason="", actor=who.actor, now=clock.now())


def step(part_id: uuid.UUID, who: Person, step: Any) -> bool:
    with transaction() as session:
        return move_part(session, part_id=part_id, step=step, actor=who.actor, now=clock.now())


def part_of(part_id: uuid.UUID) -> OrderPart:
    with reading() as session:
        return session.get_one(OrderPart, part_id)


@pytest.mark.req("ORD-002", "FRD-08", "ORD-12")
def test_a_part_goes_on_where_it_had_stopped_when_the_last_of_its_holds_has_ended(
    mall: Mall, sam: Person, ada: Person
) -> None:
    part_id = order_of(mall).part_ids[0]
    step(part_id, sam, "accepted")
    before = part_of(part_id)
    first, second = hold(part_id, ada), hold(part_id, sam, HoldKind.SELLER, "out_of_stock")
    assert part_of(part_id).status == "held"
    with pytest.raises(PartOnHoldError) as refused:
        step(part_id, sam, "packed")
    assert refused.value.hold_id == first

    with clock.frozen(clock.now() + timedelta(hours=5)):
        assert end(first, ada) is False
        with pytest.raises(PartOnHoldError):
            step(part_id, sam, "packed")
        assert end(second, sam) is True

    after = part_of(part_id)
    assert after.status == "accepted"
    assert before.ship_by
    assert after.ship_by
    assert after.ship_by - before.ship_by >= timedelta(hours=5)
    assert step(part_id, sam, "packed")


@pytest.mark.req("ORD-002", "FRD-08")
def test_money_of_a_part_that_is_held_does_not_go_to_its_seller(mall: Mall, ada: Person) -> None:
    order = order_of(mall)
    part_id = order.part_ids[0]
    with transaction() as session:
        session.execute(text("UPDATE order_part SET status = 'delivered' WHERE id = :id"), {"id": part_id})
        session.execute(
            text(
                "INSERT INTO transition (subject, subject_id, order_id, from_state, to_state, actor, at)"
                " VALUES ('part', :id, :order, 'released', 'shipped', 'system', now()),"
                " ('part', :id, :order, 'shipped', 'delivered', 'system', now())"
            ),
            {"id": str(part_id), "order": order.id},
        )
    hold_id = hold(part_id, ada, HoldKind.PAYMENT, "dispute_expected")
    assert part_of(part_id).status == "delivered"
    with pytest.raises(PartOnHoldError) as refused, transaction() as session:
        release_part(session, part_id=part_id, actor=SYSTEM, now=clock.now())
    assert refused.value.hold_id == hold_id
    end(hold_id, ada)
    with transaction() as session:
        assert release_part(session, part_id=part_id, actor=SYSTEM, now=clock.now())


@pytest.mark.req("ORD-002")
def test_a_cleared_review_does_not_end_what_others_hold(mall: Mall, sam: Person, ada: Person) -> None:
    order = order_of(mall, krw=REVIEWED_KRW, outcome="authorised")
    part_id = order.part_ids[0]
    with pytest.raises(PartOnHoldError):
        step(part_id, sam, "accepted")
    other = hold(part_id, ada)
    with transaction() as session:
        risk = session.execute(text("SELECT id FROM order_hold WHERE kind = 'fraud'")).scalar_one()
    with pytest.raises(HoldUnknownError):
        end(risk, ada)  # Only a review ends it: money moves with it.
    with transaction() as session:
        review_order(
            session, order_id=order.id, decision=Decision.CLEAR, reason="known", actor=ada.actor, now=clock.now()
        )
    with pytest.raises(PartOnHoldError) as refused:
        step(part_id, sam, "accepted")
    assert refused.value.hold_id == other


@pytest.mark.req("ORD-12", "IDN-02")
def test_holds_are_placed_and_ended_by_whom_they_belong_to(mall: Mall, sam: Person, ada: Person) -> None:
    part_id = order_of(mall).part_ids[0]
    sue = make_person("sue", store_ids=(mall.store_ids[1],))
    refusals: list[tuple[Callable[[], Any], type[PortalError]]] = [
        (lambda: hold(part_id, sue, HoldKind.SELLER, "other"), PartUnknownError),
        (lambda: hold(uuid.uuid4(), ada), PartUnknownError),
        (lambda: hold(part_id, sam, HoldKind.ADMIN), HoldKindError),
        (lambda: hold(part_id, sam, HoldKind.SELLER, "legal"), HoldKindError),
        (lambda: hold(part_id, ada, HoldKind.SELLER, "other"), HoldKindError),
    ]
    for refused, error in refusals:
        with pytest.raises(error):
            refused()
    mine = hold(part_id, sam, HoldKind.SELLER, "other")
    with pytest.raises(HoldExistsError):
        hold(part_id, sam, HoldKind.SELLER, "other")
    malls = hold(part_id, ada)
    for hold_id, who in ((mine, sue), (malls, sam)):
        with pytest.raises(HoldUnknownError):
            end(hold_id, who)
    end(malls, ada)
    end(mine, ada)  # Who looks after orders may end a seller's hold.
    with pytest.raises(HoldOverError) as over:
        end(mine, sam)
    assert over.value.by == f"user:{ada.id}"


@pytest.mark.req("ORD-10", "ORD-12")
def test_of_many_parts_those_that_can_are_confirmed_and_the_others_say_why(
    mall: Mall, sam: Person, ada: Person
) -> None:
    bea = make_person("bea", now=LONG_AGO)
    mine = [make_order(bea, mall, {make_variant(mall): 1}).part_ids[0] for _ in range(3)]
    others = make_order(bea, mall, {make_variant(mall, store=1): 1}).part_ids[0]
    step(mine[0], sam, "accepted")
    hold(mine[1], ada)

    with transaction() as session:
        stayed = move_parts(session, part_ids=[*mine, others], step="accepted", actor=sam.actor, now=clock.now())

    assert [(one.part_id, one.error.code) for one in stayed] == [
        (mine[1], "part_on_hold"),
        (others, "part_unknown"),
    ]
    assert [part_of(one).status for one in [*mine, others]] == ["accepted", "held", "accepted", "released"]
