"""Examples of addresses."""

from __future__ import annotations

ID = "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"
_PLACE = {
    "name": "김베아",
    "phone": "010-1234-5678",
    "postcode": "04524",
    "line1": "서울특별시 중구 세종대로 110",
    "line2": "3층",
}
CHANGE = {**_PLACE, "country": "KR", "make_default": True}
ADDRESS = {"id": ID, "is_default": True, **_PLACE, "city": "", "region": "", "country": "KR"}
BOOK = {"items": [ADDRESS]}
