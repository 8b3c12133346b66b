"""What a tier gives beside points: coupons on reaching it, and campaigns that apply by themselves (BAL-08)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.tiers import Ladder

CAMPAIGNS_MAX = 100

_WELCOMES = text(
    """
    SELECT id, name FROM campaign
     WHERE store_id IS NULL AND distribution = 'grant' AND state IN ('scheduled', 'running') AND valid_until > :now
     ORDER BY id DESC LIMIT :limit
    """
)
_BENEFITS = text(
    """
    SELECT t.tier, 'welcome' AS kind, c.id, c.name
      FROM unnest(CAST(:tiers AS text[]), CAST(:ids AS integer[])) AS t(tier, id) JOIN campaign c ON c.id = t.id
     WHERE c.state IN ('scheduled', 'running') AND c.valid_until > :now
    UNION ALL
    SELECT m.tier, 'always', c.id, c.name
      FROM campaign c, jsonb_array_elements(c.conditions) AS d(condition),
           jsonb_array_elements_text(d.condition->'params'->'any_of') AS m(tier)
     WHERE c.distribution = 'automatic' AND c.state = 'running' AND c.valid_from <= :now AND c.valid_until > :now
       AND d.condition->>'name' = 'tier'
     ORDER BY kind, id
    """
)


@dataclass(frozen=True, slots=True)
class Welcome:
    """A campaign whose coupon may be given on reaching a tier."""

    id: int
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Benefit:
    """What a campaign gives the members of a tier: once on reaching it, or in every order that it fits."""

    names: Mapping[str, str]
    is_welcome: bool


def list_welcomes(session: Session, *, now: datetime) -> Sequence[Welcome]:
    """The mall's own campaigns that are given to people and not over, the newest first."""
    return [Welcome(row.id, row.name) for row in session.execute(_WELCOMES, {"now": now, "limit": CAMPAIGNS_MAX})]


def load_benefits(session: Session, *, ladder: Ladder, now: datetime) -> dict[str, list[Benefit]]:
    """The benefits of each tier by its code, those that hold now."""
    given = [(tier.code, campaign_id) for tier in ladder.tiers for campaign_id in tier.welcome]
    values = {"tiers": [code for code, _ in given], "ids": [one for _, one in given], "now": now}
    found: dict[str, list[Benefit]] = {}
    for row in session.execute(_BENEFITS, values):
        found.setdefault(row.tier, []).append(Benefit(row.name, row.kind == "welcome"))
    return found
