"""A decision of the router as the attempt's row keeps it (PAY-04)."""

from __future__ import annotations

from typing import Any

from portal.rules.health import Health
from portal.rules.routing import Route, RouteRequest


def told_accounts(decision: Route) -> list[dict[str, Any]]:
    """Every account in its place: kept, or dropped with the reason, and how it worked where that says something."""
    told = []
    for one in decision.considered:
        row = {
            "account": one.name,
            "id": one.account_id,
            "priority": one.priority,
            "kept": one.is_kept,
            "reason": one.dropped.code if one.dropped else None,
        }
        if one.score is not None:
            row["score"] = one.score
        if one.health is Health.HALF_OPEN:
            row["health"] = one.health.value
        told.append(row)
    return told


def told_decision(decision: Route, request: RouteRequest, *, has_token: bool) -> dict[str, Any]:
    """What decided, and what it decided about. Replays of past payments start from this."""
    down = [one.account_id for one in decision.considered if one.health is Health.OPEN]
    return {
        "version": decision.version,
        "rule": decision.rule,
        "share": decision.share,
        "country": request.country,
        "locale": request.locale,
        "has_token": has_token,
        "explores": request.explores,
        "down": down,
    }
