"""Who answers a ticket: one person of those who may, and the store or the mall."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import StoreMember, User
from portal.rules.deadlines import answer_by
from portal.rules.permissions import Actor, Permission, Role, Scope, scopes_of
from portal.rules.tickets import WAITING, Side
from portal.services.audit import AuditAction, Fact, record
from portal.services.tickets.lock_ticket import lock_ticket, refuse_changed, tell


class AssigneeUnfitError(PortalError):
    code = "assignee_unfit"
    sentence = N_("That person does not answer such tickets.")


class NoStoreError(PortalError):
    code = "ticket_without_store"
    status = 409
    sentence = N_("No store was written to. The mall answers this ticket.")


def give_ticket(
    session: Session,
    *,
    ticket_id: uuid.UUID,
    side: Side,
    assignee_id: uuid.UUID | None,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> None:
    """Give a ticket to a person of the side that answers it, or to nobody. Raises as lock_ticket(),
    TicketChangedError, AssigneeUnfitError."""
    ticket = lock_ticket(session, ticket_id=ticket_id, side=side, actor=actor)
    if ticket.assignee_id == assignee_id:
        return
    refuse_changed(ticket, version)
    store_id = None if ticket.with_mall else ticket.store_id
    if assignee_id is not None and not _answers(session, assignee_id, store_id):
        raise AssigneeUnfitError
    before, after = {"assignee": ticket.assignee_id}, {"assignee": assignee_id}
    record(
        session,
        Fact(AuditAction.TICKET_GIVEN, f"ticket:{ticket.id}", before=before, after=after),
        actor=actor,
        now=now,
    )
    ticket.assignee_id = assignee_id
    ticket.version += 1
    session.flush()
    to = None if assignee_id in (None, actor.user_id) else str(assignee_id)
    tell(session, ticket, "given", now=now, to=to)


def pass_ticket(
    session: Session,
    *,
    ticket_id: uuid.UUID,
    side: Side,
    to_mall: bool,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> None:
    """Let the mall answer instead of the store, or the store again. The time for an answer begins anew with whoever
    gets it, except where it was missed already. Raises as lock_ticket(), TicketChangedError, NoStoreError."""
    ticket = lock_ticket(session, ticket_id=ticket_id, side=side, actor=actor, only_notes=to_mall)
    if ticket.with_mall is to_mall:
        return
    refuse_changed(ticket, version)
    if not to_mall and ticket.store_id is None:
        raise NoStoreError
    record(
        session,
        Fact(
            AuditAction.TICKET_PASSED,
            f"ticket:{ticket.id}",
            before={"with_mall": ticket.with_mall},
            after={"with_mall": to_mall},
        ),
        actor=actor,
        now=now,
    )
    ticket.with_mall, ticket.assignee_id = to_mall, None
    if ticket.state in WAITING and ticket.missed_at is None:
        ticket.answer_due_at, ticket.warned_at = answer_by(now), None
    ticket.version += 1
    session.flush()
    tell(session, ticket, "passed", now=now, by=str(actor.user_id))


def _answers(session: Session, user_id: uuid.UUID, store_id: int | None) -> bool:
    """Whether somebody answers tickets of this store, or of the mall (None)."""
    if store_id is not None:
        member = select(StoreMember.user_id).where(StoreMember.store_id == store_id, StoreMember.user_id == user_id)
        return session.scalar(member) is not None
    roles = session.scalar(select(User.roles).where(User.id == user_id)) or []
    return Scope.ALL in scopes_of(Actor(user_id, frozenset(Role(one) for one in roles)), Permission.TICKET_ANSWER)
