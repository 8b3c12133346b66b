"""Examples of holds and labels."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT
from portal.blueprints.api.v1.fulfilment.examples import PART, STORE_ORDER

ID = "01935f2e-7b1c-7000-8000-000000000031"
HOLD = {"reason": "address_unclear", "note": "No such house."}
HELD = STORE_ORDER | {
    "status": "held",
    "on_hold": True,
    "holds": [{"id": ID, "kind": "seller", **HOLD, "placed_at": AT, "may_end": True}],
}
WISH = {"carrier": "cj"}
LABEL = {
    "id": ID,
    "part_id": PART,
    "carrier": "cj",
    "status": "bought",
    "problem": None,
    "tracking_number": "581234567890",
    "made_at": AT,
    "is_stale": False,
    "can_print": True,
    "can_void": True,
    "lines": [{"sku": "BOWL-SAGE", "quantity": 2}],
}
LABELS = {"items": [LABEL]}
VOIDED = LABEL | {"status": "voiding", "can_print": False, "can_void": False}
