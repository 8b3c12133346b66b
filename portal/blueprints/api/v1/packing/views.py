"""A store's part packed, held, labelled and brought, through the services that its desk uses (ORD-002, ORD-003)."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.files import pdf_reply
from portal.blueprints.api.keys import api_actor, own_key
from portal.blueprints.api.once import claim
from portal.blueprints.api.operations import FileReply, PathValue, Reply, operation
from portal.blueprints.api.v1.carrying import CARRYING
from portal.blueprints.api.v1.fulfilment import examples as parts
from portal.blueprints.api.v1.fulfilment.schemas import Shipment, StoreOrder
from portal.blueprints.api.v1.fulfilment.views import (
    MAY_NOT_GO_ON,
    PART,
    TAG,
    part_of,
    pieces_of,
    shown_part,
    shown_shipment,
    step_on,
)
from portal.blueprints.api.v1.packing import examples
from portal.blueprints.api.v1.packing.schemas import HoldIn, Label, LabelIn, LabelPieces, Labels
from portal.blueprints.slips import labels_pdf
from portal.db import atomically, reading
from portal.jobs.queue import enqueue_labels
from portal.kit import clock
from portal.queries.labels import LabelView, labels_of_part, load_label
from portal.queries.shipments import load_shipment
from portal.rules.holds import HoldKind
from portal.rules.permissions import Permission
from portal.services.fulfilment import ship_part as shipping
from portal.services.fulfilment.say_arrived import CarrierTellsError, ParcelUnknownError, say_arrived
from portal.services.fulfilment.want_label import (
    CarrierWithoutLabelsError,
    LabelStateError,
    LabelUnknownToStoreError,
    void_label,
    want_label,
)
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.orders.part_changes import PartChangedError
from portal.services.orders.part_holds import PartUnknownError
from portal.services.orders.place_hold import HoldExistsError, HoldKindError, NothingToHoldError, place_hold
from portal.services.orders.release_hold import HoldOverError, HoldUnknownError, release_hold

_ID = {"type": "string", "format": "uuid"}
HOLD = {**PART, "hold_id": PathValue("The id of the hold.", _ID, examples.ID)}
LABEL = {"label_id": PathValue("The id of the label.", _ID, examples.ID)}
SHIPMENT = {"shipment_id": PathValue("The id of the parcel.", _ID, parts.SHIPMENT["id"])}
MATCHES = " `If-Match` takes the `ETag` of the store's order."


@operation(
    "POST",
    "/store/orders/<string:part_id>/packing",
    tag=TAG,
    summary="Say that an order is packed",
    description="One that is packed already stays so.",
    permission=Permission.STORE_ORDER_FULFIL,
    answer=StoreOrder,
    example=parts.STORE_ORDER,
    path_values=PART,
    refusals=MAY_NOT_GO_ON,
)
def pack_store_part(part_id: str) -> StoreOrder:
    return step_on(part_of(part_id), "packed")


@operation(
    "POST",
    "/store/orders/<string:part_id>/holds",
    tag=TAG,
    summary="Hold an order",
    description="Nothing of it is labelled or sent while it is held, and its deadlines stand still." + MATCHES,
    permission=Permission.STORE_ORDER_FULFIL,
    body=HoldIn,
    body_example=examples.HOLD,
    answer=StoreOrder,
    status=201,
    answer_text="The order, held.",
    example=examples.HELD,
    path_values=PART,
    refusals=(PartUnknownError, HoldKindError, NothingToHoldError, HoldExistsError),
    changed=(PartChangedError,),
)
def hold_store_part(part_id: str, body: HoldIn, seen: int | None) -> Reply:
    wanted, actor, now = part_of(part_id), api_actor(), clock.now()
    atomically(
        lambda s: place_hold(
            s,
            part_id=wanted,
            kind=HoldKind.SELLER,
            reason=body.reason,
            note=body.note,
            actor=actor,
            now=now,
            version=seen,
        )
    )
    with reading() as session:
        return Reply(shown_part(session, wanted), 201)


@operation(
    "POST",
    "/store/orders/<string:part_id>/holds/<uuid:hold_id>/end",
    tag=TAG,
    summary="End a hold",
    description="The order goes on where it had stopped when its last hold ends. Only who may place a hold ends it.",
    permission=Permission.STORE_ORDER_FULFIL,
    answer=StoreOrder,
    example=parts.STORE_ORDER,
    path_values=HOLD,
    refusals=(PartUnknownError, HoldUnknownError, HoldOverError),
)
def end_store_hold(part_id: str, hold_id: uuid.UUID) -> StoreOrder:
    wanted, actor, now = part_of(part_id), api_actor(), clock.now()
    with reading() as session:
        shown_part(session, wanted)
    atomically(lambda s: release_hold(s, hold_id=hold_id, reason="", actor=actor, now=now))
    with reading() as session:
        return shown_part(session, wanted)


@operation(
    "POST",
    "/store/shipments/<uuid:shipment_id>/arrival",
    tag=TAG,
    summary="Say that a parcel has arrived",
    description="One that the store brings itself; carriers tell of theirs. Saying it again changes nothing.",
    permission=Permission.STORE_ORDER_FULFIL,
    answer=Shipment,
    example=parts.SHIPMENT | {"carrier": "own", "status": "delivered", "delivered_at": parts.SHIPMENT["shipped_at"]},
    path_values=SHIPMENT,
    refusals=(ParcelUnknownError, CarrierTellsError),
)
def say_parcel_arrived(shipment_id: uuid.UUID) -> Shipment:
    actor, now = api_actor(), clock.now()
    _parcel(shipment_id)
    atomically(lambda s: say_arrived(s, shipment_id=shipment_id, actor=actor, now=now))
    return _parcel(shipment_id)


@operation(
    "GET",
    "/store/orders/<string:part_id>/labels",
    tag=TAG,
    summary="List the labels of an order",
    permission=Permission.STORE_ORDER_VIEW,
    answer=Labels,
    example=examples.LABELS,
    path_values=PART,
    refusals=(PartUnknownError,),
)
def list_part_labels(part_id: str) -> Labels:
    wanted = part_of(part_id)
    with reading() as session:
        shown_part(session, wanted)
        return Labels(items=[_label(one) for one in labels_of_part(session, part_id=wanted)])


@operation(
    "POST",
    "/store/orders/<string:part_id>/labels",
    tag=TAG,
    summary="Buy a label",
    description="It is bought after the answer: ask for the labels until it is `bought`." + MATCHES,
    permission=Permission.STORE_ORDER_FULFIL,
    body=LabelIn,
    body_example=examples.WISH,
    answer=Label,
    status=201,
    answer_text="The label is wanted.",
    example=examples.LABEL | {"status": "wanted", "tracking_number": None, "can_print": False},
    path_values=PART,
    refusals=(
        *MAY_NOT_GO_ON,
        *CARRYING,
        CarrierWithoutLabelsError,
        shipping.NothingToShipError,
        shipping.ParcelUnitsError(sku="BOWL", left=1),
        shipping.ParcelEmptyError,
        shipping.ParcelLineUnknownError(sku="BOWL"),
        LabelUnknownToStoreError,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
    ),
    changed=(PartChangedError,),
    is_idempotent=True,
)
def buy_part_label(part_id: str, body: LabelIn, key: str, seen: int | None) -> Reply:
    wanted, actor, now = part_of(part_id), api_actor(), clock.now()
    label_id = uuid.uuid5(wanted, own_key(key))

    def work(session: Session) -> None:
        claim(session, key, scope="label", about=[str(wanted)], body=body)
        want_label(
            session,
            label_id=label_id,
            part_id=wanted,
            carrier=body.carrier,
            units=pieces_of(body.lines),
            actor=actor,
            now=now,
            version=seen,
        )

    atomically(work)
    enqueue_labels()
    return Reply(_own_label(label_id), 201)


@operation(
    "POST",
    "/store/labels/<uuid:label_id>/void",
    tag=TAG,
    summary="Give a label back",
    description="Before its parcel is handed over, also while its order is held. Saying it again changes nothing.",
    permission=Permission.STORE_ORDER_FULFIL,
    answer=Label,
    example=examples.VOIDED,
    path_values=LABEL,
    refusals=(LabelUnknownToStoreError, LabelStateError),
)
def void_own_label(label_id: uuid.UUID) -> Label:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: void_label(s, label_id=label_id, actor=actor, now=now))
    enqueue_labels()
    return _own_label(label_id)


@operation(
    "GET",
    "/store/labels/<uuid:label_id>/file",
    tag=TAG,
    summary="Take a label",
    description="Once it is bought; none of what is held, given back or for an old address.",
    permission=Permission.STORE_ORDER_VIEW,
    answer=None,
    answer_text="The label.",
    files=("application/pdf",),
    example="%PDF-1.4 …",
    path_values=LABEL,
    refusals=(NotFoundError,),
)
def take_own_label(label_id: uuid.UUID) -> FileReply:
    with reading() as session:
        label = load_label(session, label_id=label_id, store_ids=sorted(api_actor().store_ids))
    if label is None or not label.can_print:
        raise NotFoundError
    return pdf_reply(labels_pdf([label], f"label-{label.tracking_number}.pdf"))


def _parcel(shipment_id: uuid.UUID) -> Shipment:
    with reading() as session:
        found = load_shipment(session, shipment_id=shipment_id, store_ids=sorted(api_actor().store_ids))
    if found is None:
        raise ParcelUnknownError
    return shown_shipment(found)


def _own_label(label_id: uuid.UUID) -> Label:
    with reading() as session:
        label = load_label(session, label_id=label_id, store_ids=sorted(api_actor().store_ids))
    if label is None:
        raise LabelUnknownToStoreError
    return _label(label)


def _label(label: LabelView) -> Label:
    return Label(
        id=label.id,
        part_id=label.part_id,
        carrier=label.carrier,
        status=label.status,
        problem=label.problem,
        tracking_number=label.tracking_number,
        made_at=label.made_at,
        is_stale=label.is_stale,
        can_print=label.can_print,
        can_void=label.can_void,
        lines=[LabelPieces(sku=one.sku, quantity=one.pieces) for one in label.lines],
    )
