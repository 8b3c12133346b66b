"""A product's rating, kept with its reviews in the same transaction."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

_ADD = text(
    """
    INSERT INTO product_rating AS r (product_id, reviews, stars) VALUES (:product_id, 1, :stars)
    ON CONFLICT (product_id) DO UPDATE SET reviews = r.reviews + 1, stars = r.stars + :stars
    """
)
_TAKE = text("UPDATE product_rating SET reviews = reviews - 1, stars = stars - :stars WHERE product_id = :product_id")


def add_to_rating(session: Session, *, product_id: int, stars: int) -> None:
    """Count a review that everybody reads from now on."""
    session.execute(_ADD, {"product_id": product_id, "stars": stars})


def take_from_rating(session: Session, *, product_id: int, stars: int) -> None:
    """Count a review no more that was counted."""
    session.execute(_TAKE, {"product_id": product_id, "stars": stars})
