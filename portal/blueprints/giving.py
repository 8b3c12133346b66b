"""Points that are given, and gift cards taken, by pages and programs: scored first, and the decision stays."""

from __future__ import annotations

import uuid

from flask import request
from sqlalchemy.orm import Session

from portal.db import atomically
from portal.kit import clock
from portal.rules.fraud import Outcome
from portal.rules.permissions import Actor
from portal.rules.split import MileageTerms
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.fraud.prove_risk import leave_behind
from portal.services.fraud.score_acts import (
    GiftBlockedError,
    RedemptionBlockedError,
    score_points,
    score_redemption,
)
from portal.services.gift_cards.redeem_card import Redeemed, redeem_card, worth_of
from portal.services.mileage.donate_mileage import donate_mileage
from portal.services.mileage.send_mileage import send_mileage


def send_gift(*, actor: Actor, email: str, points: int, message: str, terms: MileageTerms, key: str) -> uuid.UUID:
    """Send the points and return the gift. Raises GiftBlockedError, and what send_mileage() raises."""
    now = clock.now()

    def work(session: Session) -> uuid.UUID | None:
        risk = score_points(session, kind="mileage_gift", actor=actor, points=points, ip=request.remote_addr, now=now)
        if risk.outcome is Outcome.BLOCK:
            return None
        try:
            return send_mileage(
                session,
                actor=actor,
                email=email,
                points=points,
                message=message.replace("\0", ""),
                terms=terms,
                key=key,
                now=now,
                proves=risk.outcome is not Outcome.ALLOW,
            )
        except StepUpNeededError as needed:
            leave_behind(needed, risk)
            raise

    made = atomically(work)
    if made is None:
        raise GiftBlockedError
    return made


def give_donation(
    *, actor: Actor, cause_id: int, points: int, currency: str, terms: MileageTerms, key: str
) -> uuid.UUID:
    """Give the points to a cause. Raises GiftBlockedError, and what donate_mileage() raises.

    Only a block acts: what a cause gets comes from the mall, and nobody gains by it.
    """
    now = clock.now()

    def work(session: Session) -> uuid.UUID | None:
        risk = score_points(
            session, kind="mileage_donation", actor=actor, points=points, ip=request.remote_addr, now=now
        )
        if risk.outcome is Outcome.BLOCK:
            return None
        return donate_mileage(
            session, actor=actor, cause_id=cause_id, points=points, currency=currency, terms=terms, key=key, now=now
        )

    made = atomically(work)
    if made is None:
        raise GiftBlockedError
    return made


def take_gift_card(*, actor: Actor, typed: str) -> Redeemed:
    """Redeem a code. Raises RedemptionBlockedError, and what redeem_card() raises; wrong codes are not scored."""
    now = clock.now()

    def work(session: Session) -> Redeemed | None:
        worth = worth_of(session, typed=typed)
        if worth is not None:
            risk = score_redemption(session, actor=actor, worth=worth, ip=request.remote_addr, now=now)
            if risk.outcome is Outcome.BLOCK:
                return None
        return redeem_card(session, actor=actor, typed=typed, now=now)

    made = atomically(work)
    if made is None:
        raise RedemptionBlockedError
    return made
