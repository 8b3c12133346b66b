"""Refunds as pages show them: those of one order, one with its legs, and the queues of stores and administrators."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.kit.money import Money
from portal.models import Payout
from portal.queries.exchange import exchange_kept
from portal.rules.fx import Exchanged, exchange


@dataclass(frozen=True, slots=True)
class LegView:
    """What one tender gives back and how far that is. `is_replaced`: another leg has taken over what it owes."""

    id: uuid.UUID
    type: str
    amount_minor: int
    points: int | None
    status: str
    destination: str
    reason: str | None
    gateway_code: str | None
    gateway_ref: str | None
    calls: int
    due_at: datetime | None
    updated_at: datetime
    is_replaced: bool
    gateway: str | None
    payout_id: uuid.UUID | None
    payout_state: str | None


@dataclass(frozen=True, slots=True)
class ConsentView:
    """Whose consent a refund needs or had."""

    store_id: int | None
    store_name: Mapping[str, str] | None
    why: str
    state: str
    decided_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund with its legs and consents; amounts in minor units of `currency`."""

    id: uuid.UUID
    order_id: uuid.UUID
    number: str
    buyer_id: uuid.UUID
    status: str
    kind: str
    reason: str
    note: str | None
    origin: str
    currency: str
    total_minor: int
    plan: Mapping[str, Any]
    requested_at: datetime
    approved_at: datetime | None
    due_at: datetime | None
    completed_at: datetime | None
    preference: str | None
    legs: tuple[LegView, ...]
    consents: tuple[ConsentView, ...]
    items: tuple[Mapping[str, Any], ...]
    in_platform: Exchanged | None = None

    @property
    def restocking_minor(self) -> int:
        """What stores keep of it as their fees."""
        return sum(one["restocking_minor"] for one in self.items)

    @property
    def is_open(self) -> bool:
        return self.status in {"requested", "approved", "sent", "unknown", "failed"}

    @property
    def refusal(self) -> str | None:
        return next((one.reason for one in self.consents if one.state == "refused"), None)


_VIEW = """
    SELECT f.id, f.order_id, o.number, o.buyer_id, f.status, f.kind, f.reason, f.note, f.origin, f.currency,
           f.total_minor, f.plan, f.requested_at, f.approved_at, f.due_at, f.completed_at, f.preference,
           o.platform_currency, o.platform_minor, o.fx_rate, o.fx_source, o.fx_as_of,
           (SELECT jsonb_agg(jsonb_build_object(
                       'id', g.id, 'type', t.type, 'amount_minor', g.amount_minor, 'points', g.points,
                       'status', g.status, 'destination', g.destination, 'reason', g.reason,
                       'gateway_code', g.gateway_code, 'gateway_ref', g.gateway_ref, 'calls', g.calls,
                       'due_at', g.due_at, 'updated_at', g.updated_at, 'gateway', a.gateway,
                       'is_replaced', EXISTS (SELECT FROM refund_leg n WHERE n.replaces = g.id),
                       'payout_id', y.id, 'payout_state', y.state) ORDER BY g.id)
              FROM refund_leg g JOIN tender t ON t.id = g.tender_id
              LEFT JOIN payment_attempt a ON a.id = g.attempt_id LEFT JOIN payout y ON y.refund_leg_id = g.id
             WHERE g.refund_id = f.id) AS legs,
           (SELECT jsonb_agg(jsonb_build_object(
                       'store_id', c.store_id, 'store_name', s.name, 'why', c.why, 'state', c.state,
                       'decided_at', c.decided_at, 'reason', c.reason) ORDER BY c.id)
              FROM refund_approval c LEFT JOIN store s ON s.id = c.store_id WHERE c.refund_id = f.id) AS consents,
           (SELECT jsonb_agg(jsonb_build_object(
                       'name', l.name, 'sku', l.sku, 'store_id', p.store_id, 'store_name', s.name, 'units', r.quantity,
                       'amount_minor', r.amount_minor, 'restocking_minor', r.restocking_minor,
                       'part_id', p.id) ORDER BY p.position, l.position NULLS LAST)
              FROM refund_line r LEFT JOIN order_line l ON l.id = r.line_id
              JOIN order_part p ON p.id = coalesce(r.part_id, l.part_id) JOIN store s ON s.id = p.store_id
             WHERE r.refund_id = f.id) AS items
      FROM refund f JOIN orders o ON o.id = f.order_id
"""
_OF_ORDER = text(f"{_VIEW} WHERE f.order_id = :order_id ORDER BY f.requested_at DESC, f.id DESC LIMIT 100")
_ONE = text(f"{_VIEW} WHERE f.id = :refund_id")


def load_refunds(session: Session, *, order_id: uuid.UUID) -> tuple[RefundView, ...]:
    """The refunds of an order, the newest first."""
    return tuple(_view(row) for row in session.execute(_OF_ORDER, {"order_id": order_id}))


def load_refund(session: Session, *, refund_id: uuid.UUID) -> RefundView | None:
    """One refund; whose it is is the caller's question."""
    row = session.execute(_ONE, {"refund_id": refund_id}).one_or_none()
    return _view(row) if row is not None else None


def _view(row: Row[Any]) -> RefundView:
    values = dict(row._mapping)  # noqa: SLF001  # The public name of a row's mapping.
    kept = exchange_kept(row)
    for name in ("platform_currency", "platform_minor", "fx_rate", "fx_source", "fx_as_of"):
        del values[name]
    # Every refund has the rate of its payment (REF-07).
    values["in_platform"] = exchange(Money(row.total_minor, row.currency), kept.rate) if kept else None
    values["legs"] = tuple(_leg(one) for one in row.legs or ())
    values["consents"] = tuple(
        ConsentView(**{**one, "decided_at": _instant(one["decided_at"])}) for one in row.consents or ()
    )
    values["items"] = tuple(row.items or ())
    return RefundView(**values)


def _leg(one: Mapping[str, Any]) -> LegView:
    ids = {name: uuid.UUID(one[name]) if one[name] else None for name in ("id", "payout_id")}
    times = {name: _instant(one[name]) for name in ("due_at", "updated_at")}
    return LegView(**{**one, **ids, **times})


def _instant(text_of: str | None) -> datetime | None:
    return datetime.fromisoformat(text_of) if text_of else None


def load_bank(session: Session, *, payout_id: uuid.UUID) -> Mapping[str, str]:
    """Where a payout goes: for whoever pays it, and for nobody else."""
    kept = session.execute(select(Payout.bank).where(Payout.id == payout_id)).scalar_one()
    found: Mapping[str, str] = orjson.loads(kept)
    return found
