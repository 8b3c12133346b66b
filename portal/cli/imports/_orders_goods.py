"""The stores and variants that imported orders name: found, or made with what the orders tell of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.cli.imports._orders_parsed import Goods, ParsedOrder
from portal.kit.text import N_
from portal.models import Product, Store
from portal.queries.channels import ChannelView
from portal.rules.imports import ImportedOrderError
from portal.rules.permissions import SYSTEM
from portal.services.catalogue.drafts import PriceDraft, ProductDraft, VariantDraft
from portal.services.catalogue.importing import olist
from portal.services.catalogue.importing.ensure import ensure_sections, ensure_stores
from portal.services.catalogue.importing.rows import Row
from portal.services.catalogue.open_offers import Offer, open_offers
from portal.services.catalogue.save_products import save_products
from portal.services.catalogue.set_price import PriceChange, set_prices

BATCH = 500
OTHER_SECTION = "other"

_SKUS = text(
    """
    SELECT v.sku, v.id, s.slug FROM variant v JOIN product p ON p.id = v.product_id JOIN store s ON s.id = p.store_id
     WHERE v.sku = ANY(:skus)
    """
)


class GoodsOfAnotherStoreError(ImportedOrderError):
    code = "import_goods_of_another_store"
    sentence = N_("The SKU %(sku)s belongs to the store %(store)s.")


@dataclass
class Found:
    """Ids by what the files call things."""

    stores: dict[str, int] = field(default_factory=dict)
    variants: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, other: Found) -> None:
        self.stores |= other.stores
        self.variants |= other.variants


class Catalogue(Protocol):
    """How a format's goods are found. `found` holds what committed transactions have found before."""

    found: Found

    def ensure(self, session: Session, orders: Iterable[ParsedOrder], now: datetime) -> Found: ...
    def note(self, order: ParsedOrder) -> None: ...
    def price(self, session: Session, now: datetime) -> None: ...


class LastPrices:
    """What each thing cost when it was sold last, by the date of the order and not by its place in the file."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], tuple[datetime, int]] = {}

    def note(self, order: ParsedOrder) -> None:
        for line in order.lines:
            known = self._seen.get(line.goods.key)
            if known is None or order.dates.placed_at >= known[0]:
                self._seen[line.goods.key] = (order.dates.placed_at, line.unit_price_minor)

    def batches(self) -> Iterable[list[tuple[tuple[str, str], int]]]:
        prices = [(key, price) for key, (_, price) in self._seen.items()]
        return (prices[i : i + BATCH] for i in range(0, len(prices), BATCH))


class OlistCatalogue:
    """Olist's goods, under the names that the catalogue's import gives them; further sellers get their own product."""

    def __init__(self, channel: ChannelView, country: str) -> None:
        self.found = Found()
        self._channel = channel
        self._country = country
        self._last = LastPrices()

    def ensure(self, session: Session, orders: Iterable[ParsedOrder], now: datetime) -> Found:
        """Find or make what these orders name and nobody has found before."""
        missing = {
            line.goods.key: line.unit_price_minor
            for order in orders
            for line in order.lines
            if line.goods.key not in self.found.variants
        }
        if not missing:
            return Found()
        stores = self._stores(session, {store for store, _ in missing})
        self._products(session, {product for _, product in missing}, now)
        offers = [
            Offer(olist.product_ref(product), olist.store_ref(store), price)
            for (store, product), price in missing.items()
        ]
        variants = open_offers(session, actor=SYSTEM, channel_id=self._channel.id, offers=offers, now=now)
        return Found(
            stores,
            {key: variants[olist.product_ref(key[1]), olist.store_ref(key[0])] for key in missing},
        )

    def note(self, order: ParsedOrder) -> None:
        self._last.note(order)

    def price(self, session: Session, now: datetime) -> None:
        """Let the channel ask what was asked last."""
        for batch in self._last.batches():
            offers = [
                Offer(olist.product_ref(product), olist.store_ref(store), price) for (store, product), price in batch
            ]
            open_offers(session, actor=SYSTEM, channel_id=self._channel.id, offers=offers, now=now)

    def _stores(self, session: Session, sellers: set[str]) -> dict[str, int]:
        refs = {olist.store_ref(seller): seller for seller in sellers}
        found = _store_ids(session, refs)
        rows = [Row(0, {"seller_id": refs[ref]}) for ref in refs if ref not in found]
        if rows:
            olist.save_sellers(session, actor=SYSTEM, rows=rows, currency=self._channel.currency, country=self._country)
            found |= _store_ids(session, refs)
        return {seller: found[ref] for ref, seller in refs.items()}

    def _products(self, session: Session, products: set[str], now: datetime) -> None:
        refs = {olist.product_ref(product): product for product in products}
        known = set(session.scalars(select(Product.external_ref).where(Product.external_ref.in_(refs))))
        rows = [Row(0, {"product_id": product}) for ref, product in refs.items() if ref not in known]
        if rows:
            olist.save_listed_products(session, actor=SYSTEM, rows=rows, translations={}, now=now)


class OwnCatalogue:
    """Goods by their SKU. One that is not there is made with the name and price that the order tells."""

    def __init__(self, channel: ChannelView) -> None:
        self.found = Found()
        self._channel = channel
        self._last = LastPrices()
        # A price that somebody has set is not changed by what was asked years ago.
        self._made: set[tuple[str, str]] = set()

    def ensure(self, session: Session, orders: Iterable[ParsedOrder], now: datetime) -> Found:
        """Find or make what these orders name. Raises GoodsOfAnotherStoreError."""
        wanted = {
            line.goods.key: line
            for order in orders
            for line in order.lines
            if line.goods.key not in self.found.variants
        }
        if not wanted:
            return Found()
        stores = ensure_stores(session, actor=SYSTEM, wanted={store: {} for store, _ in wanted})
        rows = session.execute(_SKUS, {"skus": [sku for _, sku in wanted]})
        known = {row.sku: row for row in rows}
        for store, sku in wanted:
            if sku in known and known[sku].slug != store:
                raise GoodsOfAnotherStoreError(sku=sku, store=known[sku].slug)
        missing = {key: line for key, line in wanted.items() if key[1] not in known}
        variants = {key: known[key[1]].id for key in wanted if key[1] in known}
        if missing:
            made = self._make(session, {k: (v.goods, v.unit_price_minor) for k, v in missing.items()}, stores, now)
            variants |= {key: made[key[1]] for key in missing}
            self._made |= set(missing)
        return Found(stores, variants)

    def note(self, order: ParsedOrder) -> None:
        self._last.note(order)

    def price(self, session: Session, now: datetime) -> None:
        """Let the channel ask for goods that were made here what was asked for them last."""
        for batch in self._last.batches():
            changes = [
                PriceChange(self.found.variants[key], self._channel.id, price)
                for key, price in batch
                if key in self._made and key in self.found.variants
            ]
            if changes:
                set_prices(session, actor=SYSTEM, changes=changes)

    def _make(
        self,
        session: Session,
        missing: dict[tuple[str, str], tuple[Goods, int]],
        stores: dict[str, int],
        now: datetime,
    ) -> dict[str, int]:
        section = ensure_sections(session, actor=SYSTEM, wanted={OTHER_SECTION: {}})[OTHER_SECTION]
        drafts = [
            ProductDraft(
                ref=f"csv:{store}:{sku}",
                slug=_slug(goods, store),
                store_id=stores[store],
                section_id=section,
                name={"en": goods.name or sku},
                variants=(VariantDraft(sku=sku, prices=(PriceDraft(self._channel.id, price),)),),
            )
            for (store, sku), (goods, price) in missing.items()
        ]
        return dict(save_products(session, actor=SYSTEM, drafts=drafts, now=now, stock_reason="import").variant_ids)


def _store_ids(session: Session, refs: Iterable[str]) -> dict[str, int]:
    rows = session.execute(select(Store.external_ref, Store.id).where(Store.external_ref.in_(list(refs))))
    return {row.external_ref: row.id for row in rows}


def _slug(goods: Goods, store: str) -> str:
    latin = re.sub(r"[^a-z0-9]+", "-", (goods.name or goods.sku).lower()).strip("-")[:80].strip("-")
    mark = hashlib.sha256(f"{store}:{goods.sku}".encode()).hexdigest()[:8]
    return f"{latin}-{mark}" if latin else mark
