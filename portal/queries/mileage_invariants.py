"""Invariants of mileage, as those in `invariants`: number, name, query."""

from __future__ import annotations

MILEAGE_INVARIANTS: tuple[tuple[int, str, str], ...] = (
    (
        2,
        "open lots sum to the mileage balance",
        """SELECT a.id, a.owner, a.balance_minor, coalesce(sum(l.remaining), 0) AS lots
             FROM ledger_account a LEFT JOIN mileage_lot l ON l.account_id = a.id
            WHERE a.kind = 'mileage' GROUP BY a.id HAVING a.balance_minor <> coalesce(sum(l.remaining), 0)""",
    ),
    (
        2,
        "points taken from a lot equal what its uses say",
        """SELECT l.id, l.granted, l.remaining, coalesce(sum(u.points - u.returned), 0) AS used
             FROM mileage_lot l LEFT JOIN mileage_lot_use u ON u.lot_id = l.id
            GROUP BY l.id HAVING l.granted - l.remaining < coalesce(sum(u.points - u.returned), 0)""",
    ),
    (
        2,
        "pending mileage is what paid orders promise for units that were kept and can still be sent back",
        """SELECT coalesce(a.owner, p.owner) AS owner, a.balance_minor, p.promised
             FROM (SELECT owner, balance_minor FROM ledger_account WHERE kind = 'mileage_pending') a
             FULL JOIN (SELECT 'user:' || o.buyer_id AS owner, sum(l.mileage_promised
                               - (2 * l.mileage_promised * l.refunded_quantity + l.quantity) / (2 * l.quantity))
                               AS promised
                          FROM orders o JOIN order_part q ON q.order_id = o.id JOIN order_line l ON l.part_id = q.id
                         WHERE o.paid_at IS NOT NULL AND o.mileage_promised > 0 AND q.mileage_matured_at IS NULL
                         GROUP BY o.buyer_id) p ON p.owner = a.owner
            WHERE coalesce(a.balance_minor, 0) <> coalesce(p.promised, 0)""",
    ),
    (
        2,
        "points on their way are what the waiting gifts hold",
        """SELECT a.posted, g.waiting
             FROM (SELECT coalesce(sum(p.amount_minor), 0) AS posted FROM ledger_posting p
                     JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = 'mileage_transit') a,
                  (SELECT coalesce(sum(points), 0) AS waiting FROM mileage_gift WHERE state = 'waiting') g
            WHERE a.posted <> g.waiting""",
    ),
    (
        2,
        "a gift is made of its lots",
        """SELECT g.id, g.points, coalesce(sum(l.points), 0) AS lots
             FROM mileage_gift g LEFT JOIN mileage_gift_lot l ON l.gift_id = g.id
            GROUP BY g.id HAVING g.points <> coalesce(sum(l.points), 0)""",
    ),
    (
        2,
        "a cause is owed what was donated to it",
        """SELECT cause_id, currency, sum(given) AS given, sum(booked) AS booked FROM (
             SELECT 'cause:' || cause_id AS cause_id, currency, amount_minor AS given, 0 AS booked FROM mileage_donation
             UNION ALL
             SELECT a.owner, a.currency, 0, p.amount_minor FROM ledger_posting p
               JOIN ledger_account a ON a.id = p.account_id AND a.kind = 'donation' AND a.owner LIKE 'cause:%'
            ) AS sides GROUP BY cause_id, currency HAVING sum(given) <> sum(booked)""",
    ),
    (
        2,
        "nothing is left of a lot a day after its end but what orders hold",
        """SELECT l.id, l.remaining, l.expires_at, a.held_minor FROM mileage_lot l
             JOIN ledger_account a ON a.id = l.account_id
            WHERE l.remaining > 0 AND l.expires_at < now() - interval '1 day' AND a.held_minor = 0""",
    ),
)
