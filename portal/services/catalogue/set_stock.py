"""Stock is set by counting: the difference is recorded as a move, so that initial + moves = on hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.permissions import Actor, Permission
from portal.rules.stock import ON_HAND_MAX
from portal.services.audit import label
from portal.services.catalogue.errors import StockInvalidError, StockReservedError
from portal.services.catalogue.guard import require_stores

_STORES = text("SELECT DISTINCT p.store_id FROM variant v JOIN product p ON p.id = v.product_id WHERE v.id = ANY(:ids)")

# Rows are locked in the order of their ids, as checkout does: two of them never wait for each other crosswise.
_LOCK = text(
    "SELECT variant_id, on_hand, reserved FROM stock WHERE variant_id = ANY(:ids) AND place = :place "
    "ORDER BY variant_id FOR UPDATE"
)

_MAKE = text(
    """
    INSERT INTO stock (variant_id, place, on_hand, initial)
    SELECT id, :place, count, count FROM unnest(CAST(:ids AS bigint[]), CAST(:counts AS integer[])) AS t(id, count)
    ON CONFLICT DO NOTHING
    """
)

_COUNT = text(
    """
    WITH counted AS (
        SELECT id, delta FROM unnest(CAST(:ids AS bigint[]), CAST(:deltas AS integer[])) AS t(id, delta)
    ), moved AS (
        INSERT INTO stock_move (variant_id, place, delta, reason, at, made_by, note)
        SELECT id, :place, delta, :reason, :now, :made_by, :note FROM counted
    )
    UPDATE stock SET on_hand = stock.on_hand + counted.delta, version = stock.version + 1 FROM counted
     WHERE stock.variant_id = counted.id AND stock.place = :place
    """
)


def set_stock(
    session: Session,
    *,
    actor: Actor,
    variant_id: int,
    on_hand: int,
    now: datetime,
    reason: str = "count",
    place: str = "main",
) -> None:
    """Say how many units of a variant are on hand. See set_stocks()."""
    set_stocks(session, actor=actor, on_hand={variant_id: on_hand}, now=now, reason=reason, place=place)


def set_stocks(
    session: Session,
    *,
    actor: Actor,
    on_hand: Mapping[int, int],
    now: datetime,
    reason: str = "count",
    note: str | None = None,
    place: str = "main",
) -> None:
    """Say how many units are on hand, by variant id.

    Raises StockInvalidError, StockReservedError (open orders hold more), CatalogueForbiddenError.
    """
    if not on_hand:
        return
    if any(type(count) is not int or not 0 <= count <= ON_HAND_MAX for count in on_hand.values()):
        raise StockInvalidError
    ids = sorted(on_hand)
    require_stores(actor, Permission.STOCK_EDIT, session.scalars(_STORES, {"ids": ids}))
    _make(session, {one: on_hand[one] for one in ids}, place)
    known = session.execute(_LOCK, {"ids": ids, "place": place}).all()
    deltas = {}
    for row in known:
        if on_hand[row.variant_id] < row.reserved:
            raise StockReservedError(reserved=row.reserved)
        if on_hand[row.variant_id] != row.on_hand:
            deltas[row.variant_id] = on_hand[row.variant_id] - row.on_hand
    if deltas:
        values = {
            "ids": list(deltas),
            "deltas": list(deltas.values()),
            "place": place,
            "reason": reason,
            "now": now,
            "made_by": label(actor),
            "note": note,
        }
        session.execute(_COUNT, values)


def _make(session: Session, counts: Mapping[int, int], place: str) -> None:
    """The first count of a variant is its beginning and no move."""
    session.execute(_MAKE, {"ids": list(counts), "counts": list(counts.values()), "place": place})
