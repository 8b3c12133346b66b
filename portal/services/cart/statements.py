"""The cart's writes: one statement each, because every buyer makes several of them.

The cart's row is always touched first, and its lock puts the changes of one cart into an order, so that two tabs
lose nothing of each other.
"""

from __future__ import annotations

from sqlalchemy import TextClause, text

from portal.queries.sellable import sellable
from portal.queries.store_profile import paused

# What decides whether a variant may be bought on a channel, and how many. Reservations of open orders are taken off.
_OFFER = f"""
    offer AS (
        SELECT v.id AS variant_id, p.amount_minor AS price_minor,
               coalesce(v.state = 'active' AND o.state = 'active' AND t.state = 'open', false)
                   AND NOT {paused("t")} AS on_sale,
               {paused("t")} AS is_paused,
               coalesce((SELECT sum(greatest({sellable("k", ":channel_id")}, 0)) FROM stock k
                          WHERE k.variant_id = v.id), 0)::bigint AS available
          FROM variant v
          JOIN product o ON o.id = v.product_id
          JOIN store t ON t.id = o.store_id
          LEFT JOIN price_now p ON p.variant_id = v.id AND p.channel_id = :channel_id
         WHERE v.id = :variant_id
    )
"""  # noqa: S608  # Our own fragment.

# The price that was seen is kept with the choices, so that the cart can say when another one holds (B23).
_SEEN = """
    choices = cart.choices || jsonb_build_object('seen',
        coalesce(cart.choices -> 'seen', '{}')
        || jsonb_build_object(CAST(:seen_key AS text), (SELECT price_minor FROM offer)))
"""


# Which browser has changed a line last: a number that another one did not see is told to it (CHN-10).
_HAND = """
    || jsonb_build_object('hands', coalesce(cart.choices -> 'hands', '{}')
        || jsonb_build_object(CAST(:variant_id AS text), CAST(:hand AS text)))
"""


def _add(owner: str) -> TextClause:
    # Without a row of `put` nothing was added, and `offer` and `held` say why; the caller then rolls back.
    return text(
        f"""
    WITH {_OFFER},
    opened AS (
        INSERT INTO cart ({owner}, id, choices, created_at, updated_at)
        SELECT CAST(:owner_id AS uuid), CAST(:cart_id AS uuid),
               jsonb_build_object('seen', jsonb_build_object(CAST(:seen_key AS text), price_minor),
                   'hands', jsonb_build_object(CAST(:variant_id AS text), CAST(:hand AS text))), :now, :now
          FROM offer
         WHERE on_sale AND price_minor IS NOT NULL
        ON CONFLICT ({owner}) DO UPDATE SET version = cart.version + 1, updated_at = :now, {_SEEN} {_HAND}
        RETURNING id, version
    ),
    put AS (
        INSERT INTO cart_line (cart_id, variant_id, quantity, added_at)
        SELECT opened.id, offer.variant_id, :quantity, :now
          FROM opened CROSS JOIN offer
         WHERE :quantity <= offer.available
        ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity = cart_line.quantity + excluded.quantity
         WHERE cart_line.quantity + excluded.quantity <= least((SELECT available FROM offer), :quantity_max)
        RETURNING quantity
    )
    SELECT offer.on_sale, offer.is_paused, offer.price_minor, offer.available, opened.id AS cart_id, opened.version,
           put.quantity,
           coalesce((SELECT l.quantity FROM cart_line l
                      WHERE l.cart_id = opened.id AND l.variant_id = offer.variant_id), 0) AS held,
           (SELECT count(*) FROM cart_line l
             WHERE l.cart_id = opened.id AND l.variant_id <> offer.variant_id) AS other_lines
      FROM offer LEFT JOIN opened ON true LEFT JOIN put ON true
        """  # noqa: S608  # The owner's column is one of two names of ours.
    )


ADD_FOR_USER = _add("user_id")
ADD_FOR_SESSION = _add("session_id")

_MINE = "(cart.user_id = :user_id OR (CAST(:user_id AS uuid) IS NULL AND cart.session_id = :session_id))"

_HAS_LINES = "EXISTS (SELECT FROM cart_line l WHERE l.cart_id = cart.id {of})"

CHANGE = text(
    f"""
    WITH {_OFFER},
    touched AS (
        UPDATE cart SET version = version + 1, updated_at = :now, {_SEEN} {_HAND} WHERE {_MINE} RETURNING id, version
    ),
    changed AS (
        UPDATE cart_line l SET quantity = :quantity FROM touched
         WHERE l.cart_id = touched.id AND l.variant_id = :variant_id
        RETURNING l.quantity
    )
    SELECT offer.on_sale, offer.is_paused, offer.price_minor, offer.available, touched.id AS cart_id, touched.version,
           changed.quantity,
           (SELECT l.quantity FROM cart_line l WHERE l.cart_id = touched.id AND l.variant_id = :variant_id) AS held,
           (SELECT c.choices -> 'hands' ->> CAST(:variant_id AS text) FROM cart c WHERE c.id = touched.id) AS last_hand
      FROM touched LEFT JOIN offer ON true LEFT JOIN changed ON true
    """  # noqa: S608  # Parts of our own.
)

REMOVE = text(
    f"""
    WITH touched AS (
        UPDATE cart SET version = version + 1, updated_at = :now,
               choices = choices #- ARRAY['seen', CAST(:seen_key AS text)] #- ARRAY['hands', CAST(:variant_id AS text)]
         WHERE {_MINE} AND {_HAS_LINES.format(of="AND l.variant_id = :variant_id")}
        RETURNING id, version
    ),
    removed AS (
        DELETE FROM cart_line l USING touched WHERE l.cart_id = touched.id AND l.variant_id = :variant_id
    )
    SELECT touched.id AS cart_id, touched.version, l.quantity AS held,
           (SELECT c.choices -> 'hands' ->> CAST(:variant_id AS text) FROM cart c WHERE c.id = touched.id) AS last_hand
      FROM touched JOIN cart_line l ON l.cart_id = touched.id AND l.variant_id = :variant_id
    """  # noqa: S608  # Parts of our own.
)

CLEAR = text(
    f"""
    WITH touched AS (
        UPDATE cart SET version = version + 1, updated_at = :now, choices = '{{}}'
         WHERE {_MINE} AND {_HAS_LINES.format(of="")}
        RETURNING id, version
    ),
    removed AS (DELETE FROM cart_line l USING touched WHERE l.cart_id = touched.id)
    SELECT id AS cart_id, version FROM touched
    """  # noqa: S608  # Parts of our own.
)

KEEP_CHOICES = text(
    f"UPDATE cart SET choices = choices || CAST(:choices AS jsonb), updated_at = :now WHERE {_MINE} RETURNING id"  # noqa: S608  # Parts of our own.
)

# Locked by a statement of its own: the next one then sees the lines of a tab that was quicker.
LOCK_VISITORS = text("SELECT id FROM cart WHERE session_id = :session_id AND user_id IS NULL FOR UPDATE")

# The lines of a browser's cart go into its person's. What both hold is added up, as far as it can be sold; what
# cannot be sold at all just now keeps the larger number, so that nothing disappears without being seen.
MERGE = text(
    f"""
    WITH source AS (SELECT id, choices FROM cart WHERE id = :source_id),
    opened AS (
        INSERT INTO cart (user_id, id, choices, created_at, updated_at)
        SELECT CAST(:user_id AS uuid), CAST(:cart_id AS uuid), source.choices, :now, :now FROM source
        ON CONFLICT (user_id) DO UPDATE
           SET version = cart.version + 1, updated_at = :now,
               choices = cart.choices || excluded.choices || jsonb_build_object('seen',
                   coalesce(cart.choices -> 'seen', '{{}}') || coalesce(excluded.choices -> 'seen', '{{}}'))
        RETURNING id, version
    ),
    merged AS (
        INSERT INTO cart_line (cart_id, variant_id, quantity, added_at)
        SELECT opened.id, l.variant_id, l.quantity, l.added_at
          FROM opened CROSS JOIN source JOIN cart_line l ON l.cart_id = source.id
         ORDER BY l.variant_id
        ON CONFLICT (cart_id, variant_id) DO UPDATE
           SET quantity = greatest(cart_line.quantity, excluded.quantity,
                                   least(cart_line.quantity + excluded.quantity, :quantity_max,
                                         (SELECT coalesce(sum(greatest({sellable("k", ":channel_id")}, 0)), 0)
                                            FROM stock k WHERE k.variant_id = excluded.variant_id)))
        RETURNING variant_id
    )
    SELECT opened.id AS cart_id, opened.version, (SELECT count(*) FROM merged) AS lines FROM opened
    """  # noqa: S608  # Our own fragment.
)

DROP = text("DELETE FROM cart WHERE id = :cart_id")
