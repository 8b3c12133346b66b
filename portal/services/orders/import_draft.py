"""An order of a history, as import_orders() takes it: plain values, whatever the file looked like."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portal.rules.imports import Dates, Fate


@dataclass(frozen=True, slots=True)
class LineDraft:
    """Units of a variant at the price of then, in minor units."""

    variant_id: int
    quantity: int
    unit_price_minor: int

    @property
    def subtotal_minor(self) -> int:
        return self.unit_price_minor * self.quantity


@dataclass(frozen=True, slots=True)
class PartDraft:
    """What one store sent, with its shipping fee, and until when it had to."""

    store_id: int
    shipping_minor: int
    lines: tuple[LineDraft, ...]
    ship_by: datetime | None = None

    @property
    def subtotal_minor(self) -> int:
        return sum(line.subtotal_minor for line in self.lines)

    @property
    def payable_minor(self) -> int:
        return self.subtotal_minor + self.shipping_minor


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """What was paid in one way: a method of gateways, or `gift` for stored value of before."""

    method: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """An order as it came to be. `ref` is its name in the history and keeps it from being taken twice."""

    ref: str
    fate: Fate
    dates: Dates
    buyer_id: uuid.UUID
    parts: tuple[PartDraft, ...]
    payments: tuple[PaymentDraft, ...]
    contact: Mapping[str, str] = field(default_factory=dict)
    address: Mapping[str, str] = field(default_factory=dict)
    source_status: str = ""

    @property
    def payable_minor(self) -> int:
        return sum(part.payable_minor for part in self.parts)
