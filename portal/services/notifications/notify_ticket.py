"""Who hears of a ticket: whoever has to answer it, and its buyer of what is answered (ORD-08)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal import site
from portal.models import OutboxEvent, TicketMessage, User
from portal.queries.keyset import AnyRow, AnySelect
from portal.queries.store_members import members_with
from portal.rules.notices import NoticeKind
from portal.rules.permissions import Permission
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

_TICKET = text(
    """
    SELECT t.id, t.number, t.buyer_id, t.store_id, t.with_mall, t.assignee_id, t.locale, o.number AS order_number,
           s.name AS store_name, u.email, u.name AS buyer_name, c.code, c.brand, c.name AS channel_name,
           c.default_locale
      FROM ticket t JOIN channel c ON c.id = t.channel_id JOIN user_account u ON u.id = t.buyer_id
      LEFT JOIN orders o ON o.id = t.order_id LEFT JOIN store s ON s.id = t.store_id
     WHERE t.id = :ticket_id
    """
).columns(email=User.email.type, buyer_name=User.name.type)
_PEOPLE: AnySelect = select(User.id, User.email, User.name, User.locale)
# Who answers for the mall.
SUPPORT_ROLES = ["admin", "operations"]


def ask_for_answer(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Whoever has to answer hears that a buyer wrote: the one who was given it, else all of the store or support."""
    ticket = _load(session, event)
    kind = NoticeKind.TICKET_OPENED if event.kind == "ticket.opened" else NoticeKind.TICKET_WRITTEN
    people = _staff(session, ticket)
    _tell_staff(session, ticket, people, kind, f"{kind}:{event.id}", now)
    for person in people:
        _mail(session, ticket, person, kind.value, f"event:{event.id}:{person.id}", now, message=None)
    return _topics(ticket)


def tell_buyer_of_answer(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The buyer reads the answer behind his bell and in his mail."""
    ticket = _load(session, event)
    message = session.scalar(select(TicketMessage.text).where(TicketMessage.id == uuid.UUID(event.payload["message"])))
    _tell_buyer(session, ticket, NoticeKind.TICKET_ANSWERED, f"ticket_answered:{event.id}", now)
    buyer = session.execute(_PEOPLE.where(User.id == ticket.buyer_id)).one()
    _mail(session, ticket, buyer, NoticeKind.TICKET_ANSWERED.value, f"event:{event.id}", now, message=message)
    return _topics(ticket)


def tell_of_ticket_move(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The buyer hears that his ticket was taken for solved by somebody else; open pages hear of every move."""
    ticket = _load(session, event)
    if event.payload["state"] == "solved" and event.payload["side"] != "buyer":
        _tell_buyer(session, ticket, NoticeKind.TICKET_SOLVED, f"ticket_solved:{event.id}", now)
    return _topics(ticket)


def tell_new_answerers(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Those who answer it from now on hear of it, except whoever passed it on."""
    ticket = _load(session, event)
    people = [one for one in _staff(session, ticket) if str(one.id) != event.payload["by"]]
    _tell_staff(session, ticket, people, NoticeKind.TICKET_PASSED, f"ticket_passed:{event.id}", now)
    return _topics(ticket)


def tell_assignee(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Somebody hears that a colleague gave him a ticket; open desks hear of it and of notes."""
    ticket = _load(session, event)
    if event.payload.get("to"):
        person = session.execute(_PEOPLE.where(User.id == uuid.UUID(event.payload["to"]))).one()
        _tell_staff(session, ticket, [person], NoticeKind.TICKET_GIVEN, f"ticket_given:{event.id}", now)
    return _topics(ticket)


def tell_of_due_answers(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """One line for whoever has to answer, however many wait; of missed answers of stores administrators hear too."""
    store = event.payload["store"]
    is_late = event.kind == "ticket.answers_late"
    kind = NoticeKind.TICKETS_LATE if is_late else NoticeKind.TICKETS_NEAR
    params, key = {"count": event.payload["count"]}, f"{kind}:{event.id}"
    if store is not None:
        members = session.scalars(members_with(int(store), Permission.TICKET_ANSWER)).all()
        path = "/seller/tickets"
        write_notices(session, user_ids=members, kind=kind, params=params, path=path, dedup_key=key, now=now)
    if store is None or is_late:
        path = "/admin/tickets?view=late" if is_late else "/admin/tickets"
        ids = [person.id for person in _support(session)]
        write_notices(session, user_ids=ids, kind=kind, params=params, path=path, dedup_key=f"{key}:mall", now=now)
    return [f"store:{store}", "admin"] if store is not None else ["admin"]


def _load(session: Session, event: OutboxEvent) -> AnyRow:
    return session.execute(_TICKET, {"ticket_id": uuid.UUID(event.payload["ticket"])}).one()


def _topics(ticket: AnyRow) -> list[str]:
    return ["admin"] if ticket.store_id is None else [f"store:{ticket.store_id}", "admin"]


def _staff(session: Session, ticket: AnyRow) -> Sequence[AnyRow]:
    if ticket.assignee_id is not None:
        return session.execute(_PEOPLE.where(User.id == ticket.assignee_id)).all()
    if ticket.with_mall:
        return _support(session)
    members = members_with(ticket.store_id, Permission.TICKET_ANSWER)
    return session.execute(_PEOPLE.where(User.id.in_(members))).all()


def _support(session: Session) -> Sequence[AnyRow]:
    return session.execute(_PEOPLE.where(User.roles.op("&&")(SUPPORT_ROLES))).all()


def _desk_path(ticket: AnyRow) -> str:
    return f"/admin/tickets/{ticket.id}" if ticket.with_mall else f"/seller/tickets/{ticket.id}"


def _tell_staff(
    session: Session, ticket: AnyRow, people: Sequence[AnyRow], kind: NoticeKind, key: str, now: datetime
) -> None:
    write_notices(
        session,
        user_ids=[person.id for person in people],
        kind=kind,
        params={"number": ticket.number},
        path=_desk_path(ticket),
        dedup_key=key,
        now=now,
    )


def _tell_buyer(session: Session, ticket: AnyRow, kind: NoticeKind, key: str, now: datetime) -> None:
    write_notices(
        session,
        user_ids=[ticket.buyer_id],
        kind=kind,
        params={"number": ticket.number},
        path=f"/account/tickets/{ticket.number}",
        dedup_key=key,
        now=now,
    )


def _mail(
    session: Session, ticket: AnyRow, person: AnyRow, step: str, key: str, now: datetime, *, message: str | None
) -> None:
    is_buyer = person.id == ticket.buyer_id
    path = f"/account/tickets/{ticket.number}" if is_buyer else _desk_path(ticket)
    write_mail(
        session,
        template="ticket",
        dedup_key=key,
        recipient=person.email,
        user_id=person.id,
        locale=ticket.locale if is_buyer else person.locale or ticket.default_locale,
        now=now,
        step=step,
        ticket=ticket,
        name=person.name,
        message=message,
        link=site.address(path, channel=ticket.code) if is_buyer else site.address(path),
    )
