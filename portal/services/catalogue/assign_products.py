"""Say which products a channel sells: one, many, or a whole shelf (CHN-03)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.channel_goods import Outcome
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record
from portal.services.catalogue.errors import ChannelUnknownError
from portal.services.catalogue.guard import require_stores
from portal.services.catalogue.note_catalogue import Note, note_catalogue
from portal.services.catalogue.refresh_listings import refresh_listings

AT_ONCE_MAX = 5_000
_CHANNEL = text("SELECT id FROM channel WHERE id = :id AND state <> 'closed'")
_STORES = text("SELECT DISTINCT store_id FROM product WHERE id = ANY(:ids)")
_PRICED = text(
    "SELECT DISTINCT v.product_id FROM variant v JOIN price ON price.variant_id = v.id"
    " WHERE v.product_id = ANY(:ids) AND price.channel_id = :channel_id"
)
# Locked in the order of their keys, as other writers of prices do.
_SWITCH = text(
    """
    WITH mine AS MATERIALIZED (
        SELECT price.variant_id, v.product_id FROM variant v JOIN price ON price.variant_id = v.id
         WHERE v.product_id = ANY(:ids) AND price.channel_id = :channel_id AND price.is_off <> :is_off
         ORDER BY price.variant_id FOR UPDATE OF price)
    UPDATE price SET is_off = :is_off FROM mine
     WHERE price.variant_id = mine.variant_id AND price.channel_id = :channel_id RETURNING mine.product_id
    """
)


@dataclass(frozen=True, slots=True)
class Assigned:
    """How many were switched, and the products that cannot be sold there because they have no price."""

    changed: int
    unpriced: tuple[int, ...]


def assign_products(
    session: Session, *, channel_id: int, product_ids: Collection[int], is_sold: bool, actor: Actor, now: datetime
) -> Assigned:
    """Sell these products on the channel, or no more; what is so already stays. Prices and texts are kept.

    Raises CatalogueForbiddenError, ChannelUnknownError.
    """
    ids = sorted(set(product_ids))
    if not may(actor, Permission.PRODUCT_EDIT, channel_id=channel_id):
        require_stores(actor, Permission.PRODUCT_EDIT, session.scalars(_STORES, {"ids": ids}))
    if session.scalar(_CHANNEL, {"id": channel_id}) is None:
        raise ChannelUnknownError
    values = {"ids": ids, "channel_id": channel_id, "is_off": not is_sold}
    changed = sorted(set(session.scalars(_SWITCH, values)))
    priced = set(session.scalars(_PRICED, values))
    unpriced = tuple(one for one in ids if one not in priced) if is_sold else ()
    refresh_listings(session, product_ids=changed)
    what = "sold" if is_sold else "not_sold"
    notes = [Note(channel_id, one, what, Outcome.APPLIED) for one in changed]
    notes += [Note(channel_id, one, what, Outcome.NOT_HERE, {"why": "no_price"}) for one in unpriced]
    note_catalogue(session, notes, actor=actor, now=now)
    if changed:
        after = {"sold": is_sold, "products": changed[:100], "count": len(changed)}
        fact = Fact(AuditAction.PRODUCTS_ASSIGNED, f"channel:{channel_id}", after=after)
        record(session, fact, actor=actor, now=now)
    return Assigned(len(changed), unpriced)
