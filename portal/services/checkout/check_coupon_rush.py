"""Many coupons in a short time are used by whoever proves once more that he is himself (IDN-04)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.money import Money
from portal.queries.channels import ChannelView
from portal.rules.permissions import Actor
from portal.rules.step_up import CouponRush, StepUpAction
from portal.services.accounts.step_up import Binding, require_step_up
from portal.services.coupons.claim_uses import Claim

_USED = text(
    """
    SELECT count(*) FROM coupon_use
     WHERE user_id = CAST(:user_id AS uuid) AND claimed_at > CAST(:since AS timestamptz) AND status <> 'released'
    """
)


def check_coupon_rush(
    session: Session, *, actor: Actor, channel: ChannelView, claims: Sequence[Claim], shown: str, now: datetime
) -> None:
    """Ask for a proof where the claims of an order, `shown` to the buyer as this, are too many within the time.

    Uses that were released do not count: an order that failed is no rush. Raises StepUpNeededError.
    """
    if not claims:
        return
    rush = CouponRush.of(channel.policy)
    used: int = session.scalar(_USED, {"user_id": actor.user_id, "since": now - rush.within})
    if not rush.needs_step_up(used=used, more=len(claims)):
        return
    saving = Money(sum(claim.amount_minor for claim in claims), channel.currency)
    binding = Binding(f"coupons:{shown}", saving)
    require_step_up(session, actor=actor, action=StepUpAction.USE_COUPONS, binding=binding, now=now)
