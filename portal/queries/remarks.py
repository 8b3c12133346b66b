"""Reviews and questions for pages of products, their authors, and desks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import Product, ProductRating, Remark, RemarkPicture, Store, User
from portal.queries.keyset import Sorting, count_up_to, fetch_page
from portal.queries.users import masked
from portal.rules.remarks import RemarkKind, average_tenths


@dataclass(frozen=True, slots=True)
class RemarkRow:
    """A review or a question, with its answer. `author` is masked: everybody reads it."""

    id: uuid.UUID
    kind: str
    product_id: int
    slug: str
    product_name: Mapping[str, str]
    store_name: Mapping[str, str]
    author: str
    stars: int | None
    text: str
    at: datetime
    answer: str | None
    answered_at: datetime | None
    hidden_at: datetime | None
    hidden_reason: str | None
    version: int
    pictures: tuple[uuid.UUID, ...]


@dataclass(frozen=True, slots=True)
class Rating:
    reviews: int
    average_tenths: int


@dataclass(frozen=True, slots=True)
class ReviewableLine:
    """Something that a buyer got and has not reviewed."""

    line_id: uuid.UUID
    number: str
    name: Mapping[str, str]
    picture: str | None
    slug: str
    store_name: Mapping[str, str]
    delivered_at: datetime


_PICTURES = (
    select(func.array_agg(aggregate_order_by(RemarkPicture.id, RemarkPicture.position)))
    .where(RemarkPicture.remark_id == Remark.id)
    .correlate(Remark)
    .scalar_subquery()
)


def _rows() -> Select[Any]:
    return (
        select(
            Remark.id,
            Remark.kind,
            Remark.product_id,
            Product.slug,
            Product.name.label("product_name"),
            Store.name.label("store_name"),
            User.name.label("author"),
            Remark.stars,
            Remark.text,
            Remark.at,
            Remark.answer,
            Remark.answered_at,
            Remark.hidden_at,
            Remark.hidden_reason,
            Remark.version,
            _PICTURES.label("pictures"),
        )
        .join(Product, Product.id == Remark.product_id)
        .join(Store, Store.id == Remark.store_id)
        .join(User, User.id == Remark.author_id)
    )


def _view(row: Any) -> RemarkRow:
    said = RemarkRow(*row)
    return replace(said, author=masked(said.author), pictures=tuple(said.pictures or ()))


def list_remarks(
    session: Session,
    *,
    kind: RemarkKind,
    view: str = "shown",
    product_id: int | None = None,
    store_id: int | None = None,
    author_id: uuid.UUID | None = None,
    cursor: str | None = None,
    limit: int = 20,
    count: bool = True,
) -> Page[RemarkRow]:
    """One page, the newest first. `view` is `shown` (what everybody reads), `open` (of it without an answer),
    `hidden` or `all`. Raises CursorInvalidError."""
    said: list[ColumnElement[bool]] = [Remark.kind == kind.value]
    if product_id is not None:
        said.append(Remark.product_id == product_id)
    if store_id is not None:
        said.append(Remark.store_id == store_id)
    if author_id is not None:
        said.append(Remark.author_id == author_id)
    if view in {"shown", "open"}:
        said.append(Remark.hidden_at.is_(None))
    if view == "open":
        said.append(Remark.answer.is_(None))
    if view == "hidden":
        said.append(Remark.hidden_at.is_not(None))
    statement = _rows().where(*said)
    return fetch_page(
        session,
        statement,
        Sorting((Remark.at, Remark.id), (datetime, uuid.UUID)),
        make=_view,
        key=lambda row: (row.at, row.id),
        cursor_text=cursor,
        mark=fingerprint("remarks", kind, view, product_id, store_id, author_id),
        rows_max=limit,
        total=count_up_to(session, statement.with_only_columns(Remark.id)) if count else None,
    )


def rating_of(session: Session, *, product_id: int) -> Rating:
    """The average of a product's reviews that everybody reads."""
    row = session.execute(
        select(ProductRating.reviews, ProductRating.stars).where(ProductRating.product_id == product_id)
    ).one_or_none()
    return as_rating(row.reviews, row.stars) if row else Rating(0, 0)


def as_rating(reviews: int | None, stars: int | None) -> Rating:
    """The rating from the number of reviews and of their stars; nothing is known of what nobody has reviewed."""
    return Rating(reviews, average_tenths(stars or 0, reviews)) if reviews else Rating(0, 0)


_LINES = text(
    """
    SELECT l.id AS line_id, o.number, l.name, l.picture, g.slug, s.name AS store_name, p.delivered_at
      FROM orders o JOIN order_part p ON p.order_id = o.id JOIN order_line l ON l.part_id = p.id
      JOIN store s ON s.id = p.store_id JOIN product g ON g.id = l.product_id
     WHERE o.buyer_id = :buyer_id AND p.delivered_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM remark r WHERE r.line_id = l.id)
       AND (CAST(:line_id AS uuid) IS NULL OR l.id = :line_id)
     ORDER BY p.delivered_at DESC, l.position LIMIT 50
    """
)


def lines_to_review(session: Session, *, buyer_id: uuid.UUID, line_id: uuid.UUID | None = None) -> list[ReviewableLine]:
    """What a buyer got and has not reviewed, the latest first; or the one line alone."""
    rows = session.execute(_LINES, {"buyer_id": buyer_id, "line_id": line_id})
    return [ReviewableLine(*row) for row in rows]


def load_remark_picture(session: Session, *, picture_id: uuid.UUID) -> tuple[str, bytes] | None:
    """A picture of a review that everybody reads: its kind and content."""
    row = session.execute(
        select(RemarkPicture.kind, RemarkPicture.content)
        .join(Remark, Remark.id == RemarkPicture.remark_id)
        .where(RemarkPicture.id == picture_id, Remark.hidden_at.is_(None))
    ).one_or_none()
    return (row.kind, row.content) if row else None
