"""The log of mails: what waits to be sent, what went out, and what nobody took (NOT-01)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.kit.paging import Page, fingerprint
from portal.models import Mail, User
from portal.queries.keyset import AnySelect, Sorting, count_up_to, fetch_page
from portal.rules.mailing import may_go_again

# Their ids begin with the moment at which they were written.
LATEST = Sorting((Mail.id,), (uuid.UUID,))
# For so long a mail that nobody took is counted on the desk.
LATELY = timedelta(days=7)


class MailState(StrEnum):
    """Where a mail stands, as the desk narrows its list."""

    WAITING = "waiting"
    FAILING = "failing"
    GIVEN_UP = "given_up"
    SENT = "sent"


_IS_WAITING = Mail.sent_at.is_(None) & Mail.given_up_at.is_(None)
_IN_STATE = {
    MailState.WAITING: _IS_WAITING,
    MailState.FAILING: _IS_WAITING & Mail.last_error.is_not(None),
    # Written twice, so that the index of what is unsent serves it.
    MailState.GIVEN_UP: Mail.sent_at.is_(None) & Mail.given_up_at.is_not(None),
    MailState.SENT: Mail.sent_at.is_not(None),
}


@dataclass(frozen=True, slots=True)
class MailView:
    """One mail without its words, which are its reader's alone."""

    id: uuid.UUID
    user_id: uuid.UUID | None
    template: str
    recipient: str
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    given_up_at: datetime | None
    attempts: int
    last_error: str | None

    @property
    def state(self) -> MailState:
        if self.sent_at:
            return MailState.SENT
        if self.given_up_at:
            return MailState.GIVEN_UP
        return MailState.FAILING if self.last_error else MailState.WAITING

    @property
    def may_go_again(self) -> bool:
        return may_go_again(self.template, is_sent=self.sent_at is not None)


@dataclass(frozen=True, slots=True)
class MailFilter:
    """What to look for. `email` is the address of somebody with an account."""

    state: MailState | None = None
    template: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class MailCounts:
    """What is unsent: in all, after a failure, and given up within the last days."""

    waiting: int
    failing: int
    given_up: int


def mails_wait(session: Session, *, now: datetime) -> bool:
    """Whether any mail is due."""
    return bool(session.execute(select(exists().where(_IS_WAITING, Mail.due_at <= now))).scalar_one())


def list_mails(session: Session, *, chosen: MailFilter, cursor: str | None) -> Page[MailView]:
    """One page of the log, the latest first."""
    statement: AnySelect = select(
        Mail.id,
        Mail.user_id,
        Mail.template,
        Mail.recipient,
        Mail.created_at,
        Mail.due_at,
        Mail.sent_at,
        Mail.given_up_at,
        Mail.attempts,
        Mail.last_error,
    )
    if chosen.state:
        statement = statement.where(_IN_STATE[chosen.state])
    if chosen.template:
        statement = statement.where(Mail.template == chosen.template)
    if chosen.email:
        person = select(User.id).where(User.email_index == email_index(chosen.email)).scalar_subquery()
        statement = statement.where(Mail.user_id == person)
    return fetch_page(
        session,
        statement,
        LATEST,
        make=lambda row: MailView(*row),
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("mails", chosen.state, chosen.template, chosen.email),
        total=count_up_to(session, statement),
    )


def count_unsent(session: Session, *, now: datetime) -> MailCounts:
    """What has not gone out; all of it stands in one small index."""
    row = session.execute(
        select(
            func.count().filter(Mail.given_up_at.is_(None)),
            func.count().filter(Mail.given_up_at.is_(None), Mail.last_error.is_not(None)),
            func.count().filter(Mail.given_up_at > now - LATELY),
        ).where(Mail.sent_at.is_(None))
    ).one()
    return MailCounts(*row)
