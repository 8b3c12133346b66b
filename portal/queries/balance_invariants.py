"""What must always be true of corrections by hand, each as one query whose rows are the violations (BAL-07)."""

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
        8,
        "a large correction was decided by a second person",
        """SELECT id, state FROM adjustment WHERE needs_second AND state IN ('running', 'done', 'undoing', 'undone')
              AND (decided_by IS NULL OR decided_by = made_by)""",
    ),
)
