"""What rows of each kind are selected by, and what each adds to the facts (ANA-01, A20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.rules.figures import GROUP_MIN, Fact
from portal.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one kind: what they are, who may see them, a selection with ref, label, at, channel_id, currency, key;
    facts by column. `owner` is the column of what holds a row; rows `of_stores` have store_id, too.
    """

    noun: str
    permission: Permission
    rows: str
    facts: Mapping[Fact, str]
    owner: str | None = None
    of_stores: bool = False


SOURCES = (
    Source(
        "order",
        Permission.ORDER_LIST,
        """SELECT b.id::text AS ref, b.number AS label, b.placed_at AS at, b.channel_id, b.currency, '' AS key,
                  b.paid_at, b.placed_at, b.payable_minor, b.discount_minor, b.tax_minor,
                  b.paid_at IS NOT NULL AS is_paid FROM bought b""",
        {
            Fact.ORDERS_PLACED: "1",
            Fact.ORDERS_PAID: "is_paid::int",
            Fact.SALES: "CASE WHEN is_paid THEN payable_minor END",
            Fact.DISCOUNT: "CASE WHEN is_paid THEN discount_minor END",
            Fact.ORDERS_DISCOUNTED: "(is_paid AND discount_minor > 0)::int",
            Fact.PAID_SECONDS: "round(extract(epoch FROM paid_at - placed_at))",
            Fact.PAID_QUICKLY: "(paid_at <= placed_at + interval '5 seconds')::int",
            Fact.TAX: "CASE WHEN is_paid THEN tax_minor END",
        },
    ),
    Source(
        "payment",
        Permission.PAYMENT_VIEW,
        """SELECT id::text AS ref, right(id::text, 12) AS label, created_at AS at, channel_id, currency, method AS key,
                  captured_minor FROM begun""",
        {Fact.PAYMENTS: "1", Fact.CAPTURED: "captured_minor"},
    ),
    Source(
        "attempt",
        Permission.PAYMENT_VIEW,
        """SELECT id::text AS ref, right(payment_id::text, 12) AS label, created_at AS at, channel_id, currency,
                  gateway AS key, is_approved, is_declined, is_failed, payment_id::text AS owner FROM tried""",
        {
            Fact.ATTEMPTS: "(is_approved OR is_declined)::int",
            Fact.ATTEMPTS_APPROVED: "is_approved::int",
            Fact.ATTEMPTS_DECLINED: "is_declined::int",
            Fact.ATTEMPTS_FAILED: "is_failed::int",
            Fact.ATTEMPTS_ENDED: "(is_approved OR is_declined OR is_failed)::int",
        },
        owner="owner",
    ),
    Source(
        "refund",
        Permission.REFUND_HANDLE,
        """SELECT id::text AS ref, number AS label, requested_at AS at, channel_id, currency, '' AS key, total_minor,
                  requested_at, completed_at, due_at, is_self_service FROM asked""",
        {
            Fact.REFUNDS: "1",
            Fact.REFUNDED: "total_minor",
            Fact.REFUNDS_COUNTED: "(is_self_service AND (completed_at IS NOT NULL OR due_at <= :now))::int",
            Fact.REFUNDS_IN_TIME: "(is_self_service AND completed_at <= due_at)::int",
            Fact.REFUNDS_DONE: "(completed_at IS NOT NULL)::int",
            Fact.REFUND_SECONDS: "round(extract(epoch FROM completed_at - requested_at))",
        },
    ),
    Source(
        "part",
        Permission.ORDER_LIST,
        """SELECT p.id::text AS ref, b.number AS label, b.placed_at AS at, p.channel_id, p.currency, '' AS key,
                  p.store_id, p.shipped_at, p.ship_by, p.payable_minor, p.discount_minor,
                  (SELECT sum(refunded_minor) FROM order_line WHERE part_id = p.id) AS refunded_minor
             FROM parts p JOIN order_part o ON o.id = p.id JOIN bought b ON b.id = o.order_id""",
        {
            Fact.STORE_ORDERS: "1",
            Fact.STORE_SALES: "payable_minor",
            Fact.STORE_DISCOUNT: "discount_minor",
            Fact.STORE_REFUNDED: "refunded_minor",
            Fact.PARTS_SENT: "(shipped_at IS NOT NULL AND ship_by IS NOT NULL)::int",
            Fact.PARTS_SENT_IN_TIME: "(shipped_at <= ship_by)::int",
        },
        of_stores=True,
    ),
    Source(
        "line",
        Permission.ORDER_LIST,
        """SELECT l.id::text AS ref, b.number AS label, b.placed_at AS at, p.channel_id, p.currency,
                  d.section_id::text AS key, p.store_id, l.part_id::text AS owner, l.payable_minor
             FROM parts p JOIN order_line l ON l.part_id = p.id JOIN bought b ON b.id = l.order_id
             JOIN product d ON d.id = l.product_id""",
        {Fact.SECTION_SALES: "payable_minor"},
        owner="owner",
        of_stores=True,
    ),
    Source(
        "coupon_use",
        Permission.ORDER_LIST,
        """SELECT u.id::text AS ref, b.number AS label, b.placed_at AS at, b.channel_id, b.currency,
                  u.campaign_id::text AS key, u.amount_minor
             FROM bought b JOIN coupon_use u ON u.order_id = b.id WHERE u.status = 'redeemed'""",
        {Fact.COUPON_USES: "1", Fact.COUPON_COST: "amount_minor"},
    ),
    Source(
        "grant",
        Permission.USER_VIEW,
        """SELECT id::text AS ref, right(user_id::text, 8) AS label, granted_at AS at, 0 AS channel_id, '' AS currency,
                  campaign_id::text AS key, is_redeemed, user_id::text AS owner FROM given""",
        {Fact.COUPONS_GIVEN: "1", Fact.COUPONS_REDEEMED: "is_redeemed::int"},
        owner="owner",
    ),
    Source(
        "offer",
        Permission.USER_VIEW,
        """SELECT id::text AS ref, right(user_id::text, 8) AS label, chosen_at AS at, channel_id, currency,
                  offer_id::text AS key, taken_at, user_id::text AS owner FROM offered""",
        {Fact.OFFERS_SHOWN: "1", Fact.OFFERS_TAKEN: "(taken_at IS NOT NULL)::int"},
        owner="owner",
    ),
    Source(
        "told",
        Permission.USER_VIEW,
        """SELECT ref, coalesce(right(user_id::text, 8), right(ref, 12)) AS label, at, 0 AS channel_id, '' AS currency,
                  key, is_answered, user_id::text AS owner FROM told""",
        {Fact.TOLD: "1", Fact.ANSWERED: "is_answered::int"},
        owner="owner",
    ),
    # Whoever was drawn for none counts as many times as there were people with the offer for each without. Rounded as
    # running sums, so that all of them add up to the figure.
    Source(
        "drawn",
        Permission.USER_VIEW,
        f"""SELECT id::text AS ref, right(user_id::text, 8) AS label, at, 0 AS channel_id, '' AS currency,
                  automation_id::text AS key, user_id::text AS owner, cost,
                  CASE WHEN arm = 'offer' THEN net
                       ELSE round((so_far - net) * people / control) - round(so_far * people / control) END AS gain
             FROM (SELECT f.*, count(*) FILTER (WHERE arm = 'offer') OVER everybody AS people,
                          count(*) FILTER (WHERE arm = 'control') OVER everybody AS control,
                          sum(net) FILTER (WHERE arm = 'control') OVER (everybody ORDER BY id) AS so_far
                     FROM followed f WINDOW everybody AS (PARTITION BY automation_id)) s
            WHERE people >= {GROUP_MIN} AND control >= {GROUP_MIN}""",  # noqa: S608  # A number of ours.
        {Fact.INCENTIVE_GAIN: "gain", Fact.INCENTIVE_COST: "cost"},
        owner="owner",
    ),
    Source(
        "posting",
        Permission.LEDGER_VIEW,
        """SELECT id::text AS ref, entry_id::text AS label, at, 0 AS channel_id, currency, kind AS key, entry,
                  amount_minor FROM booked""",
        {
            Fact.MILEAGE_GRANTED: """CASE WHEN amount_minor > 0 AND (key = 'mileage_pending' AND entry = 'order_paid'
                                     OR key = 'mileage' AND entry = 'mileage_granted') THEN amount_minor END""",
            Fact.MILEAGE_SPENT: "CASE WHEN key = 'mileage' AND entry = 'order_paid' THEN -amount_minor END",
            Fact.MILEAGE_EXPIRED: "CASE WHEN key = 'mileage' AND entry = 'mileage_expired' THEN -amount_minor END",
        },
    ),
    # What stands at the end of the last day: the balance of now, less what came after that day.
    Source(
        "account",
        Permission.LEDGER_VIEW,
        """SELECT a.id::text AS ref, a.id::text AS label, a.created_at AS at, 0 AS channel_id, a.currency,
                  a.kind AS key, a.balance_minor - coalesce((SELECT sum(g.amount_minor) FROM ledger_posting g
                   WHERE g.account_id = a.id AND g.at >= h.before), 0) AS standing
             FROM house h CROSS JOIN ledger_account a
            WHERE a.kind IN ('deposit', 'gift', 'refund_credit', 'mileage', 'mileage_pending')""",
        {Fact.BALANCE_CHANGE: "standing"},
    ),
    Source(
        "decision",
        Permission.FRAUD_VIEW,
        """SELECT r.id::text AS ref, o.number AS label, r.decided_at AS at, 0 AS channel_id, '' AS currency, '' AS key,
                  r.outcome FROM house h JOIN risk_decision r ON r.decided_at >= h.since AND r.decided_at < h.before
             LEFT JOIN orders o ON o.id = r.order_id""",
        {Fact.DECISIONS: "1", Fact.DECISIONS_HELD: "(outcome IN ('review', 'block'))::int"},
    ),
    Source(
        "case",
        Permission.FRAUD_VIEW,
        """SELECT k.id::text AS ref, right(k.id::text, 12) AS label, k.opened_at AS at, 0 AS channel_id, '' AS currency,
                  '' AS key, extract(epoch FROM k.told_at - k.alarm_at) AS seconds
             FROM house h JOIN risk_case k ON k.opened_at >= h.since AND k.opened_at < h.before
            WHERE k.told_at IS NOT NULL""",
        {Fact.CASES_TOLD: "1", Fact.ALERT_SECONDS: "round(seconds)"},
    ),
    Source(
        "verdict",
        Permission.FRAUD_VIEW,
        """SELECT id::text AS ref, right(id::text, 12) AS label, decided_at AS at, 0 AS channel_id, '' AS currency,
                  verdict AS key, extract(epoch FROM decided_at - opened_at) AS seconds FROM judged""",
        {
            Fact.CASES_DECIDED: "1",
            Fact.CASES_GENUINE: "(key = 'genuine')::int",
            Fact.REVIEW_SECONDS: "round(seconds)",
        },
    ),
    # What was judged, and what was found to be fraud: by the day of either, for frauds are often of earlier payments.
    Source(
        "judgement",
        Permission.FRAUD_VIEW,
        """SELECT f.ref, o.number AS label, f.at, 0 AS channel_id, '' AS currency, '' AS key, f.is_fraud
             FROM (SELECT r.id::text AS ref, r.order_id, r.decided_at AS at, 0 AS is_fraud
                     FROM house h JOIN risk_decision r ON r.decided_at >= h.since AND r.decided_at < h.before
                   UNION ALL
                   SELECT 'case:' || l.decision_id, r.order_id, j.decided_at, 1
                     FROM judged j JOIN risk_case_decision l ON l.case_id = j.id
                     LEFT JOIN risk_decision r ON r.id = l.decision_id WHERE j.is_bad
                   UNION ALL
                   SELECT 'dispute:' || d.id, p.order_id, d.opened_at, 1
                     FROM house h JOIN dispute d ON d.opened_at >= h.since AND d.opened_at < h.before
                     JOIN payment p ON p.id = d.payment_id
                    WHERE d.reason = 'fraudulent' AND d.status <> 'inquiry' AND NOT EXISTS (
                          SELECT FROM risk_decision r JOIN risk_case_decision l ON l.decision_id = r.id
                            JOIN risk_case k ON k.id = l.case_id
                           WHERE r.order_id = p.order_id AND k.state = 'closed'
                             AND k.verdict NOT IN ('genuine', 'inconclusive'))) f
             LEFT JOIN orders o ON o.id = f.order_id""",
        {Fact.FRAUDS: "is_fraud", Fact.DECISIONS: "1 - is_fraud"},
    ),
    Source(
        "loss",
        Permission.FRAUD_VIEW,
        """SELECT o.id::text AS ref, o.number AS label, max(j.decided_at) AS at, o.channel_id, o.currency, '' AS key,
                  o.payable_minor
             FROM judged j JOIN risk_case_decision l ON l.case_id = j.id JOIN risk_decision d ON d.id = l.decision_id
             JOIN orders o ON o.id = d.order_id
            WHERE j.is_bad AND o.status IN ('cancelled', 'refunded')
              AND NOT EXISTS (SELECT FROM order_part p WHERE p.order_id = o.id AND p.shipped_at IS NOT NULL)
            GROUP BY j.day, o.id""",
        {Fact.LOSSES_AVOIDED: "payable_minor"},
    ),
    Source(
        "dispute",
        Permission.DISPUTE_HANDLE,
        """SELECT d.id::text AS ref, right(d.payment_id::text, 12) AS label, d.opened_at AS at, p.channel_id,
                  d.currency, d.reason AS key, d.amount_minor
             FROM dispute d JOIN payment p ON p.id = d.payment_id JOIN channels c ON c.id = p.channel_id
            WHERE d.opened_at >= c.since AND d.opened_at < c.before AND d.status <> 'inquiry'""",
        {Fact.DISPUTES: "1", Fact.DISPUTED: "amount_minor"},
    ),
)
