"""Small pieces of which the examples of the document are made."""

from __future__ import annotations

from typing import Any


def krw(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "KRW"}


STORE_REF = {"slug": "moa-ceramics", "name": {"en": "Moa Ceramics", "ko": "모아 세라믹"}}
BOWL = {"en": "Rice bowl", "ko": "밥그릇"}
SAGE = [{"name": {"en": "Colour", "ko": "색상"}, "value": {"en": "Sage", "ko": "세이지"}}]
PICTURE = "/pictures/kitchen-4f2a.svg"
AT = "2026-11-21T04:43:01.250000Z"
NUMBER = "KR-7F3K9Q2MXA"
# Of what is paid already.
NO_STEP: dict[str, Any] = {
    "type": "none",
    "poll_after_ms": None,
    "url": None,
    "client_secret": None,
    "publishable_key": None,
    "account": None,
}
