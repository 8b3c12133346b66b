"""Posting template of the restocking fee, as those in `posting` (REF-01)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from portal.rules.posting import AccountKind, AccountRef, EntryKind, Line, escrow


def restocking_kept(*, order_id: UUID, store_id: int, currency: str, amount_minor: int) -> tuple[Line, ...]:
    """What a store keeps of goods that came back is its own in full: nothing was sold, so no commission and no tax."""
    return (
        Line(escrow(order_id, currency), -amount_minor),
        Line(AccountRef(AccountKind.SELLER_PAYABLE, f"store:{store_id}", currency), amount_minor),
    )


RESTOCKING_TEMPLATES: Mapping[EntryKind, Callable[..., tuple[Line, ...]]] = {
    EntryKind.RESTOCKING_KEPT: restocking_kept,
}
