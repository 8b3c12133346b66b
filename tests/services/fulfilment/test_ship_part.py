"""Parcels: each unit leaves once, what may not leave stays, and the part and its order follow."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from portal.db import reading, transaction
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.models import Mail, Notice, Order, OrderLine, OrderPart, OutboxEvent, Stock
from portal.rules.holds import HoldKind
from portal.rules.refund_policy import Party
from portal.services.fulfilment.ship_part import (
    NothingToShipError,
    ParcelEmptyError,
    ParcelExistsError,
    ParcelLineUnknownError,
    ParcelNumberTakenError,
    ParcelUnitsError,
)
from portal.services.orders.part_changes import PartChangedError
from portal.services.orders.part_holds import PartOnHoldError, PartUnknownError
from portal.services.orders.place_hold import place_hold
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.parcel import new_tracking_number, send
from tests.factories.refund import ask_refund


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def sam(mall: Mall) -> Person:
    return make_person("sam", store_ids=(mall.store_ids[0],))


def bought(mall: Mall, *, other_store: bool = False, quantity: int = 3) -> MadeOrder:
    goods = {make_variant(mall, krw=9_900): quantity, make_variant(mall, krw=5_000): 1}
    if other_store:
        goods[make_variant(mall, store=1)] = 1
    return make_order(make_person("bea"), mall, goods)


def lines_of(part_id: uuid.UUID) -> list[uuid.UUID]:
    with reading() as session:
        found = select(OrderLine.id).where(OrderLine.part_id == part_id).order_by(OrderLine.position)
        return list(session.scalars(found))


def states(order: MadeOrder) -> tuple[str, list[str]]:
    with reading() as session:
        parts = session.scalars(
            select(OrderPart.status).where(OrderPart.order_id == order.id).order_by(OrderPart.position)
        )
        return session.get_one(Order, order.id).status, list(parts)


def handle_all() -> None:
    with reading() as session:
        ids = list(session.scalars(select(OutboxEvent.id).order_by(OutboxEvent.id)))
    handle_events(ids)


@pytest.mark.req("ORD-003", "ORD-12")
def test_several_parcels_make_the_part_sent_and_the_last_part_the_order(mall: Mall, sam: Person) -> None:
    order = bought(mall, other_store=True)
    sue = make_person("sue", store_ids=(mall.store_ids[1],))
    first, second = lines_of(order.part_ids[0])

    assert send(order.part_ids[0], sam, {first: 2, second: 0}).part_status == "packed"
    assert states(order) == ("paid", ["packed", "released"])
    assert send(order.part_ids[0], sam).part_status == "shipped"
    assert states(order) == ("paid", ["shipped", "released"])
    send(order.part_ids[1], sue)
    assert states(order) == ("shipped", ["shipped", "shipped"])
    with reading() as session:
        assert session.execute(text("SELECT count(*) FROM shipment")).scalar_one() == 3
        assert session.get_one(OrderPart, order.part_ids[0]).shipped_at is not None


@pytest.mark.req("ORD-003", "NOT-01")
def test_the_buyer_hears_of_each_parcel_once_and_the_same_parcel_twice_is_one(mall: Mall, sam: Person) -> None:
    order, number = bought(mall), new_tracking_number()
    part_id = order.part_ids[0]
    first = send(part_id, sam, number=number, version=2)
    again = send(part_id, sam, number=f" {number[:4]}-{number[4:]} ", version=2)
    assert (again.shipment_id, again.is_repeat) == (first.shipment_id, True)
    handle_all()
    handle_all()
    with reading() as session:
        mails = session.scalars(select(Mail).where(Mail.template == "shipment")).all()
        bells = session.scalars(select(Notice.user_id).where(Notice.kind == "shipment_sent")).all()
    assert [mail.recipient for mail in mails] == [order.buyer.email]
    assert number in mails[0].body
    assert bells == [order.buyer.id]
    with pytest.raises(ParcelExistsError):
        send(part_id, sam, {lines_of(part_id)[0]: 1}, number=number)


@pytest.mark.req("ORD-003")
def test_a_number_goes_to_one_buyer_who_may_have_two_orders_in_one_box(mall: Mall, sam: Person) -> None:
    first, number = bought(mall), new_tracking_number()
    second = make_order(first.buyer, mall, {make_variant(mall): 1})
    theirs = make_order(make_person("bob"), mall, {make_variant(mall): 1})
    send(first.part_ids[0], sam, number=number)
    send(second.part_ids[0], sam, number=number)
    with pytest.raises(ParcelNumberTakenError):
        send(theirs.part_ids[0], sam, number=number)
    assert states(theirs) == ("paid", ["released"])
    # A carrier gives a number again later, and what a store brings itself it numbers as it likes.
    send(theirs.part_ids[0], sam, number=number, now=clock.now() + timedelta(days=100))
    for buyer in (first.buyer, theirs.buyer):
        send(make_order(buyer, mall, {make_variant(mall): 1}).part_ids[0], sam, carrier="own", number="7")


@pytest.mark.req("ORD-003", "ORD-14")
def test_units_that_two_people_send_at_once_leave_once(mall: Mall, sam: Person) -> None:
    order = bought(mall, quantity=3)
    part_id = order.part_ids[0]
    first, _second = lines_of(part_id)
    start = threading.Barrier(4)

    def one(_number: int) -> str:
        start.wait(timeout=30)
        try:
            send(part_id, sam, {first: 2})
        except ParcelUnitsError as refusal:
            return refusal.code
        return "sent"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == sorted(["sent", *[ParcelUnitsError.code] * 3])


@pytest.mark.req("ORD-003", "ORD-002", "IDN-02")
def test_what_may_not_leave_is_refused_and_nothing_is_written(mall: Mall, sam: Person) -> None:
    order = bought(mall)
    part_id = order.part_ids[0]
    first, second = lines_of(part_id)
    sue = make_person("sue", store_ids=(mall.store_ids[1],))
    foreign = lines_of(make_order(make_person("bob"), mall, {make_variant(mall): 1}).part_ids[0])[0]
    ada = make_person("ada", roles=("admin",))
    refusals: list[tuple[dict[str, Any], type[PortalError]]] = [
        ({"seller": sue}, PartUnknownError),
        ({"part_id": uuid.uuid4()}, PartUnknownError),
        ({"units": {first: 4}}, ParcelUnitsError),
        ({"units": {first: -1}}, ParcelUnitsError),
        ({"units": {first: 2**31 - 1}}, ParcelUnitsError),
        ({"units": {first: 0, second: 0}}, ParcelEmptyError),
        ({"units": {foreign: 1}}, ParcelLineUnknownError),
        ({"version": 1}, PartChangedError),
    ]
    for wrong, error in refusals:
        with pytest.raises(error):
            send(**{"part_id": part_id, "seller": sam, **wrong})
    with transaction() as session:
        hold_id = place_hold(
            session,
            part_id=part_id,
            kind=HoldKind.ADMIN,
            reason="legal",
            note="",
            actor=ada.actor,
            now=clock.now(),
        )
    with pytest.raises(PartOnHoldError) as refused:
        send(part_id, sam)
    assert refused.value.hold_id == hold_id
    with reading() as session:
        assert session.execute(text("SELECT count(*) FROM shipment")).scalar_one() == 0


@pytest.mark.req("ORD-004", "ORD-06", "ORD-14")
def test_units_that_left_are_not_put_back_and_the_rest_of_a_part_may_still_be_called_off(
    mall: Mall, sam: Person
) -> None:
    order = bought(mall)
    part_id = order.part_ids[0]
    first, second = lines_of(part_id)
    send(part_id, sam, {first: 2})
    with reading() as session:
        before = dict(session.execute(select(Stock.variant_id, Stock.on_hand)).all())

    # Two of three left: of the two that are given back one is on the shelf again, and nothing is left to send.
    units = {first: 2, second: 1}
    ask_refund(order, units, actor=sam.actor, party=Party.SELLER, reason="out_of_stock")

    with reading() as session:
        after = dict(session.execute(select(Stock.variant_id, Stock.on_hand)).all())
    assert sum(after.values()) - sum(before.values()) == 2
    assert states(order)[1] == ["shipped"]
    with pytest.raises(NothingToShipError):
        send(part_id, sam)


@pytest.mark.req("ORD-004", "ORD-003")
def test_what_was_called_off_cannot_be_sent_any_more(mall: Mall, sam: Person) -> None:
    order = bought(mall)
    ask_refund(order)
    with pytest.raises(NothingToShipError):
        send(order.part_ids[0], sam)
    assert states(order)[1] == ["cancelled"]
