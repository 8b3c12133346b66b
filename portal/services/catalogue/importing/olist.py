"""The marketplace files of Olist: sellers become stores, categories sections, products products without a price.

The product file does not say who sells what, nor for how much: that stands in the orders. Until an order (or the file
of order items) tells, a product waits in a store of its own that sells nothing; open_offers() takes it from there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.services.catalogue.create_store import StoreDraft, create_stores
from portal.services.catalogue.drafts import ProductDraft, SavedProducts, VariantDraft
from portal.services.catalogue.importing.ensure import ensure_sections, titled
from portal.services.catalogue.importing.own_format import RowRefusedError
from portal.services.catalogue.importing.rows import Row
from portal.services.catalogue.save_products import save_products

# How each file is known, in the order in which they are taken.
HEADERS = {
    "translation": {"product_category_name", "product_category_name_english"},
    "sellers": {"seller_id", "seller_city", "seller_state"},
    "products": {"product_id", "product_category_name", "product_photos_qty"},
    "items": {"order_id", "order_item_id", "product_id", "seller_id", "price"},
}
WAITING = "olist:waiting"
OTHER = "other"
_ID = re.compile(r"[0-9a-f]{32}")
_KINDS = (
    ("bed_bath", "blanket"), ("health", "dropper"), ("sports", "dumbbell"), ("computers", "keyboard"),
    ("furniture", "stool"), ("housewares", "jar"), ("watches", "watch"), ("telephony", "phonecase"), ("toys", "blocks"),
    ("auto", "flask"), ("perfumery", "perfume"), ("baby", "teddy"), ("garden", "plant"), ("book", "book"),
    ("stationery", "notebook"), ("fashion", "tee"), ("food", "pouch"), ("drink", "bottle"), ("audio", "headphones"),
    ("pet", "ball"), ("electronics", "charger"), ("luggage", "backpack"), ("art", "frame"), ("light", "lamp"),
)  # fmt: skip
_COLOURS = ("sage", "coral", "denim", "mustard", "cream", "brick", "navy", "mint")


def which(columns: Sequence[str]) -> str | None:
    """Which of the files has these columns; None is another file."""
    return next((name for name, header in HEADERS.items() if header <= set(columns)), None)


def product_ref(product_id: str) -> str:
    """What a product of Olist is known by here."""
    return f"olist:{product_id}"


def store_ref(seller_id: str) -> str:
    """What a seller of Olist is known by here."""
    return f"olist:{seller_id}"


def check_id(row: Row, column: str) -> str:
    """The id in a cell. Raises RowRefusedError."""
    if not _ID.fullmatch(row[column]):
        raise RowRefusedError(f"{column} is not an id of 32 hexadecimal digits")
    return row[column]


def category_slug(name: str) -> str:
    """The section of an English category name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or OTHER


def save_sellers(session: Session, *, actor: Actor, rows: Sequence[Row], currency: str, country: str) -> int:
    """Make stores of sellers. The file knows no shipping terms: the fee starts at nothing and is the store's to set."""
    terms = {currency: {"fee": 0, "free_over": None, "days": [5, 15]}}
    drafts = {
        row["seller_id"]: StoreDraft(
            ref=store_ref(row["seller_id"]),
            slug=f"olist-{hashlib.sha256(row['seller_id'].encode()).hexdigest()[:12]}",
            name={"en": f"{row['seller_city'].title() or 'Shop'} {row['seller_id'][:4].upper()}"},
            description={"en": f"{row['seller_city'].title()}, {row['seller_state'].upper()}"},
            picture=f"basket.{row['seller_id'][:4]}.oak",
            country=country,
            shipping=terms,
        )
        for row in rows
    }
    return len(create_stores(session, actor=actor, drafts=list(drafts.values())))


def save_listed_products(
    session: Session, *, actor: Actor, rows: Sequence[Row], translations: Mapping[str, str], now: datetime
) -> SavedProducts:
    """Make products, or leave known ones where they are and renew the rest of them."""
    waiting = create_stores(
        session,
        actor=actor,
        drafts=[StoreDraft(ref=WAITING, slug="olist-waiting", name={"en": "Seller not known yet"})],
    )[WAITING]
    names = {row["product_id"]: _category(row, translations) for row in rows}
    wanted = {category_slug(name): {"en": titled(name)} for name in names.values()}
    sections = ensure_sections(session, actor=actor, wanted=wanted)
    stores = _stores_of(session, [product_ref(one) for one in names])
    drafts = []
    for product_id, category in names.items():
        ref = product_ref(product_id)
        picture = _picture(product_id, category)
        draft = ProductDraft(
            ref=ref,
            slug=f"{category_slug(category)}-{product_id[:12]}",
            store_id=stores.get(ref, waiting),
            section_id=sections[category_slug(category)],
            name={"en": f"{titled(category)} {product_id[:6].upper()}"},
            picture=picture,
            variants=(VariantDraft(sku=f"olist-{product_id}", picture=picture),),
        )
        drafts.append(draft)
    return save_products(session, actor=actor, drafts=drafts, now=now, stock_reason="import")


def _stores_of(session: Session, refs: Sequence[str]) -> dict[str, int]:
    from sqlalchemy import select

    from portal.models import Product

    rows = session.execute(select(Product.external_ref, Product.store_id).where(Product.external_ref.in_(refs)))
    return {row.external_ref: row.store_id for row in rows}


def _category(row: Row, translations: Mapping[str, str]) -> str:
    original = row["product_category_name"]
    return translations.get(original) or original or OTHER


def _picture(product_id: str, category: str) -> str:
    kind = next((kind for word, kind in _KINDS if word in category), "box")
    return f"{kind}.{product_id[:4]}.{_COLOURS[int(product_id[4:6], 16) % len(_COLOURS)]}"
