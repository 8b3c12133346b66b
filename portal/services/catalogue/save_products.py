"""Products with their variants, prices and stock: one at a time from a page, thousands from a file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.permissions import Actor, Permission
from portal.services.audit import label
from portal.services.catalogue.drafts import ProductDraft, SavedProducts
from portal.services.catalogue.errors import PriceInvalidError, SkuTakenError
from portal.services.catalogue.guard import require_stores
from portal.services.catalogue.refresh_listings import refresh_listings
from portal.services.catalogue.set_price import PriceChange, write_prices
from portal.services.catalogue.set_stock import set_stocks

_KNOWN = text("SELECT external_ref, store_id FROM product WHERE external_ref = ANY(:refs)")
_TAKEN = text("SELECT slug FROM product WHERE slug = ANY(:slugs) AND (external_ref <> ALL(:refs)) IS NOT FALSE")

_PRODUCTS = text(
    """
    INSERT INTO product AS known (store_id, section_id, slug, name, description, picture, external_ref,
                                  created_at, updated_at)
    SELECT r.store_id, r.section_id, r.slug, r.name, r.description, r.picture, r.ref, :now, :now
      FROM ROWS FROM (jsonb_to_recordset(CAST(:rows AS jsonb)) AS (store_id bigint, section_id bigint, slug text,
           name jsonb, description jsonb, picture text, ref text)) WITH ORDINALITY
           AS r(store_id, section_id, slug, name, description, picture, ref, place)
     ORDER BY r.place
    ON CONFLICT (external_ref) DO UPDATE
       SET store_id = excluded.store_id, section_id = excluded.section_id, name = excluded.name,
           description = excluded.description, updated_at = :now, version = known.version + 1,
           changed_by = :changed_by,
           picture = CASE WHEN EXISTS (SELECT FROM product_picture own WHERE own.product_id = known.id)
                          THEN known.picture ELSE excluded.picture END
    RETURNING id, external_ref, (xmax = 0) AS is_new
    """
)

_VARIANTS = text(
    """
    INSERT INTO variant AS known (product_id, sku, options, picture, position)
    SELECT r.product_id, r.sku, r.options, r.picture, r.position
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(product_id bigint, sku text, options jsonb, picture text,
           position integer)
     ORDER BY r.product_id, r.position
    ON CONFLICT (sku) DO UPDATE
       SET options = excluded.options, picture = excluded.picture, position = excluded.position
     WHERE known.product_id = excluded.product_id
    RETURNING id, sku
    """
)


def save_product(session: Session, *, actor: Actor, draft: ProductDraft, now: datetime) -> SavedProducts:
    """Make or change one product. See save_products()."""
    return save_products(session, actor=actor, drafts=[draft], now=now)


def save_products(
    session: Session, *, actor: Actor, drafts: Sequence[ProductDraft], now: datetime, stock_reason: str = "count"
) -> SavedProducts:
    """Make products, or change those whose `ref` is known, with what their variants say; listings follow.

    A known product keeps its slug, so that addresses stay good, its state and the pictures that its store has put in
    order; variants that are not named stay as they are, and what was taken off sale is not put back.
    Raises SkuTakenError, PriceInvalidError, StockInvalidError, StockReservedError, ChannelUnknownError, and
    CatalogueForbiddenError when a product is, or would become, a store's that the actor may not change.
    """
    if not drafts:
        return SavedProducts({}, {}, 0)
    refs = [draft.ref for draft in drafts]
    if len(set(refs)) != len(refs):
        raise ValueError("a product is drafted twice")
    known = session.execute(_KNOWN, {"refs": refs}).all()
    require_stores(actor, Permission.PRODUCT_EDIT, [*(d.store_id for d in drafts), *(row.store_id for row in known)])
    rows = [_product_row(draft, slug) for draft, slug in zip(drafts, _free_slugs(session, drafts), strict=True)]
    values = {"rows": json.dumps(rows), "now": now, "changed_by": label(actor)}
    saved = session.execute(_PRODUCTS, values).all()
    product_ids = {row.external_ref: row.id for row in saved}
    variant_ids = _save_variants(session, drafts, product_ids)
    write_prices(session, changes=_prices(drafts, variant_ids))
    counts = {variant_ids[v.sku]: v.on_hand for d in drafts for v in d.variants if v.on_hand is not None}
    set_stocks(session, actor=actor, on_hand=counts, now=now, reason=stock_reason)
    refresh_listings(session, product_ids=product_ids.values())
    return SavedProducts(product_ids, variant_ids, sum(row.is_new for row in saved))


def _free_slugs(session: Session, drafts: Sequence[ProductDraft]) -> list[str]:
    """The wanted slugs, with a mark of the product's own at those that another product has."""
    values = {"slugs": [draft.slug for draft in drafts], "refs": [draft.ref for draft in drafts]}
    taken = set(session.scalars(_TAKEN, values))
    slugs = []
    for draft in drafts:
        slug = draft.slug
        if slug in taken:
            slug = f"{slug}-{hashlib.sha256(draft.ref.encode()).hexdigest()[:8]}"
        taken.add(slug)
        slugs.append(slug)
    return slugs


def _product_row(draft: ProductDraft, slug: str) -> dict[str, Any]:
    return {
        "ref": draft.ref,
        "slug": slug,
        "store_id": draft.store_id,
        "section_id": draft.section_id,
        "name": dict(draft.name),
        "description": dict(draft.description),
        "picture": draft.picture,
    }


def _save_variants(session: Session, drafts: Sequence[ProductDraft], product_ids: dict[str, int]) -> dict[str, int]:
    rows = [
        {
            "product_id": product_ids[draft.ref],
            "sku": variant.sku,
            "options": [{"name": dict(o.name), "value": dict(o.value), "code": o.code} for o in variant.options],
            "picture": variant.picture,
            "position": variant.position,
        }
        for draft in drafts
        for variant in draft.variants
    ]
    skus = [variant.sku for draft in drafts for variant in draft.variants]
    if len(set(skus)) != len(skus):
        raise SkuTakenError(sku=next(sku for sku in skus if skus.count(sku) > 1))
    saved = {row.sku: row.id for row in session.execute(_VARIANTS, {"rows": json.dumps(rows)})}
    missing = set(skus) - set(saved)
    if missing:
        raise SkuTakenError(sku=min(missing))
    return saved


def _prices(drafts: Sequence[ProductDraft], variant_ids: dict[str, int]) -> list[PriceChange]:
    changes = []
    for draft in drafts:
        for variant in draft.variants:
            for price in variant.prices:
                below = price.compare_at_minor is not None and price.compare_at_minor <= price.amount_minor
                if price.amount_minor < 0 or below:
                    raise PriceInvalidError(sku=variant.sku)
                change = PriceChange(
                    variant_ids[variant.sku], price.channel_id, price.amount_minor, price.compare_at_minor
                )
                changes.append(change)
    return changes
