"""Wishlists as their owners see them: with the price and the stock of this moment."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.sellable import sellable


@dataclass(frozen=True, slots=True)
class WishRow:
    """A wished variant on a channel. `amount_minor` is None where that channel does not sell it."""

    variant_id: int
    slug: str
    name: Mapping[str, str]
    options: Sequence[Mapping[str, Any]]
    picture: str | None
    store_name: Mapping[str, str]
    amount_minor: int | None
    is_in_stock: bool
    added_at: datetime


_LIST = text(
    f"""
    SELECT w.variant_id, p.slug, p.name, v.options, coalesce(v.picture, p.picture) AS picture, s.name AS store_name,
           price.amount_minor,
           EXISTS (SELECT FROM stock k WHERE k.variant_id = v.id AND {sellable("k", ":channel_id")} > 0)
               AS is_in_stock, w.added_at
      FROM wish w JOIN variant v ON v.id = w.variant_id JOIN product p ON p.id = v.product_id
      JOIN store s ON s.id = p.store_id
      LEFT JOIN price_now price ON price.variant_id = v.id AND price.channel_id = :channel_id AND v.state = 'active'
     WHERE w.user_id = :user_id ORDER BY w.added_at DESC, w.variant_id
    """  # noqa: S608  # Our own fragment.
)


def list_wishes(session: Session, *, user_id: uuid.UUID, channel_id: int) -> list[WishRow]:
    """The whole list, which has an end, as this channel sells it; the latest wish first."""
    rows = session.execute(_LIST, {"user_id": user_id, "channel_id": channel_id})
    return [WishRow(*row) for row in rows]
