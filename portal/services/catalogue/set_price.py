"""Prices of variants, per channel and in its currency."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.permissions import Actor, Permission
from portal.services.catalogue.errors import ChannelUnknownError, PriceInvalidError
from portal.services.catalogue.guard import require_stores
from portal.services.catalogue.refresh_listings import refresh_listings

_VARIANTS = text(
    "SELECT v.id, v.product_id, p.store_id FROM variant v JOIN product p ON p.id = v.product_id WHERE v.id = ANY(:ids)"
)
_CHANNELS = text("SELECT id, currency FROM channel WHERE id = ANY(:ids)")

# A new variant of a product that a channel does not sell is not sold there either. That is asked once for all rows:
# asked for each, a large catalogue is read from end to end as often as it has goods.
_SAVE = text(
    """
    WITH r AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(variant_id bigint, channel_id bigint, currency text,
               amount_minor bigint, compare_at_minor bigint)
    ), product AS MATERIALIZED (
        SELECT DISTINCT me.product_id, r.channel_id FROM r JOIN variant me ON me.id = r.variant_id
    ), off AS MATERIALIZED (
        SELECT p.product_id, p.channel_id, bool_and(other.is_off) AS is_off
          FROM product p JOIN variant v ON v.product_id = p.product_id
          JOIN price other ON other.variant_id = v.id AND other.channel_id = p.channel_id
         GROUP BY p.product_id, p.channel_id
    )
    INSERT INTO price AS known (variant_id, channel_id, currency, amount_minor, compare_at_minor, is_off)
    SELECT r.variant_id, r.channel_id, r.currency, r.amount_minor, r.compare_at_minor, coalesce(off.is_off, false)
      FROM r LEFT JOIN variant me ON me.id = r.variant_id
      LEFT JOIN off ON off.product_id = me.product_id AND off.channel_id = r.channel_id
     ORDER BY r.variant_id, r.channel_id
    ON CONFLICT (variant_id, channel_id) DO UPDATE
       SET currency = excluded.currency, amount_minor = excluded.amount_minor,
           compare_at_minor = excluded.compare_at_minor
     WHERE (known.amount_minor, known.compare_at_minor, known.currency)
           IS DISTINCT FROM (excluded.amount_minor, excluded.compare_at_minor, excluded.currency)
    """
)

_REMOVE = text(
    "DELETE FROM price WHERE (variant_id, channel_id) IN "
    "(SELECT * FROM unnest(CAST(:variant_ids AS bigint[]), CAST(:channel_ids AS bigint[])))"
)


@dataclass(frozen=True, slots=True)
class PriceChange:
    """The price of a variant on a channel in minor units; without an amount it is no longer sold there."""

    variant_id: int
    channel_id: int
    amount_minor: int | None
    compare_at_minor: int | None = None


def set_price(session: Session, *, actor: Actor, change: PriceChange) -> None:
    """Set one price. See set_prices()."""
    set_prices(session, actor=actor, changes=[change])


def set_prices(session: Session, *, actor: Actor, changes: Sequence[PriceChange]) -> None:
    """Set prices in the currency of their channel, and renew the listings of their products.

    Raises PriceInvalidError, ChannelUnknownError, CatalogueForbiddenError.
    """
    rows = session.execute(_VARIANTS, {"ids": sorted({each.variant_id for each in changes})}).all()
    require_stores(actor, Permission.PRODUCT_EDIT, (row.store_id for row in rows))
    write_prices(session, changes=changes)
    refresh_listings(session, product_ids=(row.product_id for row in rows))


def write_prices(session: Session, *, changes: Sequence[PriceChange]) -> None:
    """Write prices whose variants were checked already; the caller renews the listings."""
    currencies = {
        row.id: row.currency
        for row in session.execute(_CHANNELS, {"ids": sorted({each.channel_id for each in changes})})
    }
    rows = []
    gone = []
    for each in changes:
        if each.channel_id not in currencies:
            raise ChannelUnknownError
        if each.amount_minor is None:
            gone.append(each)
            continue
        if each.amount_minor < 0 or (each.compare_at_minor is not None and each.compare_at_minor <= each.amount_minor):
            raise PriceInvalidError(sku=each.variant_id)
        rows.append(
            {
                "variant_id": each.variant_id,
                "channel_id": each.channel_id,
                "currency": currencies[each.channel_id],
                "amount_minor": each.amount_minor,
                "compare_at_minor": each.compare_at_minor,
            }
        )
    if rows:
        session.execute(_SAVE, {"rows": json.dumps(rows)})
    if gone:
        values = {"variant_ids": [g.variant_id for g in gone], "channel_ids": [g.channel_id for g in gone]}
        session.execute(_REMOVE, values)
