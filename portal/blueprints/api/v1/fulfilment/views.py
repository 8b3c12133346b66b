"""What a store has to send, for its programs, through the services that its desk uses (ORD-003, ORD-10)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, operation
from portal.blueprints.api.own_store import own_store
from portal.blueprints.api.v1.carrying import CARRYING
from portal.blueprints.api.v1.fulfilment import examples
from portal.blueprints.api.v1.fulfilment.schemas import (
    Hold,
    ParcelEvent,
    ParcelIn,
    ParcelLine,
    PiecesIn,
    Sent,
    Shipment,
    StoreOrder,
    StoreOrderItem,
    StoreOrderLine,
    StoreOrderPage,
    StoreOrderQuery,
)
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.shipments import ShipmentView, load_shipment, shipments_of_part
from portal.queries.store_order import load_store_order
from portal.queries.store_orders import StoreOrderFilter, StoreView, list_store_orders
from portal.rules.holds import HIGH_RISK, HoldKind, may_end
from portal.rules.permissions import Permission
from portal.rules.states import MoveRefusedError
from portal.services.fulfilment import ship_part as shipping
from portal.services.fulfilment.lock_part import PartNotPaidError
from portal.services.fulfilment.move_part import Step, move_parts
from portal.services.orders.part_holds import PartOnHoldError, PartUnknownError

TAG = "Fulfilment"
PART = {"part_id": PathValue("The id of the store's part.", {"type": "string", "format": "uuid"}, examples.PART)}

MAY_NOT_GO_ON = (
    PartUnknownError,
    PartOnHoldError(uuid.UUID(int=0), "admin", "other"),
    PartNotPaidError,
    MoveRefusedError(old="shipped", new="accepted"),
)


@operation(
    "GET",
    "/store/orders",
    tag=TAG,
    summary="List a store's orders",
    description="The store's own parts of orders, in the views of its desk; what needs action comes oldest first.",
    permission=Permission.STORE_ORDER_FULFIL,
    query=StoreOrderQuery,
    answer=StoreOrderPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError, PartUnknownError),
)
def list_store_parts(query: StoreOrderQuery) -> StoreOrderPage:
    with reading() as session:
        store_id = own_store(session, query.store, PartUnknownError)
        chosen = StoreOrderFilter(store_id=store_id, view=StoreView(query.view), now=clock.now())
        page = list_store_orders(session, chosen=chosen, cursor=query.cursor, rows_max=query.limit)
    return StoreOrderPage.of(
        page,
        [
            StoreOrderItem(
                id=row.part_id,
                order_number=row.number,
                status=row.status,
                placed_at=row.placed_at,
                pieces=row.units,
            )
            for row in page.rows
        ],
    )


@operation(
    "GET",
    "/store/orders/<string:part_id>",
    tag=TAG,
    summary="Show a store's order",
    description="One part with what is left to send and its parcels, and nothing of other stores.",
    permission=Permission.STORE_ORDER_FULFIL,
    answer=StoreOrder,
    example=examples.STORE_ORDER,
    path_values=PART,
    refusals=(PartUnknownError,),
)
def show_store_part(part_id: str) -> StoreOrder:
    with reading() as session:
        return shown_part(session, part_of(part_id))


@operation(
    "POST",
    "/store/orders/<string:part_id>/acceptance",
    tag=TAG,
    summary="Accept an order",
    description="Confirms that the store will send it. One that is accepted already stays so.",
    permission=Permission.STORE_ORDER_FULFIL,
    answer=StoreOrder,
    example=examples.STORE_ORDER,
    path_values=PART,
    refusals=MAY_NOT_GO_ON,
)
def accept_store_part(part_id: str) -> StoreOrder:
    return step_on(part_of(part_id), "accepted")


@operation(
    "POST",
    "/store/orders/<string:part_id>/shipments",
    tag=TAG,
    summary="Send a parcel",
    description=(
        "Tells of a parcel that leaves; the buyer hears of it. The same carrier and number again is a repeat and "
        "changes nothing. The part is `shipped` when all its pieces are in parcels."
    ),
    permission=Permission.STORE_ORDER_FULFIL,
    body=ParcelIn,
    body_example=examples.PARCEL,
    answer=Sent,
    status=201,
    answer_text="The parcel is written.",
    example=examples.SENT,
    path_values=PART,
    refusals=(
        PartUnknownError,
        PartOnHoldError(uuid.UUID(int=0), "admin", "other"),
        PartNotPaidError,
        *CARRYING,
        shipping.NothingToShipError,
        shipping.ParcelUnitsError(sku="BOWL", left=1),
        shipping.ParcelEmptyError,
        shipping.ParcelLineUnknownError(sku="BOWL"),
        shipping.ParcelExistsError(number="12"),
        shipping.ParcelNumberTakenError(number="12"),
        shipping.LabelUnfitError(number="12"),
    ),
)
def send_parcel(part_id: str, body: ParcelIn) -> Sent:
    wanted, actor, now = part_of(part_id), api_actor(), clock.now()
    parcel = shipping.Parcel(body.carrier, body.tracking_number, pieces_of(body.lines))
    made = atomically(
        lambda s: shipping.ship_part(s, part_id=wanted, parcel=parcel, source="api", actor=actor, now=now)
    )
    with reading() as session:
        found = load_shipment(session, shipment_id=made.shipment_id, store_ids=sorted(actor.store_ids))
    if found is None:
        raise PartUnknownError  # An administrator's key: it sends for stores, and reads on their desk.
    return Sent(shipment=shown_shipment(found), part_status=made.part_status, is_repeat=made.is_repeat)


def step_on(part_id: uuid.UUID, step: Step) -> StoreOrder:
    """Take a part a step on, and show it. Raises what MAY_NOT_GO_ON names."""
    actor, now = api_actor(), clock.now()
    stayed = atomically(lambda s: move_parts(s, part_ids=[part_id], step=step, actor=actor, now=now))
    if stayed:
        raise stayed[0].error
    with reading() as session:
        return shown_part(session, part_id)


def pieces_of(lines: Sequence[PiecesIn] | None) -> dict[uuid.UUID, int] | None:
    """How many pieces of each line; None where no lines are named."""
    if lines is None:
        return None
    found: dict[uuid.UUID, int] = {}
    for one in lines:
        found[one.line_id] = found.get(one.line_id, 0) + one.quantity
    return found


def part_of(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise PartUnknownError from None


def shown_part(session: Session, part_id: uuid.UUID) -> StoreOrder:
    stores = sorted(api_actor().store_ids)
    order = load_store_order(session, part_id=part_id, store_ids=stores, now=clock.now())
    if order is None:
        raise PartUnknownError
    shipments = shipments_of_part(session, part_id=part_id)
    return StoreOrder(
        id=order.part_id,
        version=order.version,
        order_number=order.number,
        status=order.status,
        accept_by=order.accept_by,
        send_by=order.ship_by,
        on_hold=order.is_on_hold,
        holds=[
            Hold(
                id=one.id,
                kind=one.kind,
                reason=one.reason,
                note=one.note,
                placed_at=one.placed_at,
                may_end=may_end(api_actor(), HoldKind(one.kind), one.reason or HIGH_RISK, store_id=order.store_id),
            )
            for one in order.holds
        ],
        lines=[
            StoreOrderLine(
                line_id=line.id, sku=line.sku, name=dict(line.name), quantity=line.quantity, to_send=line.to_send
            )
            for line in order.lines
        ],
        shipments=[shown_shipment(one) for one in shipments],
    )


def shown_shipment(parcel: ShipmentView) -> Shipment:
    return Shipment(
        id=parcel.id,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        status=parcel.status,
        shipped_at=parcel.shipped_at,
        expected_until=parcel.expected_until,
        delivered_at=parcel.delivered_at,
        lines=[ParcelLine(line_id=one.line_id, sku=one.sku, quantity=one.quantity) for one in parcel.lines],
        events=[ParcelEvent(status=one.kind, at=one.at, place=one.place) for one in parcel.events],
    )
