"""Score a withdrawal, then ask for it (FRD-01): one that is blocked takes nothing, and its decision stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.rules.fraud import Outcome
from portal.rules.permissions import Actor
from portal.services.fraud.score_event import RiskEvent, score_event
from portal.services.withdrawals.request_withdrawal import (
    WithdrawalForbiddenError,
    WithdrawalRequested,
    check_key,
    repeat_of,
    request_withdrawal,
    within_limits,
)


class WithdrawalBlockedError(PortalError):
    """A rule refuses it. What the rule saw is for administrators, not for the one who tries."""

    code = "withdrawal_blocked"
    status = 403
    sentence = N_("This cannot be withdrawn. If you think that this is wrong, write to our support; nothing was taken.")


def ask_withdrawal(
    session: Session,
    *,
    actor: Actor,
    currency: str,
    amount_minor: int,
    bank: Mapping[str, str],
    key: str,
    ip: str | None,
    now: datetime,
) -> WithdrawalRequested | None:
    """As request_withdrawal, and raises what it raises; None where a rule blocks it.

    A repeat is answered as the first time and not scored again; what is beyond a limit is not scored at all.
    """
    if actor.user_id is None:
        raise WithdrawalForbiddenError
    check_key(key)
    known = repeat_of(session, actor=actor, currency=currency, amount_minor=amount_minor, key=key)
    if known is not None:
        return known
    within_limits(session, user_id=actor.user_id, currency=currency, amount_minor=amount_minor, now=now)
    withdrawal_id = new_id()
    event = RiskEvent(
        "withdrawal", subject=f"withdrawal:{withdrawal_id}", currency=currency, amount_minor=amount_minor, ip=ip
    )
    risk = score_event(session, event=event, actor=actor, now=now)
    if risk.outcome is Outcome.BLOCK:
        return None
    return request_withdrawal(
        session,
        actor=actor,
        currency=currency,
        amount_minor=amount_minor,
        bank=bank,
        key=key,
        now=now,
        withdrawal_id=withdrawal_id,
        risk=risk,
    )
