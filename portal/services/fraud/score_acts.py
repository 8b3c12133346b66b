"""Score what is no payment: mileage that moves, gift cards, sign-ins (FRD-01). The decision stays whatever it is."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError, Rejection
from portal.kit.money import Money
from portal.kit.text import N_
from portal.rules.fraud import SIGN_IN, Decision, Outcome
from portal.rules.permissions import Actor
from portal.rules.posting import POINTS
from portal.services.fraud.score_event import RiskEvent, score_event

# Lists that end sessions, and those that spare them.
PLACES = frozenset({"ip", "network", "device"})
TRUSTED = PLACES | {"email"}
SIGN_IN_REFUSED = Rejection(
    "sign_in_refused", N_("You cannot sign in just now. If you think that this is wrong, write to our support.")
)


class GiftBlockedError(PortalError):
    """A rule refuses the gift. What the rule saw is for administrators."""

    code = "gift_blocked"
    status = 403
    sentence = N_("These points cannot be sent. If you think that this is wrong, write to our support.")


class RedemptionBlockedError(PortalError):
    """A rule refuses the code, which stays as good as it was."""

    code = "redemption_blocked"
    status = 403
    sentence = N_(
        "This card cannot be redeemed now. If you think that this is wrong, write to our support; it is still good."
    )


def score_points(session: Session, *, kind: str, actor: Actor, points: int, ip: str | None, now: datetime) -> Decision:
    """Decide on points that leave somebody, before they do: a `mileage_gift` or a `mileage_donation`."""
    event = RiskEvent(kind, currency=POINTS, amount_minor=max(points, 0), ip=ip)
    return score_event(session, event=event, actor=actor, now=now)


def score_redemption(session: Session, *, actor: Actor, worth: Money, ip: str | None, now: datetime) -> Decision:
    """Decide on a gift card whose code somebody has. Only a block acts: nothing is held that others could clear."""
    event = RiskEvent("gift_card_use", currency=worth.currency, amount_minor=worth.minor, ip=ip)
    return score_event(session, event=event, actor=actor, now=now)


def score_sign_in(
    session: Session, *, user_id: uuid.UUID, device_id: uuid.UUID | None, ip: str | None, now: datetime
) -> Rejection | None:
    """Decide on somebody whose password was right. Rules that ask for the event speak here, and only a block acts.

    Whoever comes from an address, network or device that is blocked is refused, too: his session would not live.
    """
    event = RiskEvent(SIGN_IN, subject=f"user:{user_id}", ip=ip, device_id=device_id)
    decision = score_event(session, event=event, actor=Actor(user_id=user_id), now=now)
    if decision.outcome is Outcome.BLOCK or _comes_from_blocked_place(decision):
        return SIGN_IN_REFUSED
    return None


def _comes_from_blocked_place(decision: Decision) -> bool:
    """Whether no session would live from there: see queries/identities.py."""
    features = (decision.row or {}).get("features")
    assert isinstance(features, dict)
    return bool(PLACES & set(features["blocked_by"])) and not TRUSTED & set(features["trusted_by"])
