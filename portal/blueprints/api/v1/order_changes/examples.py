"""Examples of changes: the example order goes elsewhere, in another colour."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import BOWL, NUMBER, SAGE
from portal.blueprints.api.v1.orders.examples import ADDRESS, LINE

CLAY = [{"name": {"en": "Colour", "ko": "색상"}, "value": {"en": "Clay", "ko": "점토"}}]
CHANGE: dict[str, Any] = {
    "number": NUMBER,
    "version": 3,
    "address": ADDRESS,
    "address_open": True,
    "lines": [
        {
            "line_id": LINE["id"],
            "name": BOWL,
            "options": SAGE,
            "units": 2,
            "choices": [{"variant_id": 98, "options": CLAY, "left": 12}],
        }
    ],
}
TO_ADDRESS = {"address": {**ADDRESS, "line2": "5F"}}
TO_OPTION = {"variant_id": 98}
