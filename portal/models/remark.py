"""What buyers say of products where everybody reads it: reviews of what they got, and questions; with the answers."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Remark(Base):
    """A review (with stars, of one delivered line, once) or a question. A hidden one is read on desks only.

    `rewarded_at` is when the points of a review were decided, after the time for returns.
    """

    __tablename__ = "remark"
    __table_args__ = (
        CheckConstraint("kind IN ('review', 'question')", name="kind"),
        CheckConstraint(
            "(kind = 'review') = (line_id IS NOT NULL) AND (kind = 'review') = (stars IS NOT NULL)", name="review"
        ),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        CheckConstraint("num_nulls(answer, answered_at, answered_by) IN (0, 3)", name="answer"),
        CheckConstraint("num_nulls(hidden_at, hidden_reason, hidden_by) IN (0, 3)", name="hidden"),
        Index("uq_remark_line_id", "line_id", unique=True),
        Index("uq_remark_key", "author_id", "key", unique=True),
        Index("ix_remark_product_id", "product_id", "kind", sql("at DESC"), sql("id DESC")),
        Index("ix_remark_store_id", "store_id", "kind", sql("at DESC"), sql("id DESC")),
        Index("ix_remark_at", "kind", sql("at DESC"), sql("id DESC")),
        Index("ix_remark_unrewarded", "at", postgresql_where=sql("kind = 'review' AND rewarded_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    line_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("order_line.id"))
    stars: Mapped[int | None] = mapped_column(Integer)
    text: Mapped[str]
    key: Mapped[str]
    at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    hidden_at: Mapped[datetime | None]
    hidden_reason: Mapped[str | None]
    hidden_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    rewarded_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, server_default=sql("1"))


class RemarkPicture(Base):
    """A picture of a review, drawn anew before it was kept; everybody sees it, unless the review is hidden."""

    __tablename__ = "remark_picture"
    __table_args__ = (Index("ix_remark_picture_remark_id", "remark_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    remark_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("remark.id"))
    position: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str]
    content: Mapped[bytes]


class ProductRating(Base):
    """How many reviews of a product everybody reads, and their stars in all; kept with them."""

    __tablename__ = "product_rating"
    __table_args__ = (CheckConstraint("reviews >= 0 AND stars BETWEEN reviews AND 5 * reviews", name="stars"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    reviews: Mapped[int] = mapped_column(Integer)
    stars: Mapped[int] = mapped_column(Integer)


class ReviewInvitation(Base):
    """That the buyer of a part that arrived was asked what he thinks of it; once."""

    __tablename__ = "review_invitation"
    __table_args__ = (Index("ix_review_invitation_at", "at"),)

    part_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_part.id"), primary_key=True)
    at: Mapped[datetime]
