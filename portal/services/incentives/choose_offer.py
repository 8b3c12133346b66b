"""Choose what to offer to somebody who is looking, once, and write down how likely that was (INC-04)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.learning.offers import Chosen, Looker, choose, context_of
from portal.queries.offers import OfferDirectory, OfferView
from portal.rules.automations import Arm, arm_of
from portal.rules.offers import NONE, Place
from portal.services.incentives.assign_offers import house_group
from portal.services.incentives.consents import MAY_BE_SHOWN

# All that a look needs, in one statement: what stands, what may be, and what is known of whoever looks. An offer that
# an automation has made within the days of a choice, or will make, is enough.
_FACTS = text(
    f"""
    SELECT u.state = 'active' AND 'buyer' = ANY(u.roles) AND {MAY_BE_SHOWN} AS may_be_shown,
           k.id AS choice_id, k.offer_id, k.told_by, k.reasons, k.taken_at, k.dismissed_at,
           EXISTS (SELECT FROM incentive_assignment a WHERE a.user_id = u.id AND a.arm = 'offer'
                      AND (a.made_at > :since OR a.state = 'waiting')) AS is_offered,
           ARRAY(SELECT campaign_id FROM coupon_grant
                  WHERE user_id = u.id AND campaign_id = ANY(:campaigns)) AS held,
           ARRAY(SELECT key FROM segment_member WHERE user_id = u.id) AS segments, h.salt, h.holdout_bp,
           s.recency, s.frequency, s.money, s.churn_bp,
           coalesce((SELECT sum(l.quantity) FROM cart c JOIN cart_line l ON l.cart_id = c.id
                      WHERE c.user_id = u.id), 0)::int AS cart,
           (SELECT count(*) FROM wish w WHERE w.user_id = u.id)::int AS wishes
      FROM user_account u LEFT JOIN customer_score s ON s.user_id = u.id LEFT JOIN incentive_house h ON true
      LEFT JOIN LATERAL (SELECT * FROM offer_choice c WHERE c.user_id = u.id AND c.stands_until > :now
                          ORDER BY c.stands_until DESC LIMIT 1) k ON true
     WHERE u.id = :user_id
    """  # noqa: S608  # Our own fragment.
)
# Two pages that one person opens at once choose once.
_ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtextextended('offer:' || CAST(:user_id AS text), 0))")


_WRITE = text(
    """
    WITH counted AS (
        UPDATE offer SET made = made + 1
         WHERE id = CAST(:offer_id AS bigint) AND state = 'running' AND made < people_max RETURNING id
    )
    INSERT INTO offer_choice (user_id, channel_id, place, arm, offer_id, candidates, probability, context, told_by,
                              reasons, strategy_version, model_version, chosen_at, stands_until, window_days)
    SELECT CAST(:user_id AS uuid), :channel_id, :place, :arm, CAST(:offer_id AS bigint), CAST(:candidates AS jsonb),
           :probability, CAST(:context AS float[]), :told_by, CAST(:reasons AS text[]), :strategy_version,
           :model_version, :now, :until, :window_days
     WHERE CAST(:offer_id AS bigint) IS NULL OR EXISTS (SELECT FROM counted)
    RETURNING id
    """
)


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody who opens a page."""

    user_id: uuid.UUID
    channel_id: int
    place: Place
    now: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """An offer as a page shows it, and why: the features that weighed most, where a model chose it."""

    choice_id: int
    offer: OfferView
    told_by: str
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at a look; `has_choice` where one stands, and `shown` what of it is to be seen."""

    may_choose: bool
    has_choice: bool
    shown: Shown | None
    offers: Sequence[OfferView]
    looker: Looker
    house: tuple[str, int] | None = None


def look_up(session: Session, *, directory: OfferDirectory, look: Look) -> Facts:
    """Ask all of it in one statement."""
    offers = directory.on(look.channel_id)
    row = session.execute(
        _FACTS,
        {
            "user_id": look.user_id,
            "channel_id": look.channel_id,
            "now": look.now,
            "since": look.now - timedelta(days=directory.strategy.every_days),
            "campaigns": [one.campaign_id for one in offers],
        },
    ).one_or_none()
    if row is None:
        return Facts(may_choose=False, has_choice=False, shown=None, offers=(), looker=Looker())
    has_choice = row.choice_id is not None
    shown = None
    if row.may_be_shown and has_choice and row.taken_at is None and row.dismissed_at is None:
        chosen = next((one for one in offers if one.id == row.offer_id and one.campaign_id not in row.held), None)
        shown = Shown(row.choice_id, chosen, row.told_by, tuple(row.reasons)) if chosen else None
    return Facts(
        may_choose=row.may_be_shown and not has_choice and not row.is_offered,
        has_choice=has_choice,
        shown=shown,
        offers=_fitting(offers, row, look.now),
        looker=Looker(
            row.recency,
            row.frequency,
            row.money,
            row.churn_bp,
            row.cart,
            row.wishes,
            at_home=look.place is Place.HOME,
        ),
        house=(row.salt, row.holdout_bp) if row.salt is not None else None,
    )


def choose_offer(session: Session, *, directory: OfferDirectory, look: Look) -> Shown | None:
    """Choose for somebody for whom nothing stands, and keep it before anything is shown; None where nothing is.

    The choice counts once, wherever and however often it is seen while it stands. The permanent control group of the
    house gets none, and a row that says so.
    """
    session.execute(_ONE_BY_ONE, {"user_id": look.user_id})
    facts = look_up(session, directory=directory, look=look)
    if facts.has_choice or not facts.may_choose or not facts.offers:
        return facts.shown
    salt, holdout_bp = facts.house or house_group(session, now=look.now)
    context = context_of(facts.looker)
    if arm_of(look.user_id, house_salt=salt, holdout_bp=holdout_bp, salt="", control_bp=0) is Arm.HOLDOUT:
        _write(session, directory, look, context, Chosen(NONE, {NONE: 1}, "rule"), arm="holdout")
        return None
    left = list(facts.offers)
    while left:
        chosen = choose(context, [str(one.id) for one in left], directory.model)
        offer = next((one for one in left if str(one.id) == chosen.offer), None)
        choice_id = _write(session, directory, look, context, chosen, arm="chosen")
        if choice_id is not None:
            return Shown(choice_id, offer, chosen.told_by, tuple(chosen.reasons)) if offer else None
        # Its budget ended this moment: then it could not be made, and the choice is among the others.
        left = [one for one in left if one is not offer]
    return None


def _fitting(offers: Sequence[OfferView], row: Any, now: datetime) -> list[OfferView]:
    return [
        one
        for one in offers
        if one.campaign_id not in row.held
        and one.valid_until > now
        and (one.segment is None or one.segment in row.segments)
    ]


def _write(
    session: Session, directory: OfferDirectory, look: Look, context: Sequence[Any], chosen: Chosen, *, arm: str
) -> int | None:
    """Keep the choice and count it against the offer's budget; None where that has ended."""
    found = session.execute(
        _WRITE,
        {
            "user_id": look.user_id,
            "channel_id": look.channel_id,
            "place": look.place.value,
            "arm": arm,
            "offer_id": None if chosen.offer == NONE else int(chosen.offer),
            "candidates": orjson.dumps(list(chosen.chances.items())).decode(),
            "probability": chosen.probability,
            "context": list(context),
            "told_by": chosen.told_by,
            "reasons": list(chosen.reasons),
            "strategy_version": directory.strategy_version,
            "model_version": directory.model_version,
            "now": look.now,
            "until": look.now + timedelta(days=directory.strategy.every_days),
            "window_days": directory.strategy.window_days,
        },
    ).scalar()
    return None if found is None else int(found)
