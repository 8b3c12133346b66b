"""What came of choices, the model that learns from them, and offers that are paused by it (INC-04, INC-05)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import after_commit
from portal.models import Offer, OfferModel, OfferModelPlace
from portal.queries.exchange import platform_currency
from portal.queries.offers import forget_offers, model_place
from portal.rules.offers import NONE, Strategy
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record

AT_ONCE = 2_000
LEARNED_MAX = 100_000
# With fewer uses of a coupon the share that is held says nothing.
USES_MIN = 20

# What somebody paid for goods within the window, less what went back, in the platform's currency. The coupon is taken
# off before that, so it is net of what the offer cost. What is held for its risk brings nothing.
_REWARD = text(
    """
    WITH due AS (
        SELECT c.id, c.user_id, c.chosen_at, c.chosen_at + make_interval(days => c.window_days) AS until, o.campaign_id
          FROM offer_choice c LEFT JOIN offer o ON o.id = c.offer_id
         WHERE c.rewarded_at IS NULL AND c.chosen_at + make_interval(days => c.window_days) <= :now
         ORDER BY c.id LIMIT :limit FOR UPDATE OF c SKIP LOCKED
    ), bought AS (
        SELECT d.id, d.campaign_id, d.user_id, o.id AS order_id, o.fraud_hold,
               CASE WHEN o.currency = :platform THEN 1
                    ELSE o.platform_minor::numeric / nullif(o.payable_minor, 0) END AS rate
          FROM due d JOIN orders o ON o.buyer_id = d.user_id AND o.paid_at > d.chosen_at AND o.paid_at <= d.until
         WHERE o.currency = :platform OR o.platform_currency = :platform
    ), sums AS (
        SELECT b.id,
               sum(CASE WHEN b.fraud_hold THEN 0 ELSE floor(b.rate *
                   (SELECT sum(l.payable_minor - l.refunded_minor) FROM order_line l WHERE l.order_id = b.order_id))
                   END) AS net,
               sum(floor(b.rate * coalesce((SELECT sum(u.amount_minor) FROM coupon_use u
                    WHERE u.order_id = b.order_id AND u.campaign_id = b.campaign_id AND u.user_id = b.user_id
                      AND u.status = 'redeemed'), 0))) AS cost,
               sum(CASE WHEN b.fraud_hold THEN floor(b.rate * coalesce((SELECT sum(u.amount_minor) FROM coupon_use u
                    WHERE u.order_id = b.order_id AND u.campaign_id = b.campaign_id AND u.user_id = b.user_id
                      AND u.status = 'redeemed'), 0)) ELSE 0 END) AS lost
          FROM bought b GROUP BY 1
    )
    UPDATE offer_choice c
       SET reward_minor = (coalesce(s.net, 0) - coalesce(s.lost, 0))::bigint, cost_minor = coalesce(s.cost, 0)::bigint,
           currency = :platform, rewarded_at = :now
      FROM due d LEFT JOIN sums s ON s.id = d.id WHERE c.id = d.id
    RETURNING c.id
    """
)
_LOG = text(
    """
    SELECT context, candidates, coalesce(offer_id::text, :none) AS offer, reward_minor FROM offer_choice
     WHERE arm = 'chosen' AND rewarded_at IS NOT NULL AND currency = :platform AND cardinality(context) = :size
     ORDER BY chosen_at DESC, id DESC LIMIT :limit
    """
)
# A usual purchase: what customers spent, by how often they bought; else what the choices brought.
_UNIT = text(
    """
    SELECT coalesce((SELECT sum(spent_minor) / nullif(sum(purchases), 0) FROM customer_score
                      WHERE currency = :platform),
                    (SELECT avg(reward_minor) FROM offer_choice WHERE reward_minor > 0 AND currency = :platform),
                    0)::bigint
    """
)
_COSTS = text(
    """
    SELECT o.id, avg(c.cost_minor)::bigint AS cost FROM offer o JOIN offer_choice c ON c.offer_id = o.id
     WHERE o.state = 'running' AND c.rewarded_at IS NOT NULL AND c.currency = :platform GROUP BY 1
    """
)
_HELD = text(
    """
    SELECT o.id, count(*) AS uses, count(*) FILTER (WHERE r.fraud_hold) AS held
      FROM offer o JOIN offer_choice c ON c.offer_id = o.id AND c.taken_at IS NOT NULL
      JOIN coupon_use u ON u.campaign_id = o.campaign_id AND u.user_id = c.user_id AND u.status <> 'released'
      JOIN orders r ON r.id = u.order_id
     WHERE o.state = 'running' GROUP BY 1
    """
)


def reward_choices(session: Session, *, now: datetime) -> int:
    """Write down what came of choices whose window is over; returns of how many. Each gets its reward once."""
    values = {"now": now, "limit": AT_ONCE, "platform": platform_currency(session)}
    return len(session.execute(_REWARD, values).all())


def learn_offers(session: Session, *, now: datetime) -> int | None:
    """Learn anew from everything that was rewarded, keep it as the next version, and let it choose.

    Not where a version was pinned, or where what was learned would surely have brought less than what was done. Returns
    the version; None where nothing was ever rewarded.
    """
    from portal.learning.offers import FEATURES, Seen, fit, is_trained, is_worse, judge

    platform = platform_currency(session)
    asked = {"none": NONE, "platform": platform, "size": len(FEATURES), "limit": LEARNED_MAX}
    log = [
        Seen(row.context, dict(row.candidates), [name for name, _ in row.candidates if name != NONE], row.offer,
             row.reward_minor)
        for row in session.execute(_LOG, asked)
    ][::-1]  # fmt: skip
    unit = int(session.execute(_UNIT, {"platform": platform}).scalar_one())
    if not log or unit <= 0:
        return None
    newest = session.execute(select(OfferModel.choices).order_by(OfferModel.version.desc()).limit(1)).scalar()
    if newest == len(log) < LEARNED_MAX:
        return None
    model = fit(log, unit_minor=unit)
    seen = {one.offer for one in log} - {NONE}
    titles = session.execute(select(Offer.id, Offer.title).order_by(Offer.position, Offer.id))
    names = {str(row.id): row.title for row in titles if str(row.id) in seen}
    card = judge(log, unit_minor=unit, names=names) | {"currency": platform}
    row = OfferModel(model=model.to_json(), card=card, choices=len(log), fitted_at=now)
    session.add(row)
    session.flush()
    standing = model_place(session)
    if is_trained(model) and not is_worse(card) and not (standing and standing.is_pinned):
        session.add(
            OfferModelPlace(model_version=row.version, is_pinned=False, reason="newest", placed_by=None, placed_at=now)
        )
        before = {"version": standing.model_version if standing else None}
        fact = Fact(AuditAction.OFFER_MODEL_PLACED, "offer_model", before, {"version": row.version})
        record(session, fact, actor=SYSTEM, now=now)
        after_commit(session, forget_offers)
    return row.version


def pause_offers(session: Session, *, strategy: Strategy, now: datetime) -> list[int]:
    """Pause offers too many of whose uses are held for their risk, and those that surely return too little; both by the
    strategy's bounds. Returns them.
    """
    from portal.learning.offers import surely_below

    found: dict[int, tuple[str, dict[str, int]]] = {}
    card = session.execute(select(OfferModel.card).order_by(OfferModel.version.desc()).limit(1)).scalar()
    if card and card.get("others"):
        rows = session.execute(_COSTS, {"platform": card["currency"]})
        costs = {str(row.id): int(row.cost) for row in rows}
        for name in surely_below(card, costs=costs, least=Decimal(strategy.roii_bp_min) / 10_000):
            found[int(name)] = "roii", {"cost_minor": costs[name]}
    for row in session.execute(_HELD).all():
        if row.uses >= USES_MIN and row.held * 10_000 > row.uses * strategy.fraud_bp_max:
            found[row.id] = "fraud", {"uses": row.uses, "held": row.held}
    for offer_id, (reason, figures) in found.items():
        offer = session.get_one(Offer, offer_id, with_for_update=True)
        offer.state, offer.reason = "paused", reason
        offer.version += 1
        after = {"state": "paused", **figures}
        fact = Fact(AuditAction.OFFER_MOVED, f"offer:{offer_id}", {"state": "running"}, after, reason=reason)
        record(session, fact, actor=SYSTEM, now=now)
    if found:
        after_commit(session, forget_offers)
    return sorted(found)
