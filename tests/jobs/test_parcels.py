"""Parcels that move at a carrier, by notices and by questions, and what follows for part, order and money."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import select, text

from portal.db import reading, transaction
from portal.gateways.carriers.base import CarrierEvent, TrackingReport
from portal.jobs.outbox import handle_events
from portal.jobs.parcels import follow_parcel
from portal.jobs.schedule import close_parts
from portal.kit import clock
from portal.kit.tracking import TrackedKind
from portal.models import Notice, Order, OrderPart, OutboxEvent, Shipment
from portal.rules.holds import HoldKind
from portal.services.fulfilment.say_arrived import CarrierTellsError, ParcelUnknownError, say_arrived
from portal.services.fulfilment.take_report import take_report
from portal.services.orders.mature_mileage import mature_mileage
from portal.services.orders.place_hold import place_hold
from portal.services.orders.release_hold import release_hold
from sandbox.notices import sign_standard
from tests.contract.receiver import Receiver, receiving
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.parcel import send
from tests.sandbox_server import TRACKHUB_WEBHOOK_SECRET, Sandbox, start_sandbox


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def hub(receiver: Receiver) -> Iterator[Sandbox]:
    with start_sandbox(portal_url=receiver.url, parcel_step_ms=1) as running:
        yield running


@pytest.fixture
def sold(books: None) -> tuple[MadeOrder, Person]:
    mall = make_mall()
    sam = make_person("sam", store_ids=(mall.store_ids[0],))
    return make_order(make_person("bea"), mall, {make_variant(mall): 2}), sam


def shipment(order: MadeOrder) -> Shipment:
    with reading() as session:
        return session.scalars(select(Shipment).where(Shipment.order_id == order.id)).one()


def status(order: MadeOrder) -> tuple[str, str, str]:
    with reading() as session:
        part = session.get_one(OrderPart, order.part_ids[0])
        return shipment(order).status, part.status, session.get_one(Order, order.id).status


@pytest.mark.req("ORD-07", "ORD-09")
@pytest.mark.parametrize(
    ("ending", "ends_as"),
    [("9000", "delivered"), ("9001", "delivered"), ("9002", "delivered"), ("9003", "lost")],
)
def test_a_parcel_is_followed_at_its_carrier_to_its_end(
    trackhub: None, sold: tuple[MadeOrder, Person], ending: str, ends_as: str
) -> None:
    order, sam = sold
    made = send(order.part_ids[0], sam, number=f"58120001{ending}")
    for asked in range(1, 100):
        with clock.frozen(clock.now() + asked * timedelta(hours=7)):
            follow_parcel(str(made.shipment_id))
        if shipment(order).status == ends_as:
            break

    part = "shipped" if ends_as == "lost" else "delivered"
    assert status(order) == (ends_as, part, part)
    assert shipment(order).expected_until is not None
    assert (shipment(order).ask_at is None) == (ends_as == "delivered")
    with reading() as session:
        events = session.execute(text("SELECT count(*), count(DISTINCT ref) FROM shipment_event")).one()
    assert events[0] == events[1] >= 3


@pytest.mark.req("ORD-07", "STR-02")
def test_a_notice_must_be_proved_and_counts_once(
    trackhub: None, receiver: Receiver, app: APIFlask, sold: tuple[MadeOrder, Person]
) -> None:
    order, sam = sold
    send(order.part_ids[0], sam, number="581200019000")
    at = clock.now()
    report = {
        "carrier": "cj",
        "number": "581200019000",
        "expected_until": (at + timedelta(days=2)).isoformat(),
        "events": [
            {"id": "a", "status": "delivered", "at": at.isoformat(), "place": "Door"},
            {"id": "b", "status": "in_transit", "at": (at - timedelta(hours=3)).isoformat()},
            {"id": "c", "status": "beamed_up", "at": at.isoformat()},
        ],
    }
    body = json.dumps({"id": "evt_1", "type": "parcel.delivered", "data": report}).encode()
    client = app.test_client()

    forged = sign_standard("evt_1", body, int(at.timestamp()), "whsec_Zm9yZ2Vk")
    assert client.post("/webhooks/parcels", data=body, headers=forged).status_code == 400
    unfit = json.dumps({"data": {"carrier": "cj", "number": "1", "events": [{"id": 1}]}}).encode()
    proved = sign_standard("evt_2", unfit, int(at.timestamp()), TRACKHUB_WEBHOOK_SECRET)
    assert client.post("/webhooks/parcels", data=unfit, headers=proved).status_code == 400
    assert status(order) == ("sent", "shipped", "shipped")
    for _ in range(2):
        headers = sign_standard("evt_1", body, int(at.timestamp()), TRACKHUB_WEBHOOK_SECRET)
        assert client.post("/webhooks/parcels", data=body, headers=headers).status_code == 200
    assert status(order) == ("delivered", "delivered", "delivered")
    with reading() as session:
        assert session.execute(text("SELECT count(*) FROM shipment_event")).scalar_one() == 2
        ids = list(session.scalars(select(OutboxEvent.id).order_by(OutboxEvent.id)))
    handle_events(ids)
    with reading() as session:
        kinds = session.scalars(select(Notice.kind).where(Notice.user_id == order.buyer.id)).all()
    assert kinds.count("shipment_delivered") == 1


@pytest.mark.req("ORD-07")
def test_news_of_another_parcel_with_the_same_number_are_left_out(sold: tuple[MadeOrder, Person]) -> None:
    order, sam = sold
    send(order.part_ids[0], sam, number="581200019000")
    now = clock.now()
    long_ago = CarrierEvent("old", TrackedKind.DELIVERED, now - timedelta(days=40), "")
    to_come = CarrierEvent("new", TrackedKind.DELIVERED, now + timedelta(days=4), "")
    with transaction() as session:
        report = TrackingReport("cj", "581200019000", (long_ago, to_come))
        assert take_report(session, report=report, told_by="notice", now=now) == 0
        other = TrackingReport("hanjin", "581200019000", (CarrierEvent("x", TrackedKind.LOST, now, ""),))
        assert take_report(session, report=other, told_by="notice", now=now) == 0
    assert status(order)[0] == "sent"


@pytest.mark.req("ORD-07", "IDN-02")
def test_a_store_says_itself_only_what_it_brings_itself(sold: tuple[MadeOrder, Person]) -> None:
    order, sam = sold
    made = send(order.part_ids[0], sam)
    sue = make_person("sue", store_ids=(max(sam.actor.store_ids) + 1,))
    for who, error in ((sam, CarrierTellsError), (sue, ParcelUnknownError), (order.buyer, ParcelUnknownError)):
        with pytest.raises(error), transaction() as session:
            say_arrived(session, shipment_id=made.shipment_id, actor=who.actor, now=clock.now())
    with transaction() as session:
        ada = make_person("ada", roles=("operations",))
        say_arrived(session, shipment_id=made.shipment_id, actor=ada.actor, now=clock.now())
    assert status(order)[0] == "delivered"


@pytest.mark.req("ORD-09", "ORD-002", "FRD-08")
def test_money_becomes_the_sellers_when_the_window_is_over_and_nothing_holds_the_part(
    sold: tuple[MadeOrder, Person],
) -> None:
    order, sam = sold
    part_id, ada = order.part_ids[0], make_person("ada", roles=("admin",))
    made = send(part_id, sam, carrier="own", number="od-1")
    with transaction() as session:
        say_arrived(session, shipment_id=made.shipment_id, actor=sam.actor, now=clock.now())
        hold_id = place_hold(
            session,
            part_id=part_id,
            kind=HoldKind.PAYMENT,
            reason="other",
            note="",
            actor=ada.actor,
            now=clock.now(),
        )
    close_parts()
    assert status(order)[1] == "delivered"
    with clock.frozen(clock.now() + timedelta(days=31)):
        with transaction() as session:
            mature_mileage(session, part_id=part_id, now=clock.now())
        close_parts()
        assert status(order)[1] == "delivered"  # Held.
        with transaction() as session:
            release_hold(session, hold_id=hold_id, reason="", actor=ada.actor, now=clock.now())
        close_parts()
        close_parts()
    assert status(order)[1] == "closed"
    with reading() as session:
        payable = (
            "SELECT sum(p.amount_minor) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
            " WHERE a.kind = 'seller_payable'"
        )
        assert session.execute(text(payable)).scalar_one() > 0


@pytest.mark.req("ORD-07")
def test_administrators_hear_once_of_a_parcel_that_is_lost(sold: tuple[MadeOrder, Person]) -> None:
    order, sam = sold
    ada, fin = make_person("ada", roles=("operations",)), make_person("fin", roles=("finance",))
    send(order.part_ids[0], sam, number="581200019003")
    now = clock.now()
    for n, kind in enumerate((TrackedKind.DELAYED, TrackedKind.LOST, TrackedKind.IN_TRANSIT, TrackedKind.LOST)):
        events = (CarrierEvent(f"evt_{n}", kind, now + timedelta(minutes=n), "Hub"),)
        with transaction() as session:
            take_report(session, report=TrackingReport("cj", "581200019003", events), told_by="poll", now=now)
    with reading() as session:
        ids = list(session.scalars(select(OutboxEvent.id).order_by(OutboxEvent.id)))
    handle_events(ids)
    handle_events(ids)
    with reading() as session:
        told = session.execute(select(Notice.user_id, Notice.kind).where(Notice.user_id.in_([ada.id, fin.id]))).all()
    assert told == [(ada.id, "parcel_lost")]
