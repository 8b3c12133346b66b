"""What must always be true of disputes, each as one query whose rows are the violations; part of the list of all."""

from __future__ import annotations

# Number in the design's list, name, query.
DISPUTE_INVARIANTS = (
    (
        4,
        "what a bank holds and what was refunded of a payment stay within what was captured",
        """SELECT p.id, p.captured_minor, p.refunded_minor, sum(d.held_minor) AS held
             FROM payment p JOIN dispute d ON d.payment_id = p.id
            GROUP BY p.id HAVING p.refunded_minor + sum(d.held_minor) > p.captured_minor""",
    ),
    (
        2,
        "what banks hold of us in the books is what the open disputes say",
        """SELECT coalesce(b.currency, d.currency) AS currency, coalesce(b.booked, 0) AS booked,
                  coalesce(d.open, 0) AS open
             FROM (SELECT a.currency, -sum(p.amount_minor) AS booked FROM ledger_account a
                     JOIN ledger_posting p ON p.account_id = a.id WHERE a.kind = 'dispute_receivable'
                    GROUP BY a.currency) b
             FULL JOIN (SELECT currency, sum(held_minor - borne_minor) AS open FROM dispute GROUP BY currency) d
               ON d.currency = b.currency
            WHERE coalesce(b.booked, 0) <> coalesce(d.open, 0)""",
    ),
    (
        4,
        "a lost dispute is borne by somebody, and only a lost one",
        """SELECT id, status, held_minor, borne_minor FROM dispute
            WHERE borne_minor <> CASE WHEN status = 'lost' THEN held_minor ELSE 0 END""",
    ),
    (
        4,
        "what a lost dispute took is what those who bear it bore",
        """SELECT d.id, d.borne_minor, d.borne_by FROM dispute d
            WHERE d.borne_minor <> (SELECT coalesce(sum(value::bigint), 0) FROM jsonb_each_text(d.borne_by))""",
    ),
    (
        8,
        "a dispute is in the state of its last recorded move",
        """SELECT d.id, d.status, l.to_state FROM dispute d
             LEFT JOIN LATERAL (SELECT to_state FROM transition t
                                 WHERE t.subject = 'dispute' AND t.subject_id = d.id::text
                                 ORDER BY t.id DESC LIMIT 1) l ON true
            WHERE l.to_state IS DISTINCT FROM d.status""",
    ),
    (
        8,
        "every dispute in the books has an audit row",
        """SELECT e.id, e.kind FROM ledger_entry e
            WHERE e.idem_key LIKE 'dispute:%'
              AND NOT EXISTS (SELECT FROM audit_row a
                               WHERE a.ref = 'dispute:' || split_part(e.idem_key, ':', 2)
                                 AND a.action = 'dispute:booked')""",
    ),
)
