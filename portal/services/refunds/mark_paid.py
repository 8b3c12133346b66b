"""An administrator has paid a refund to a bank account by hand and says so, with the bank's reference (REF-03)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.permissions import Actor, Permission, may
from portal.rules.posting import refund_paid_out
from portal.services.audit import label
from portal.services.refunds.settle_leg import pay_leg_by_hand

REFERENCE_LENGTH_MAX = 100
_PAYOUT = text(
    """
    SELECT y.id, y.refund_leg_id, y.amount_minor, y.currency, f.order_id
      FROM payout y JOIN refund_leg g ON g.id = y.refund_leg_id JOIN refund f ON f.id = g.refund_id
     WHERE y.id = :payout_id
    """
)
_MARK = text(
    """
    UPDATE payout SET state = 'paid', reference = :reference, paid_at = :now, paid_by = :by
     WHERE id = :payout_id AND state = 'waiting' RETURNING id
    """
)


class PayoutUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class PayoutPaidError(PortalError):
    code = "payout_paid"
    status = 409
    sentence = N_("Somebody has marked this as paid already. Compare with the bank before you pay again.")


class ReferenceMissingError(PortalError):
    code = "reference_missing"
    sentence = N_("Give the bank's reference: it proves the payment.")


def mark_paid(session: Session, *, payout_id: uuid.UUID, reference: str, actor: Actor, now: datetime) -> None:
    """Record that a payout was made; the books follow.

    Raises PayoutUnknownError, PayoutPaidError, ReferenceMissingError.
    """
    payout = session.execute(_PAYOUT, {"payout_id": payout_id}).one_or_none()
    if payout is None or not may(actor, Permission.REFUND_APPROVE):
        raise PayoutUnknownError
    kept = " ".join(reference.split())[:REFERENCE_LENGTH_MAX]
    if not kept:
        raise ReferenceMissingError
    lines = refund_paid_out(order_id=payout.order_id, currency=payout.currency, amount_minor=payout.amount_minor)
    # The order's lock first, as everywhere; the payout's row decides who of two was first.
    if not pay_leg_by_hand(session, leg_id=payout.refund_leg_id, lines=lines, actor=actor, now=now):
        raise PayoutPaidError
    values = {"payout_id": payout_id, "reference": kept, "now": now, "by": label(actor)}
    session.execute(_MARK, values).one()
