"""Examples of cards on file."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT

ID = "019a8f2e-6c1d-7c3a-9d52-1f0b7c9e4a11"
METHOD = {
    "id": ID,
    "brand": "visa",
    "last4": "4242",
    "expiry": "12/2031",
    "is_expired": False,
    "is_default": True,
    "created_at": AT,
}
METHODS = {"items": [METHOD]}
