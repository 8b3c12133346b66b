"""Score a payment before any gateway is called (PAY-11, FRD-01); the features are kept with the decision."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.fraud import Decision
from portal.rules.permissions import Actor
from portal.rules.purposes import PaymentPurpose
from portal.services.fraud.score_event import RiskEvent, score_event


class PaymentBlockedError(PortalError):
    """A rule refuses the payment. What the rule saw is for administrators, not for the one who tries."""

    code = "payment_blocked"
    status = 403
    sentence = N_(
        "This payment cannot be made. If you think that this is wrong, write to our support; nothing was charged."
    )


def score_payment(
    session: Session,
    *,
    purpose: PaymentPurpose = PaymentPurpose.ORDER,
    order_id: uuid.UUID | None = None,
    payment_id: uuid.UUID | None = None,
    actor: Actor,
    currency: str,
    amount_minor: int,
    coupons: int = 0,
    saving_minor: int = 0,
    ip: str | None,
    address: Mapping[str, str] | None = None,
    stores: Collection[int] = (),
    campaigns: Collection[int] = (),
    now: datetime,
) -> Decision:
    """Decide on the facts of this moment and keep them. Writes the decision; raises nothing for a block."""
    event = RiskEvent(
        kind=purpose.value,
        subject=f"order:{order_id}" if order_id else f"payment:{payment_id}" if payment_id else None,
        order_id=order_id,
        currency=currency,
        amount_minor=amount_minor,
        coupons=coupons,
        saving_minor=saving_minor,
        ip=ip,
        address=address,
        stores=stores,
        campaigns=campaigns,
    )
    return score_event(session, event=event, actor=actor, now=now)
