"""What happened to an order, in the buyer's words (ORD-12): most moves are ours alone and are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext

from portal.blueprints.context import translated
from portal.gateways.base import DeclineReason
from portal.gateways.declines import ADVICE
from portal.kit.text import N_
from portal.queries.orders import MoveView, OrderPartView

Event = Mapping[str, Any]

# (subject, new state): tone, icon, sentence.
TOLD: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("order", "pending"): ("blue", "receipt", N_("Order placed")),
    ("order", "paid"): ("green", "circle-check", N_("Payment confirmed")),
    ("order", "failed"): ("red", "alert-circle", N_("The payment did not go through")),
    ("order", "cancelled"): ("grey", "circle-x", N_("Order cancelled")),
    ("order", "expired"): ("grey", "clock", N_("The time to pay ran out")),
    ("order", "partially_refunded"): ("blue", "receipt-refund", N_("A part was given back")),
    ("order", "refunded"): ("grey", "receipt-refund", N_("The whole amount was given back")),
    ("refund", "requested"): ("yellow", "message-circle", N_("You asked for a refund")),
    ("refund", "approved"): ("blue", "receipt-refund", N_("The refund was approved")),
    ("refund", "sent"): ("blue", "send", N_("The refund was sent to the payment provider")),
    ("refund", "unknown"): ("purple", "help-circle", N_("The provider did not answer in time; we are asking it")),
    ("refund", "succeeded"): ("green", "circle-check", N_("The refund is complete")),
    ("refund", "failed"): ("yellow", "alert-triangle", N_("A part of the refund failed; it goes another way")),
    ("refund", "refused"): ("red", "circle-x", N_("The refund was refused")),
    ("refund", "cancelled"): ("grey", "circle-x", N_("You withdrew the request")),
    ("payment", "requires_action"): ("yellow", "shield-lock", N_("Your confirmation was asked for")),
    ("payment", "authorised"): ("purple", "shield-check", N_("The amount is held while we look at the order")),
    ("shipment", "sent"): ("blue", "truck-delivery", N_("A parcel is on its way")),
    ("shipment", "delayed"): ("yellow", "alarm", N_("A parcel is late")),
    ("shipment", "damaged"): ("red", "alert-triangle", N_("A parcel was damaged on its way")),
    ("shipment", "lost"): ("red", "alert-circle", N_("A parcel was lost")),
    ("shipment", "delivered"): ("green", "package", N_("A parcel has arrived")),
    ("attempt", "unknown"): ("purple", "help-circle", N_("The bank did not answer in time; we are asking it")),
}
_AS_PART = {"sent": "shipped", "delivered": "delivered"}
TOLD_OF_STORES: Mapping[str, tuple[str, str, str]] = {
    "packed": ("blue", "package", N_("%(store)s has packed it")),
    "shipped": ("blue", "truck-delivery", N_("%(store)s has sent it")),
    "delivered": ("green", "package", N_("The parcel of %(store)s has arrived")),
    "returning": ("yellow", "truck", N_("A parcel is on its way back to %(store)s")),
}


def story_of(moves: Sequence[MoveView], parts: Sequence[OrderPartView]) -> list[Event]:
    """The events of the timeline, the newest first."""
    stores = {str(part.id): translated(dict(part.store_name)) for part in parts}
    told: list[Event] = []
    for index, move in enumerate(moves):
        if _takes_part_along(moves, index) or _goes_out_again(moves, index):
            continue
        found = TOLD.get((move.subject, move.state))
        title = gettext(found[2]) if found else ""
        if move.subject == "part" and move.state in TOLD_OF_STORES:
            found = TOLD_OF_STORES[move.state]
            title = gettext(found[2], store=stores.get(move.subject_id, ""))
        if found is not None:
            told.append(_event(found, title, move.at, _reason(move)))
    return told[::-1]


def _takes_part_along(moves: Sequence[MoveView], index: int) -> bool:
    """Whether the part's own move, recorded just after, says the same by the store's name."""
    wanted = _AS_PART.get(moves[index].state) if moves[index].subject == "shipment" else None
    return any(
        move.subject == "part" and move.state == wanted and move.at == moves[index].at for move in moves[index + 1 :]
    )


def _goes_out_again(moves: Sequence[MoveView], index: int) -> bool:
    """Whether a part that had arrived only passes the state because a parcel follows: nothing comes back."""
    move = moves[index]
    return move.state == "returning" and any(
        later.subject_id == move.subject_id and later.state == "shipped" and later.at == move.at
        for later in moves[index + 1 :]
    )


def _event(look: tuple[str, str, str], title: str, at: datetime, text: str) -> Event:
    return {"tone": look[0], "icon": look[1], "title": title, "at": at, "text": text}


def _reason(move: MoveView) -> str:
    if move.subject == "refund" and move.state == "refused":
        return move.reason or ""
    if move.state == "failed" and move.reason in set(DeclineReason):
        return str(gettext(ADVICE[DeclineReason(move.reason)].sentence))
    return ""
