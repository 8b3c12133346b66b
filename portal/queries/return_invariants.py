"""What must always be true of returns, each as one query whose rows are the violations; part of the list of all."""

from __future__ import annotations

# Number in the design's list, name, query.
RETURN_INVARIANTS = (
    (
        5,
        "no more units of a line come back than were bought and are kept",
        """SELECT l.id, l.quantity, l.refunded_quantity, count(*) AS open_units FROM order_line l
             JOIN return_unit u ON u.line_id = l.id JOIN goods_return g ON g.id = u.return_id
             LEFT JOIN refund f ON f.id = g.refund_id
            WHERE u.state IN ('requested', 'approved', 'sent', 'received')
               OR u.state = 'accepted' AND (g.wish = 'refund' AND f.status = 'requested'
                                            OR g.wish <> 'refund' AND g.status <> 'settled')
            GROUP BY l.id HAVING count(*) + l.refunded_quantity > l.quantity""",
    ),
    (
        5,
        "a unit stands on the shelf again exactly when somebody took it and said so, and once",
        """SELECT u.id, u.state, u.restocked, count(m.id) AS moves FROM return_unit u
             LEFT JOIN stock_move m ON m.return_unit_id = u.id AND m.reason = 'returned' AND m.delta = 1
            GROUP BY u.id HAVING count(m.id) <> u.restocked::int OR (u.restocked AND u.state <> 'accepted')""",
    ),
    (
        5,
        "what goes out in exchange has left the shelf for a unit that is not given up",
        """SELECT u.id, u.state, g.status, coalesce(sum(m.delta), 0) AS moved FROM return_unit u
             JOIN goods_return g ON g.id = u.return_id
             LEFT JOIN stock_move m ON m.return_unit_id = u.id AND m.reason IN ('exchanged', 'exchange_undone')
            GROUP BY u.id, g.id
           HAVING coalesce(sum(m.delta), 0) <> CASE
                  WHEN g.wish = 'exchange' AND u.state IN ('approved', 'sent', 'received', 'accepted') THEN -1
                  WHEN g.wish = 'resend' AND u.state = 'accepted' THEN -1 ELSE 0 END""",
    ),
    (
        4,
        "a return's refund gives back the units that were taken, and no others",
        """SELECT g.id, g.refund_id, u.units, coalesce(r.units, 0) AS refunded FROM goods_return g
             JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'accepted') AS units FROM return_unit
                            WHERE return_id = g.id) u ON true
             LEFT JOIN LATERAL (SELECT sum(quantity) AS units FROM refund_line
                                 WHERE refund_id = g.refund_id AND line_id IS NOT NULL) r ON true
            WHERE g.wish = 'refund' AND u.units <> coalesce(r.units, 0)
               OR g.wish <> 'refund' AND coalesce(r.units, 0) <> 0""",
    ),
    (
        7,
        "what goods cost more in exchange is in the books once it was paid, and what went back of it",
        """SELECT g.id, u.more, u.back, coalesce(b.paid, 0) AS paid, coalesce(b.given, 0) AS given FROM goods_return g
             JOIN LATERAL (SELECT coalesce(sum(more_minor), 0) AS more, count(*) AS units,
                                  coalesce(sum(more_minor) FILTER (WHERE more_back_at IS NOT NULL), 0) AS back
                             FROM return_unit WHERE return_id = g.id AND state = 'accepted') u ON true
             LEFT JOIN LATERAL (
                  SELECT -sum(p.amount_minor) FILTER (WHERE e.id = g.more_entry_id) AS paid,
                         sum(p.amount_minor) FILTER (WHERE e.kind = 'exchange_given_back') AS given
                    FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id
                    JOIN ledger_account a ON a.id = p.account_id AND a.kind IN ('gateway_clearing', 'deposit')
                   WHERE e.id = g.more_entry_id OR e.idem_key IN (SELECT 'exchange_back:' || x.id FROM return_unit x
                                                                  WHERE x.return_id = g.id)) b ON true
            WHERE g.more_entry_id IS NOT NULL AND u.more <> coalesce(b.paid, 0) OR u.back <> coalesce(b.given, 0)
               OR g.replacement_id IS NOT NULL AND g.pay_by IS NOT NULL AND g.more_entry_id IS NULL""",
    ),
    (
        3,
        "the receipt of an exchange is what was paid for it, and its credit notes what went back",
        """SELECT d.label, d.total_minor, u.more, n.credited, u.back FROM document d
             JOIN goods_return g ON g.order_id = d.order_id AND g.more_entry_id = d.entry_id
             JOIN LATERAL (SELECT sum(more_minor) AS more,
                                  coalesce(sum(more_minor) FILTER (WHERE more_back_at IS NOT NULL), 0) AS back
                             FROM return_unit WHERE return_id = g.id AND state = 'accepted') u ON true
             JOIN LATERAL (SELECT coalesce(sum(total_minor), 0) AS credited FROM document
                            WHERE corrects_id = d.id) n ON true
            WHERE d.total_minor <> u.more OR n.credited > u.back""",
    ),
    (
        7,
        "a payment of an exchange is booked as it was captured",
        """SELECT y.id, y.captured_minor, coalesce(-q.amount_minor, 0) AS booked FROM payment y
             LEFT JOIN ledger_entry e ON e.idem_key = 'payment:' || y.id
             LEFT JOIN (ledger_posting q JOIN ledger_account a ON a.id = q.account_id AND a.kind = 'gateway_clearing')
               ON q.entry_id = e.id
            WHERE y.purpose = 'exchange' AND y.captured_minor <> coalesce(-q.amount_minor, 0)""",
    ),
    (
        8,
        "a return and its units are in the state of their last recorded move",
        """SELECT s.subject, s.id, s.state, l.to_state FROM (
             SELECT 'return' AS subject, id::text AS id, status AS state FROM goods_return
             UNION ALL SELECT 'return_unit', id::text, state FROM return_unit) AS s
             LEFT JOIN LATERAL (SELECT to_state FROM transition t
                                 WHERE t.subject = s.subject AND t.subject_id = s.id
                                 ORDER BY t.id DESC LIMIT 1) l ON true
            WHERE l.to_state IS DISTINCT FROM s.state""",
    ),
    (
        8,
        "a part is coming back exactly while something of it is",
        """SELECT p.id, p.status, count(g.id) AS returns FROM order_part p
             LEFT JOIN goods_return g ON g.part_id = p.id AND g.kind <> 'claim'
                   AND g.status IN ('approved', 'sent', 'received', 'inspected')
            WHERE p.status IN ('shipped', 'delivered', 'returning')
            GROUP BY p.id HAVING (p.status = 'returning') <> (count(g.id) > 0)""",
    ),
)
