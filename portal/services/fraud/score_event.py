"""The one place where risk is decided: payments, top-ups, gifts of mileage, sign-ins (FRD-01)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import RiskDecision
from portal.queries.risk_rules import rules_by_stamp
from portal.rules.fraud import Decision, Fired, Outcome, RuleSet, evaluate
from portal.rules.fraud_features import Value, Values, to_json
from portal.rules.permissions import Actor
from portal.services.fraud.score_features import Known, load_features
from portal.services.fraud.score_models import score_by_models


@dataclass(frozen=True, slots=True)
class RiskEvent:
    """What somebody wants to do. `kind` is a word such as order, top_up, sign_in; `subject` names it as `noun:ID`.

    What `exists` already stays so, even if it is blocked.
    """

    kind: str
    subject: str | None = None
    order_id: uuid.UUID | None = None
    currency: str | None = None
    amount_minor: int | None = None
    coupons: int = 0
    saving_minor: int = 0
    ip: str | None = None
    address: Mapping[str, str] | None = None
    device_id: uuid.UUID | None = None
    stores: Collection[int] = ()
    campaigns: Collection[int] = ()
    exists: bool = False


def score_event(session: Session, *, event: RiskEvent, actor: Actor, now: datetime) -> Decision:
    """Decide on the facts of this moment and keep them. Writes the decision; raises nothing for a block."""
    assert actor.user_id is not None, "nobody is scored who is not known"
    known = load_features(
        session,
        actor=actor,
        currency=event.currency,
        ip=event.ip,
        address=event.address,
        device_id=event.device_id,
        now=now,
        stores=event.stores,
        campaigns=event.campaigns,
    )
    values = {**known.values, **_of_event(event, now)}
    said = score_by_models(session, values=values, currency=event.currency, stamp=known.models_stamp)
    values |= said.values
    rules = rules_by_stamp(session, known.rules_stamp)
    decision = evaluate(values, event.currency, rules, snoozed=known.snoozed)
    row = _row(event, actor, values, known, rules, decision, now)
    row["contributions"] = said.kept
    insert_rows(session, RiskDecision, [row])
    return replace(decision, row=row)


def _of_event(event: RiskEvent, now: datetime) -> dict[str, Value | None]:
    country = (event.address or {}).get("country")
    has_amount = event.currency is not None and event.amount_minor is not None
    return {
        "event": event.kind,
        "amount": Decimal(event.amount_minor or 0) if has_amount else None,
        "coupons": Decimal(event.coupons),
        "saving": Decimal(event.saving_minor) if has_amount else None,
        "hour": Decimal(now.hour),
        "country": country or None,
    }


def _row(
    event: RiskEvent,
    actor: Actor,
    values: Values,
    known: Known,
    rules: RuleSet,
    decision: Decision,
    now: datetime,
) -> dict[str, Any]:
    is_blocked = decision.outcome is Outcome.BLOCK and not event.exists
    return {
        "id": new_id(),
        "event": event.kind,
        # What is blocked never comes to be.
        "order_id": None if is_blocked else event.order_id,
        "subject": None if is_blocked else event.subject,
        "user_id": actor.user_id,
        "currency": event.currency,
        "score": decision.score,
        "outcome": decision.outcome.value,
        "features": to_json(values),
        "fired": [_fired(one) for one in decision.fired],
        "unsure": [
            {"rule": one.rule.name, "version": one.rule.version, "missing": list(one.missing)}
            for one in decision.unsure
        ],
        "versions": rules.versions,
        "decided_at": now,
        "device_id": known.links.device_id,
        "ip_index": known.links.ip_index,
        "network_index": known.links.network_index,
        "address_index": known.links.address_index,
        "place": known.place.to_json() if known.place else None,
    }


def _fired(one: Fired) -> dict[str, Any]:
    """A rule that fired, so that it can be told in any language later: its condition, and what it saw."""
    return {
        "rule": one.rule.name,
        "version": one.rule.version,
        "points": one.rule.points,
        "mode": one.rule.mode.value,
        "source": one.rule.source,
        "values": dict(one.values),
        **({"shadow": True} if one.shadow else {}),
        **({"snoozed": True} if one.snoozed else {}),
    }
