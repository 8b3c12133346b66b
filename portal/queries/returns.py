"""A return, exchange or claim with its units, its moves and its pictures; their lists stand in return_lists.py."""

from __future__ import annotations

import base64
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.kit import clock
from portal.models import GoodsReturn, Order, ReturnPicture, Store, User
from portal.queries.store_order import address_of, shares_with


@dataclass(frozen=True, slots=True)
class UnitView:
    """One unit of a line."""

    id: uuid.UUID
    state: str
    condition: str | None
    restocked: bool


@dataclass(frozen=True, slots=True)
class ReturnLineView:
    """A line's units in a case; `wanted` are the options of what goes out instead."""

    line_id: uuid.UUID
    sku: str
    name: Mapping[str, str]
    options: Sequence[Mapping[str, Any]]
    picture: str | None
    wanted: Sequence[Mapping[str, Any]]
    wanted_sku: str | None
    # What one, and the other, cost when the exchange was asked for.
    was_minor: int | None
    is_minor: int | None
    units: tuple[UnitView, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        return Counter(one.state for one in self.units)

    @property
    def less_minor(self) -> int:
        """What the other costs less, each, before any discount."""
        return max(0, (self.was_minor or 0) - (self.is_minor or 0))

    @property
    def dearer_minor(self) -> int:
        """What the other costs more, each, before tax that is added."""
        return max(0, (self.is_minor or 0) - (self.was_minor or 0))

    def to_come(self) -> int:
        return sum(one.state in {"approved", "sent"} for one in self.units)


@dataclass(frozen=True, slots=True)
class ReturnMove:
    """One recorded move of a case; `by` is buyer, store or mall, and `name` who of the store, for its own people."""

    state: str
    at: datetime
    reason: str | None
    by: str
    name: str | None


@dataclass(frozen=True, slots=True)
class ReturnView:
    """A case with all that its page shows. `channel_id` and `currency` are its order's."""

    id: uuid.UUID
    number: str
    order_id: uuid.UUID
    order_number: str
    part_id: uuid.UUID
    store_id: int
    store_name: Mapping[str, str]
    buyer_id: uuid.UUID
    buyer_name: str
    buyer_address: Mapping[str, str]
    channel_id: int
    currency: str
    kind: str
    wish: str
    reason: str
    note: str | None
    way_back: str
    otherwise: str
    status: str
    requested_at: datetime
    answer_by: datetime
    decided_at: datetime | None
    answer: str | None
    send_by: datetime | None
    return_to: str | None
    carrier: str | None
    tracking_number: str | None
    received_at: datetime | None
    inspection_note: str | None
    back_carrier: str | None
    back_number: str | None
    carrier_liable: bool | None
    refund_id: uuid.UUID | None
    refund_status: str | None
    refund_minor: int | None
    restocking_minor: int
    replacement_number: str | None
    replacement_carrier: str | None
    replacement_status: str | None
    # What the buyer has still to pay, or has paid, for what costs more; until when, and whether he has.
    more_minor: int
    pay_by: datetime | None
    is_paid: bool
    version: int
    lines: tuple[ReturnLineView, ...]
    moves: tuple[ReturnMove, ...]
    pictures: tuple[uuid.UUID, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        return Counter(unit.state for line in self.lines for unit in line.units)

    def units_in(self, *states: str) -> Mapping[uuid.UUID, int]:
        """How many units of each line are in these states."""
        found = {line.line_id: sum(line.counts.get(state, 0) for state in states) for line in self.lines}
        return {line_id: count for line_id, count in found.items() if count}

    @property
    def units(self) -> int:
        return sum(len(line.units) for line in self.lines)

    @property
    def shown_status(self) -> str:
        """Its state; while somebody has to agree to its refund, that."""
        if self.must_pay:
            return "waiting_payment"
        waits = self.status == "inspected" and self.refund_status == "requested"
        return "waiting_refund" if waits else self.status

    @property
    def must_pay(self) -> bool:
        """The buyer has to pay the difference before anything goes out."""
        return self.status == "inspected" and self.wish == "exchange" and self.pay_by is not None and not self.is_paid

    @property
    def is_claim(self) -> bool:
        return self.kind == "claim"

    @property
    def goes_out(self) -> int:
        """Units that are still to be sent out for those that were taken."""
        if self.wish == "refund" or self.status != "inspected" or self.replacement_number or self.must_pay:
            return 0
        return self.counts.get("accepted", 0)


_ONE = text(
    """
    SELECT g.id, g.number, g.order_id, o.number AS order_number, g.part_id, g.store_id, s.name AS store_name,
           s.country AS store_country, g.buyer_id, o.address, o.channel_id, o.currency,
           g.kind, g.wish, g.reason, g.note, g.way_back, g.otherwise,
           g.status, g.requested_at, g.answer_by, g.decided_at, g.answer, g.send_by, g.return_to,
           g.carrier, g.tracking_number, g.received_at,
           g.inspection_note, g.back_carrier, g.back_number, g.carrier_liable, g.refund_id,
           f.status AS refund_status, f.total_minor AS refund_minor, r.tracking_number AS replacement_number,
           (SELECT coalesce(sum(restocking_minor), 0) FROM refund_line
             WHERE refund_id = f.id)::bigint AS restocking_minor,
           r.carrier AS replacement_carrier, r.status AS replacement_status, g.version,
           g.pay_by, g.more_entry_id IS NOT NULL AS is_paid,
           (SELECT coalesce(sum(u.more_minor), 0) FROM return_unit u
             WHERE u.return_id = g.id AND u.state = 'accepted')::bigint AS more_minor
      FROM goods_return g JOIN orders o ON o.id = g.order_id JOIN store s ON s.id = g.store_id
      LEFT JOIN refund f ON f.id = g.refund_id LEFT JOIN shipment r ON r.id = g.replacement_id
     WHERE g.id = :id
    """
).columns(address=Order.address.type)
_UNITS = text(
    """
    SELECT u.id, u.line_id, u.state, u.condition, u.restocked, l.sku, l.name, l.options, l.picture,
           v.options AS wanted, v.sku AS wanted_sku, u.was_minor, u.is_minor
      FROM return_unit u JOIN order_line l ON l.id = u.line_id LEFT JOIN variant v ON v.id = u.variant_id
     WHERE u.return_id = :id ORDER BY l.position, u.n
    """
)
_MOVES = text(
    """
    SELECT t.to_state, t.at, t.reason,
           CASE WHEN t.actor = 'user:' || g.buyer_id THEN 'buyer'
                WHEN EXISTS (SELECT FROM store_member m WHERE m.store_id = g.store_id
                                AND t.actor = 'user:' || m.user_id) THEN 'store' ELSE 'mall' END AS by,
           (SELECT a.name FROM store_member m JOIN user_account a ON a.id = m.user_id
             WHERE m.store_id = g.store_id AND t.actor = 'user:' || m.user_id) AS name
      FROM transition t JOIN goods_return g ON g.id = :id
     WHERE t.subject = 'return' AND t.subject_id = CAST(:id AS text) ORDER BY t.id
    """
).columns(name=User.name.type)
_PICTURES = select(ReturnPicture.id).order_by(ReturnPicture.position)


def load_return(session: Session, *, return_id: uuid.UUID, for_store: bool = False) -> ReturnView | None:
    """A case by its id. Whose it is, the caller checks.

    A store does not read who its buyer is where the channel gives no personal data to its country (CHN-09).
    """
    row = session.execute(_ONE, {"id": return_id}).one_or_none()
    if row is None:
        return None
    is_told = not for_store or shares_with(session, row.channel_id, row.store_country, clock.now())
    address = address_of(row.address) if is_told else {}
    hidden = {"address", "store_country"}
    facts = {name: value for name, value in row._mapping.items() if name not in hidden}  # noqa: SLF001  # Public.
    return ReturnView(
        **facts,
        buyer_name=str(address.get("name") or ""),
        buyer_address=address,
        lines=_lines(session.execute(_UNITS, {"id": return_id}).all()),
        moves=tuple(ReturnMove(*one) for one in session.execute(_MOVES, {"id": return_id})),
        pictures=tuple(session.scalars(_PICTURES.where(ReturnPicture.return_id == return_id))),
    )


def find_return(session: Session, *, number: str, buyer_id: uuid.UUID) -> ReturnView | None:
    """A buyer's own case by its number."""
    found = session.scalar(
        select(GoodsReturn.id).where(GoodsReturn.number == number.upper(), GoodsReturn.buyer_id == buyer_id)
    )
    return load_return(session, return_id=found) if found else None


def load_picture(session: Session, *, return_id: uuid.UUID, picture_id: uuid.UUID) -> tuple[str, str, bytes] | None:
    """Name, kind and content of a picture of this case."""
    found = session.execute(
        select(ReturnPicture.name, ReturnPicture.kind, ReturnPicture.content).where(
            ReturnPicture.id == picture_id, ReturnPicture.return_id == return_id
        )
    ).one_or_none()
    return (found.name, found.kind, base64.b64decode(found.content)) if found else None


def _lines(rows: Sequence[Row[Any]]) -> tuple[ReturnLineView, ...]:
    found: dict[uuid.UUID, list[Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.line_id, []).append(row)
    return tuple(
        ReturnLineView(
            line_id=line_id,
            sku=units[0].sku,
            name=units[0].name,
            options=units[0].options,
            picture=units[0].picture,
            wanted=units[0].wanted or (),
            wanted_sku=units[0].wanted_sku,
            was_minor=units[0].was_minor,
            is_minor=units[0].is_minor,
            units=tuple(UnitView(one.id, one.state, one.condition, one.restocked) for one in units),
        )
        for line_id, units in found.items()
    )


def returns_of_order(session: Session, *, order_id: uuid.UUID) -> list[tuple[str, str, str, uuid.UUID]]:
    """Number, kind, state and part of the cases of an order, the newest first."""
    found = select(GoodsReturn.number, GoodsReturn.kind, GoodsReturn.status, GoodsReturn.part_id).where(
        GoodsReturn.order_id == order_id
    )
    rows = session.execute(found.order_by(GoodsReturn.requested_at.desc()))
    return [(row.number, row.kind, row.status, row.part_id) for row in rows]


def last_return_address(session: Session, *, store_id: int) -> str:
    """Where the store wants things sent back to: as its profile says, else as the last time; empty if it never has."""
    own = session.scalar(select(Store.return_address).where(Store.id == store_id))
    if own:
        return own
    query = select(GoodsReturn.return_to).where(GoodsReturn.store_id == store_id, GoodsReturn.return_to.is_not(None))
    return session.scalar(query.order_by(GoodsReturn.decided_at.desc()).limit(1)) or ""
