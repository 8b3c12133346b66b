"""Paylink's objects in our words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.gateways.base import (
    ActionNeeded,
    Approved,
    CardFacts,
    Declined,
    DeclineReason,
    Facts,
    Pending,
    Refunded,
    RefundFailed,
    RefundPending,
    Voided,
)
from portal.gateways.declines import ADVICE
from portal.gateways.settlement import Movement, MovementKind

Object = Mapping[str, Any]

REASONS: Mapping[str, DeclineReason] = {
    "declined": DeclineReason.DECLINED,
    "insufficient_funds": DeclineReason.INSUFFICIENT_FUNDS,
    "limit_exceeded": DeclineReason.LIMIT_EXCEEDED,
    "expired_card": DeclineReason.EXPIRED_CARD,
    "lost_card": DeclineReason.LOST_CARD,
    "suspected_fraud": DeclineReason.SUSPECTED_FRAUD,
    "authentication_failed": DeclineReason.AUTHENTICATION_FAILED,
    "bank_unavailable": DeclineReason.ISSUER_UNAVAILABLE,
    "cancelled_by_buyer": DeclineReason.CANCELLED_BY_BUYER,
    "session_expired": DeclineReason.SESSION_EXPIRED,
}


def payment(session: Object) -> ActionNeeded | Approved | Declined | Pending | Voided:
    """The state of a session. Raises KeyError, TypeError or ValueError for one that makes no sense."""
    ref, status = str(session["id"]), session["status"]
    facts: Facts = {"status": status, "reason": session.get("reason"), "method": session.get("method")}
    if status == "open":
        expires_at = datetime.fromisoformat(session["expires_at"])
        return ActionNeeded(ref, "redirect", url=str(session["url"]), expires_at=expires_at, raw=facts)
    if status in ("authorised", "paid"):
        return _approved(session, ref, facts)
    if status == "processing":
        return Pending(ref, raw=facts)
    if status == "voided":
        return Voided(ref, facts)
    if status == "declined":
        return declined(str(session.get("reason") or status), ref)
    raise ValueError(status)


def _approved(session: Object, ref: str, facts: Facts) -> Approved:
    captured = session["status"] == "paid"
    card = session.get("card")
    return Approved(
        gateway_ref=ref,
        captured=captured,
        amount_minor=int(session["captured"] if captured else session["amount"]),
        currency=str(session["currency"]),
        raw=facts,
        card=CardFacts(card["brand"], card["last4"], card.get("fingerprint")) if card else None,
        refunded_minor=int(session["refunded"]),
    )


def declined(code: str, ref: str | None) -> Declined:
    """A refusal by its code; one that we do not know is a plain decline."""
    reason = REASONS.get(code, DeclineReason.DECLINED)
    return Declined(code, reason, ADVICE[reason].retry_helps, ref, {"reason": code})


def refund(found: Object) -> Refunded | RefundPending | RefundFailed:
    """The state of a refund."""
    ref, amount, currency = str(found["id"]), int(found["amount"]), str(found["currency"])
    facts: Facts = {"status": found["status"], "session": found["session"]}
    if found["status"] == "failed":
        return RefundFailed(str(found.get("reason") or "failed"), ref, raw=facts)
    if found["status"] == "succeeded":
        return Refunded(ref, amount, currency, facts)
    return RefundPending(ref, amount, currency, facts)


def movement(row: Object) -> Movement:
    """A line of the settlement report. Raises KeyError, TypeError or ValueError for one that makes no sense."""
    return Movement(
        ref=str(row["id"]),
        kind=MovementKind(row["kind"]),
        currency=str(row["currency"]),
        gross_minor=int(row["gross"]),
        fee_minor=int(row["fee"]),
        at=datetime.fromisoformat(row["created_at"]),
        charge_ref=row["session"],
        refund_ref=row["refund"],
        charged_currency=row.get("charged_currency"),
        charged_minor=row.get("charged"),
    )
