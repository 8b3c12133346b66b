"""Which desks hear of an event though nothing is to be done about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

# Desks that hear of an event beside the person's own pages, though nothing is to be done about it.
TOLD: Mapping[str, Collection[str]] = {
    "order.placed": ("admin",),
    "channel.moved": ("mall",),
    "case.grew": ("admin",),
    "case.changed": ("admin",),
    "document.receipt_issued": ("admin",),
    "document.credit_note_issued": ("admin",),
    "payment.unknown": ("admin",),
    "payment.surplus_found": ("admin",),
    "top_up.cancelled": ("admin",),
    "invoice.cancelled": ("admin",),
    "gift_card.cancelled": ("admin",),
    "refund.unknown": ("admin",),
    "refund.sent": ("admin",),
    "dispute.changed": ("admin",),
    "coupon_bulk.moved": ("admin",),
    "dispute.answer_sent": ("admin",),
}
