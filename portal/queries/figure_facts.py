"""What every fact counts, as one statement over the rows behind it (ANA-01).

A day is one of the channel's own calendar; what belongs to no channel goes by the first channel's.
"""

from __future__ import annotations

from portal.queries.automations import BROUGHT, COST

# Everything that began on the days from :first to :last, both included. Each is first taken from a day before to a day
# after, wherever its channel lies: the database knows by that how few rows they are, and finds them by their index.
BEGAN = f"""
channels AS (
    SELECT id, time_zone, currency, CAST(:first AS date)::timestamp AT TIME ZONE time_zone AS since,
           (CAST(:last AS date) + 1)::timestamp AT TIME ZONE time_zone AS before
      FROM channel
), house AS (SELECT * FROM channels ORDER BY id LIMIT 1),
bought AS MATERIALIZED (
    SELECT o.id, o.number, (o.placed_at AT TIME ZONE c.time_zone)::date AS day, o.channel_id, o.currency, o.placed_at,
           o.paid_at, o.payable_minor, o.discount_minor, o.shipping_minor, o.shipping_tax_rate,
           o.tax_added_minor + o.tax_included_minor AS tax_minor
      FROM channels c JOIN orders o ON o.channel_id = c.id AND o.placed_at >= c.since AND o.placed_at < c.before
     WHERE o.placed_at >= CAST(:first AS date) - 1 AND o.placed_at < CAST(:last AS date) + 2
), begun AS MATERIALIZED (
    SELECT p.id, p.created_at, (p.created_at AT TIME ZONE c.time_zone)::date AS day, p.channel_id, p.currency, p.method,
           p.captured_minor
      FROM channels c JOIN payment p ON p.channel_id = c.id AND p.created_at >= c.since AND p.created_at < c.before
     WHERE p.created_at >= CAST(:first AS date) - 1 AND p.created_at < CAST(:last AS date) + 2
), tried AS (
    SELECT b.day, b.channel_id, b.currency, b.created_at, b.id AS payment_id, a.id, a.gateway,
           a.state IN ('captured', 'authorised') AS is_approved,
           a.state = 'declined' AND why.fault AS is_failed, a.state = 'declined' AND NOT why.fault AND NOT why.given_up
               AS is_declined
      FROM begun b JOIN payment_attempt a ON a.payment_id = b.id
     CROSS JOIN LATERAL (
           SELECT coalesce(a.reason IN ('not_executed', 'processing_error', 'issuer_unavailable'), false) AS fault,
                  coalesce(a.reason IN ('cancelled_by_buyer', 'session_expired'), false) AS given_up) why
), asked AS MATERIALIZED (
    SELECT r.id, o.number, r.requested_at, (r.requested_at AT TIME ZONE c.time_zone)::date AS day, c.id AS channel_id,
           r.currency, r.total_minor,
           r.completed_at, r.due_at, r.origin = 'self_service' AND r.shown <> '' AS is_self_service
      FROM refund r JOIN orders o ON o.id = r.order_id JOIN channels c ON c.id = o.channel_id
     WHERE r.requested_at >= CAST(:first AS date) - 1 AND r.requested_at < CAST(:last AS date) + 2
       AND r.requested_at >= c.since AND r.requested_at < c.before AND r.status NOT IN ('refused', 'cancelled')
), parts AS MATERIALIZED (
    SELECT b.day, b.channel_id, b.currency, p.id, p.store_id, p.payable_minor,
           p.discount_minor + p.shipping_discount_minor AS discount_minor, p.shipped_at, p.ship_by
      FROM bought b JOIN order_part p ON p.order_id = b.id WHERE b.paid_at IS NOT NULL
), dearer AS (
    SELECT b.day, b.channel_id, b.currency, l.tax_rate AS rate, x.tax, u.more_minor - x.tax AS base,
           u.more_back_at IS NOT NULL AS is_back
      FROM bought b JOIN goods_return g ON g.order_id = b.id AND g.more_entry_id IS NOT NULL
      JOIN return_unit u ON u.return_id = g.id AND u.state = 'accepted' AND u.more_minor > 0
      JOIN order_line l ON l.id = u.line_id
     CROSS JOIN LATERAL (SELECT CASE WHEN l.tax_inclusive
                                     THEN u.more_minor - round(u.more_minor / (1 + l.tax_rate::numeric))
                                     ELSE u.more_tax_minor END AS tax) x
), given AS (
    SELECT g.id, g.user_id, g.campaign_id, g.granted_at, (g.granted_at AT TIME ZONE h.time_zone)::date AS day,
           EXISTS (SELECT FROM coupon_use u WHERE u.user_id = g.user_id AND u.campaign_id = g.campaign_id
                      AND u.status = 'redeemed') AS is_redeemed
      FROM house h JOIN coupon_grant g ON g.granted_at >= h.since AND g.granted_at < h.before
     WHERE g.granted_at >= CAST(:first AS date) - 1 AND g.granted_at < CAST(:last AS date) + 2
), offered AS (
    SELECT k.id, k.user_id, k.offer_id, k.chosen_at, k.taken_at, (k.chosen_at AT TIME ZONE c.time_zone)::date AS day,
           k.channel_id, c.currency
      FROM channels c JOIN offer_choice k ON k.channel_id = c.id AND k.chosen_at >= c.since AND k.chosen_at < c.before
     WHERE k.chosen_at >= CAST(:first AS date) - 1 AND k.chosen_at < CAST(:last AS date) + 2
       AND k.offer_id IS NOT NULL
), told AS (
    SELECT 'offers' AS key, id::text AS ref, user_id, chosen_at AS at, day, taken_at IS NOT NULL AS is_answered
      FROM offered
    UNION ALL SELECT 'coupons', id::text, user_id, granted_at, day, is_redeemed FROM given
    UNION ALL SELECT 'reviews', i.part_id::text, o.buyer_id, i.at, (i.at AT TIME ZONE h.time_zone)::date,
                     EXISTS (SELECT FROM order_line l JOIN remark r ON r.line_id = l.id WHERE l.part_id = i.part_id)
      FROM house h JOIN review_invitation i ON i.at >= h.since AND i.at < h.before
      JOIN order_part p ON p.id = i.part_id JOIN orders o ON o.id = p.order_id
     WHERE i.at >= CAST(:first AS date) - 1 AND i.at < CAST(:last AS date) + 2
), followed AS (
    SELECT a.id, a.automation_id, a.user_id, a.arm, e.at, (e.at AT TIME ZONE h.time_zone)::date AS day, x.cost,
           coalesce(o.revenue, 0)::bigint - CASE WHEN g.action = 'coupon' THEN 0 ELSE x.cost END AS net
      FROM house h CROSS JOIN automation g
      JOIN incentive_assignment a ON a.automation_id = g.id
       AND a.assigned_at >= h.since - make_interval(days => g.window_days)
       AND a.assigned_at < h.before - make_interval(days => g.window_days)
     CROSS JOIN LATERAL (SELECT a.assigned_at + make_interval(days => g.window_days) AS at) e {BROUGHT}
     CROSS JOIN LATERAL (SELECT {COST} AS cost) x
     WHERE a.arm IN ('offer', 'control') AND e.at <= :now
       AND (g.action = 'coupon' OR (g.action = 'deposit' AND g.currency = :platform))
), judged AS MATERIALIZED (
    SELECT k.id, (k.decided_at AT TIME ZONE h.time_zone)::date AS day, k.verdict, k.opened_at, k.decided_at,
           k.verdict NOT IN ('genuine', 'inconclusive') AS is_bad
      FROM house h JOIN risk_case k ON k.decided_at >= h.since AND k.decided_at < h.before
     WHERE k.state = 'closed'
), booked AS MATERIALIZED (
    SELECT g.id, g.entry_id, g.at, (g.at AT TIME ZONE h.time_zone)::date AS day, g.currency, a.kind, e.kind AS entry,
           g.amount_minor
      FROM house h JOIN ledger_posting g ON g.at >= h.since AND g.at < h.before
      JOIN ledger_account a ON a.id = g.account_id JOIN ledger_entry e ON e.id = g.entry_id
     WHERE a.kind IN ('deposit', 'gift', 'refund_credit', 'mileage', 'mileage_pending')
       AND g.at >= CAST(:first AS date) - 1 AND g.at < CAST(:last AS date) + 2
)
"""  # noqa: S608  # Fragments of ours.

# Each of these groups by all that is not added up, and says which fact is which sum.
_FACTS = (
    """
    SELECT v.fact, s.day, s.channel_id, 0 AS store_id, s.currency, '' AS key, v.value
      FROM (SELECT day, channel_id, currency, count(*) AS placed, count(paid_at) AS paid,
                   sum(payable_minor) FILTER (WHERE paid_at IS NOT NULL) AS sales,
                   sum(discount_minor) FILTER (WHERE paid_at IS NOT NULL) AS discount,
                   count(*) FILTER (WHERE paid_at IS NOT NULL AND discount_minor > 0) AS discounted,
                   sum(round(extract(epoch FROM paid_at - placed_at))) AS seconds,
                   count(*) FILTER (WHERE paid_at <= placed_at + interval '5 seconds') AS quickly
              FROM bought GROUP BY 1, 2, 3) s
     CROSS JOIN LATERAL (VALUES ('orders_placed', s.placed), ('orders_paid', s.paid), ('sales', s.sales),
                                ('discount', s.discount), ('orders_discounted', s.discounted),
                                ('paid_seconds', s.seconds), ('paid_quickly', s.quickly)) v (fact, value)
    """,
    """
    SELECT v.fact, s.day, s.channel_id, 0, s.currency, s.method, v.value
      FROM (SELECT day, channel_id, currency, method, count(*) AS begun, sum(captured_minor) AS captured
              FROM begun GROUP BY 1, 2, 3, 4) s
     CROSS JOIN LATERAL (VALUES ('payments', s.begun), ('captured', s.captured)) v (fact, value)
    """,
    """
    SELECT v.fact, s.day, s.channel_id, 0, s.currency, s.gateway, v.value
      FROM (SELECT day, channel_id, currency, gateway, count(*) FILTER (WHERE is_approved) AS approved,
                   count(*) FILTER (WHERE is_declined) AS declined, count(*) FILTER (WHERE is_failed) AS failed
              FROM tried GROUP BY 1, 2, 3, 4) s
     CROSS JOIN LATERAL (VALUES ('attempts', s.approved + s.declined), ('attempts_approved', s.approved),
                                ('attempts_declined', s.declined), ('attempts_failed', s.failed),
                                ('attempts_ended', s.approved + s.declined + s.failed)) v (fact, value)
    """,
    """
    SELECT v.fact, s.day, s.channel_id, 0, s.currency, '', v.value
      FROM (SELECT day, channel_id, currency, count(*) AS refunds, sum(total_minor) AS refunded,
                   count(*) FILTER (WHERE is_self_service AND (completed_at IS NOT NULL OR due_at <= :now)) AS counted,
                   count(*) FILTER (WHERE is_self_service AND completed_at <= due_at) AS in_time,
                   count(completed_at) AS done,
                   sum(round(extract(epoch FROM completed_at - requested_at))) AS seconds
              FROM asked GROUP BY 1, 2, 3) s
     CROSS JOIN LATERAL (VALUES ('refunds', s.refunds), ('refunded', s.refunded), ('refunds_counted', s.counted),
                                ('refunds_in_time', s.in_time), ('refunds_done', s.done),
                                ('refund_seconds', s.seconds)) v (fact, value)
    """,
    """
    SELECT v.fact, s.day, s.channel_id, s.store_id, s.currency, '', v.value
      FROM (SELECT p.day, p.channel_id, p.store_id, p.currency, count(*) AS parts, sum(p.payable_minor) AS sales,
                   sum(p.discount_minor) AS discount, sum(l.refunded) AS refunded,
                   count(p.shipped_at) FILTER (WHERE p.ship_by IS NOT NULL) AS sent,
                   count(*) FILTER (WHERE p.shipped_at <= p.ship_by) AS in_time
              FROM parts p
              LEFT JOIN LATERAL (SELECT sum(refunded_minor) AS refunded FROM order_line WHERE part_id = p.id) l ON true
             GROUP BY 1, 2, 3, 4) s
     CROSS JOIN LATERAL (VALUES ('store_orders', s.parts), ('store_sales', s.sales), ('store_discount', s.discount),
                                ('store_refunded', s.refunded), ('parts_sent', s.sent),
                                ('parts_sent_in_time', s.in_time)) v (fact, value)
    """,
    """
    SELECT 'section_sales', p.day, p.channel_id, p.store_id, p.currency, d.section_id::text, sum(l.payable_minor)
      FROM parts p JOIN order_line l ON l.part_id = p.id JOIN product d ON d.id = l.product_id GROUP BY 2, 3, 4, 5, 6
    """,
    # By rate, with what exchanges cost besides. What the lines do not bear of an order's tax is that of its shipping.
    """
    SELECT v.fact, s.day, s.channel_id, 0, s.currency, s.rate, v.value
      FROM (SELECT day, channel_id, currency, rate, sum(tax) AS tax, sum(base) AS base
              FROM (SELECT b.day, b.channel_id, b.currency, l.tax_rate AS rate, l.tax_minor AS tax,
                           l.payable_minor - l.tax_minor AS base
                      FROM bought b JOIN order_line l ON l.order_id = b.id WHERE b.paid_at IS NOT NULL
                    UNION ALL
                    SELECT b.day, b.channel_id, b.currency, coalesce(b.shipping_tax_rate, l.rate),
                           b.tax_minor - l.tax, b.shipping_minor - CASE WHEN l.inclusive THEN b.tax_minor - l.tax
                                                                        ELSE 0 END
                      FROM bought b JOIN LATERAL (SELECT min(tax_rate) AS rate, bool_and(tax_inclusive) AS inclusive,
                                                         sum(tax_minor) AS tax
                                                    FROM order_line WHERE order_id = b.id) l ON true
                     WHERE b.paid_at IS NOT NULL AND b.shipping_minor > 0
                    UNION ALL SELECT day, channel_id, currency, rate, tax, base FROM dearer) t GROUP BY 1, 2, 3, 4) s
     CROSS JOIN LATERAL (VALUES ('tax', s.tax), ('tax_base', s.base)) v (fact, value)
    """,
    # What refunds took off it since, on the day of the order: of units and of what was exchanged for something cheaper
    # as the books count it, with what the store kept of it as a fee, and of shipping fees as credit notes say it.
    """
    SELECT v.fact, s.day, s.channel_id, 0, s.currency, s.rate, v.value
      FROM (SELECT day, channel_id, currency, rate, sum(tax) AS tax, sum(amount) - sum(tax) AS base
              FROM (SELECT b.day, b.channel_id, b.currency, l.tax_rate AS rate,
                           l.refunded_minor + coalesce((SELECT sum(restocking_minor) FROM tender_share
                                                         WHERE order_id = b.id AND line_id = l.id), 0) AS amount,
                           least(l.tax_minor, round(l.tax_minor * l.refunded_quantity::numeric / l.quantity)
                                              + l.tax_less_minor) AS tax
                      FROM bought b JOIN order_line l ON l.order_id = b.id
                     WHERE b.paid_at IS NOT NULL AND (l.refunded_quantity > 0 OR l.refunded_minor > 0)
                    UNION ALL
                    SELECT b.day, b.channel_id, b.currency, r.rate, f.amount_minor,
                           f.amount_minor - round(f.amount_minor / (1 + r.rate::numeric))
                      FROM bought b JOIN refund e ON e.order_id = b.id
                       AND e.status IN ('approved', 'sent', 'unknown', 'failed', 'succeeded')
                      JOIN refund_line f ON f.refund_id = e.id AND f.part_id IS NOT NULL
                      JOIN LATERAL (SELECT coalesce(b.shipping_tax_rate, min(tax_rate)) AS rate
                                      FROM order_line WHERE order_id = b.id) r ON true
                     WHERE b.paid_at IS NOT NULL
                    UNION ALL SELECT day, channel_id, currency, rate, base + tax, tax FROM dearer WHERE is_back
                   ) t GROUP BY 1, 2, 3, 4) s
     CROSS JOIN LATERAL (VALUES ('tax_back', s.tax), ('tax_base_back', s.base)) v (fact, value)
    """,
    """
    SELECT v.fact, s.day, s.channel_id, 0, s.currency, s.campaign_id::text, v.value
      FROM (SELECT b.day, b.channel_id, b.currency, u.campaign_id, count(*) AS uses, sum(u.amount_minor) AS cost
              FROM bought b JOIN coupon_use u ON u.order_id = b.id
             WHERE u.status = 'redeemed' GROUP BY 1, 2, 3, 4) s
     CROSS JOIN LATERAL (VALUES ('coupon_uses', s.uses), ('coupon_cost', s.cost)) v (fact, value)
    """,
    """
    SELECT v.fact, s.day, 0, 0, '', s.campaign_id::text, v.value
      FROM (SELECT day, campaign_id, count(*) AS given, count(*) FILTER (WHERE is_redeemed) AS redeemed
              FROM given GROUP BY 1, 2) s
     CROSS JOIN LATERAL (VALUES ('coupons_given', s.given), ('coupons_redeemed', s.redeemed)) v (fact, value)
    """,
    """
    SELECT v.fact, s.day, s.channel_id, 0, s.currency, s.offer_id::text, v.value
      FROM (SELECT day, channel_id, currency, offer_id, count(*) AS shown, count(taken_at) AS taken
              FROM offered GROUP BY 1, 2, 3, 4) s
     CROSS JOIN LATERAL (VALUES ('offers_shown', s.shown), ('offers_taken', s.taken)) v (fact, value)
    """,
    """
    SELECT v.fact, s.day, 0, 0, '', s.key, v.value
      FROM (SELECT day, key, count(*) AS told, count(*) FILTER (WHERE is_answered) AS answered
              FROM told GROUP BY 1, 2) s
     CROSS JOIN LATERAL (VALUES ('told', s.told), ('answered', s.answered)) v (fact, value)
    """,
    # By the day on which each person's time was over: what he brings is known then.
    """
    SELECT v.fact, s.day, 0, 0, '', s.automation_id::text, v.value
      FROM (SELECT day, automation_id, arm = 'offer' AS is_offer, count(*) AS people, sum(net) AS net,
                   sum(cost) AS cost FROM followed GROUP BY 1, 2, 3) s
     CROSS JOIN LATERAL (VALUES (CASE WHEN is_offer THEN 'followed_with' ELSE 'followed_without' END, s.people),
                                (CASE WHEN is_offer THEN 'net_with' ELSE 'net_without' END, s.net),
                                ('incentive_cost', CASE WHEN is_offer THEN s.cost ELSE 0 END)) v (fact, value)
    """,
    """
    SELECT 'balance_change', day, 0, 0, currency, kind, sum(amount_minor) FROM booked GROUP BY 2, 5, 6
    """,
    """
    SELECT v.fact, s.day, 0, 0, 'PTS', '', v.value
      FROM (SELECT day, sum(amount_minor) FILTER (WHERE amount_minor > 0 AND (
                       (kind = 'mileage_pending' AND entry = 'order_paid')
                       OR (kind = 'mileage' AND entry = 'mileage_granted'))) AS granted,
                   -sum(amount_minor) FILTER (WHERE kind = 'mileage' AND entry = 'order_paid') AS spent,
                   -sum(amount_minor) FILTER (WHERE kind = 'mileage' AND entry = 'mileage_expired') AS expired
              FROM booked WHERE currency = 'PTS' GROUP BY 1) s
     CROSS JOIN LATERAL (VALUES ('mileage_granted', s.granted), ('mileage_spent', s.spent),
                                ('mileage_expired', s.expired)) v (fact, value)
    """,
    """
    SELECT v.fact, s.day, 0, 0, '', '', v.value
      FROM (SELECT (r.decided_at AT TIME ZONE h.time_zone)::date AS day, count(*) AS all_of_them,
                   count(*) FILTER (WHERE r.outcome IN ('review', 'block')) AS held
              FROM house h JOIN risk_decision r ON r.decided_at >= h.since AND r.decided_at < h.before
             WHERE r.decided_at >= CAST(:first AS date) - 1 AND r.decided_at < CAST(:last AS date) + 2 GROUP BY 1) s
     CROSS JOIN LATERAL (VALUES ('decisions', s.all_of_them), ('decisions_held', s.held)) v (fact, value)
    """,
    """
    SELECT v.fact, s.day, s.channel_id, 0, s.currency, s.reason, v.value
      FROM (SELECT (d.opened_at AT TIME ZONE c.time_zone)::date AS day, p.channel_id, d.currency, d.reason,
                   count(*) AS disputes, sum(d.amount_minor) AS disputed
              FROM dispute d JOIN payment p ON p.id = d.payment_id JOIN channels c ON c.id = p.channel_id
             WHERE d.opened_at >= c.since AND d.opened_at < c.before AND d.status <> 'inquiry' GROUP BY 1, 2, 3, 4) s
     CROSS JOIN LATERAL (VALUES ('disputes', s.disputes), ('disputed', s.disputed)) v (fact, value)
    """,
    # By the day of the verdict, as it stands once it cannot be undone.
    """
    SELECT v.fact, s.day, 0, 0, '', s.verdict, v.value
      FROM (SELECT day, verdict, count(*) AS cases, count(*) FILTER (WHERE verdict = 'genuine') AS genuine,
                   sum(round(extract(epoch FROM decided_at - opened_at))) AS seconds
              FROM judged GROUP BY 1, 2) s
     CROSS JOIN LATERAL (VALUES ('cases_decided', s.cases), ('cases_genuine', s.genuine),
                                ('review_seconds', s.seconds)) v (fact, value)
    """,
    """
    SELECT v.fact, s.day, 0, 0, '', '', v.value
      FROM (SELECT (k.opened_at AT TIME ZONE h.time_zone)::date AS day, count(*) AS cases,
                   sum(round(extract(epoch FROM k.told_at - k.alarm_at))) AS seconds
              FROM house h JOIN risk_case k ON k.opened_at >= h.since AND k.opened_at < h.before
             WHERE k.told_at IS NOT NULL GROUP BY 1) s
     CROSS JOIN LATERAL (VALUES ('cases_told', s.cases), ('alert_seconds', s.seconds)) v (fact, value)
    """,
    """
    SELECT 'frauds', s.day, 0, 0, '', '', count(*)
      FROM (SELECT j.day FROM judged j JOIN risk_case_decision l ON l.case_id = j.id WHERE j.is_bad
             UNION ALL
            SELECT (d.opened_at AT TIME ZONE h.time_zone)::date
              FROM house h JOIN dispute d ON d.opened_at >= h.since AND d.opened_at < h.before
             WHERE d.reason = 'fraudulent' AND d.status <> 'inquiry' AND NOT EXISTS (
                   SELECT FROM payment p JOIN risk_decision r ON r.order_id = p.order_id
                     JOIN risk_case_decision l ON l.decision_id = r.id JOIN risk_case k ON k.id = l.case_id
                    WHERE p.id = d.payment_id AND k.state = 'closed'
                      AND k.verdict NOT IN ('genuine', 'inconclusive'))) s
     GROUP BY s.day
    """,
    """
    SELECT 'losses_avoided', s.day, s.channel_id, 0, s.currency, '', sum(s.payable_minor)
      FROM (SELECT DISTINCT j.day, o.id, o.channel_id, o.currency, o.payable_minor
              FROM judged j JOIN risk_case_decision l ON l.case_id = j.id JOIN risk_decision d ON d.id = l.decision_id
              JOIN orders o ON o.id = d.order_id
             WHERE j.is_bad AND o.status IN ('cancelled', 'refunded')
               AND NOT EXISTS (SELECT FROM order_part p WHERE p.order_id = o.id AND p.shipped_at IS NOT NULL)) s
     GROUP BY 2, 3, 5
    """,
)

FACTS = f"""
WITH {BEGAN}, facts AS ({" UNION ALL ".join(_FACTS)})
SELECT fact, day, channel_id, store_id, currency, key, value::bigint AS value FROM facts WHERE value <> 0
"""  # noqa: S608  # Fragments of this file.
