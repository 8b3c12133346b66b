"""Examples of returns: two bowls of the example order on their way back."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, BOWL, NUMBER, krw

RETURN_ID = "01935f2e-7b1c-7000-8000-00000000000d"
LINE = "01935f2e-7b1c-7000-8000-000000000003"
UNIT = "01935f2e-7b1c-7000-8000-00000000000e"
CODE = "R-7F3K9Q2MXA"
REQUEST = {
    "kind": "return",
    "lines": [{"line_id": LINE, "units": 1}],
    "reason": "damaged",
    "note": "The rim is chipped.",
}
RETURN = {
    "id": RETURN_ID,
    "number": CODE,
    "order_number": NUMBER,
    "kind": "return",
    "wish": "refund",
    "reason": "damaged",
    "status": "received",
    "way_back": "store",
    "requested_at": AT,
    "answer_by": AT,
    "send_by": AT,
    "answer": None,
    "carrier": "cj",
    "tracking_number": "581234567890",
    "replacement_number": None,
    "refund": None,
    "to_pay": None,
    "pay_by": None,
    "version": 3,
    "lines": [
        {
            "line_id": LINE,
            "sku": "BOWL-SAGE",
            "name": BOWL,
            "units": [{"id": UNIT, "state": "received", "condition": None, "restocked": False}],
        }
    ],
}
SETTLED = RETURN | {
    "status": "settled",
    "version": 5,
    "refund": {"status": "approved", "total": krw(12000), "restocking_fee": krw(0)},
}
ITEM: dict[str, Any] = {
    "id": RETURN_ID,
    "number": CODE,
    "order_number": NUMBER,
    "kind": "return",
    "wish": "refund",
    "reason": "damaged",
    "status": "received",
    "pieces": 1,
    "requested_at": AT,
    "due_at": None,
}
PAGE = {
    "items": [ITEM],
    "next_cursor": None,
    "previous_cursor": None,
}
APPROVAL = {"return_to": "12 Store Street\nSeoul 04524"}
REFUSAL = {"answer": "It was worn."}
RECEIPT = {"lines": [{"line_id": LINE, "units": 1}]}
INSPECTION = {"units": [{"unit_id": UNIT, "accepted": True, "condition": "new", "restock": True}], "note": ""}
