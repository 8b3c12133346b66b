"""Deadlines: warned of once, missed once, told to whom it concerns, and standing still while a part is held."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from portal.db import reading, transaction
from portal.jobs.outbox import handle_events
from portal.jobs.schedule import watch_deadlines as sweep
from portal.kit import clock
from portal.models import Notice, OrderPart, OutboxEvent, Shipment
from portal.queries.pipeline import carrier_figures
from portal.rules.holds import HoldKind
from portal.services.fulfilment.move_part import move_part
from portal.services.orders.place_hold import place_hold
from tests.blueprints.desks import browser
from tests.factories.account import Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.parcel import send
from tests.factories.remark import deliver


def told(person: Person) -> Counter[str]:
    with reading() as session:
        ids = list(session.scalars(select(OutboxEvent.id).where(OutboxEvent.handled_at.is_(None))))
    handle_events(ids)
    with reading() as session:
        return Counter(session.scalars(select(Notice.kind).where(Notice.user_id == person.id)))


@pytest.mark.req("ORD-11", "ORD-10")
def test_a_deadline_is_warned_of_then_escalated_once_and_a_held_part_waits_for_nobody(
    app: APIFlask, books: None
) -> None:
    mall = make_mall()
    sam, ada = make_person("sam", store_ids=(mall.store_ids[0],)), make_person("ada", roles=("admin",))
    bea = make_person("bea")
    late, done, held = (make_order(bea, mall, {make_variant(mall): 1}) for _ in range(3))
    with reading() as session:
        until: datetime | None = session.get_one(OrderPart, late.part_ids[0]).accept_by
    assert until is not None
    with transaction() as session:
        move_part(session, part_id=done.part_ids[0], step="accepted", actor=sam.actor, now=clock.now())
        place_hold(
            session,
            part_id=held.part_ids[0],
            kind=HoldKind.ADMIN,
            reason="legal",
            note="",
            actor=ada.actor,
            now=clock.now(),
        )
    before = told(sam)["deadline_near"]

    for hours, near, missed in ((-5, 0, 0), (-3, 1, 0), (-2, 1, 0), (1, 1, 1), (2, 1, 1)):
        with clock.frozen(until + timedelta(hours=hours)):
            sweep()
        kinds = told(sam)
        assert (kinds["deadline_near"] - before, kinds["deadline_missed"]) == (near, missed), hours
        assert told(ada)["deadline_missed"] == missed

    send(late.part_ids[0], sam)
    page = browser(app, ada).get("/admin/fulfilment").text
    assert page.count(late.number) == 0  # Sent: its step is over.
    assert "CJ대한통운" in page
    assert browser(app, sam).get("/admin/fulfilment").status_code == 403


@pytest.mark.req("ORD-11")
def test_missed_steps_stand_on_the_page_of_the_pipeline(app: APIFlask, books: None) -> None:
    mall = make_mall()
    order = make_order(make_person("bea"), mall, {make_variant(mall): 1})
    with clock.frozen(clock.now() + timedelta(days=5)):
        sweep()
        page = browser(app, make_person("ada", roles=("operations",))).get("/admin/fulfilment").text
    assert page.count(order.number) >= 2  # To be confirmed, and to be sent.


@pytest.mark.req("ORD-11")
def test_a_parcel_in_trouble_stands_there_until_it_has_arrived(app: APIFlask, books: None) -> None:
    mall = make_mall()
    order = make_order(make_person("bea"), mall, {make_variant(mall): 1})
    shipment = send(order.part_ids[0], make_person("sam", store_ids=(mall.store_ids[0],)), number="581234569003")
    as_ada = browser(app, make_person("ada", roles=("operations",)))
    for status, shown in (("in_transit", False), ("lost", True), ("delivered", False)):
        with transaction() as session:
            session.get_one(Shipment, shipment.shipment_id).status = status
        assert ("581234569003" in as_ada.get("/admin/fulfilment").text) is shown, status


@pytest.mark.req("ORD-11")
def test_carriers_are_measured_by_what_buyers_were_promised_when_the_parcel_left(books: None) -> None:
    mall = make_mall()
    bea, sam = make_person("bea"), make_person("sam", store_ids=(mall.store_ids[0],))
    early, late = (make_order(bea, mall, {make_variant(mall): 1}) for _ in range(2))
    with reading() as session:
        promised = session.get_one(OrderPart, late.part_ids[0]).deliver_until
    assert promised is not None
    deliver(early, sam)
    deliver(late, sam, at=promised + timedelta(hours=1))

    with reading() as session:
        (figures,) = carrier_figures(session, now=clock.now())

    assert (figures.parcels, figures.arrived, figures.in_time, figures.in_time_basis_points) == (2, 2, 1, 5_000)
