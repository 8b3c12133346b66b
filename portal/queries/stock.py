"""A store's stock: the list, one of its goods with all its moves, and counts by SKU (ORD-10)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import Product, Stock, Variant
from portal.queries.keyset import PAGE_ROWS, AnySelect, Sorting, count_up_to, fetch_page
from portal.rules.stock import Known

SEARCHED_IN = ("en", "ko")


class StockView(StrEnum):
    """What the list shows: everything, what is at its mark, what nobody can buy."""

    ALL = "all"
    LOW = "low"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class StockFilter:
    """`search` is a part of a SKU or of a product's name."""

    store_id: int
    view: StockView = StockView.ALL
    search: str = ""

    @property
    def mark(self) -> str:
        return fingerprint("stock", self.store_id, self.view, self.search)


@dataclass(frozen=True, slots=True)
class StockRow:
    """One variant with its units; `free` may still be sold."""

    variant_id: int
    store_id: int
    sku: str
    name: Mapping[str, str]
    options: Sequence[Mapping[str, Any]]
    product_state: str
    state: str
    on_hand: int
    reserved: int
    safety: int
    alert_at: int | None
    version: int

    @property
    def free(self) -> int:
        return self.known.free

    @property
    def known(self) -> Known:
        return Known(self.on_hand, self.reserved, self.safety, self.alert_at)

    @property
    def is_low(self) -> bool:
        return self.alert_at is not None and self.free <= self.alert_at


@dataclass(frozen=True, slots=True)
class StockMoveRow:
    """One move: from `before` to `after`, why, by whom (a label), and for which order of the store."""

    id: int
    at: datetime
    reason: str
    delta: int
    after: int
    made_by: str | None
    note: str | None
    part_id: uuid.UUID | None
    number: str | None

    @property
    def before(self) -> int:
        return self.after - self.delta


_FREE = func.coalesce(Stock.on_hand - Stock.reserved - Stock.safety, 0)
_LISTED: AnySelect = (
    select(
        Variant.id,
        Product.store_id,
        Variant.sku,
        Product.name,
        Variant.options,
        Product.state.label("product_state"),
        Variant.state,
        func.coalesce(Stock.on_hand, 0).label("on_hand"),
        func.coalesce(Stock.reserved, 0).label("reserved"),
        func.coalesce(Stock.safety, 0).label("safety"),
        Stock.alert_at,
        func.coalesce(Stock.version, 1).label("version"),
    )
    .select_from(Variant)
    .join(Product, Product.id == Variant.product_id)
    .outerjoin(Stock, (Stock.variant_id == Variant.id) & (Stock.place == "main"))
    .where(Product.state != "archived", Variant.state != "archived")
)
SORTING = Sorting((Variant.sku, Variant.id), (str, int), falling=False)


def list_stock(
    session: Session, *, chosen: StockFilter, cursor: str | None, rows_max: int = PAGE_ROWS, is_counted: bool = True
) -> Page[StockRow]:
    """One page by SKU. Raises CursorInvalidError."""
    narrowed = _LISTED.where(Product.store_id == chosen.store_id, *_conditions(chosen))
    return fetch_page(
        session,
        narrowed,
        SORTING,
        make=lambda row: StockRow(*row),
        key=lambda row: (row.sku, row.variant_id),
        cursor_text=cursor,
        mark=chosen.mark,
        rows_max=rows_max,
        total=count_up_to(session, narrowed.with_only_columns(Variant.id)) if is_counted else None,
    )


def _conditions(chosen: StockFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if chosen.view is StockView.LOW:
        conditions.append(Stock.alert_at >= _FREE)
    elif chosen.view is StockView.OUT:
        conditions.append(_FREE <= 0)
    words = chosen.search.strip()
    if words:
        names = [func.lower(Product.name[key].astext).contains(words.lower(), autoescape=True) for key in SEARCHED_IN]
        conditions.append(or_(Variant.sku.icontains(words, autoescape=True), *names))
    return conditions


_COUNTS = text(
    """
    SELECT count(*) AS all,
           count(*) FILTER (WHERE s.on_hand - s.reserved - s.safety <= s.alert_at) AS low,
           count(*) FILTER (WHERE coalesce(s.on_hand - s.reserved - s.safety, 0) <= 0) AS out
      FROM variant v JOIN product p ON p.id = v.product_id
      LEFT JOIN stock s ON s.variant_id = v.id AND s.place = 'main'
     WHERE p.store_id = :store_id AND p.state <> 'archived' AND v.state <> 'archived'
    """
)


def count_stock_views(session: Session, *, store_id: int) -> dict[StockView, int]:
    """How many rows each view has."""
    row = session.execute(_COUNTS, {"store_id": store_id}).one()
    return {view: getattr(row, view.value) for view in StockView}


def stock_of(session: Session, *, variant_ids: Collection[int], store_ids: Collection[int]) -> dict[int, StockRow]:
    """These variants, as far as they are of these stores."""
    statement = _LISTED.where(Variant.id.in_(variant_ids), Product.store_id.in_(store_ids))
    return {row.id: StockRow(*row) for row in session.execute(statement)}


def stock_by_sku(session: Session, *, skus: Collection[str], store_id: int) -> dict[str, StockRow]:
    """These SKUs, as far as they are of this store."""
    statement = _LISTED.where(Variant.sku.in_(skus), Product.store_id == store_id)
    return {row.sku: StockRow(*row) for row in session.execute(statement)}


_MOVES = text(
    """
    SELECT * FROM (
    SELECT m.id, m.at, m.reason, m.delta,
           (s.initial + sum(m.delta) OVER (ORDER BY m.id))::integer AS after,
           m.made_by, m.note, l.part_id, o.number
      FROM stock_move m JOIN stock s ON s.variant_id = m.variant_id AND s.place = m.place
      LEFT JOIN order_line l ON l.id = m.order_line_id LEFT JOIN orders o ON o.id = l.order_id
     WHERE m.variant_id = :variant_id AND m.place = 'main') found
     ORDER BY id DESC LIMIT :limit
    """
)


def list_moves(session: Session, *, variant_id: int, limit: int = 200) -> list[StockMoveRow]:
    """The last moves of a variant, the newest first."""
    rows = session.execute(_MOVES, {"variant_id": variant_id, "limit": limit})
    return [StockMoveRow(*row) for row in rows]


def last_change(session: Session, *, variant_id: int) -> StockMoveRow | None:
    """What was done last to a variant's units."""
    moves = list_moves(session, variant_id=variant_id, limit=1)
    return moves[0] if moves else None
