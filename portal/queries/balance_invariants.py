"""What must always be true of corrections and payouts, each as one query whose rows are the violations."""

from __future__ import annotations

# Number in the design's list, name, query.
BALANCE_INVARIANTS = (
    (
        1,
        "a reversing entry is the exact opposite of what it undoes",
        """SELECT r.id, r.reverses, p.account_id, sum(p.amount_minor) AS left_over FROM ledger_entry r
             JOIN ledger_posting p ON p.entry_id IN (r.id, r.reverses)
            WHERE r.reverses IS NOT NULL GROUP BY r.id, p.account_id HAVING sum(p.amount_minor) <> 0""",
    ),
    (
        2,
        "a corrected balance moved by what its entry says",
        """SELECT l.id, l.entry_id, l.after_minor - l.before_minor AS moved, p.amount_minor FROM adjustment_line l
             JOIN adjustment d ON d.id = l.adjustment_id
             LEFT JOIN ledger_account a
               ON a.kind = d.kind AND a.owner = 'user:' || l.user_id AND a.currency = d.currency
             LEFT JOIN ledger_posting p ON p.entry_id = l.entry_id AND p.account_id = a.id
            WHERE l.entry_id IS NOT NULL AND l.after_minor - l.before_minor <> coalesce(p.amount_minor, 0)""",
    ),
    (
        2,
        "a line of a store's statement is its posting, and lines come to their statement",
        """SELECT l.posting_id::text AS id, l.net_minor, p.amount_minor AS books FROM seller_statement_line l
             JOIN ledger_posting p ON p.id = l.posting_id WHERE l.net_minor <> p.amount_minor
           UNION ALL SELECT s.label, s.closing_minor - s.opening_minor, sum(l.net_minor) FROM seller_statement s
             JOIN seller_statement_line l ON l.statement_id = s.id
            GROUP BY s.id HAVING s.closing_minor - s.opening_minor <> sum(l.net_minor) OR count(*) <> s.lines""",
    ),
    (
        2,
        "a store's statement begins where the one before it ended",
        """SELECT label, opening_minor, before, number FROM (
             SELECT label, opening_minor, number, period_start,
                    lag(closing_minor, 1, 0::bigint) OVER w AS before, lag(number, 1, 0) OVER w AS last,
                    lag(period_end) OVER w AS ended
               FROM seller_statement WINDOW w AS (PARTITION BY store_id, currency ORDER BY number)) AS s
            WHERE opening_minor <> before OR number <> last + 1 OR period_start < ended""",
    ),
    (
        7,
        "a payout that was paid has its entry in the books",
        """SELECT y.id, y.amount_minor FROM seller_payout y
             LEFT JOIN ledger_entry e ON e.idem_key = 'payout:' || y.id
             LEFT JOIN ledger_posting p ON p.entry_id = e.id AND p.amount_minor = -y.amount_minor
            WHERE (y.state = 'paid') <> (p.id IS NOT NULL)""",
    ),
    (
        8,
        "a large correction was decided by a second person",
        """SELECT id, state FROM adjustment WHERE needs_second AND state IN ('running', 'done', 'undoing', 'undone')
              AND (decided_by IS NULL OR decided_by = made_by)""",
    ),
)
