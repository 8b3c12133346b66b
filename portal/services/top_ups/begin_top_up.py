"""Begin a top-up of a deposit: within its limits, scored, once per submission; no balance moves yet (BAL-02)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError, RejectedError
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.kit.text import N_
from portal.queries.channels import ChannelView
from portal.queries.top_ups import topped_up_since
from portal.rules.channels import State
from portal.rules.fraud import Outcome
from portal.rules.permissions import Actor, Permission, may
from portal.rules.purposes import PaymentPurpose
from portal.rules.step_up import StepUpAction
from portal.rules.top_ups import DAY, limits_of, refusal_of
from portal.services.accounts.may_spend import check_may_spend
from portal.services.accounts.step_up import Binding
from portal.services.checkout.begin_payment import Begun, begin_payment
from portal.services.checkout.means import Means
from portal.services.checkout.place_order import ChannelClosedError
from portal.services.fraud.prove_risk import prove_risk
from portal.services.fraud.score_payment import PaymentBlockedError, score_payment
from portal.services.idempotency import claim_key, fingerprint

# One at a time per person: limits are counted behind this lock.
_LOCK = text("SELECT id FROM user_account WHERE id = :user_id FOR NO KEY UPDATE")


class TopUpForbiddenError(PortalError):
    """The deposit is somebody else's, or the actor pays into none."""

    code = "permission_missing"
    status = 403
    sentence = N_("You cannot top up this deposit with this account.")


@dataclass(frozen=True, slots=True)
class TopUpWish:
    """What somebody sends. The amount is in minor units of the channel's currency."""

    key: str
    amount_minor: int
    means: Means
    locale: str
    return_url: str
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """A rule refuses the payment; its decision is written, and nothing else."""

    error: PaymentBlockedError


def begin_top_up(
    session: Session,
    *,
    actor: Actor,
    owner_id: uuid.UUID,
    channel: ChannelView,
    wish: TopUpWish,
    key_lifetime: timedelta,
    now: datetime,
) -> Begun | Blocked:
    """Make the payment that will credit `owner_id`'s deposit once its money is in; a worker asks for it.

    Raises TopUpForbiddenError, ChannelClosedError, AccountFrozenError, RejectedError at a limit or for a method,
    StepUpNeededError above the threshold or where the risk wants a proof, TryAgainLaterError, the errors
    of rates and of idempotency keys; then nothing has changed.
    """
    if actor.user_id is None or not may(actor, Permission.DEPOSIT_TOP_UP, owner_id=owner_id):
        raise TopUpForbiddenError
    if channel.state != State.LIVE:
        raise ChannelClosedError
    # Before the checks, which share the row: two who share it could not both have it alone afterwards.
    session.execute(_LOCK, {"user_id": owner_id})
    check_may_spend(session, user_id=actor.user_id)
    check_may_spend(session, user_id=owner_id)
    payment_id = new_id()
    known = claim_key(
        session,
        scope=f"top_up:{actor.user_id}",
        key=wish.key,
        mark=_mark(wish, owner_id, channel),
        now=now,
        lifetime=key_lifetime,
        subject_id=payment_id,
    )
    if known is not None:
        return _first_answer(session, known.subject_id)
    today = topped_up_since(session, user_id=owner_id, currency=channel.currency, since=now - DAY)
    limits = limits_of(channel.currency, channel.policy)
    refusal = refusal_of(wish.amount_minor, channel.currency, limits, today_minor=today)
    if refusal is not None:
        raise RejectedError(refusal)
    risk = score_payment(
        session,
        purpose=PaymentPurpose.TOP_UP,
        actor=actor,
        currency=channel.currency,
        payment_id=payment_id,
        amount_minor=wish.amount_minor,
        ip=wish.ip,
        now=now,
    )
    if risk.outcome is Outcome.BLOCK:
        return Blocked(PaymentBlockedError())
    amount = Money(wish.amount_minor, channel.currency)
    binding = Binding(f"deposit:{owner_id}", amount)
    prove_risk(session, risk=risk, actor=actor, action=StepUpAction.TOP_UP, binding=binding, now=now)
    return begin_payment(
        session,
        payment_id=payment_id,
        purpose=PaymentPurpose.TOP_UP,
        actor=actor,
        owner_id=owner_id,
        channel=channel,
        amount_minor=wish.amount_minor,
        means=wish.means,
        locale=wish.locale,
        return_url=wish.return_url,
        now=now,
    )


def _mark(wish: TopUpWish, owner_id: uuid.UUID, channel: ChannelView) -> str:
    """What makes two submissions the same: all that was asked for. A card token is new with every click."""
    means = wish.means
    return fingerprint([channel.code, str(owner_id), wish.amount_minor, means.method, str(means.saved_method_id)])


_KNOWN = text("SELECT id FROM payment WHERE id = :id")


def _first_answer(session: Session, payment_id: uuid.UUID | None) -> Begun | Blocked:
    if payment_id is None or session.execute(_KNOWN, {"id": payment_id}).one_or_none() is None:
        return Blocked(PaymentBlockedError())
    return Begun(payment_id, None, is_repeat=True)
