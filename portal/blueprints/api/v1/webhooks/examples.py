"""What the document shows as examples of webhooks."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, NUMBER

ENDPOINT_ID = "0192f3a1-7c3e-7c7e-9f3a-0b6f3f1d2a4b"
MESSAGE_ID = "5f0c5a44-6a57-4f6f-9a3e-1f4f1de2b111"
ENDPOINT: dict[str, Any] = {
    "id": ENDPOINT_ID,
    "name": "Warehouse",
    "url": "https://partner.example/hooks",
    "events": ["order.parts_released", "shipment.moved"],
    "reach": "store",
    "state": "on",
    "failures": 0,
    "waiting": 0,
    "given_up": 0,
    "secret_made_at": AT,
    "previous_secret_until": None,
    "created_at": AT,
    "version": 1,
}
SECRET: dict[str, Any] = {"webhook": ENDPOINT, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
LIST: dict[str, Any] = {"items": [ENDPOINT], "event_types": ["order.paid", "order.parts_released", "shipment.moved"]}
REQUEST: dict[str, Any] = {
    "name": "Warehouse",
    "url": "https://partner.example/hooks",
    "events": ["order.parts_released", "shipment.moved"],
    "reach": "store",
}
CHANGE: dict[str, Any] = {"version": 1, "events": ["shipment.moved"], "state": "on"}
DELIVERY: dict[str, Any] = {
    "id": MESSAGE_ID,
    "event": "shipment.moved",
    "sequence": 4711,
    "data": {"object": "order", "id": ENDPOINT_ID, "number": NUMBER, "state": "delivered"},
    "state": "delivered",
    "tries": 1,
    "due_at": None,
    "delivered_at": AT,
    "status_code": 200,
    "latency_ms": 87,
    "problem": None,
    "occurred_at": AT,
}
PAGE: dict[str, Any] = {"items": [DELIVERY], "next_cursor": None, "previous_cursor": None}
ROTATION: dict[str, Any] = {"overlap_hours": 24}
REPLAY: dict[str, Any] = {"since": AT}
REPLAYED: dict[str, Any] = {"messages": 12}
