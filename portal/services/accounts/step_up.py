"""A second proof before something large or delicate is done: begun, and used once for just that (IDN-04).

A service asks with require_step_up() inside its own transaction. Without a proof that fits it raises, nothing is done,
and the face begins a proof of the same thing with begin_step_up(); once that is passed the same request goes through.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from portal.crypto import blind_index
from portal.db import Base, insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import Channel, StepUp
from portal.rules.permissions import Actor, Role
from portal.rules.step_up import StepUpAction, needs_step_up
from portal.services.audit import AuditAction, Fact, record

LIFETIME = timedelta(minutes=5)
# What is over is kept so long that its page can say so, and that one press begins anew with what was typed.
KEPT_FOR = timedelta(hours=1)
CHALLENGE_BYTES = 32

WHY = {
    "needed": N_("Confirm first that it is you. Nothing was done yet."),
    "changed": N_("This is not what you have confirmed. Confirm it as it is now; nothing was done."),
    "expired": N_("Your confirmation has become too old. Confirm it again; nothing was done."),
    "used": N_("That confirmation was used before: each is good once. Confirm it again; nothing was done."),
}


@dataclass(frozen=True, slots=True)
class Binding:
    """What a proof is good for: this object, of this amount. `told` only helps to say it in words."""

    object: str
    amount: Money | None = None
    told: Mapping[str, str] = field(default_factory=dict)


class StepUpNeededError(PortalError):
    """Nobody has proved himself for just this. `why` is needed, changed, expired or used.

    `kept` are rows that stay although nothing was done, such as why the proof is asked: begin_step_up() writes them.
    """

    code = "step_up_needed"
    status = 403
    sentence = WHY["needed"]

    def __init__(self, action: StepUpAction, binding: Binding, why: str = "needed") -> None:
        self.action, self.binding, self.why = action, binding, why
        self.kept: Sequence[tuple[type[Base], Mapping[str, Any]]] = ()
        super().__init__(why=why)
        self.sentence = WHY[why]


def digest_of(action: StepUpAction, binding: Binding) -> bytes:
    """The mark of what is confirmed; keyed, because account numbers could be guessed from a bare hash."""
    amount = binding.amount
    bound = [action.value, binding.object, amount.minor if amount else None, amount.currency if amount else None]
    return blind_index("step-up:" + orjson.dumps(bound).decode())


def begin_step_up(
    session: Session,
    *,
    actor: Actor,
    action: StepUpAction,
    binding: Binding,
    now: datetime,
    path: str | None = None,
    form: str | None = None,
    kept: Sequence[tuple[type[Base], Mapping[str, Any]]] = (),
) -> uuid.UUID:
    """Open a proof for this actor's session or API client; returns its id. `path` and `form` go on after it.

    `kept` is what the error that asks for the proof has brought along.
    """
    assert actor.user_id is not None  # Nobody else is ever asked.
    for model, stays in kept:
        insert_rows(session, model, [dict(stays)])
    amount = binding.amount
    told = dict(binding.told) | ({"amount_minor": amount.minor, "currency": amount.currency} if amount else {})
    row = StepUp(
        id=new_id(),
        user_id=actor.user_id,
        session_id=actor.session_id if actor.client_id is None else None,
        client_id=actor.client_id,
        action=action.value,
        digest=digest_of(action, binding),
        told=orjson.dumps(told).decode(),
        path=path,
        form=form,
        challenge=secrets.token_bytes(CHALLENGE_BYTES),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(row)
    session.flush()
    return row.id


def require_step_up(
    session: Session, *, actor: Actor, action: StepUpAction, binding: Binding, now: datetime
) -> uuid.UUID | None:
    """Use the actor's own proof of just this, or raise StepUpNeededError. Our own jobs (None) prove nothing.

    The use belongs to the caller's transaction: if that fails, the proof is good for another try.
    """
    if Role.SYSTEM in actor.roles:
        return None
    digest = digest_of(action, binding)
    own = (StepUp.user_id == actor.user_id, StepUp.action == action.value, *asked_by(actor))
    fitting = (
        select(StepUp.id)
        .where(*own, StepUp.digest == digest)
        .where(StepUp.passed_at.is_not(None), StepUp.used_at.is_(None), StepUp.expires_at > now)
        .order_by(StepUp.created_at)
        .limit(1)
        .with_for_update()
    )
    used = session.execute(
        update(StepUp)
        .where(StepUp.id == fitting.scalar_subquery(), StepUp.used_at.is_(None))
        .values(used_at=now, form=None)
        .returning(StepUp.id, StepUp.method)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if used is None:
        raise StepUpNeededError(action, binding, _why(session, own, digest, now))
    # The object may hold account numbers or keys; the act's own row of the trail says what was done.
    after = {"step_up": str(used.id), "action": action.value, "method": used.method}
    if binding.amount is not None:
        after |= {"amount_minor": binding.amount.minor, "currency": binding.amount.currency}
    fact = Fact(AuditAction.ACCOUNT_STEP_UP_USED, f"user:{actor.user_id}", after=after)
    record(session, fact, actor=actor, now=now)
    step_up_id: uuid.UUID = used.id
    return step_up_id


def check_step_up(session: Session, *, actor: Actor, action: StepUpAction, binding: Binding, now: datetime) -> None:
    """As require_step_up(), where the channel's policy wants it for this amount."""
    policy = session.execute(select(Channel.policy).where(Channel.id == actor.channel_id)).scalar_one_or_none() or {}
    if needs_step_up(action, binding.amount, policy):
        require_step_up(session, actor=actor, action=action, binding=binding, now=now)


def asked_by(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """Proofs that this very session or API client has asked for. Whoever has neither has none."""
    if actor.client_id is not None:
        return (StepUp.client_id == actor.client_id,)
    return (StepUp.session_id == actor.session_id, StepUp.session_id.is_not(None))


def forget_step_ups(session: Session, *, now: datetime) -> None:
    """Delete proofs that are over, with what was typed for them; the audit trail says what became of them."""
    session.execute(
        delete(StepUp).where(StepUp.expires_at <= now - KEPT_FOR).execution_options(synchronize_session=False)
    )


def _why(session: Session, own: tuple[ColumnElement[bool], ...], digest: bytes, now: datetime) -> str:
    """What became of the latest proof that could have been meant."""
    latest: Any = session.execute(
        select(StepUp.digest, StepUp.used_at, StepUp.expires_at)
        .where(*own, StepUp.passed_at.is_not(None), StepUp.expires_at > now - KEPT_FOR)
        .order_by((StepUp.digest == digest).desc(), StepUp.created_at.desc())
        .limit(1)
    ).one_or_none()
    if latest is None:
        return "needed"
    if bytes(latest.digest) != digest:
        return "changed" if latest.used_at is None and latest.expires_at > now else "needed"
    return "used" if latest.used_at is not None else "expired"
