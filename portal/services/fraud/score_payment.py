"""Score a payment before any gateway is called (PAY-11, FRD-01); the features are kept with the decision."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.crypto import blind_index
from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import RiskDecision
from portal.rules.fraud import DEFAULT_RULES, Decision, Features, Outcome, evaluate
from portal.rules.permissions import Actor
from portal.rules.purposes import PaymentPurpose

WINDOW = timedelta(hours=1)
MEAN_OVER = timedelta(days=180)


class PaymentBlockedError(PortalError):
    """A rule refuses the payment. What the rule saw is for administrators, not for the one who tries."""

    code = "payment_blocked"
    status = 403
    sentence = N_(
        "This payment cannot be made. If you think that this is wrong, write to our support; nothing was charged."
    )


# One statement for all features of a payment: it stands inside the checkout's transaction.
_FEATURES = text(
    """
    SELECT u.created_at AS account_made_at,
           h.paid_orders, h.own_mean, h.orders_in_window,
           a.attempts_in_window, a.declines_in_window,
           coalesce((SELECT count(DISTINCT w2.user_id) FROM web_session w1 JOIN web_session w2 USING (device_id)
                      WHERE w1.id = :session_id AND w2.user_id IS NOT NULL), 0) AS accounts_on_device,
           ARRAY(SELECT l.mode || ':' || l.kind FROM risk_list_entry l
                  WHERE l.removed_at IS NULL AND (l.expires_at IS NULL OR l.expires_at > :now)
                    AND ((l.kind = 'user' AND l.value_index = :user_index)
                      OR (l.kind = 'email' AND l.value_index = u.email_index)
                      OR (l.kind = 'ip' AND l.value_index = :ip_index))) AS lists
      FROM user_account u,
           LATERAL (SELECT count(*) FILTER (WHERE o.paid_at IS NOT NULL) AS paid_orders,
                           avg(o.payable_minor) FILTER (WHERE o.paid_at IS NOT NULL AND o.currency = :currency)::bigint
                               AS own_mean,
                           count(*) FILTER (WHERE o.placed_at > :window_start) AS orders_in_window
                      FROM orders o WHERE o.buyer_id = u.id AND o.placed_at > :mean_start) h,
           LATERAL (SELECT count(*) AS attempts_in_window,
                           count(*) FILTER (WHERE p.status = 'failed') AS declines_in_window
                      FROM payment p WHERE p.user_id = u.id AND p.created_at > :window_start) a
     WHERE u.id = :user_id
    """
)


def score_payment(
    session: Session,
    *,
    purpose: PaymentPurpose = PaymentPurpose.ORDER,
    order_id: uuid.UUID | None = None,
    actor: Actor,
    currency: str,
    amount_minor: int,
    ip: str | None,
    now: datetime,
) -> Decision:
    """Decide on the facts of this moment and keep them. Writes the decision; raises nothing for a block."""
    assert actor.user_id is not None, "a visitor cannot pay"
    row = session.execute(
        _FEATURES,
        {
            "user_id": actor.user_id,
            "session_id": actor.session_id,
            "currency": currency,
            "now": now,
            "window_start": now - WINDOW,
            "mean_start": now - MEAN_OVER,
            "user_index": blind_index(f"user:{actor.user_id}"),
            "ip_index": blind_index(f"ip:{ip}"),
        },
    ).one()
    features = Features(
        currency=currency,
        amount_minor=amount_minor,
        own_mean_minor=row.own_mean,
        paid_orders=row.paid_orders,
        orders_in_window=row.orders_in_window,
        attempts_in_window=row.attempts_in_window,
        declines_in_window=row.declines_in_window,
        accounts_on_device=max(row.accounts_on_device, 1),
        account_age=now - row.account_made_at,
        blocked_by=tuple(entry.partition(":")[2] for entry in row.lists if entry.startswith("block:")),
        trusted_by=tuple(entry.partition(":")[2] for entry in row.lists if entry.startswith("allow:")),
    )
    decision = evaluate(features, DEFAULT_RULES)
    insert_rows(session, RiskDecision, [_row(purpose, order_id, actor, features, decision, now)])
    return decision


def _row(
    purpose: PaymentPurpose,
    order_id: uuid.UUID | None,
    actor: Actor,
    features: Features,
    decision: Decision,
    now: datetime,
) -> dict[str, Any]:
    kept = asdict(features) | {"account_age": features.account_age.total_seconds() if features.account_age else None}
    return {
        "id": new_id(),
        "event": purpose.value,
        "order_id": None if decision.outcome is Outcome.BLOCK else order_id,
        "user_id": actor.user_id,
        "score": decision.score,
        "outcome": decision.outcome.value,
        "features": kept,
        "fired": [
            {
                "rule": one.rule,
                "version": one.version,
                "points": one.points,
                "mode": one.mode.value,
                "sentence": one.sentence,
                "params": {name: str(value) for name, value in one.params.items()},
            }
            for one in decision.fired
        ],
        "versions": {rule.name: rule.version for rule in DEFAULT_RULES.rules},
        "decided_at": now,
    }
