"""What must always be true of reviews, each as one query whose rows are the violations; part of the list of all."""

from __future__ import annotations

# Number in the design's list, name, query.
REMARK_INVARIANTS = (
    (
        8,
        "a review is by the buyer of its line, which was delivered",
        """SELECT r.id, r.line_id FROM remark r JOIN order_line l ON l.id = r.line_id
             JOIN order_part p ON p.id = l.part_id JOIN orders o ON o.id = l.order_id
            WHERE o.buyer_id <> r.author_id OR l.product_id <> r.product_id OR p.store_id <> r.store_id
               OR p.delivered_at IS NULL""",
    ),
    (
        2,
        "a product's rating is that of its reviews that everybody reads",
        """SELECT g.product_id, g.reviews, g.stars, r.reviews AS counted, r.stars AS summed FROM product_rating g
             FULL JOIN (SELECT product_id, count(*) AS reviews, sum(stars) AS stars FROM remark
                         WHERE kind = 'review' AND hidden_at IS NULL GROUP BY product_id) r USING (product_id)
            WHERE coalesce(g.reviews, 0) <> coalesce(r.reviews, 0) OR coalesce(g.stars, 0) <> coalesce(r.stars, 0)""",
    ),
)
