"""Lists of products as a channel's pages show them: filtered, sorted, paged by key."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from portal.kit.paging import Cursor, CursorValue, Page, decode_cursor, fingerprint, page_of
from portal.queries.sellable import sellable

PAGE_SIZE = 48
COUNT_MAX = 10_000
LOW_STOCK = 5  # From here on a page says how few are left.
WORDS_MAX = 8
# Shapes of lists whose statement stays as it was made; those of shelves, stores and product pages are a few.
STATEMENTS_MAX = 128

_LIKE = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


class Sort(StrEnum):
    NEW = "new"
    PRICE_UP = "price"
    PRICE_DOWN = "-price"
    NAME = "name"
    MATCH = "match"  # Matches in names first; for searches.


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to. Prices are in the channel's minor units, both included."""

    section_ids: tuple[int, ...] = ()
    store_id: int | None = None
    words: tuple[str, ...] = ()
    price_min: int | None = None
    price_max: int | None = None
    in_stock: bool = False
    reduced: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """A product in a list. `number` is its place in the whole list, counted from 1."""

    id: int
    slug: str
    name: Mapping[str, str]
    store_slug: str
    store_name: Mapping[str, str]
    picture: str | None
    price_from_minor: int
    price_to_minor: int
    compare_at_minor: int | None
    left: int
    reviews: int = 0
    stars: int = 0
    sort_key: CursorValue = field(compare=False, default=None)
    number: int = field(compare=False, default=0)

    @property
    def state(self) -> str | None:
        if self.left <= 0:
            return "sold_out"
        return "low_stock" if self.left < LOW_STOCK else None


@dataclass(frozen=True, slots=True)
class _Order:
    """How a sort is said in SQL: the key, its type, and whether it falls."""

    key: str
    kind: str
    type: type
    falls: bool = False


_ORDERS = {
    Sort.NEW: _Order("l.product_id", "bigint", int, falls=True),
    Sort.PRICE_UP: _Order("l.price_from_minor", "bigint", int),
    Sort.PRICE_DOWN: _Order("l.price_from_minor", "bigint", int, falls=True),
    Sort.NAME: _Order("lower(coalesce(l.name ->> :locale, p.name ->> :locale, p.name ->> 'en'))", "text", str),
    Sort.MATCH: _Order("(strpos(split_part(l.search_text, E'\\n', 1), :phrase) = 0)::int", "integer", int),
}

# What may be sold of a product here: over its variants that have a price on the channel.
_LEFT = f"""
    SELECT coalesce(sum(greatest({sellable("s", "l.channel_id")}, 0)), 0)::bigint
      FROM variant v JOIN price ON price.variant_id = v.id AND price.channel_id = l.channel_id AND NOT price.is_off
      JOIN stock s ON s.variant_id = v.id
     WHERE v.product_id = l.product_id AND v.state = 'active'
"""  # noqa: S608  # Our own fragment.


def search_words(query: str) -> tuple[str, ...]:
    """The words of what was typed, as search_text holds them: composed, narrow, lower case."""
    return tuple(dict.fromkeys(unicodedata.normalize("NFKC", query).lower().split()))[:WORDS_MAX]


def long_enough(words: tuple[str, ...]) -> bool:
    """Whether it can be searched for: two characters, or one of Hangul."""
    return any(len(word) > 1 or "가" <= word <= "힣" for word in words)


def list_products(
    session: Session,
    *,
    channel_id: int,
    filters: Filters,
    sort: Sort,
    locale: str,
    cursor: str | None = None,
    limit: int = PAGE_SIZE,
    count: bool = True,
) -> Page[Card]:
    """One page of a list. `cursor` is what an earlier page handed out.

    Two statements, or one without the count. Raises CursorInvalidError.
    """
    order = _ORDERS[sort]
    mark = fingerprint("products", channel_id, filters, sort, locale if sort is Sort.NAME else "")
    start = decode_cursor(cursor, query=mark, kinds=(order.type, int, int))
    where, values = _conditions(channel_id, filters)
    values |= {"limit": limit + 1, "locale": locale, "phrase": " ".join(filters.words)}
    backwards = start is not None and start.backwards
    if start is not None:
        where.append(_beyond(order, backwards=backwards))
        values |= {"key": start.values[0], "id": start.values[1]}
    rows = session.execute(_list_statement(order, tuple(where), backwards=backwards), values).all()
    cards = [_card(row, number) for row, number in zip(rows, _numbers(start), strict=False)]
    total = _count(session, channel_id, filters) if count else None
    return page_of(
        cards,
        limit=limit,
        cursor=start,
        key=lambda card: (card.sort_key, card.id, card.number),
        query=mark,
        total=None if total is None else min(total, COUNT_MAX),
        total_is_capped=total is not None and total > COUNT_MAX,
    )


def _conditions(channel_id: int, filters: Filters) -> tuple[list[str], dict[str, Any]]:
    where = ["l.channel_id = :channel_id"]
    values: dict[str, Any] = {"channel_id": channel_id}
    if len(filters.section_ids) == 1:
        # Equality keeps the rows of the index in its order, so that a page is read and not the whole section.
        where.append("l.section_id = :section_id")
        values["section_id"] = filters.section_ids[0]
    elif filters.section_ids:
        where.append("l.section_id = ANY(:section_ids)")
        values["section_ids"] = list(filters.section_ids)
    if filters.store_id is not None:
        where.append("l.store_id = :store_id")
        values["store_id"] = filters.store_id
    for place, word in enumerate(filters.words):
        where.append(f"l.search_text LIKE :word{place}")
        values[f"word{place}"] = f"%{word.translate(_LIKE)}%"
    if filters.price_min is not None:
        where.append("l.price_from_minor >= :price_min")
        values["price_min"] = filters.price_min
    if filters.price_max is not None:
        where.append("l.price_from_minor <= :price_max")
        values["price_max"] = filters.price_max
    if filters.reduced:
        where.append("l.compare_at_minor IS NOT NULL")
    if filters.in_stock:
        where.append(f"({_LEFT}) > 0")
    return where, values


def _beyond(order: _Order, *, backwards: bool) -> str:
    sign = "<" if order.falls != backwards else ">"
    if order.key == "l.product_id":
        return f"l.product_id {sign} :id AND CAST(:key AS bigint) IS NOT NULL"
    return f"({order.key}, l.product_id) {sign} (CAST(:key AS {order.kind}), CAST(:id AS bigint))"


@lru_cache(maxsize=STATEMENTS_MAX)
def _list_statement(order: _Order, where: tuple[str, ...], *, backwards: bool) -> TextClause:
    """The page's keys are found first, on the listing's indexes; names and stock are looked up for these rows alone."""
    way = "DESC" if order.falls != backwards else "ASC"
    sorted_by = f"l.product_id {way}" if order.key == "l.product_id" else f"{order.key} {way}, l.product_id {way}"
    join = "JOIN product p ON p.id = l.product_id" if "p.name" in order.key else ""
    outer = "found.product_id" if order.key == "l.product_id" else f"found.sort_key {way}, found.product_id"
    return text(
        f"""
        WITH found AS MATERIALIZED (
            SELECT l.*, {order.key} AS sort_key FROM listing l {join}
             WHERE {" AND ".join(where)} ORDER BY {sorted_by} LIMIT :limit)
        SELECT found.product_id AS id, found.sort_key, found.price_from_minor, found.price_to_minor,
               found.compare_at_minor, p.slug, coalesce(found.name, p.name) AS name, p.picture,
               st.slug AS store_slug, st.name AS store_name,
               ({_LEFT.replace("l.", "found.")}) AS "left", coalesce(r.reviews, 0) AS reviews,
               coalesce(r.stars, 0) AS stars
          FROM found JOIN product p ON p.id = found.product_id JOIN store st ON st.id = found.store_id
          LEFT JOIN product_rating r ON r.product_id = found.product_id
         ORDER BY {outer} {way}
        """  # noqa: S608  # Only our own words are put together; values are bound.
    )


def _card(row: Any, number: int) -> Card:
    return Card(
        id=row.id,
        slug=row.slug,
        name=row.name,
        store_slug=row.store_slug,
        store_name=row.store_name,
        picture=row.picture,
        price_from_minor=row.price_from_minor,
        price_to_minor=row.price_to_minor,
        compare_at_minor=row.compare_at_minor,
        left=row.left,
        reviews=row.reviews,
        stars=row.stars,
        sort_key=row.sort_key,
        number=number,
    )


def _numbers(start: Cursor | None) -> range:
    """The places of the rows as they come: upwards from after the cursor's row, or downwards from before it."""
    if start is None:
        return range(1, PAGE_SIZE * COUNT_MAX)
    at = start.values[2]
    assert isinstance(at, int)
    return range(at - 1, at - COUNT_MAX, -1) if start.backwards else range(at + 1, at + COUNT_MAX)


def _count(session: Session, channel_id: int, filters: Filters) -> int:
    """How many there are, counted up to just over COUNT_MAX."""
    where, values = _conditions(channel_id, filters)
    counted = f"SELECT count(*) FROM (SELECT FROM listing l WHERE {' AND '.join(where)} LIMIT :most) AS counted"  # noqa: S608  # Our own words.
    found: int = session.execute(text(counted), values | {"most": COUNT_MAX + 1}).scalar_one()
    return found
