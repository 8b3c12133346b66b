"""Listings: what a channel's pages read of a product, derived from its variants, prices and the channel's texts."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

# Both begin with the products that were asked for: in a shop that is being filled the planner knows nothing of the
# tables yet, and would read all prices there are for each batch.
# The names stand on the first line of search_text, so that a search can put matches in names before others.
_RENEW = text(
    """
    WITH own AS MATERIALIZED (
        SELECT id, store_id, section_id, name FROM product WHERE id = ANY(:ids) AND state = 'active')
    INSERT INTO listing AS l (channel_id, product_id, section_id, store_id, price_from_minor, price_to_minor,
                              compare_at_minor, search_text, name)
    SELECT price.channel_id, p.id, c.id, p.store_id, min(price.amount_minor), max(price.amount_minor),
           (array_agg(price.compare_at_minor ORDER BY price.amount_minor, price.compare_at_minor NULLS LAST))[1],
           lower(normalize(
               concat_ws(' ', (SELECT string_agg(value, ' ' ORDER BY key)
                                FROM jsonb_each_text(coalesce(p.name || lo.name, p.name)))) || E'\\n' ||
               concat_ws(' ', (SELECT string_agg(value, ' ' ORDER BY key) FROM jsonb_each_text(s.name)),
                              (SELECT string_agg(value, ' ' ORDER BY key) FROM jsonb_each_text(c.name)),
                              (SELECT string_agg(value, ' ' ORDER BY key) FROM jsonb_each_text(parent.name)),
                              string_agg(v.sku, ' ' ORDER BY v.position, v.id)), NFKC)),
           p.name || lo.name
      FROM own p
      JOIN store s ON s.id = p.store_id AND s.state = 'open'
      JOIN variant v ON v.product_id = p.id AND v.state = 'active'
      JOIN price_now price ON price.variant_id = v.id
      LEFT JOIN local_product lo ON lo.product_id = p.id AND lo.channel_id = price.channel_id
      JOIN section c ON c.id = coalesce(lo.section_id, p.section_id)
      LEFT JOIN section parent ON parent.id = c.parent_id
     GROUP BY price.channel_id, p.id, p.store_id, p.name, s.id, c.id, parent.id, lo.channel_id, lo.product_id
     ORDER BY price.channel_id, p.id
    ON CONFLICT (channel_id, product_id) DO UPDATE
       SET section_id = excluded.section_id, store_id = excluded.store_id,
           price_from_minor = excluded.price_from_minor, price_to_minor = excluded.price_to_minor,
           compare_at_minor = excluded.compare_at_minor, search_text = excluded.search_text, name = excluded.name
     WHERE (l.section_id, l.store_id, l.price_from_minor, l.price_to_minor, l.compare_at_minor, l.search_text, l.name)
           IS DISTINCT FROM (excluded.section_id, excluded.store_id, excluded.price_from_minor,
                             excluded.price_to_minor, excluded.compare_at_minor, excluded.search_text, excluded.name)
    RETURNING l.product_id
    """
)

# What stays is found by the ids alone; listings are reached by channel and product, which is their key.
_REMOVE = text(
    """
    WITH own AS MATERIALIZED (
        SELECT id, store_id FROM product WHERE id = ANY(:ids) AND state = 'active'),
    kept AS MATERIALIZED (
        SELECT DISTINCT price.channel_id, p.id
          FROM own p
          JOIN store s ON s.id = p.store_id AND s.state = 'open'
          JOIN variant v ON v.product_id = p.id AND v.state = 'active'
          JOIN price ON price.variant_id = v.id AND NOT price.is_off)
    DELETE FROM listing l USING channel c
     WHERE l.channel_id = c.id AND l.product_id = ANY(:ids)
       AND NOT EXISTS (SELECT FROM kept WHERE kept.channel_id = l.channel_id AND kept.id = l.product_id)
    RETURNING l.product_id
    """
)


def refresh_listings(session: Session, *, product_ids: Iterable[int]) -> int:
    """Make the listings of these products say what their names, prices and states say now, on every channel.

    Returns how many said something else.
    """
    ids = sorted(set(product_ids))
    if not ids:
        return 0
    renewed = session.scalars(_RENEW, {"ids": ids}).all()
    removed = session.scalars(_REMOVE, {"ids": ids}).all()
    return len(renewed) + len(removed)
