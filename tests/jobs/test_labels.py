"""Labels of carriers over HTTP: bought once, looked up after a time-out, voided, and stopped by a hold (ORD-003)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.config import Settings
from portal.db import atomically, reading, transaction
from portal.jobs.bulk_runs import work_through
from portal.jobs.labels import tend_label, tend_labels
from portal.jobs.parcels import set_tracker
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.models import Order, ShippingLabel
from portal.rules.carriers import CARRIERS
from portal.rules.holds import HoldKind
from portal.services.fulfilment.bulk_run import STALE_AFTER, RunItem, begin_run, runs_due, work_run
from portal.services.fulfilment.lock_part import PartNotPaidError
from portal.services.fulfilment.settle_label import claim_label
from portal.services.fulfilment.ship_part import LabelUnfitError, NothingToShipError, ParcelUnitsError
from portal.services.fulfilment.want_label import (
    CarrierWithoutLabelsError,
    LabelStateError,
    LabelUnknownToStoreError,
    void_label,
    want_label,
)
from portal.services.orders.amend_order import change_address
from portal.services.orders.part_holds import PartOnHoldError, PartUnknownError
from portal.services.orders.place_hold import place_hold
from portal.services.orders.release_hold import release_hold
from tests.factories.account import ADDRESS_KR, Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.parcel import send
from tests.factories.refund import answer_legs, ask_refund, lines_of, rows
from tests.jobs.killed_worker import worker
from tests.jobs.test_interruptions import held, somebody_waits, until
from tests.sandbox_server import TRACKHUB_API_KEY, Sandbox, start_sandbox

pytestmark = pytest.mark.req("ORD-003")


@dataclass(frozen=True)
class Sold:
    """A part with two bowls, to be sent by sam."""

    order: MadeOrder
    sam: Person
    store_id: int

    @property
    def part_id(self) -> uuid.UUID:
        return self.order.part_ids[0]


@pytest.fixture(scope="module")
def hub() -> Iterator[Sandbox]:
    with start_sandbox(portal_url="http://127.0.0.1:9", parcel_step_ms=60_000) as running:
        yield running


@pytest.fixture
def sold(books: None) -> Sold:
    mall = make_mall()
    sam = make_person("sam", store_ids=(mall.store_ids[0],))
    return Sold(make_order(make_person("bea"), mall, {make_variant(mall): 2}), sam, mall.store_ids[0])


def want(
    sold: Sold, *, label_id: uuid.UUID | None = None, carrier: str = "cj", units: Mapping[uuid.UUID, int] | None = None
) -> uuid.UUID:
    return atomically(
        lambda session: want_label(
            session,
            label_id=label_id or new_id(),
            part_id=sold.part_id,
            carrier=carrier,
            units=units,
            actor=sold.sam.actor,
            now=clock.now(),
        )
    )


def void(sold: Sold, label_id: uuid.UUID, by: Person | None = None) -> str:
    actor = (by or sold.sam).actor
    return atomically(lambda session: void_label(session, label_id=label_id, actor=actor, now=clock.now()))


def hold(sold: Sold) -> uuid.UUID:
    return atomically(
        lambda session: place_hold(
            session,
            part_id=sold.part_id,
            kind=HoldKind.SELLER,
            reason="address_unclear",
            note="",
            actor=sold.sam.actor,
            now=clock.now(),
        )
    )


def label(label_id: uuid.UUID) -> ShippingLabel:
    with reading() as session:
        return session.scalars(select(ShippingLabel).where(ShippingLabel.id == label_id)).one()


def tend(label_id: uuid.UUID, after: timedelta = timedelta()) -> str:
    with clock.frozen(clock.now() + after):
        tend_label(label_id)
    return label(label_id).status


def at_carrier(hub: Sandbox, *label_ids: uuid.UUID) -> list[dict[str, Any]]:
    """What the carrier has of these keys."""
    found = []
    for label_id in label_ids:
        headers = {"Authorization": f"Bearer {TRACKHUB_API_KEY}"}
        answer = hub.http.request("GET", f"{hub.url}/trackhub/v1/labels/{label_id}", headers=headers)
        if answer.status == 200:
            found.append(answer.json())
    return found


def at_trackhub(hub: Sandbox) -> dict[str, str]:
    """The environment of a worker who asks this carrier."""
    return {"TRACKHUB_URL": f"http://127.0.0.1:{hub.port}", "TRACKHUB_API_KEY": TRACKHUB_API_KEY}


@pytest.mark.parametrize("carrier", [one.code for one in CARRIERS.values() if one.is_tracked])
def test_the_number_comes_from_the_carrier_and_the_parcel_leaves_under_it(
    trackhub: Sandbox, sold: Sold, carrier: str
) -> None:
    made = want(sold, carrier=carrier)
    assert tend(made) == "bought"
    bought = label(made)
    assert bought.tracking_number is not None
    sent = send(sold.part_id, sold.sam, carrier=carrier, number=bought.tracking_number)
    assert (sent.part_status, label(made).status, label(made).shipment_id) == ("shipped", "used", sent.shipment_id)
    with pytest.raises(LabelStateError):
        void(sold, made)


def test_a_second_press_and_a_second_worker_buy_nothing_more(trackhub: Sandbox, sold: Sold) -> None:
    key = new_id()
    assert want(sold, label_id=key) == want(sold, label_id=key) == key
    tend_labels()
    tend_labels()
    assert [one["number"] for one in at_carrier(trackhub, key)] == [label(key).tracking_number]
    assert rows("SELECT count(*) FROM shipping_label") == [(1,)]


@pytest.mark.parametrize("fault", ["timeout_after", "error_after"])
def test_what_nobody_answered_is_looked_up_and_never_bought_twice(trackhub: Sandbox, sold: Sold, fault: str) -> None:
    made = want(sold)
    trackhub.fault(kind=fault, on="label", order=str(made))
    assert tend(made) == "unknown"
    assert tend(made, timedelta(minutes=1)) == "bought"
    (theirs,) = at_carrier(trackhub, made)
    assert theirs["number"] == label(made).tracking_number


@pytest.mark.parametrize("fault", ["reset_before", "error_before"])
def test_what_was_not_bought_is_bought_after_it_was_looked_up(trackhub: Sandbox, sold: Sold, fault: str) -> None:
    made = want(sold)
    trackhub.fault(kind=fault, on="label", order=str(made))
    assert tend(made) == "unknown"
    trackhub.fault(kind="error_before", on="fetch_label", order=str(made))
    assert tend(made, timedelta(minutes=1)) == "unknown"
    assert tend(made, timedelta(minutes=5)) == "bought"


def test_a_carrier_that_is_away_is_asked_again(trackhub: Sandbox, sold: Sold, settings: Settings) -> None:
    made = want(sold)
    set_tracker(replace(settings, trackhub_url="http://127.0.0.1:9", trackhub_api_key=TRACKHUB_API_KEY))
    assert tend(made) == "wanted"
    set_tracker(replace(settings, trackhub_url=f"http://127.0.0.1:{trackhub.port}", trackhub_api_key=TRACKHUB_API_KEY))
    assert tend(made) == "wanted"
    assert tend(made, timedelta(minutes=1)) == "bought"


def test_a_worker_that_died_leaves_a_label_that_is_looked_up(trackhub: Sandbox, sold: Sold) -> None:
    made = want(sold)
    assert atomically(lambda s: claim_label(s, label_id=made, now=clock.now())) is not None
    assert atomically(lambda s: claim_label(s, label_id=made, now=clock.now())) is None
    assert tend(made) == "sent"
    assert tend(made, timedelta(minutes=1)) == "bought"


@pytest.mark.req("FRD-08")
def test_an_open_hold_blocks_the_label_and_its_parcel(trackhub: Sandbox, sold: Sold) -> None:
    bought, line = want(sold, units={lines_of(sold.order)[0]: 1}), lines_of(sold.order)[0]
    assert tend(bought) == "bought"
    waiting = want(sold, units={line: 1})
    held = hold(sold)
    with pytest.raises(PartOnHoldError):
        want(sold)
    assert (tend(waiting), label(waiting).problem, at_carrier(trackhub, waiting)) == ("failed", "on_hold", [])
    number = label(bought).tracking_number
    with pytest.raises(PartOnHoldError):
        send(sold.part_id, sold.sam, {line: 1}, number=number)
    atomically(lambda s: release_hold(s, hold_id=held, reason="", actor=sold.sam.actor, now=clock.now()))
    send(sold.part_id, sold.sam, {line: 1}, number=number)
    assert label(bought).status == "used"


def test_a_label_is_given_back_before_its_parcel_is_handed_over(trackhub: Sandbox, sold: Sold) -> None:
    made = want(sold)
    tend(made)
    number = label(made).tracking_number
    trackhub.fault(kind="error_before", on="void_label", order=str(made))
    assert void(sold, made) == "voiding"
    assert tend(made) == "voiding"
    with pytest.raises(LabelUnfitError):
        send(sold.part_id, sold.sam, number=number)
    assert tend(made, timedelta(minutes=5)) == "voided"
    assert void(sold, made) == "voided"
    assert [one["status"] for one in at_carrier(trackhub, made)] == ["void"]
    # Its pieces can be labelled anew.
    assert tend(want(sold)) == "bought"


def test_what_the_carrier_has_already_is_not_given_back(trackhub: Sandbox, sold: Sold) -> None:
    made = want(sold)
    tend(made)
    headers = {"Authorization": f"Bearer {TRACKHUB_API_KEY}"}
    parcel = {"carrier": "cj", "number": label(made).tracking_number}
    trackhub.http.request("POST", f"{trackhub.url}/trackhub/v1/trackers", headers=headers, json=parcel)
    void(sold, made)
    assert (tend(made), label(made).problem) == ("bought", "handed_over")


def test_labels_of_what_is_cancelled_or_goes_elsewhere_are_given_back(trackhub: Sandbox, sold: Sold) -> None:
    first, second = want(sold, units={lines_of(sold.order)[0]: 1}), want(sold)
    tend_labels()
    fields = {**ADDRESS_KR, "line2": "Room 9"}
    atomically(
        lambda s: change_address(
            s, order_id=sold.order.id, fields=fields, actor=sold.order.buyer.actor, now=clock.now()
        )
    )
    with pytest.raises(LabelUnfitError):
        send(sold.part_id, sold.sam, {lines_of(sold.order)[0]: 1}, number=label(first).tracking_number)
    tend_labels()
    assert [label(one).status for one in (first, second)] == ["voided", "voided"]
    third = want(sold)
    tend_labels()
    assert answer_legs(ask_refund(sold.order).refund_id) == "succeeded"
    tend_labels()
    assert label(third).status == "voided"


def test_what_cannot_be_labelled_is_refused_and_nothing_is_written(trackhub: Sandbox, sold: Sold) -> None:
    line, max_ = lines_of(sold.order)[0], make_person("max", store_ids=(2,))
    tries: list[tuple[type[PortalError], dict[str, Any]]] = [
        (CarrierWithoutLabelsError, {"carrier": "own"}),
        (ParcelUnitsError, {"units": {line: 3}}),
    ]
    for error, more in tries:
        with pytest.raises(error):
            want(sold, **more)
    with pytest.raises(PartUnknownError):
        want(replace(sold, sam=max_))
    assert rows("SELECT count(*) FROM shipping_label") == [(0,)]
    made = want(sold, units={line: 1})
    with pytest.raises(ParcelUnitsError):
        want(sold, units={line: 2})
    want(sold)
    with pytest.raises(NothingToShipError):
        want(sold)
    with pytest.raises(LabelUnknownToStoreError):
        void(sold, made, max_)
    with pytest.raises(LabelUnknownToStoreError):
        void(sold, new_id())


def test_an_address_that_the_carrier_refuses_is_said(trackhub: Sandbox, sold: Sold) -> None:
    made = want(sold)
    with transaction() as session:
        session.execute(update(Order).where(Order.id == sold.order.id).values(address=None))
    assert (tend(made), label(made).problem) == ("failed", "address_unfit")


def test_many_are_bought_in_a_run_and_what_stays_is_named(trackhub: Sandbox, books: None) -> None:
    mall = make_mall()
    sam, variant = make_person("sam", store_ids=(mall.store_ids[0],)), make_variant(mall)
    orders = [make_order(make_person(f"bea{n}"), mall, {variant: 1}) for n in range(3)]
    send(orders[2].part_ids[0], sam)
    items = [RunItem(one.part_ids[0], one.number, carrier="cj") for one in orders]
    run_id = atomically(
        lambda s: begin_run(s, store_id=mall.store_ids[0], kind="label", items=items, actor=sam.actor, now=clock.now())
    )
    assert not atomically(lambda s: work_run(s, run_id=run_id, now=clock.now()))
    tend_labels()
    assert rows("SELECT status, run_id FROM shipping_label") == [("bought", run_id)] * 2
    ((failed,),) = rows("SELECT failed FROM bulk_run")
    assert [(one["number"], one["code"]) for one in failed] == [(orders[2].number, "nothing_to_ship")]


def test_a_run_whose_workers_are_killed_buys_each_label_once(
    trackhub: Sandbox, books: None, environment: dict[str, str], settings: Settings
) -> None:
    mall = make_mall()
    sam, variant = make_person("sam", store_ids=(mall.store_ids[0],)), make_variant(mall)
    orders = [make_order(make_person(f"bea{n}"), mall, {variant: 1}) for n in range(2)]
    items = [RunItem(one.part_ids[0], one.number, carrier="cj") for one in orders]
    run_id = atomically(
        lambda s: begin_run(s, store_id=mall.store_ids[0], kind="label", items=items, actor=sam.actor, now=clock.now())
    )
    # The first has written the labels and not yet how far he is.
    with held(settings, "LOCK TABLE bulk_run IN SHARE MODE"), worker(environment, run_id, "work_through"):
        until(somebody_waits)
    assert rows("SELECT done, (SELECT count(*) FROM shipping_label) FROM bulk_run") == [(0, 0)]
    with reading() as session:
        assert runs_due(session, now=clock.now() + STALE_AFTER) == [run_id]
    work_through(str(run_id))
    assert rows("SELECT done, (SELECT count(*) FROM shipping_label WHERE run_id = r.id) FROM bulk_run r") == [(2, 2)]

    # The second is killed while the carrier, who has sold the label, has not answered.
    made = [one for (one,) in rows("SELECT id FROM shipping_label")]
    for one in made:
        trackhub.fault(kind="timeout_after", on="label", order=str(one))
    with worker(environment | at_trackhub(trackhub), None, "tend_labels"):
        until(lambda: bool(at_carrier(trackhub, *made)))
    trackhub.clear_faults()
    assert set(rows("SELECT status FROM shipping_label")) == {("sent",), ("wanted",)}
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        tend_labels()
    assert rows("SELECT status FROM shipping_label") == [("bought",)] * 2
    assert {one["number"] for one in at_carrier(trackhub, *made)} == {label(one).tracking_number for one in made}


def test_nothing_is_labelled_that_nobody_has_paid(trackhub: Sandbox, books: None) -> None:
    mall = make_mall()
    sam = make_person("sam", store_ids=(mall.store_ids[0],))
    order = make_order(make_person("bea"), mall, {make_variant(mall): 1}, outcome="pending")
    with pytest.raises((PartNotPaidError, PartOnHoldError, NothingToShipError)):
        want(Sold(order, sam, mall.store_ids[0]))
