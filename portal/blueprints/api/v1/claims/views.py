"""Claims of stores for lost and damaged parcels, and what leaves for a return, as on the desk (ORD-005)."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from portal.blueprints.api.keys import api_actor, own_key
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.v1.carrying import CARRYING
from portal.blueprints.api.v1.claims import examples
from portal.blueprints.api.v1.claims.schemas import ClaimIn, ParcelBack, Settlement
from portal.blueprints.api.v1.returns.schemas import Return
from portal.blueprints.api.v1.returns.views import DECIDED, RETURN, TAG, as_id, shown, units_of
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.errors import RejectedError, Rejection
from portal.kit.text import N_
from portal.queries.shipments import load_shipment
from portal.rules.permissions import Permission
from portal.rules.refund_policy import Party
from portal.rules.returns import ReturnKind
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.orders.part_holds import PartOnHoldError
from portal.services.refunds import plan_refund as planning
from portal.services.refunds.decide_refund import RefusalReasonError
from portal.services.returns import request_return as requesting
from portal.services.returns.settle_return import NothingToSendError, send_rejected, send_replacement, settle_claim
from portal.services.returns.take_return import ReturnUnknownError
from portal.services.stock.reserve_stock import OutOfStockError

SHIPMENT = {"shipment_id": PathValue("The parcel's id.", {"type": "string", "format": "uuid"}, str(uuid.UUID(int=7)))}
# Examples of what the rules and the bank may say.
CANCELLED = Rejection("PART_CANCELLED", N_("This is cancelled already."))
DISPUTED = Rejection("PAYMENT_DISPUTED", N_("The bank is asked to take this payment back already. It decides."))
SENDING = (
    *DECIDED,
    NothingToSendError,
    PartOnHoldError(uuid.UUID(int=0), "admin", "other"),
    *CARRYING,
)


@operation(
    "POST",
    "/store/shipments/<uuid:shipment_id>/claim",
    tag=TAG,
    summary="Claim for a parcel",
    description="The store says that a parcel of its own was lost or damaged, before its buyer does. Settle it next.",
    permission=Permission.REFUND_HANDLE,
    body=ClaimIn,
    body_example=examples.CLAIM,
    answer=Return,
    status=201,
    answer_text="The claim.",
    example=examples.FILED,
    path_values=SHIPMENT,
    refusals=(
        ReturnUnknownError,
        planning.RefundOrderUnknownError,
        planning.RefundReasonError,
        planning.RefundWaitingError,
        planning.NothingChosenError,
        requesting.NotSentYetError,
        requesting.OnePartError,
        requesting.ReturnUnitsError(left=1),
        requesting.ParcelOfClaimError,
        RejectedError(CANCELLED),
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
    ),
    is_idempotent=True,
    headers={"Idempotent-Replayed": "`true` if this is the answer to an earlier request with the same key."},
)
def claim_own_parcel(shipment_id: uuid.UUID, body: ClaimIn, key: str) -> Reply:
    actor, now = api_actor(), clock.now()
    with reading() as session:
        parcel = load_shipment(session, shipment_id=shipment_id, store_ids=sorted(actor.store_ids))
    if parcel is None:
        raise ReturnUnknownError
    asked = requesting.ReturnRequest(
        key=own_key(key),
        kind=ReturnKind.CLAIM,
        units=units_of(body.lines),
        reason=body.reason,
        note=body.note,
        shipment_id=shipment_id,
    )
    made = atomically(
        lambda s: requesting.request_return(
            s, actor=actor, party=Party.SELLER, order_id=parcel.order_id, request=asked, now=now
        )
    )
    return Reply(shown(made.return_id), 201, {"Idempotent-Replayed": "true"} if made.is_repeat else {})


@operation(
    "POST",
    "/store/returns/<string:return_id>/settlement",
    tag=TAG,
    summary="Settle a claim",
    description="The money goes back, or the same goods leave once more. Settling twice changes nothing.",
    permission=Permission.REFUND_HANDLE,
    body=Settlement,
    body_example=examples.SETTLEMENT,
    answer=Return,
    example=examples.PAID,
    path_values=RETURN,
    refusals=(
        *DECIDED,
        RefusalReasonError,
        OutOfStockError(sku="MOA-BOWL-SAGE", available=0),
        RejectedError(DISPUTED),
    ),
)
def settle_store_claim(return_id: str, body: Settlement) -> Return:
    wanted, actor, now = as_id(return_id), api_actor(), clock.now()
    atomically(
        lambda s: settle_claim(
            s,
            return_id=wanted,
            outcome=body.outcome,
            carrier_liable=body.carrier_liable,
            note=body.note,
            version=body.version,
            actor=actor,
            now=now,
        )
    )
    return shown(wanted)


@operation(
    "POST",
    "/store/returns/<string:return_id>/replacement",
    tag=TAG,
    summary="Send what goes out instead",
    description="A parcel with what was exchanged, or is sent once more. Telling it twice changes nothing.",
    permission=Permission.REFUND_HANDLE,
    body=ParcelBack,
    body_example=examples.PARCEL,
    answer=Return,
    example=examples.SENT,
    path_values=RETURN,
    refusals=SENDING,
)
def send_store_replacement(return_id: str, body: ParcelBack) -> Return:
    _send(send_replacement, as_id(return_id), body)
    return shown(as_id(return_id))


@operation(
    "POST",
    "/store/returns/<string:return_id>/way-back",
    tag=TAG,
    summary="Send back what was not taken",
    description="A parcel to the buyer with the units that were refused. Telling it twice changes nothing.",
    permission=Permission.REFUND_HANDLE,
    body=ParcelBack,
    body_example=examples.PARCEL,
    answer=Return,
    example=examples.SENT,
    path_values=RETURN,
    refusals=SENDING,
)
def send_store_rejected(return_id: str, body: ParcelBack) -> Return:
    _send(send_rejected, as_id(return_id), body)
    return shown(as_id(return_id))


def _send(work: Callable[..., bool], return_id: uuid.UUID, body: ParcelBack) -> None:
    actor, now = api_actor(), clock.now()
    atomically(
        lambda s: work(
            s,
            return_id=return_id,
            carrier=body.carrier,
            number=body.tracking_number,
            version=body.version,
            actor=actor,
            now=now,
        )
    )
