"""What leaves the store at the end of a case: the other option, the same once more, or what was not taken (ORD-005)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Shipment
from portal.rules.carriers import find_carrier, read_number
from portal.rules.permissions import Actor
from portal.rules.refund_policy import Party
from portal.rules.returns import ReturnKind, Wish
from portal.rules.states import Machine, MoveRefusedError
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.fulfilment.follow_part import follow_part
from portal.services.fulfilment.ship_part import ASK_AFTER
from portal.services.history import Move, record_moves
from portal.services.orders.part_holds import refuse_on_hold
from portal.services.outbox import Event, emit
from portal.services.refunds.decide_refund import RefusalReasonError
from portal.services.returns.inspect_return import restock_units, settle_if_done
from portal.services.returns.refund_units import refund_units
from portal.services.returns.take_return import move_return, move_units, take_return
from portal.services.stock.move_return_units import move_return_units

NOTE_LENGTH_MAX = 1000

_SAME = text(
    "UPDATE return_unit u SET variant_id = l.variant_id FROM order_line l WHERE l.id = u.line_id AND u.return_id = :id"
)


class NothingToSendError(PortalError):
    code = "return_nothing_to_send"
    status = 409
    sentence = N_("Nothing of this request is left to be sent.")


class ExchangeUnpaidError(PortalError):
    code = "exchange_unpaid"
    status = 409
    sentence = N_("What goes out costs more, and the buyer has not paid the difference yet.")


def send_replacement(
    session: Session,
    *,
    return_id: uuid.UUID,
    carrier: str,
    number: str,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> bool:
    """Send what goes out for units that were taken: a parcel of the same part. False for a repeat.

    An open hold stops it, and a difference that is not paid. Raises CarrierUnknownError, TrackingNumberError,
    PartOnHoldError, ExchangeUnpaidError, NothingToSendError, ReturnUnknownError, ReturnChangedError.
    """
    found = find_carrier(carrier)
    tracking = read_number(found, number)
    taken = take_return(session, return_id=return_id, actor=actor, party=Party.SELLER, handles_goods=True)
    case = taken.case
    units = taken.in_state("accepted")
    if case.replacement_id is not None:
        return False
    taken = take_return(
        session, return_id=return_id, actor=actor, party=Party.SELLER, version=version, handles_goods=True
    )
    refuse_on_hold(session, part_id=case.part_id)
    if case.status != "inspected" or case.wish == Wish.REFUND or not units:
        raise NothingToSendError
    if case.pay_by is not None and case.more_entry_id is None:
        raise ExchangeUnpaidError
    shipment_id = new_id()
    row = {
        "id": shipment_id,
        "order_id": case.order_id,
        "part_id": case.part_id,
        "store_id": case.store_id,
        "carrier": found.code,
        "tracking_number": tracking,
        "status": "sent",
        "source": "page",
        "shipped_by": label(actor),
        "shipped_at": now,
        "ask_at": now + ASK_AFTER if found.is_tracked else None,
    }
    insert_rows(session, Shipment, [row])
    record_moves(session, Move(Machine.SHIPMENT, shipment_id, None, "sent", case.order_id), actor=actor, now=now)
    case.replacement_id = shipment_id
    case.version += 1
    session.flush()
    restock_units(session, units, now=now)
    after = {"part": str(case.part_id), "carrier": found.code, "number": tracking, "units": len(units)}
    fact = Fact(AuditAction.SHIPMENT_SENT, f"shipment:{shipment_id}", after={**after, "return": str(case.id)})
    record(session, fact, actor=actor, now=now)
    emit(
        session,
        Event(
            "shipment.sent",
            f"order:{case.order_id}",
            {
                "shipment": str(shipment_id),
                "part": str(case.part_id),
                "store": case.store_id,
                "number": taken.order.number,
            },
            channel_id=taken.order.channel_id,
            profile_id=case.buyer_id,
        ),
        now=now,
    )
    settle_if_done(session, taken, actor=actor, now=now)
    follow_part(session, part_id=case.part_id, actor=actor, now=now)
    return True


def send_rejected(
    session: Session,
    *,
    return_id: uuid.UUID,
    carrier: str,
    number: str,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> bool:
    """Send back to the buyer what was not taken. False for a repeat. Raises as send_replacement."""
    found = find_carrier(carrier)
    tracking = read_number(found, number)
    taken = take_return(session, return_id=return_id, actor=actor, party=Party.SELLER, handles_goods=True)
    if taken.in_state("sent_back"):
        return False
    taken = take_return(
        session, return_id=return_id, actor=actor, party=Party.SELLER, version=version, handles_goods=True
    )
    case = taken.case
    rejected = taken.in_state("rejected")
    if not rejected:
        raise NothingToSendError
    case.back_carrier, case.back_number = found.code, tracking
    case.version += 1
    move_units(session, rejected, "sent_back", actor=actor, now=now)
    after = {"sent_back": len(rejected), "carrier": found.code, "number": tracking}
    record(session, Fact(AuditAction.RETURN_MOVED, f"return:{case.id}", after=after), actor=actor, now=now)
    settle_if_done(session, taken, actor=actor, now=now)
    return True


def settle_claim(
    session: Session,
    *,
    return_id: uuid.UUID,
    outcome: Literal["refund", "resend"],
    carrier_liable: bool,
    note: str,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> bool:
    """Take a claim: the money goes back, or the same goods are taken off the shelf to be sent once more.

    `carrier_liable` notes who pays for it in the end. False for a repeat. Raises ReturnUnknownError,
    ReturnChangedError, MoveRefusedError, OutOfStockError, RejectedError; refuse_return says no.
    """
    taken = take_return(
        session, return_id=return_id, actor=actor, party=Party.SELLER, version=version, done=("inspected", "settled")
    )
    if taken.is_repeat:
        return False
    case = taken.case
    if case.kind != ReturnKind.CLAIM or case.status != "requested":
        raise MoveRefusedError(machine=str(Machine.RETURN), old=case.status, new="settled")
    if carrier_liable and not note.strip():
        raise RefusalReasonError
    units = taken.in_state("requested")
    case.wish = Wish(outcome).value
    case.carrier_liable, case.inspection_note = carrier_liable, note.strip()[:NOTE_LENGTH_MAX] or None
    case.decided_by, case.decided_at, case.inspected_at = label(actor), now, now
    if case.wish == Wish.REFUND:
        case.refund_id = refund_units(session, taken=taken, units=units, actor=actor, now=now)
    else:
        _want_the_same(session, case.id)
        move_return_units(session, unit_ids=[one.id for one in units], reason="exchanged", now=now)
    move_units(session, units, "accepted", actor=actor, now=now)
    facts = {"outcome": case.wish, "carrier_liable": carrier_liable}
    action = AuditAction.RETURN_DECIDED
    move_return(session, taken, "inspected", actor=actor, now=now, action=action, note=facts)
    settle_if_done(session, taken, actor=actor, now=now)
    return True


def _want_the_same(session: Session, return_id: uuid.UUID) -> None:
    """What goes out once more is what was bought."""
    session.execute(_SAME, {"id": return_id})
