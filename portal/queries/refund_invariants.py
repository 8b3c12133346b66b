"""What must always be true of refunds, each as one query whose rows are the violations; part of the list of all."""

from __future__ import annotations

# Number in the design's list, name, query.
REFUND_INVARIANTS = (
    (
        4,
        "a tender has given back what its legs have, and a payment what went back through its gateway",
        """SELECT t.id, t.refunded_minor, coalesce(sum(g.amount_minor), 0) AS legs FROM tender t
             LEFT JOIN refund_leg g ON g.tender_id = t.id AND g.status = 'succeeded' AND g.destination <> 'release'
            GROUP BY t.id HAVING t.refunded_minor <> coalesce(sum(g.amount_minor), 0)
           UNION ALL SELECT p.id, p.refunded_minor, coalesce(sum(g.amount_minor), 0) FROM payment p
             LEFT JOIN refund_leg g ON g.status = 'succeeded' AND g.destination = 'original'
                  AND (g.tender_id = p.tender_id OR g.withdrawal_id IS NOT NULL AND g.attempt_id IN (
                       SELECT a.id FROM payment_attempt a WHERE a.payment_id = p.id))
            WHERE p.captured_minor > 0
              -- What an imported history paid beyond the total went back beside its refund.
              AND NOT EXISTS (SELECT FROM refund f WHERE f.order_id = p.order_id AND f.shown = '')
            GROUP BY p.id HAVING p.refunded_minor <> coalesce(sum(g.amount_minor), 0)""",
    ),
    (
        4,
        "the legs of a decided refund come to its total, what failed having found another way",
        """SELECT f.id, f.total_minor, coalesce(sum(g.amount_minor), 0) AS legs FROM refund f
             LEFT JOIN refund_leg g ON g.refund_id = f.id
                  AND NOT EXISTS (SELECT FROM refund_leg n WHERE n.replaces = g.id)
            WHERE f.status NOT IN ('requested', 'refused', 'cancelled')
            GROUP BY f.id HAVING f.total_minor <> coalesce(sum(g.amount_minor), 0)""",
    ),
    (
        4,
        "a line has given back what decided refunds say, and not more than it cost",
        """SELECT l.id, l.refunded_quantity, l.refunded_minor, r.units, r.minor
             FROM order_line l JOIN (
                  SELECT r.line_id, sum(r.quantity) AS units, sum(r.amount_minor) AS minor
                    FROM refund_line r JOIN refund f ON f.id = r.refund_id
                   WHERE f.status NOT IN ('requested', 'refused', 'cancelled') AND f.shown <> ''
                   GROUP BY r.line_id) r ON r.line_id = l.id
            WHERE l.refunded_quantity <> r.units OR l.refunded_minor <> r.minor
               OR l.refunded_minor > l.payable_minor""",
    ),
    (
        4,
        "what went back of an order's shares is what was decided to go back of its tenders",
        """SELECT t.id, coalesce(s.back, 0) AS shares, coalesce(g.legs, 0) AS legs FROM tender t
             LEFT JOIN (SELECT tender_id, sum(refunded_minor) AS back FROM tender_share GROUP BY tender_id) s
               ON s.tender_id = t.id
             LEFT JOIN (SELECT g.tender_id, sum(g.amount_minor) AS legs FROM refund_leg g
                         WHERE NOT EXISTS (SELECT FROM refund_leg n WHERE n.replaces = g.id)
                         GROUP BY g.tender_id) g ON g.tender_id = t.id
            WHERE coalesce(s.back, 0) <> coalesce(g.legs, 0)""",
    ),
    (
        4,
        "what an exchange gave back is what something cheaper cost less, of its shares and of its tax",
        """SELECT l.id, coalesce(s.less, 0) AS shares, coalesce(r.less, 0) AS refunds, l.tax_less_minor, r.tax
             FROM order_line l
             LEFT JOIN (SELECT line_id, sum(less_minor) AS less FROM tender_share GROUP BY line_id) s
               ON s.line_id = l.id
             LEFT JOIN (SELECT r.line_id, sum(r.amount_minor) AS less, sum(r.tax_minor) AS tax
                          FROM refund_line r JOIN refund f ON f.id = r.refund_id
                         WHERE r.tax_minor IS NOT NULL AND f.status NOT IN ('requested', 'refused', 'cancelled')
                         GROUP BY r.line_id) r ON r.line_id = l.id
            WHERE coalesce(s.less, 0) <> coalesce(r.less, 0) OR l.tax_less_minor <> coalesce(r.tax, 0)""",
    ),
    (
        4,
        "what stores keep of goods that came back is what refunds say, of its shares and in the books",
        """SELECT f.order_id, f.fees, coalesce(s.fees, 0) AS shares, coalesce(b.fees, 0) AS booked
             FROM (SELECT f.order_id, sum(r.restocking_minor) AS fees FROM refund f JOIN refund_line r
                       ON r.refund_id = f.id WHERE f.status NOT IN ('requested', 'refused', 'cancelled')
                    GROUP BY f.order_id) f
             LEFT JOIN (SELECT order_id, sum(restocking_minor) AS fees FROM tender_share GROUP BY order_id) s
               ON s.order_id = f.order_id
             LEFT JOIN (SELECT e.order_id, sum(p.amount_minor) AS fees FROM ledger_entry e
                          JOIN ledger_posting p ON p.entry_id = e.id
                          JOIN ledger_account a ON a.id = p.account_id AND a.kind = 'seller_payable'
                         WHERE e.kind = 'restocking_kept' GROUP BY e.order_id) b ON b.order_id = f.order_id
            WHERE f.fees <> coalesce(s.fees, 0) OR f.fees <> coalesce(b.fees, 0)""",
    ),
    (
        4,
        "what is asked back of an order's discounts is what was held back of its tenders",
        """SELECT o.id, a.asked, coalesce(h.held, 0) AS held FROM orders o
             JOIN (SELECT order_id, sum(asked_minor) AS asked FROM discount_share GROUP BY order_id) a
               ON a.order_id = o.id
             LEFT JOIN (SELECT order_id, sum(held_minor) AS held FROM tender_share GROUP BY order_id) h
               ON h.order_id = o.id
            WHERE a.asked <> coalesce(h.held, 0)""",
    ),
    (
        7,
        "what gateways hold for orders that go on is what their books say",
        """SELECT gateway, currency, sum(held) AS held, sum(booked) AS booked FROM (
             SELECT 'gateway:' || a.gateway AS gateway, t.currency, t.amount_minor - t.released_minor AS held,
                    0 AS booked
               FROM tender t JOIN orders o ON o.id = t.order_id AND o.paid_at IS NOT NULL
               JOIN payment p ON p.tender_id = t.id
               JOIN LATERAL (SELECT gateway FROM payment_attempt x WHERE x.payment_id = p.id
                              ORDER BY n DESC LIMIT 1) a ON true
              WHERE t.captured_minor = 0
             UNION ALL
             SELECT l.owner, l.currency, 0, -q.amount_minor FROM ledger_posting q
               JOIN ledger_account l ON l.id = q.account_id AND l.kind = 'gateway_authorised') AS sides
            GROUP BY gateway, currency HAVING sum(held) <> sum(booked)""",
    ),
    (
        5,
        "units that were never sent and were given back are on the shelf again, once",
        """SELECT m.order_line_id, sum(m.delta) AS put_back, l.refunded_quantity FROM stock_move m
             JOIN order_line l ON l.id = m.order_line_id WHERE m.reason = 'cancelled'
            GROUP BY m.order_line_id, l.refunded_quantity HAVING sum(m.delta) > l.refunded_quantity""",
    ),
    (
        7,
        "an order that gave everything back has nothing left in its escrow",
        """SELECT o.number, sum(p.amount_minor) AS left_over FROM orders o
             JOIN ledger_account a ON a.kind = 'order_escrow' AND a.owner = 'order:' || o.id
             JOIN ledger_posting p ON p.account_id = a.id
            WHERE o.status = 'refunded' GROUP BY o.id HAVING sum(p.amount_minor) <> 0""",
    ),
    (
        2,
        "what waits to be withdrawn is what withdrawals say",
        """SELECT a.owner, a.currency, coalesce(sum(p.amount_minor), 0) AS booked, coalesce(w.open, 0) AS open
             FROM ledger_account a LEFT JOIN ledger_posting p ON p.account_id = a.id
             LEFT JOIN (
                  SELECT 'user:' || w.user_id AS owner, w.currency, sum(w.amount_minor - w.returned_minor
                         - coalesce((SELECT sum(g.amount_minor) FROM refund_leg g
                                      WHERE g.withdrawal_id = w.id AND g.status = 'succeeded'), 0)
                         - coalesce((SELECT sum(y.amount_minor) FROM payout y
                                      WHERE y.withdrawal_id = w.id AND y.state = 'paid'), 0)) AS open
                    FROM withdrawal w WHERE w.status IN ('requested', 'approved') GROUP BY w.user_id, w.currency) w
               ON w.owner = a.owner AND w.currency = a.currency
            WHERE a.kind = 'withdrawal' GROUP BY a.id, w.open
           HAVING coalesce(sum(p.amount_minor), 0) <> coalesce(w.open, 0)""",
    ),
    (
        8,
        "a refund and its legs are in the state of their last recorded move",
        """SELECT s.subject, s.id, s.state, l.to_state FROM (
             SELECT 'refund' AS subject, id::text AS id, status AS state FROM refund WHERE shown <> ''
             UNION ALL SELECT 'refund_leg', g.id::text, g.status FROM refund_leg g
               LEFT JOIN refund f ON f.id = g.refund_id WHERE f.shown <> '' OR g.withdrawal_id IS NOT NULL) AS s
             LEFT JOIN LATERAL (SELECT to_state FROM transition t
                                 WHERE t.subject = s.subject AND t.subject_id = s.id
                                 ORDER BY t.id DESC LIMIT 1) l ON true
            WHERE l.to_state IS DISTINCT FROM s.state""",
    ),
    (
        8,
        "every refund in the books has an audit row",
        """SELECT e.id, e.kind FROM ledger_entry e
            WHERE e.idem_key LIKE 'refund%' AND e.order_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM refund f JOIN audit_row a ON a.ref = 'refund:' || f.id
                               WHERE f.order_id = e.order_id AND a.action LIKE 'refund:%')""",
    ),
)
