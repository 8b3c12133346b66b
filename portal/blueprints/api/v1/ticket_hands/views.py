"""Who answers a ticket: one person of those who may, and the store or the mall (ORD-08)."""

from __future__ import annotations

from typing import Any

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import operation
from portal.blueprints.api.v1.tickets import examples
from portal.blueprints.api.v1.tickets.schemas import Addressee, Assignee, TicketDetail
from portal.blueprints.api.v1.tickets.views import NUMBER, TAG, as_detail, load_spoken
from portal.db import atomically
from portal.kit import clock
from portal.rules.permissions import Permission, Scope
from portal.services.tickets.give_ticket import AssigneeUnfitError, NoStoreError, give_ticket, pass_ticket
from portal.services.tickets.lock_ticket import TicketChangedError, TicketUnknownError, TicketWithMallError

ANSWERERS = frozenset({Scope.STORE, Scope.ALL})
MATCHES = " `If-Match` takes the `ETag` of the ticket."
COMMON: dict[str, Any] = {
    "tag": TAG,
    "permission": Permission.TICKET_ANSWER,
    "within": ANSWERERS,
    "answer": TicketDetail,
    "example": examples.DETAIL,
    "path_values": {"number": NUMBER},
    "changed": (TicketChangedError,),
}


@operation(
    "PUT",
    "/tickets/<string:number>/assignee",
    summary="Give a ticket to somebody",
    description="To a person of the store or the mall, whichever answers it, or to nobody in particular." + MATCHES,
    body=Assignee,
    body_example={"user_id": "01935f2e-7b1c-7000-8000-000000000041"},
    refusals=(NotFoundError, TicketUnknownError, TicketWithMallError, AssigneeUnfitError),
    **COMMON,
)
def put_ticket_assignee(number: str, body: Assignee, seen: int | None) -> TicketDetail:
    (found, side), actor, now = load_spoken(number), api_actor(), clock.now()
    atomically(
        lambda s: give_ticket(
            s,
            ticket_id=found.row.id,
            side=side,
            assignee_id=body.user_id,
            actor=actor,
            now=now,
            version=seen,
        )
    )
    return as_detail(*load_spoken(number))


@operation(
    "PUT",
    "/tickets/<string:number>/addressee",
    summary="Let the mall or the store answer a ticket",
    description="The time for an answer begins anew with whoever gets it." + MATCHES,
    body=Addressee,
    body_example={"to": "mall"},
    refusals=(NotFoundError, TicketUnknownError, TicketWithMallError, NoStoreError),
    **COMMON,
)
def put_ticket_addressee(number: str, body: Addressee, seen: int | None) -> TicketDetail:
    (found, side), actor, now = load_spoken(number), api_actor(), clock.now()
    atomically(
        lambda s: pass_ticket(
            s,
            ticket_id=found.row.id,
            side=side,
            to_mall=body.to == "mall",
            actor=actor,
            now=now,
            version=seen,
        )
    )
    return as_detail(*load_spoken(number))
