"""Proofs for tests: people with sessions, factors, and proofs that are passed.

prove(actor, StepUpAction.WITHDRAW, binding)      # as if he had confirmed just this
confirmed(actor, lambda s: …)                      # whatever the call asks for is confirmed
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import pyotp
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.db import atomically, reading, transaction
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import Mail, SecondFactor, StepUp
from portal.rules.permissions import Actor
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, StepUpNeededError, begin_step_up
from tests.factories.account import Person, make_session
from tests.factories.refund import rows

T = TypeVar("T")


def with_session(person: Person) -> Person:
    """The person as he acts in a browser of his own."""
    return replace(person, actor=replace(person.actor, session_id=make_session(person)[1]))


def begin(actor: Actor, action: StepUpAction, binding: Binding, *, now: datetime | None = None) -> uuid.UUID:
    """A committed proof that is asked for."""
    with transaction() as session:
        return begin_step_up(session, actor=actor, action=action, binding=binding, now=now or clock.now())


def prove(actor: Actor, action: StepUpAction, binding: Binding) -> uuid.UUID:
    """A committed proof that is passed."""
    step_up_id = begin(actor, action, binding)
    pass_step_up(step_up_id)
    return step_up_id


def pass_step_up(step_up_id: uuid.UUID) -> None:
    """As if the person had answered."""
    with transaction() as session:
        session.execute(update(StepUp).where(StepUp.id == step_up_id).values(passed_at=clock.now(), method="totp"))


def confirmed(actor: Actor, work: Callable[[Session], T]) -> T:
    """Do something in a transaction; what it asks the actor to confirm is confirmed, and it is done again."""
    while True:
        try:
            return atomically(work)
        except StepUpNeededError as needed:
            # Somebody else of the test may use it before he does.
            prove(actor, needed.action, needed.binding)


def make_totp(person: Person, *, label: str = "Phone") -> str:
    """A committed authenticator app of the person; returns its secret."""
    secret = pyotp.random_base32()
    with transaction() as session:
        now = clock.now()
        session.add(
            SecondFactor(
                id=new_id(),
                user_id=person.id,
                kind="totp",
                label=label,
                secret=secret,
                created_at=now,
                confirmed_at=now,
            )
        )
    return secret


def code_of(secret: str, *, step: int = 0) -> str:
    """What the app shows at this moment, or `step` half minutes later."""
    return pyotp.TOTP(secret).at(clock.now(), counter_offset=step)


def mailed_code() -> str:
    """The code of the latest mail, after the workers have written it."""
    handle_events([row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL")])
    with reading() as session:
        body = session.scalars(
            select(Mail.body).where(Mail.template == "step_up_code").order_by(Mail.created_at.desc(), Mail.id.desc())
        ).first()
    found = re.search(r"^[0-9]{6}$", body or "", re.MULTILINE)
    assert found, "no code was mailed"
    return found[0]
