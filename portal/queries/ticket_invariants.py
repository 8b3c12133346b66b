"""What must always be true of tickets, each as one query whose rows are the violations; part of the list of all."""

from __future__ import annotations

# Number in the design's list, name, query.
TICKET_INVARIANTS = (
    (
        8,
        "a ticket is about an order of its own buyer, and a store that was written to sells in it",
        """SELECT t.id, t.order_id, t.store_id FROM ticket t JOIN orders o ON o.id = t.order_id
            WHERE o.buyer_id <> t.buyer_id
               OR t.store_id IS NOT NULL
                  AND NOT EXISTS (SELECT FROM order_part p WHERE p.order_id = o.id AND p.store_id = t.store_id)""",
    ),
    (
        8,
        "a ticket is in the state of its last move, and begins with its buyer's words",
        """SELECT t.id, t.state FROM ticket t
            WHERE t.state IS DISTINCT FROM (SELECT r.to_state FROM transition r
                     WHERE r.subject = 'ticket' AND r.subject_id = t.id::text ORDER BY r.id DESC LIMIT 1)
               OR NOT EXISTS (SELECT FROM ticket_message m WHERE m.ticket_id = t.id AND m.side = 'buyer'
                                 AND m.author_id = t.buyer_id)""",
    ),
)
