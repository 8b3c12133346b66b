"""Tickets for tests, opened and answered as people do it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.db import transaction
from portal.documents.attachments import Attachment
from portal.kit import clock
from portal.kit.ids import new_token
from portal.models import Ticket
from portal.queries.channels import channel_directory
from portal.rules.tickets import Side
from portal.services.tickets.keep_message import Words
from portal.services.tickets.open_ticket import Matter, open_ticket
from portal.services.tickets.write_message import write_message
from tests.factories.account import Person


def make_ticket(
    buyer: Person,
    about: str = "",
    *,
    kind: str = "question",
    text: str = "Where is it?",
    key: str | None = None,
    files: Sequence[Attachment] = (),
    now: datetime | None = None,
) -> Ticket:
    """A committed ticket, as it is afterwards."""
    channel = next(iter(channel_directory().channels.values()))
    with transaction() as session:
        number = open_ticket(
            session,
            matter=Matter(kind, about, Words(key or new_token(), text, files)),
            actor=buyer.actor,
            channel_id=channel.id,
            locale="en",
            now=now or clock.now(),
        )
        return session.execute(select(Ticket).where(Ticket.number == number)).scalar_one()


def answer(
    ticket_id: uuid.UUID,
    person: Person,
    side: Side,
    text: str = "On its way.",
    *,
    now: datetime | None = None,
    **more: bool,
) -> None:
    """A committed message."""
    with transaction() as session:
        write_message(
            session,
            ticket_id=ticket_id,
            side=side,
            words=Words(new_token(), text),
            actor=person.actor,
            now=clock.now(),
            **more,
        )


def ticket_of(ticket_id: uuid.UUID) -> Ticket:
    with transaction() as session:
        return session.get_one(Ticket, ticket_id)
