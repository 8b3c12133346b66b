"""Tickets: what a buyer writes about, who answers, how each message moves them, and until when (ORD-08)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.deadlines import answer_by

MESSAGE_LENGTH_MAX: Final = 5_000
# A ticket that the buyer leaves alone is taken for solved, and what is solved is closed, each after so long.
SILENT_AFTER: Final = timedelta(days=14)
# In these somebody waits for our answer, and its time runs.
WAITING: Final = frozenset({"open", "waiting_store", "reopened"})
UNSOLVED: Final = WAITING | {"waiting_buyer"}


class TicketKind(StrEnum):
    """What it is about: the subject."""

    DELAY = "delay"
    DAMAGE = "damage"
    WRONG = "wrong"
    QUESTION = "question"
    PAYMENT = "payment"
    ACCOUNT = "account"
    OTHER = "other"


# Of these the mall knows, whatever they are tied to.
FOR_THE_MALL: Final = frozenset({TicketKind.PAYMENT, TicketKind.ACCOUNT})


class Side(StrEnum):
    """Who speaks."""

    BUYER = "buyer"
    STORE = "store"
    MALL = "mall"


class AboutKind(StrEnum):
    """What a ticket can be tied to. queries/ticket_things.py says of each whose it is."""

    ORDER = "order"
    PART = "part"
    PARCEL = "parcel"
    RETURN = "return"


class AboutUnknownError(PortalError):
    """There is no such thing, or it is somebody else's: one answer for both."""

    code = "about_unknown"
    status = 404
    sentence = N_("That order or parcel does not exist.")


class TicketKindError(PortalError):
    code = "ticket_kind"
    sentence = N_("Say what it is about.")
    field = "kind"


class MessageEmptyError(PortalError):
    code = "message_empty"
    sentence = N_("Write what you want to say.")
    field = "text"


class MessageTooLongError(PortalError):
    code = "message_too_long"
    sentence = N_("A message has at most %(length)s characters. Shorten it, or write two.")
    field = "text"


class TicketClosedError(PortalError):
    code = "ticket_closed"
    status = 409
    sentence = N_("This ticket is closed. Open a new one; it can name this one's number.")


@dataclass(frozen=True, slots=True)
class About:
    """What a ticket is tied to, written `kind:ID`."""

    kind: AboutKind
    id: uuid.UUID

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


def read_about(text: str) -> About | None:
    """What `kind:ID` names; None for nothing. Raises AboutUnknownError for what names nothing."""
    if not text:
        return None
    kind, _, name = text.partition(":")
    try:
        return About(AboutKind(kind), uuid.UUID(name))
    except ValueError:
        raise AboutUnknownError from None


def read_kind(text: str) -> TicketKind:
    """Raises TicketKindError."""
    try:
        return TicketKind(text)
    except ValueError:
        raise TicketKindError from None


def read_message(text: str) -> str:
    """A message as it is kept. Raises MessageEmptyError, MessageTooLongError."""
    kept = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not kept:
        raise MessageEmptyError
    if len(kept) > MESSAGE_LENGTH_MAX:
        raise MessageTooLongError(length=MESSAGE_LENGTH_MAX)
    return kept


def state_after(state: str, side: Side, *, solves: bool = False) -> str:
    """The state after a message that both sides read. Raises TicketClosedError."""
    if state == "closed":
        raise TicketClosedError
    if side is Side.BUYER:
        return {"waiting_buyer": "waiting_store", "solved": "reopened"}.get(state, state)
    if solves:
        return "solved"
    return state if state == "solved" else "waiting_buyer"


def due_after(state: str, due_at: datetime | None, *, now: datetime) -> datetime | None:
    """Until when an answer is due in `state`; whoever writes again while he waits does not wait longer for it."""
    if state not in WAITING:
        return None
    return due_at or answer_by(now)
