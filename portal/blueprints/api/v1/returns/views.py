"""Returns through the services of the pages: buyers ask and follow, stores answer, receive and inspect (ORD-005)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from portal.blueprints.api.files import BODY_BYTES_MAX, UNFIT, read_attachments
from portal.blueprints.api.keys import api_actor, own_key
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.own_store import own_store
from portal.blueprints.api.v1.orders.views import NUMBER
from portal.blueprints.api.v1.refunds.schemas import LineUnits
from portal.blueprints.api.v1.returns import examples
from portal.blueprints.api.v1.returns.schemas import (
    Return,
    ReturnApproval,
    ReturnIn,
    ReturnInspection,
    ReturnPage,
    ReturnReceipt,
    ReturnRefusal,
    StoreReturnQuery,
)
from portal.blueprints.api.v1.returns.shown import as_item, as_return
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.file_kinds import PICTURES
from portal.kit.paging import CursorInvalidError
from portal.queries.orders import load_order
from portal.queries.return_lists import ReturnQueue, list_returns
from portal.queries.returns import find_return, load_return
from portal.rules.permissions import Permission
from portal.rules.refund_policy import Party
from portal.rules.returns import Condition, ReturnKind, Verdict, Wish
from portal.rules.states import MoveRefusedError
from portal.services.accounts.throttle import TooOftenError
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.refunds import plan_refund as planning
from portal.services.refunds.decide_refund import RefusalReasonError
from portal.services.returns import request_return as requesting
from portal.services.returns.decide_return import ReturnAddressError, approve_return, refuse_return
from portal.services.returns.exchange_goods import ExchangeOptionError
from portal.services.returns.inspect_return import InspectionNoteError, VerdictMissingError, inspect_return
from portal.services.returns.receive_return import NothingReceivedError, receive_return
from portal.services.returns.take_return import ReturnChangedError, ReturnUnknownError
from portal.services.stock.reserve_stock import OutOfStockError

TAG = "Returns"
CODE = {"code": PathValue("The number of the return.", {"type": "string"}, examples.CODE)}
RETURN = {"return_id": PathValue("The id of the return.", {"type": "string", "format": "uuid"}, examples.RETURN_ID)}
DECIDED = (
    ReturnUnknownError,
    ReturnChangedError("user:1", clock.now(), "approved"),
    MoveRefusedError(old="settled", new="approved"),
)


@operation(
    "POST",
    "/orders/<string:number>/returns",
    tag=TAG,
    summary="Ask to send something back",
    description=(
        "Goods that were sent, of one store at a time: for the money, for other goods instead, or as a "
        "claim for a parcel that was lost or damaged. Nothing is paid back before the store has looked at what came. A "
        "refund quote of the same lines for the same reason says what would be, and which fee the store keeps."
    ),
    permission=Permission.REFUND_HANDLE,
    body=ReturnIn,
    body_bytes_max=BODY_BYTES_MAX,
    body_example=examples.REQUEST,
    answer=Return,
    status=201,
    answer_text="The request waits for the store.",
    example=examples.RETURN,
    path_values={"number": NUMBER},
    refusals=(
        planning.RefundOrderUnknownError,
        planning.RefundReasonError,
        planning.RefundWaitingError,
        requesting.NotSentYetError,
        requesting.OnePartError,
        requesting.ReturnUnitsError(left=1),
        ExchangeOptionError,
        requesting.ParcelOfClaimError,
        requesting.PicturesMissingError,
        *UNFIT,
        TooOftenError(timedelta(minutes=30)),
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
    ),
    is_idempotent=True,
    headers={"Idempotent-Replayed": "`true` if this is the answer to an earlier request with the same key."},
)
def ask_return(number: str, body: ReturnIn, key: str) -> Reply:
    actor, now = api_actor(), clock.now()
    assert actor.user_id is not None  # A key is a person's.
    with reading() as session:
        order = load_order(session, buyer_id=actor.user_id, number=number)
    if order is None:
        raise planning.RefundOrderUnknownError
    asked = requesting.ReturnRequest(
        key=own_key(key),
        kind=ReturnKind(body.kind),
        units=units_of(body.lines),
        reason=body.reason,
        note=body.note,
        wish=Wish(body.wish),
        variants={one.line_id: one.variant_id for one in body.lines if one.variant_id is not None},
        shipment_id=body.shipment_id,
    )
    # Made safe before anything is locked.
    pictures = read_attachments(body.pictures, taken=PICTURES)
    made = atomically(
        lambda s: requesting.request_return(
            s, actor=actor, party=Party.BUYER, order_id=order.id, request=asked, pictures=pictures, now=now
        )
    )
    headers = {"Idempotent-Replayed": "true"} if made.is_repeat else {}
    return Reply(shown(made.return_id), 201, headers)


@operation(
    "GET",
    "/returns/<string:code>",
    tag=TAG,
    summary="Follow a return",
    description="One's own return with every unit and where it stands.",
    permission=Permission.REFUND_HANDLE,
    answer=Return,
    example=examples.RETURN,
    path_values=CODE,
    refusals=(ReturnUnknownError,),
)
def show_return(code: str) -> Return:
    user_id = api_actor().user_id
    assert user_id is not None  # A key is a person's.
    with reading() as session:
        case = find_return(session, number=code, buyer_id=user_id)
    if case is None:
        raise ReturnUnknownError
    return as_return(case)


@operation(
    "GET",
    "/store/returns",
    tag=TAG,
    summary="List a store's returns",
    description="In the queues of the store's desk, the newest first.",
    permission=Permission.STORE_ORDER_FULFIL,
    query=StoreReturnQuery,
    answer=ReturnPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError, ReturnUnknownError),
)
def list_store_returns(query: StoreReturnQuery) -> ReturnPage:
    with reading() as session:
        store_id = own_store(session, query.store, ReturnUnknownError)
        page = list_returns(
            session,
            queue=ReturnQueue(query.queue),
            now=clock.now(),
            store_id=store_id,
            cursor=query.cursor,
            rows_max=query.limit,
        )
    return ReturnPage.of(page, [as_item(row) for row in page.rows])


@operation(
    "GET",
    "/store/returns/<string:return_id>",
    tag=TAG,
    summary="Show a store's return",
    description="With the id of every unit, which an inspection names.",
    permission=Permission.STORE_ORDER_FULFIL,
    answer=Return,
    example=examples.RETURN,
    path_values=RETURN,
    refusals=(ReturnUnknownError,),
)
def show_store_return(return_id: str) -> Return:
    return shown(as_id(return_id))


@operation(
    "POST",
    "/store/returns/<string:return_id>/approval",
    tag=TAG,
    summary="Agree to a return",
    description="The buyer gets a label; what he wants in exchange is kept for him. Agreeing twice changes nothing.",
    permission=Permission.REFUND_HANDLE,
    body=ReturnApproval,
    body_example=examples.APPROVAL,
    answer=Return,
    example=examples.RETURN,
    path_values=RETURN,
    refusals=(*DECIDED, ReturnAddressError, OutOfStockError(sku="BOWL", available=0)),
)
def approve_store_return(return_id: str, body: ReturnApproval) -> Return:
    wanted, actor, now = as_id(return_id), api_actor(), clock.now()
    atomically(
        lambda s: approve_return(
            s, return_id=wanted, actor=actor, now=now, return_to=body.return_to, version=body.version
        )
    )
    return shown(wanted)


@operation(
    "POST",
    "/store/returns/<string:return_id>/refusal",
    tag=TAG,
    summary="Refuse a return or a claim",
    description="With the reason that the buyer reads.",
    permission=Permission.REFUND_HANDLE,
    body=ReturnRefusal,
    body_example=examples.REFUSAL,
    answer=Return,
    example=examples.RETURN | {"status": "refused", "answer": "It was worn."},
    path_values=RETURN,
    refusals=(*DECIDED, RefusalReasonError),
)
def refuse_store_return(return_id: str, body: ReturnRefusal) -> Return:
    wanted, actor, now = as_id(return_id), api_actor(), clock.now()
    atomically(
        lambda s: refuse_return(s, return_id=wanted, actor=actor, answer=body.answer, now=now, version=body.version)
    )
    return shown(wanted)


@operation(
    "POST",
    "/store/returns/<string:return_id>/receipt",
    tag=TAG,
    summary="Say what has come back",
    description="Receiving is not accepting: what came is inspected next, what did not come stays the buyer's.",
    permission=Permission.REFUND_HANDLE,
    body=ReturnReceipt,
    body_example=examples.RECEIPT,
    answer=Return,
    example=examples.RETURN,
    path_values=RETURN,
    refusals=(*DECIDED, NothingReceivedError),
)
def receive_store_return(return_id: str, body: ReturnReceipt) -> Return:
    wanted, actor, now = as_id(return_id), api_actor(), clock.now()
    units = None if body.lines is None else units_of(body.lines)
    atomically(lambda s: receive_return(s, return_id=wanted, units=units, actor=actor, now=now, version=body.version))
    return shown(wanted)


@operation(
    "POST",
    "/store/returns/<string:return_id>/inspection",
    tag=TAG,
    summary="Decide about what came back",
    description=(
        "A verdict for every unit that came. Accepted ones are paid back at once, or exchanged, and stand on the shelf "
        "again where that is said; the others go back to the buyer. Deciding twice changes nothing."
    ),
    permission=Permission.REFUND_HANDLE,
    body=ReturnInspection,
    body_example=examples.INSPECTION,
    answer=Return,
    example=examples.SETTLED,
    path_values=RETURN,
    refusals=(*DECIDED, VerdictMissingError, InspectionNoteError),
)
def inspect_store_return(return_id: str, body: ReturnInspection) -> Return:
    wanted, actor, now = as_id(return_id), api_actor(), clock.now()
    verdicts = {
        one.unit_id: Verdict(one.accepted, Condition(one.condition) if one.condition else None, one.restock)
        for one in body.units
    }
    atomically(
        lambda s: inspect_return(
            s, return_id=wanted, verdicts=verdicts, note=body.note, actor=actor, now=now, version=body.version
        )
    )
    return shown(wanted)


def units_of(lines: Sequence[LineUnits]) -> dict[uuid.UUID, int]:
    """Units by line; a line that is named twice counts for both."""
    units: dict[uuid.UUID, int] = {}
    for one in lines:
        units[one.line_id] = units.get(one.line_id, 0) + one.units
    return units


def as_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ReturnUnknownError from None


def shown(return_id: uuid.UUID) -> Return:
    """A case of the key's person or of his stores."""
    actor = api_actor()
    with reading() as session:
        case = load_return(session, return_id=return_id)
    if case is None or not (case.buyer_id == actor.user_id or case.store_id in actor.store_ids or actor.is_admin):
        raise ReturnUnknownError
    return as_return(case)
