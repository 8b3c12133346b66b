"""Who sells what for how much, as it becomes known from orders of another marketplace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.permissions import Actor, Permission, may
from portal.services.catalogue.errors import CatalogueForbiddenError
from portal.services.catalogue.importing.olist import WAITING
from portal.services.catalogue.refresh_listings import refresh_listings
from portal.services.catalogue.set_price import PriceChange, write_prices

Key = tuple[str, str]

_STORES = text("SELECT external_ref, id FROM store WHERE external_ref = ANY(:refs)")
_KNOWN = text(
    """
    SELECT p.external_ref, p.id, p.store_id,
           (SELECT v.id FROM variant v WHERE v.product_id = p.id ORDER BY v.position LIMIT 1) AS variant_id
      FROM product p WHERE p.external_ref = ANY(:refs)
    """
)
_MOVE = text(
    """
    UPDATE product SET store_id = t.store_id, updated_at = :now
      FROM unnest(CAST(:ids AS bigint[]), CAST(:stores AS bigint[])) AS t(id, store_id) WHERE product.id = t.id
    """
)
_COPY = text(
    """
    INSERT INTO product (store_id, section_id, slug, name, description, picture, external_ref, created_at, updated_at)
    SELECT t.store_id, p.section_id, p.slug || '-' || left(md5(t.ref), 8), p.name, p.description, p.picture, t.ref,
           :now, :now
      FROM unnest(CAST(:ids AS bigint[]), CAST(:stores AS bigint[]), CAST(:refs AS text[])) AS t(id, store_id, ref)
      JOIN product p ON p.id = t.id
    """
)
_COPY_VARIANTS = text(
    """
    INSERT INTO variant (product_id, sku, options, picture, position)
    SELECT p.id, v.sku || '@' || left(md5(t.ref), 8), v.options, v.picture, v.position
      FROM unnest(CAST(:ids AS bigint[]), CAST(:refs AS text[])) AS t(id, ref)
      JOIN product p ON p.external_ref = t.ref
      JOIN variant v ON v.id = (
           SELECT first.id FROM variant first WHERE first.product_id = t.id ORDER BY first.position LIMIT 1)
    """
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A product of another marketplace as one of its sellers offers it, in the channel's minor units."""

    product_ref: str
    store_ref: str
    amount_minor: int

    @property
    def key(self) -> Key:
        return self.product_ref, self.store_ref


def open_offers(
    session: Session, *, actor: Actor, channel_id: int, offers: Sequence[Offer], now: datetime
) -> dict[Key, int]:
    """Make every offer buyable on the channel and return its variant by (product_ref, store_ref).

    The first seller of a product gets it; each further one gets a product of his own like it. The last price given
    for an offer holds. What names an unknown product or store is not in the answer. Safe to run again.
    Raises CatalogueForbiddenError for anybody but administrators and our own jobs.
    """
    if not may(actor, Permission.PRODUCT_EDIT, store_id=0):
        raise CatalogueForbiddenError
    wanted = {offer.key: offer.amount_minor for offer in offers}
    stores = _ids(session, [WAITING, *(store for _, store in wanted)])
    wanted = {key: amount for key, amount in wanted.items() if key[1] in stores}
    known = _known(session, wanted)
    waiting = stores.get(WAITING)
    moves: dict[int, int] = {}
    copies: dict[str, tuple[int, int]] = {}
    places: dict[Key, str] = {}
    for key in wanted:
        product_ref, store_ref = key
        if product_ref not in known:
            continue
        product_id, home, _variant_id = known[product_ref]
        home = moves.get(product_id, home)
        if home == waiting:
            home = moves[product_id] = stores[store_ref]
        places[key] = product_ref if home == stores[store_ref] else _own_ref(key)
        if places[key] != product_ref and places[key] not in known:
            copies[places[key]] = (product_id, stores[store_ref])
    _write(session, moves, copies, now)
    if copies:
        known = _known(session, wanted)
    variants = {key: known[ref][2] for key, ref in places.items()}
    write_prices(session, changes=[PriceChange(variants[key], channel_id, wanted[key]) for key in variants])
    refresh_listings(session, product_ids=[known[ref][0] for ref in places.values()])
    return variants


def _write(session: Session, moves: dict[int, int], copies: dict[str, tuple[int, int]], now: datetime) -> None:
    if moves:
        session.execute(_MOVE, {"ids": list(moves), "stores": list(moves.values()), "now": now})
    if copies:
        ids, stores = [one[0] for one in copies.values()], [one[1] for one in copies.values()]
        session.execute(_COPY, {"ids": ids, "stores": stores, "refs": list(copies), "now": now})
        session.execute(_COPY_VARIANTS, {"ids": ids, "refs": list(copies)})


def _own_ref(key: Key) -> str:
    """What a further seller's product is known by."""
    return f"{key[0]}@{key[1]}"


def _ids(session: Session, refs: Sequence[str]) -> dict[str, int]:
    return {row.external_ref: row.id for row in session.execute(_STORES, {"refs": list(set(refs))})}


def _known(session: Session, wanted: dict[Key, int]) -> dict[str, tuple[int, int, int]]:
    """Product, store and first variant by ref, of the products and of their further sellers'."""
    refs = {ref for key in wanted for ref in (key[0], _own_ref(key))}
    rows = session.execute(_KNOWN, {"refs": list(refs)})
    return {row.external_ref: (row.id, row.store_id, row.variant_id) for row in rows}
