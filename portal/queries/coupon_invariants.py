"""What must always be true of coupons, each as one query whose rows are the violations; part of the list of all."""

from __future__ import annotations

# Number in the design's list, name, query.
COUPON_INVARIANTS = (
    (
        6,
        "coupon uses stay within their limits",
        """SELECT c.id, c.cap, c.used, count(u.id) AS claims FROM campaign c
             LEFT JOIN coupon_use u ON u.campaign_id = c.id AND u.status <> 'released'
            WHERE c.cap IS NOT NULL GROUP BY c.id HAVING count(u.id) > c.cap OR count(u.id) <> c.used""",
    ),
    (
        6,
        "nobody uses a coupon more often than he may",
        """SELECT u.campaign_id, u.user_id, count(*) AS claims, c.per_user_cap FROM coupon_use u
             JOIN campaign c ON c.id = u.campaign_id AND c.per_user_cap IS NOT NULL
            WHERE u.status <> 'released' GROUP BY u.campaign_id, u.user_id, c.per_user_cap
           HAVING count(*) > c.per_user_cap""",
    ),
    (
        6,
        "budgets, codes and days of a campaign are used as far as its claims say",
        """SELECT k.*, n.used FROM (
             SELECT u.campaign_id, x.scope, x.entity, sum(x.took)::bigint AS took
               FROM coupon_use u JOIN campaign c ON c.id = u.campaign_id
               LEFT JOIN coupon_code k ON k.code = u.code
              CROSS JOIN LATERAL (
                    SELECT 'budget' AS scope, u.currency AS entity, u.amount_minor AS took
                     WHERE c.budgets ? u.currency
                    UNION ALL SELECT 'code', u.code, 1
                     WHERE coalesce(k.cap, c.per_code_cap) IS NOT NULL AND u.code IS NOT NULL
                    UNION ALL SELECT 'day', u.day::text, 1 WHERE c.per_day_cap IS NOT NULL AND u.day IS NOT NULL) x
              WHERE u.status <> 'released' GROUP BY u.campaign_id, x.scope, x.entity) k
             LEFT JOIN campaign_counter n USING (campaign_id, scope, entity)
            WHERE n.used IS DISTINCT FROM k.took""",
    ),
    (
        6,
        "a campaign that nobody uses has used nothing of its budget",
        """SELECT n.* FROM campaign_counter n JOIN campaign c ON c.id = n.campaign_id
            WHERE n.used > 0 AND n.scope = 'budget' AND c.budgets ? n.entity
              AND NOT EXISTS (SELECT FROM coupon_use u WHERE u.campaign_id = n.campaign_id
                                 AND u.status <> 'released' AND u.currency = n.entity)""",
    ),
    (
        6,
        "each claim that is counted is in a wallet",
        """SELECT n.campaign_id, n.used, n.cap FROM campaign_counter n
            WHERE n.scope = 'claim' AND n.used > (SELECT count(*) FROM coupon_grant g
                  WHERE g.campaign_id = n.campaign_id AND g.source = 'claimed')""",
    ),
    (
        6,
        "a code for one person opens a coupon for nobody else",
        """SELECT k.code, k.holder_id, g.user_id FROM coupon_code k JOIN coupon_grant g ON g.code = k.code
            WHERE k.holder_id IS NOT NULL AND g.user_id <> k.holder_id""",
    ),
    (
        6,
        "the platform gives of a discount what was agreed",
        """SELECT s.id, s.amount_minor, s.platform_minor, u.terms ->> 'funding' AS funding
             FROM discount_share s JOIN coupon_use u ON u.id = s.coupon_use_id
            WHERE s.platform_minor IS NOT NULL
              AND ((u.terms ->> 'funding' = 'platform' AND s.platform_minor <> s.amount_minor)
                OR (u.terms ->> 'funding' = 'seller' AND s.platform_minor <> 0))""",
    ),
)
