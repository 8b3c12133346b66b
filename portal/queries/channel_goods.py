"""What channels sell, as desks see it: the products of one, one product on all, and what came where (CHN-03)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, cast, func, or_, select, text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import LocalProduct, Price, Product, Section, Store, Variant
from portal.queries.keyset import PAGE_ROWS, AnySelect, Sorting, count_up_to, fetch_page
from portal.rules.products import LANGUAGES

NOTES_MAX = 50
SOLD = ("yes", "no")


@dataclass(frozen=True, slots=True)
class GoodsFilter:
    """The products of a channel: all, those that are sold or those that are not; of one shelf; by words."""

    channel_id: int
    sold: str = ""
    section_id: int | None = None
    search: str = ""
    store_id: int | None = None

    @property
    def mark(self) -> str:
        return fingerprint("channel-goods", self.channel_id, self.sold, self.section_id, self.search, self.store_id)


@dataclass(frozen=True, slots=True)
class GoodsRow:
    """A product on a channel, prices in minor units. `waits` says that newer texts of the master's do."""

    product_id: int
    name: Mapping[str, str]
    store: Mapping[str, str]
    section: Mapping[str, str]
    is_priced: bool
    is_sold: bool
    price_from_minor: int | None
    own: Sequence[str]
    is_manual: bool
    waits: bool


def _on_channel(channel_id: int) -> AnySelect:
    """The prices of a product's variants there, to be narrowed to one product."""
    return (
        select(Price.variant_id)
        .join(Variant, Variant.id == Price.variant_id)
        .where(Variant.product_id == Product.id, Variant.state == "active", Price.channel_id == channel_id)
        .correlate(Product)
    )


def _listed(chosen: GoodsFilter) -> AnySelect:
    here = _on_channel(chosen.channel_id)
    lowest = here.with_only_columns(func.min(Price.amount_minor), maintain_column_froms=True).scalar_subquery()
    statement: AnySelect = (
        select(
            Product.id,
            func.coalesce(Product.name.op("||")(LocalProduct.name), Product.name),
            Store.name,
            Section.name,
            here.exists(),
            here.where(Price.is_off.is_(False)).exists(),
            lowest,
            func.coalesce(LocalProduct.own, cast([], ARRAY(Text))),
            func.coalesce(LocalProduct.is_manual, False),
            func.coalesce(LocalProduct.is_manual & (LocalProduct.master_version < Product.version), False),
        )
        .join(Store, Store.id == Product.store_id)
        .outerjoin(
            LocalProduct, (LocalProduct.product_id == Product.id) & (LocalProduct.channel_id == chosen.channel_id)
        )
        .join(Section, Section.id == func.coalesce(LocalProduct.section_id, Product.section_id))
    )
    return statement.where(*_conditions(chosen))


def _conditions(chosen: GoodsFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Product.state == "active"]
    if chosen.section_id is not None:
        conditions.append(Product.section_id == chosen.section_id)
    if chosen.store_id is not None:
        conditions.append(Product.store_id == chosen.store_id)
    if chosen.sold in {"yes", "no"}:
        sold = _on_channel(chosen.channel_id).where(Price.is_off.is_(False)).exists()
        conditions.append(sold if chosen.sold == "yes" else ~sold)
    words = chosen.search.strip().lower()
    if words:
        names = [func.lower(Product.name[key].astext).contains(words, autoescape=True) for key in LANGUAGES]
        conditions.append(or_(*names))
    return conditions


SORTING = Sorting((Product.id,), (int,))


def list_goods(
    session: Session, *, chosen: GoodsFilter, cursor: str | None, rows_max: int = PAGE_ROWS
) -> Page[GoodsRow]:
    """One page of the mall's products as this channel has them, the newest first. Raises CursorInvalidError."""
    return fetch_page(
        session,
        _listed(chosen),
        SORTING,
        make=lambda row: GoodsRow(*row),
        key=lambda row: (row.product_id,),
        cursor_text=cursor,
        mark=chosen.mark,
        rows_max=rows_max,
        total=count_up_to(session, select(Product.id).where(*_conditions(chosen))),
    )


def goods_ids(session: Session, *, chosen: GoodsFilter, limit: int) -> Sequence[int]:
    """The ids of all that the list would show, up to `limit`."""
    return session.scalars(select(Product.id).where(*_conditions(chosen)).order_by(Product.id).limit(limit)).all()


_SKUS = text(
    "SELECT v.sku, v.id, v.product_id FROM variant v JOIN product p ON p.id = v.product_id WHERE v.sku = ANY(:skus)"
    " AND (CAST(:store_id AS bigint) IS NULL OR p.store_id = :store_id)"
)


def variants_by_sku(session: Session, *, skus: Sequence[str], store_id: int | None) -> Mapping[str, tuple[int, int]]:
    """Variant and product of each SKU that there is; of one store, or of all."""
    rows = session.execute(_SKUS, {"skus": list(skus), "store_id": store_id})
    return {row.sku: (row.id, row.product_id) for row in rows}


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A price that holds for a time."""

    id: int
    variant_id: int
    sku: str
    channel_id: int
    currency: str
    amount_minor: int
    valid_from: datetime
    valid_until: datetime
    made_by: str


_WINDOWS = text(
    """
    SELECT w.id, w.variant_id, v.sku, w.channel_id, w.currency, w.amount_minor, w.valid_from, w.valid_until, w.made_by
      FROM price_window w JOIN variant v ON v.id = w.variant_id
     WHERE v.product_id = :id ORDER BY w.valid_until > :now DESC, w.valid_from DESC, w.id LIMIT 100
    """
)


def windows_of(session: Session, *, product_id: int, now: datetime) -> Sequence[WindowRow]:
    """The prices for a time of a product: those that hold or will hold first, then those that are over."""
    return [WindowRow(*row) for row in session.execute(_WINDOWS, {"id": product_id, "now": now})]


@dataclass(frozen=True, slots=True)
class HereVariant:
    """A variant on a channel: its usual price, its price of now, and the units that are the channel's own."""

    variant_id: int
    channel_id: int
    amount_minor: int
    now_minor: int | None
    is_off: bool
    kept: int
    floor: int


_HERE = text(
    """
    SELECT v.id, r.channel_id, r.amount_minor, n.amount_minor AS now_minor, r.is_off,
           coalesce((s.set_aside -> r.channel_id::text ->> 'kept')::integer, 0) AS kept,
           coalesce((s.set_aside -> r.channel_id::text ->> 'floor')::integer, 0) AS floor
      FROM variant v JOIN price r ON r.variant_id = v.id
      LEFT JOIN price_now n ON n.variant_id = r.variant_id AND n.channel_id = r.channel_id
      LEFT JOIN stock s ON s.variant_id = v.id AND s.place = 'main'
     WHERE v.product_id = :id AND v.state = 'active' ORDER BY v.position, v.id
    """
)


def variants_here(session: Session, *, product_id: int) -> Sequence[HereVariant]:
    """Every variant of a product on every channel that has a price of it."""
    return [HereVariant(*row) for row in session.execute(_HERE, {"id": product_id})]


@dataclass(frozen=True, slots=True)
class LocalRow:
    """What a channel keeps of its own of a product; `waits` says that the master has changed since."""

    channel_id: int
    name: Mapping[str, str]
    description: Mapping[str, str]
    section_id: int | None
    own: Sequence[str]
    is_manual: bool
    version: int
    waits: bool


_LOCAL = text(
    """
    SELECT lo.channel_id, coalesce(lo.name, '{}') AS name, coalesce(lo.description, '{}') AS description, lo.section_id,
           lo.own, lo.is_manual, lo.version, lo.is_manual AND lo.master_version < p.version AS waits
      FROM local_product lo JOIN product p ON p.id = lo.product_id WHERE lo.product_id = :id
    """
)


def locals_of(session: Session, *, product_id: int) -> Mapping[int, LocalRow]:
    """What channels keep of their own of a product, by channel."""
    return {row.channel_id: LocalRow(*row) for row in session.execute(_LOCAL, {"id": product_id})}


@dataclass(frozen=True, slots=True)
class NoteRow:
    """What came to a channel of a change, when, and why not."""

    id: int
    channel_id: int
    product_id: int
    name: Mapping[str, str]
    what: str
    outcome: str
    detail: Mapping[str, Any]
    by: str
    at: datetime


_NOTES = """
    SELECT n.id, n.channel_id, n.product_id, p.name, n.what, n.outcome, n.detail, n.by, n.at
      FROM catalogue_note n JOIN product p ON p.id = n.product_id
"""
_OF_PRODUCT = text(_NOTES + " WHERE n.product_id = :id ORDER BY n.id DESC LIMIT :limit")
_OF_CHANNEL = text(
    _NOTES + " WHERE n.channel_id = :id AND (:outcome = '' OR n.outcome = :outcome)"
    " AND (CAST(:store_id AS bigint) IS NULL OR p.store_id = :store_id) ORDER BY n.id DESC LIMIT :limit"
)


def notes_of_product(session: Session, *, product_id: int) -> Sequence[NoteRow]:
    """What became of a product's changes on all channels, the latest first."""
    return [NoteRow(*row) for row in session.execute(_OF_PRODUCT, {"id": product_id, "limit": NOTES_MAX})]


def notes_of_channel(
    session: Session, *, channel_id: int, outcome: str = "", store_id: int | None = None, limit: int = NOTES_MAX
) -> Sequence[NoteRow]:
    """What came to a channel, of one store's products or of all, the latest first."""
    values = {"id": channel_id, "outcome": outcome, "store_id": store_id, "limit": limit}
    return [NoteRow(*row) for row in session.execute(_OF_CHANNEL, values)]
