"""The cart around an order: taken when it is placed, put back when its payment fails (PAY-09)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.services.cart.errors import QUANTITY_MAX

# What a buyer chooses anew for every purchase; method and address are kept for the next one.
PER_PURCHASE = ("codes", "coupons", "deposit_minor", "mileage_points")


_LOCK = text("SELECT id FROM cart WHERE user_id = :user_id FOR UPDATE")

_TAKE = text(
    """
    WITH taken AS (DELETE FROM cart_line WHERE cart_id = :cart_id AND variant_id = ANY(CAST(:variant_ids AS bigint[])))
    UPDATE cart SET choices = choices - CAST(:forgotten AS text[]), version = version + 1, updated_at = :now
     WHERE id = :cart_id
    """
)


def lock_cart(session: Session, *, user_id: uuid.UUID) -> None:
    """Make other checkouts and changes of this cart wait until this transaction ends."""
    session.execute(_LOCK, {"user_id": user_id})


def take_cart(session: Session, *, cart_id: uuid.UUID | None, variant_ids: Sequence[int], now: datetime) -> None:
    """Take the bought lines out of the cart, and forget what was chosen for this purchase."""
    values = {"cart_id": cart_id, "variant_ids": list(variant_ids), "forgotten": list(PER_PURCHASE), "now": now}
    session.execute(_TAKE, values)


_PUT_BACK = text(
    """
    INSERT INTO cart_line (cart_id, variant_id, quantity, added_at)
    SELECT c.id, (l.pair ->> 0)::bigint, (l.pair ->> 1)::int, :now + l.n * interval '1 microsecond'
      FROM cart c, jsonb_array_elements(CAST(:lines AS jsonb)) WITH ORDINALITY AS l (pair, n)
     WHERE c.user_id = :user_id
        ON CONFLICT (cart_id, variant_id)
        DO UPDATE SET quantity = least(cart_line.quantity + excluded.quantity, :maximum)
    """
)

_CHOOSE_AGAIN = text(
    """
    UPDATE cart SET choices = choices || CAST(:choices AS jsonb), version = version + 1, updated_at = :now
     WHERE user_id = :user_id
    """
)


def put_back(session: Session, *, user_id: uuid.UUID, kept: Mapping[str, Any], now: datetime) -> None:
    """Put the lines of a given-up order back into the buyer's cart, beside what is there by now, with his choices."""
    session.execute(
        _CHOOSE_AGAIN,
        {"user_id": user_id, "choices": orjson.dumps(kept.get("choices", {})).decode(), "now": now},
    )
    session.execute(
        _PUT_BACK,
        {
            "user_id": user_id,
            "lines": orjson.dumps(kept.get("lines", [])).decode(),
            "now": now,
            "maximum": QUANTITY_MAX,
        },
    )
