"""Ask to send something back, to exchange it, or claim that a parcel was lost or damaged (ORD-005, REF-01)."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.documents.attachments import Attachment
from portal.kit.errors import PortalError, RejectedError
from portal.kit.ids import new_id, new_number
from portal.kit.text import N_
from portal.models import GoodsReturn, ReturnPicture, ReturnUnit, Shipment
from portal.queries.refund_facts import Refundable, load_refundable, units_to_return
from portal.rules.permissions import Actor, Permission, may
from portal.rules.refund_order import LineFacts
from portal.rules.refund_policy import REASONS, Party, RefundPolicy, refusal_of
from portal.rules.returns import (
    CLAIM_REASONS,
    SENT,
    UNITS_MAX,
    ReturnKind,
    Wish,
    answer_due,
    needs_pictures,
    return_reasons,
    way_back,
)
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.history import Move, record_moves
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.refunds.locks import lock_order
from portal.services.refunds.plan_refund import (
    REFUNDABLE,
    NothingChosenError,
    RefundOrderUnknownError,
    RefundReasonError,
    RefundWaitingError,
    refuse_unsettled,
)
from portal.services.returns.exchange_goods import choose_options
from portal.services.returns.take_return import tell

KEY_LENGTH_MAX = 200
NOTE_LENGTH_MAX = 1000


class ReturnUnitsError(PortalError):
    """More units than were sent and are kept, those in other returns not counted."""

    code = "return_units_out_of_range"
    sentence = N_("At most %(left)s of this item can still be sent back.")


class NotSentYetError(PortalError):
    code = "return_not_sent_yet"
    status = 409
    sentence = N_("This has not been sent yet: cancel it instead, and everything goes back at once.")


class OnePartError(PortalError):
    code = "return_one_store"
    sentence = N_("Send back the goods of one store at a time: each store has an address of its own.")


class PicturesMissingError(PortalError):
    code = "return_pictures_missing"
    sentence = N_("Send a picture that shows what is wrong: for this reason the store needs one.")


class ParcelOfClaimError(PortalError):
    code = "claim_parcel"
    sentence = N_("Choose the parcel that was lost or damaged.")


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """What somebody asks for: units by line, all of one part; `variants` by line what is wanted instead.

    For a claim, `shipment_id` is the parcel and `wish` refund or resend. `key` is that of the submission.
    """

    key: str
    kind: ReturnKind
    units: Mapping[uuid.UUID, int]
    reason: str
    note: str = ""
    otherwise: str = "deposit"
    wish: Wish = Wish.REFUND
    variants: Mapping[uuid.UUID, int] = field(default_factory=dict)
    shipment_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The case; `is_repeat` says that the submission had come before."""

    return_id: uuid.UUID
    number: str
    is_repeat: bool = False


_OWN_VARIANT = text("SELECT id, variant_id FROM order_line WHERE id = ANY(:lines)")
_IN_PARCEL = text("SELECT line_id, quantity FROM shipment_line WHERE shipment_id = :id")


def request_return(
    session: Session,
    *,
    actor: Actor,
    party: Party,
    order_id: uuid.UUID,
    request: ReturnRequest,
    pictures: Sequence[Attachment] = (),
    now: datetime,
) -> Asked:
    """Write a case behind the order's lock; one submission is one case, however often it is sent.

    A buyer asks for his own order; a store or an administrator may claim for a parcel, an administrator anything.
    Raises RefundOrderUnknownError, NothingChosenError, OnePartError, NotSentYetError, RefundWaitingError,
    RefundReasonError, ReturnUnitsError, PicturesMissingError, ExchangeOptionError, ParcelOfClaimError, RejectedError
    with the rule's reason.
    """
    if not request.key or len(request.key) > KEY_LENGTH_MAX:
        raise IdempotencyKeyMissingError
    order = lock_order(session, order_id)
    known = load_refundable(session, order_id=order_id, now=now) if order is not None else None
    chosen = {line_id: count for line_id, count in request.units.items() if count}
    if order is None or known is None or not _may(actor, party, request.kind, known, chosen):
        raise RefundOrderUnknownError
    idem_key = f"return:{label(actor)}:{request.key}"
    before = session.execute(
        select(GoodsReturn.id, GoodsReturn.number, GoodsReturn.order_id).where(GoodsReturn.idem_key == idem_key)
    ).one_or_none()
    if before is not None:
        if before.order_id != order_id:
            raise IdempotencyKeyReusedError
        return Asked(before.id, before.number, is_repeat=True)
    refuse_unsettled(known.head)
    lines = _lines(known, chosen)
    part = known.parts[lines[0].part_id]
    policies = [known.policies[line.id] for line in lines]
    _check_part(known, part.id)
    _check_reason(request, party, policies)
    if request.kind is not ReturnKind.CLAIM or party is Party.BUYER:
        _check_window(known, lines, request, party, now)
    for line in lines:
        left = units_to_return(known, line)
        if not 0 < chosen[line.id] <= left:
            raise ReturnUnitsError(left=left)
    if sum(chosen.values()) > UNITS_MAX:
        raise ReturnUnitsError(left=UNITS_MAX)
    if request.kind is ReturnKind.CLAIM:
        _check_parcel(session, request, part.id, chosen)
    if party is Party.BUYER and not pictures and needs_pictures(policies, request.reason):
        raise PicturesMissingError
    instead = _instead(session, request, known, chosen)
    case = GoodsReturn(
        id=new_id(),
        number=new_number("R"),
        order_id=order_id,
        part_id=part.id,
        store_id=part.store_id,
        buyer_id=known.head.buyer_id,
        kind=request.kind.value,
        wish=_wish(request),
        reason=request.reason,
        note=request.note.strip()[:NOTE_LENGTH_MAX] or None,
        way_back="nobody" if request.kind is ReturnKind.CLAIM else way_back(policies, request.reason),
        otherwise=request.otherwise,
        status="requested",
        idem_key=idem_key,
        shipment_id=request.shipment_id if request.kind is ReturnKind.CLAIM else None,
        requested_by=label(actor),
        requested_at=now,
        answer_by=answer_due(now),
        version=1,
    )
    session.add(case)
    session.flush()
    _write_units(session, case, chosen, instead, pictures, actor, now)
    move = Move(Machine.RETURN, case.id, None, "requested", order_id, request.reason)
    record_moves(session, move, actor=actor, now=now)
    after = {"order": str(order_id), "kind": case.kind, "wish": case.wish, "units": sum(chosen.values())}
    fact = Fact(AuditAction.RETURN_REQUESTED, f"return:{case.id}", after=after, reason=request.reason)
    record(session, fact, actor=actor, now=now)
    tell(session, case, order, now=now)
    return Asked(case.id, case.number)


def _may(actor: Actor, party: Party, kind: ReturnKind, known: Refundable, chosen: Mapping[uuid.UUID, int]) -> bool:
    if party is Party.BUYER:
        owner = known.head.buyer_id
        return actor.user_id == owner and may(actor, Permission.REFUND_HANDLE, owner_id=owner)
    stores = {known.parts[line.part_id].store_id for line in known.facts.lines if line.id in chosen}
    stores = stores or {part.store_id for part in known.parts.values() if part.store_id in actor.store_ids}
    allowed = bool(stores) and all(may(actor, Permission.REFUND_HANDLE, store_id=one) for one in stores)
    return allowed and (party is Party.ADMIN or kind is ReturnKind.CLAIM)


def _lines(known: Refundable, chosen: Mapping[uuid.UUID, int]) -> list[LineFacts]:
    if not chosen:
        raise NothingChosenError
    lines = [line for line in known.facts.lines if line.id in chosen]
    if len(lines) != len(chosen):
        raise RefundOrderUnknownError
    if len({line.part_id for line in lines}) > 1:
        raise OnePartError
    return lines


def _check_part(known: Refundable, part_id: uuid.UUID) -> None:
    part = known.parts[part_id]
    if known.head.status not in REFUNDABLE or part.status not in SENT:
        raise NotSentYetError
    if part.waits:
        raise RefundWaitingError


def _check_reason(request: ReturnRequest, party: Party, policies: Sequence[RefundPolicy]) -> None:
    if request.kind is ReturnKind.CLAIM:
        allowed: Sequence[str] = CLAIM_REASONS
    elif party is Party.BUYER:
        allowed = return_reasons(policies)
    else:
        allowed = [code for code, (parties, _) in REASONS.items() if party in parties]
    if request.reason not in allowed:
        raise RefundReasonError


def _check_window(
    known: Refundable, lines: Sequence[LineFacts], request: ReturnRequest, party: Party, now: datetime
) -> None:
    for line in lines:
        part = known.parts[line.part_id]
        refusal = refusal_of(
            known.policies[line.id],
            part_status=part.status,
            shipped_at=part.shipped_at,
            delivered_at=part.delivered_at,
            sellers_fault=REASONS[request.reason][1],
            party=party,
            now=now,
        )
        if refusal is not None:
            raise RejectedError(refusal)


def _check_parcel(
    session: Session, request: ReturnRequest, part_id: uuid.UUID, chosen: Mapping[uuid.UUID, int]
) -> None:
    """The parcel is one of this part, and these units were in it."""
    parcel = session.execute(
        select(Shipment.id).where(Shipment.id == request.shipment_id, Shipment.part_id == part_id)
    ).one_or_none()
    if parcel is None:
        raise ParcelOfClaimError
    inside = {row.line_id: row.quantity for row in session.execute(_IN_PARCEL, {"id": parcel.id})}
    for line_id, count in chosen.items():
        if count > inside.get(line_id, 0):
            raise ReturnUnitsError(left=inside.get(line_id, 0))


def _wish(request: ReturnRequest) -> str:
    if request.kind is ReturnKind.EXCHANGE:
        return Wish.EXCHANGE.value
    wish = request.wish if request.kind is ReturnKind.CLAIM else Wish.REFUND
    return (wish if wish is not Wish.EXCHANGE else Wish.RESEND).value


def _instead(
    session: Session, request: ReturnRequest, known: Refundable, chosen: Mapping[uuid.UUID, int]
) -> dict[uuid.UUID, dict[str, Any]]:
    """What goes out instead, by line: another option with what both cost, or the same once more."""
    if request.kind is ReturnKind.EXCHANGE:
        options = choose_options(session, known, units=chosen, variants=request.variants, otherwise=request.otherwise)
        return {
            line_id: {"variant_id": one.variant_id, "was_minor": one.was_minor, "is_minor": one.is_minor}
            for line_id, one in options.items()
        }
    if _wish(request) == Wish.RESEND:
        same = session.execute(_OWN_VARIANT, {"lines": list(chosen)})
        return {row.id: {"variant_id": row.variant_id} for row in same}
    return {}


def _write_units(
    session: Session,
    case: GoodsReturn,
    chosen: Mapping[uuid.UUID, int],
    instead: Mapping[uuid.UUID, Mapping[str, Any]],
    pictures: Sequence[Attachment],
    actor: Actor,
    now: datetime,
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "return_id": case.id,
            "line_id": line_id,
            "n": n,
            "state": "requested",
            **instead.get(line_id, {}),
        }
        for line_id, count in chosen.items()
        for n in range(1, count + 1)
    ]
    insert_rows(session, ReturnUnit, rows)
    moves = [Move(Machine.RETURN_UNIT, row["id"], None, "requested") for row in rows]
    record_moves(session, *moves, actor=actor, now=now)
    for position, picture in enumerate(pictures):
        content = base64.b64encode(picture.content).decode()
        kept: dict[str, Any] = {"id": new_id(), "return_id": case.id, "position": position}
        session.add(ReturnPicture(**kept, name=picture.name, kind=picture.kind, content=content))
    session.flush()
