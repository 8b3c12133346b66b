"""An order as a file tells it: names of its goods, stores and buyer, not yet ids of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.kit.errors import PortalError
from portal.kit.money import parse_minor
from portal.rules.imports import Dates, Fate
from portal.services.accounts.import_buyer import BuyerDraft, address_of, name_of, whereabouts
from portal.services.catalogue.importing.own_format import RowRefusedError
from portal.services.orders.import_draft import LineDraft, OrderDraft, PartDraft, PaymentDraft


@dataclass(frozen=True, slots=True)
class Goods:
    """A thing as one store sells it; `name` is told where it may have to be made."""

    store: str
    sku: str
    name: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.store, self.sku


@dataclass(frozen=True, slots=True)
class ParsedLine:
    goods: Goods
    quantity: int
    unit_price_minor: int


@dataclass(slots=True)
class ParsedOrder:
    """All that the files say of one order; `shipping` and `ship_by` are by store.

    `remarks` are oddities to be named that do not keep it out.
    """

    line: int
    ref: str
    fate: Fate
    status: str
    dates: Dates
    buyer: BuyerDraft
    lines: list[ParsedLine]
    shipping: Mapping[str, int]
    payments: list[PaymentDraft]
    remarks: list[str] = field(default_factory=list)
    ship_by: dict[str, datetime] = field(default_factory=dict)

    def note_limit(self, store: str, limit: datetime | None) -> None:
        """A store has to send until the latest of what its goods say."""
        if limit is not None:
            self.ship_by[store] = max(limit, self.ship_by.get(store, limit))

    def draft(
        self, *, buyer_id: UUID, store_of: Callable[[str], int], variant_of: Callable[[Goods], int]
    ) -> OrderDraft:
        """The order with ids of ours. Units of one thing at one price are one line."""
        units: dict[tuple[Goods, int], int] = {}
        for line in self.lines:
            key = (line.goods, line.unit_price_minor)
            units[key] = units.get(key, 0) + line.quantity
        parts = []
        for store in dict.fromkeys(line.goods.store for line in self.lines):
            lines = [
                LineDraft(variant_of(goods), quantity, price)
                for (goods, price), quantity in units.items()
                if goods.store == store
            ]
            parts.append(PartDraft(store_of(store), self.shipping.get(store, 0), tuple(lines), self.ship_by.get(store)))
        name = name_of(self.buyer)
        return OrderDraft(
            ref=self.ref,
            fate=self.fate,
            dates=self.dates,
            buyer_id=buyer_id,
            parts=tuple(parts),
            payments=tuple(self.payments),
            contact={"email": address_of(self.buyer), "name": name},
            address=whereabouts(name, self.buyer.place),
            source_status=self.status,
        )


def amount(cell: str, column: str, currency: str) -> int:
    """Minor units. Raises RowRefusedError."""
    try:
        return parse_minor(cell, currency)
    except PortalError as refusal:
        raise RowRefusedError(f"{column}: {refusal}") from refusal


def instant(cell: str, column: str, zone: ZoneInfo) -> datetime | None:
    """A date and time, in `zone` where it names none of its own. Raises RowRefusedError."""
    if not cell:
        return None
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        raise RowRefusedError(f"{column} is not a date and time such as 2026-03-01 14:05:00") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise RowRefusedError(f"{column} is out of range") from None


def needed(cell: str, column: str) -> str:
    """The cell, which must not be empty. Raises RowRefusedError."""
    if not cell or "\0" in cell:
        raise RowRefusedError(f"{column} is missing")
    return cell
