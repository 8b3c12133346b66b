"""Words for the codes of a store's own things: stock and what was done to it."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.text import N_

STORE_ACTIONS: Mapping[str, str] = {
    "stock:counted": N_("Stock changed"),
    "order:amended": N_("Order changed"),
    "return:requested": N_("Return asked for"),
    "return:decided": N_("Return decided"),
    "return:moved": N_("Return moved on"),
    "return:inspected": N_("Return inspected"),
    "return:settled": N_("Return done"),
}

STORE_WORDS: Mapping[str, Mapping[str, str]] = {
    "stock_reason": {
        "sale": N_("Sold"),
        "cancelled": N_("Back from an order"),
        "count": N_("Counted"),
        "delivery": N_("Delivery came in"),
        "returned": N_("Came back"),
        "damaged": N_("Damaged"),
        "lost": N_("Lost"),
        "exchanged": N_("Out in exchange"),
        "exchange_undone": N_("Exchange not needed"),
        "swapped": N_("Option of an order changed"),
        "other": N_("Another reason"),
        "import": N_("Import"),
    },
}
