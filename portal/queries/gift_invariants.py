"""What must always be true of gift cards, each as one query whose rows are the violations; part of the list of all."""

from __future__ import annotations

# Number in the design's list, name, query.
GIFT_INVARIANTS = (
    (
        2,
        "what sold gift cards are worth in the books is what the active ones say",
        """SELECT coalesce(b.currency, g.currency) AS currency, b.booked, g.active
             FROM (SELECT a.currency, sum(p.amount_minor) AS booked FROM ledger_account a
                     JOIN ledger_posting p ON p.account_id = a.id WHERE a.kind = 'gift_card' GROUP BY a.currency) b
             FULL JOIN (SELECT currency, sum(amount_minor) AS active FROM gift_card WHERE state = 'active'
                         GROUP BY currency) g ON g.currency = b.currency
            WHERE coalesce(b.booked, 0) <> coalesce(g.active, 0)""",
    ),
    (
        7,
        "a gift card is good when its payment is in, and only then",
        """SELECT g.id, g.state, p.status, p.captured_minor FROM gift_card g JOIN payment p ON p.id = g.payment_id
            WHERE (g.state = 'unpaid' AND p.captured_minor > 0) OR p.captured_minor NOT IN (0, g.amount_minor)
               OR (g.state NOT IN ('unpaid', 'void') AND p.captured_minor = 0)""",
    ),
    (
        8,
        "a gift card is in the state of its last recorded move, and has a code only while it is good",
        """SELECT g.id, g.state, l.to_state FROM gift_card g
             LEFT JOIN LATERAL (SELECT to_state FROM transition t
                                 WHERE t.subject = 'gift_card' AND t.subject_id = g.id::text
                                 ORDER BY t.id DESC LIMIT 1) l ON true
            WHERE l.to_state IS DISTINCT FROM g.state OR (g.code IS NOT NULL) <> (g.state = 'active')""",
    ),
)
