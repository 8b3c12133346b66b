"""What must always be true of parcels, each as one query whose rows are the violations; part of the list of all."""

from __future__ import annotations

# Number in the design's list, name, query.
PARCEL_INVARIANTS = (
    (
        8,
        "a line has sent what is in its parcels",
        """SELECT l.id, l.shipped_quantity, coalesce(sum(s.quantity), 0) AS in_parcels FROM order_line l
             LEFT JOIN shipment_line s ON s.line_id = l.id
            GROUP BY l.id HAVING l.shipped_quantity <> coalesce(sum(s.quantity), 0)""",
    ),
    (
        8,
        "a part with parcels is sent when all its units are, and has arrived when all its parcels have",
        """SELECT p.id, p.status FROM order_part p
            WHERE EXISTS (SELECT FROM shipment s WHERE s.part_id = p.id)
              AND (p.status IN ('shipped', 'delivered', 'closed') AND EXISTS
                     (SELECT FROM order_line l
                       WHERE l.part_id = p.id AND l.shipped_quantity < l.quantity - l.refunded_quantity)
                OR p.status = 'delivered' AND EXISTS
                     (SELECT FROM shipment s WHERE s.part_id = p.id AND s.status <> 'delivered')
                OR p.status = 'cancelled')""",
    ),
    (
        8,
        "nothing is sent of what is held, and nothing cancelled has a hold",
        """SELECT h.id, p.status FROM order_hold h JOIN order_part p ON p.id = h.part_id
             JOIN orders o ON o.id = h.order_id
            WHERE h.released_at IS NULL AND o.status <> 'pending'
              AND (p.status IN ('released', 'accepted', 'packed')
                   OR p.status = 'cancelled' AND o.status NOT IN ('failed', 'cancelled', 'expired'))""",
    ),
    (
        5,
        "units that left in a parcel are not put back on the shelf as cancelled",
        """SELECT l.id, l.quantity, l.shipped_quantity, sum(m.delta) AS put_back FROM order_line l
             JOIN stock_move m ON m.order_line_id = l.id AND m.reason = 'cancelled'
            GROUP BY l.id HAVING sum(m.delta) + l.shipped_quantity > l.quantity""",
    ),
)
