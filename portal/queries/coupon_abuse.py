"""What the rules of abuse find: codes and coupons over a threshold within a window (CPN-14)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import TextClause, select, text
from sqlalchemy.orm import Session

from portal.models import CouponAbuseRule
from portal.rules.coupons.abuse import DEFAULTS, AbuseRule, AbuseSetting, Act


@dataclass(frozen=True, slots=True)
class Finding:
    """A code, or somebody's coupon, of which a rule has counted `found`. Of `code` and `grant_id` one is set."""

    rule: AbuseRule
    campaign_id: int
    code: str | None
    grant_id: uuid.UUID | None
    user_id: uuid.UUID | None
    found: int


# A source is a device or a network: each act counts for both of its own.
_SOURCES = """
    acts AS (SELECT a.*, s.source FROM coupon_act a
              CROSS JOIN LATERAL (VALUES ('d' || a.device_id), ('n' || encode(a.network, 'hex'))) AS s(source)
              WHERE a.at > :since AND s.source IS NOT NULL)
"""
# A decided flag says what was thought of everything before it: only what came later counts again.
_AFTER_CODE = """
    NOT EXISTS (SELECT FROM coupon_flag f WHERE f.rule = :rule AND f.code = a.code
                   AND (f.state = 'open' OR f.decided_at >= a.at))
"""
_AFTER_GRANT = """
    NOT EXISTS (SELECT FROM coupon_flag f WHERE f.rule = :rule AND f.grant_id = g.id
                   AND (f.state = 'open' OR f.decided_at >= a.at))
"""
_QUERIES: Mapping[AbuseRule, TextClause] = {
    AbuseRule.LEAKED: text(
        f"""
        WITH {_SOURCES}
        SELECT k.campaign_id, a.code, NULL::uuid AS grant_id, NULL::uuid AS user_id,
               max(a.accounts)::int AS found
          FROM (SELECT a.code, a.source, count(DISTINCT a.user_id) AS accounts FROM acts a
                 WHERE a.kind = 'claim' AND a.code IS NOT NULL AND {_AFTER_CODE}
                 GROUP BY a.code, a.source HAVING count(DISTINCT a.user_id) >= :threshold) a
          JOIN coupon_code k ON k.code = a.code AND k.state = 'active'
         GROUP BY k.campaign_id, a.code
        """  # noqa: S608  # Pieces of our own.
    ),
    AbuseRule.GUESSED: text(
        f"""
        WITH {_SOURCES},
        guessers AS (SELECT source, count(DISTINCT code_index) AS misses FROM acts
                      WHERE kind = 'miss' GROUP BY source HAVING count(DISTINCT code_index) >= :threshold)
        SELECT g.campaign_id, NULL::text AS code, g.id AS grant_id, g.user_id, max(s.misses)::int AS found
          FROM guessers s JOIN acts a ON a.source = s.source AND a.kind = 'claim' AND a.code IS NOT NULL
          JOIN coupon_grant g ON g.user_id = a.user_id AND g.code = a.code AND g.state = 'held'
         WHERE {_AFTER_GRANT}
         GROUP BY g.id
        """  # noqa: S608  # Pieces of our own.
    ),
    AbuseRule.AUTOMATED: text(
        f"""
        WITH quick AS (SELECT user_id, count(*) AS claims FROM coupon_act
                        WHERE at > :since AND kind = 'claim' GROUP BY user_id HAVING count(*) >= :threshold)
        SELECT g.campaign_id, NULL::text AS code, g.id AS grant_id, g.user_id, max(q.claims)::int AS found
          FROM quick q JOIN coupon_act a ON a.user_id = q.user_id AND a.kind = 'claim' AND a.at > :since
          JOIN coupon_grant g ON g.user_id = a.user_id AND g.campaign_id = a.campaign_id AND g.state = 'held'
         WHERE {_AFTER_GRANT}
         GROUP BY g.id
        """  # noqa: S608  # Pieces of our own.
    ),
    AbuseRule.RESOLD: text(
        f"""
        WITH {_SOURCES},
        sellers AS (SELECT a.source, k.batch_id, count(DISTINCT a.code) AS codes FROM acts a
                      JOIN coupon_code k ON k.code = a.code AND k.batch_id IS NOT NULL
                     WHERE a.kind = 'claim' GROUP BY a.source, k.batch_id
                    HAVING count(DISTINCT a.code) >= :threshold)
        SELECT g.campaign_id, NULL::text AS code, g.id AS grant_id, g.user_id, max(s.codes)::int AS found
          FROM sellers s JOIN acts a ON a.source = s.source AND a.kind = 'claim'
          JOIN coupon_code k ON k.code = a.code AND k.batch_id = s.batch_id
          JOIN coupon_grant g ON g.user_id = a.user_id AND g.code = a.code AND g.state = 'held'
         WHERE {_AFTER_GRANT}
         GROUP BY g.id
        """  # noqa: S608  # Pieces of our own.
    ),
    # Of many accounts on one device the first to come keeps what he holds.
    AbuseRule.DUPLICATE: text(
        f"""
        WITH doubles AS (SELECT device_id, campaign_id, count(DISTINCT user_id) AS accounts FROM coupon_act
                          WHERE at > :since AND kind = 'claim' AND device_id IS NOT NULL
                          GROUP BY device_id, campaign_id HAVING count(DISTINCT user_id) >= :threshold),
        firsts AS (SELECT a.*, d.accounts,
                          min(a.at) OVER (PARTITION BY a.device_id, a.campaign_id, a.user_id) AS first_at
                     FROM doubles d JOIN coupon_act a USING (device_id, campaign_id)
                    WHERE a.kind = 'claim' AND a.at > :since),
        ranked AS (SELECT f.*, dense_rank() OVER (PARTITION BY f.device_id, f.campaign_id
                                                  ORDER BY f.first_at, f.user_id) AS n
                     FROM firsts f)
        SELECT g.campaign_id, NULL::text AS code, g.id AS grant_id, g.user_id, max(a.accounts)::int AS found
          FROM ranked a JOIN coupon_grant g ON g.user_id = a.user_id AND g.campaign_id = a.campaign_id
           AND g.state = 'held'
         WHERE a.n > 1 AND {_AFTER_GRANT}
         GROUP BY g.id
        """  # noqa: S608  # Pieces of our own.
    ),
}


def load_settings(session: Session) -> dict[AbuseRule, AbuseSetting]:
    """Every rule as it is set; one that nobody has set is as it came."""
    rows = session.execute(
        select(CouponAbuseRule.name, CouponAbuseRule.threshold, CouponAbuseRule.window_minutes, CouponAbuseRule.act)
    )
    found = {
        AbuseRule(row.name): AbuseSetting(
            AbuseRule(row.name), row.threshold, timedelta(minutes=row.window_minutes), Act(row.act)
        )
        for row in rows
    }
    return {rule: found.get(rule, default) for rule, default in DEFAULTS.items()}


def look_for(session: Session, setting: AbuseSetting, *, now: datetime) -> list[Finding]:
    """What a rule finds now and nobody has been told of yet."""
    rows = session.execute(
        _QUERIES[setting.rule],
        {"since": now - setting.window, "threshold": setting.threshold, "rule": setting.rule.value},
    )
    return [Finding(setting.rule, row.campaign_id, row.code, row.grant_id, row.user_id, row.found) for row in rows]
