"""Examples of a store's part of an order, and of its parcel."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT, BOWL, NUMBER

PART = "01935f2e-7b1c-7000-8000-000000000021"
LINE = "01935f2e-7b1c-7000-8000-000000000003"
SHIPMENT = {
    "id": "01935f2e-7b1c-7000-8000-000000000022",
    "carrier": "cj",
    "tracking_number": "581234567890",
    "status": "in_transit",
    "shipped_at": AT,
    "expected_until": None,
    "delivered_at": None,
    "lines": [{"line_id": LINE, "sku": "BOWL-SAGE", "quantity": 2}],
    "events": [{"status": "in_transit", "at": AT, "place": "Hub"}],
}
STORE_ORDER = {
    "id": PART,
    "order_number": NUMBER,
    "status": "packed",
    "accept_by": AT,
    "send_by": AT,
    "version": 4,
    "on_hold": False,
    "holds": [],
    "lines": [{"line_id": LINE, "sku": "BOWL-SAGE", "name": BOWL, "quantity": 3, "to_send": 1}],
    "shipments": [SHIPMENT],
}
PAGE = {
    "items": [{"id": PART, "order_number": NUMBER, "status": "released", "placed_at": AT, "pieces": 3}],
    "next_cursor": None,
    "previous_cursor": None,
}
PARCEL = {"carrier": "cj", "tracking_number": "5812-3456-7890", "lines": [{"line_id": LINE, "quantity": 2}]}
SENT = {"shipment": SHIPMENT, "part_status": "packed", "is_repeat": False}
