"""Tickets as programs read and write them (ORD-08)."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.files import FileIn
from portal.blueprints.api.schemas import PRINTABLE, In, Instant, Out, PageOf, Paging
from portal.kit.file_kinds import FILES_MAX

TicketState = Literal["open", "waiting_buyer", "waiting_store", "solved", "reopened", "closed"]
Kind = Literal["delay", "damage", "wrong", "question", "payment", "account", "other"]
# Lines are kept; what no person can read is not taken.
Words = Annotated[str, StringConstraints(min_length=1, max_length=5_000, pattern=r"^[^\x00]*\S[^\x00]*$")]


Files = Annotated[list[FileIn], Field(max_length=FILES_MAX, description="Pictures and PDFs.")]


class TicketQuery(Paging):
    """Which tickets; the latest moved come first, on a store's side what is due next."""

    side: Literal["buyer", "store", "mall"] = Field(
        default="buyer",
        description="One's own tickets, those that were written to the person's store, or those that the mall answers.",
    )
    view: Literal["open", "waiting", "answered", "solved", "closed", "all"] = Field(
        default="all", description="`open` is everything unsolved, `waiting` what waits for an answer of the store."
    )


class Ticket(Out):
    """A matter that a buyer writes to a store or the mall about."""

    number: str
    kind: Kind
    status: TicketState
    order_number: str | None
    about: str | None = Field(description="What it is tied to, as `kind:ID`.")
    answered_by: Literal["store", "mall"]
    answer_due_at: Instant | None = Field(description="Until when an answer is due; null where none is.")
    opened_at: Instant
    moved_at: Instant


class TicketFile(Out):
    """A file that came with a message."""

    id: uuid.UUID
    name: str
    kind: str
    size: int


class Message(Out):
    """What somebody said. Notes are for the store and the mall."""

    side: Literal["buyer", "store", "mall"]
    text: str
    is_note: bool
    files: list[TicketFile]
    at: Instant


class TicketPage(PageOf[Ticket]):
    """A page of tickets."""


class TicketDetail(Out):
    """A ticket with all that its reader may read."""

    ticket: Ticket
    messages: list[Message]
    assignee_id: uuid.UUID | None = Field(description="Who answers it; null where nobody was named, and for buyers.")
    version: int


class TicketRequest(In):
    """A new ticket."""

    kind: Kind
    about: Annotated[str, StringConstraints(max_length=60, pattern=PRINTABLE)] | None = Field(
        default=None, description="`order:ID`, `part:ID`, `parcel:ID` or `return:ID` of one's own order."
    )
    text: Words
    locale: Literal["en", "ko"] | None = None
    files: Files = Field(default=[])


class MessageRequest(In):
    """The next word in a ticket."""

    text: Words
    is_note: bool = Field(default=False, description="A note for colleagues; stores only.")
    solves: bool = Field(default=False, description="The answer says that it is solved; stores only.")
    files: Files = Field(default=[])


class Assignee(In):
    """Who answers a ticket."""

    user_id: uuid.UUID | None = Field(
        strict=False, description="A person of the side that answers it, or nobody in particular."
    )


class Addressee(In):
    """Which side answers a ticket."""

    to: Literal["store", "mall"]


class TicketMove(In):
    """Where a ticket goes without a word."""

    to: Literal["solved", "reopened", "closed"] = Field(description="Buyers say `solved` only.")
