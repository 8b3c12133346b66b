"""Examples of channels."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.files import EXAMPLE
from portal.blueprints.api.v1 import overrides
from portal.blueprints.api.v1.examples import AT

CHANNEL_ID = 3
ITEM: dict[str, Any] = {
    "id": CHANNEL_ID,
    "code": "kiosk",
    "name": {"en": "Kiosk", "ko": "키오스크"},
    "currency": "KRW",
    "country": "KR",
    "state": "live",
}
LIST: dict[str, Any] = {"items": [ITEM]}
DECISION: dict[str, Any] = {
    **overrides.EXAMPLE,
    "term": "channel-colour",
    "after": "#c2410c",
    "why": "The colour of the kiosks' maker.",
}
CHANNEL: dict[str, Any] = {
    **ITEM,
    "default_locale": "ko",
    "locales": ["ko", "en"],
    "time_zone": "Asia/Seoul",
    "hosts": [],
    "support_email": "help@kr.example.com",
    "colour": "#c2410c",
    "logo": "/photos/0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b",
    "issuer": {"en": "Portal Korea Co., Ltd.", "ko": "포털코리아 주식회사"},
    "manager": "mei@kr.example.com",
    "kind": "web",
    "legal": {"en": "Portal Korea Co., Ltd., Seoul.", "ko": "포털코리아 주식회사, 서울."},
    "extensions": {"push": "on"},
    "notices": {"en": "Back at noon.", "ko": "정오에 다시 열어요."},
    "next_states": ["maintenance", "sunset"],
    "requirements": [{"requirement": "goods", "is_met": True, "by_hand": False}],
    "moves": [{"from_state": "readiness", "to_state": "live", "note": None, "at": AT}],
    "decisions": [DECISION],
    "version": 5,
}
TERMS: dict[str, Any] = {
    name: CHANNEL[name]
    for name in (
        *("code", "name", "issuer", "legal", "notices", "kind", "country", "currency", "time_zone", "locales"),
        *("default_locale", "colour", "support_email", "manager", "hosts", "extensions"),
    )
}
TERMS["why"] = DECISION["why"]
CHANGE: dict[str, Any] = {**TERMS, "version": 5}
LOGO: dict[str, Any] = {"file": EXAMPLE, "why": DECISION["why"], "version": 5}
STEP: dict[str, Any] = {"state": "maintenance", "note": "New card readers.", "version": 5}
TICK: dict[str, Any] = {"is_met": True, "version": 4}
