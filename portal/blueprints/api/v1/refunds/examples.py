"""Examples of refunds: that of the example order, whole."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT, krw

FINGERPRINT = "0f3c9a52d1e84b7796a0c5d2e1f3b4a8"
LINE = "01935f2e-7b1c-7000-8000-000000000003"
CHOICES = {"lines": [{"line_id": LINE, "units": 2}], "reason": "changed_mind"}
REQUEST = {**CHOICES, "fingerprint": FINGERPRINT}
QUOTE = {
    "fingerprint": FINGERPRINT,
    "total": krw(24600),
    "legs": [
        {"type": "deposit", "amount": krw(5000), "points": None, "destination": "original", "closed": None},
        {"type": "gateway", "amount": krw(19600), "points": None, "destination": "original", "closed": None},
    ],
    "coupons": [{"name": {"en": "10% off", "ko": "10% 할인"}, "outcome": "back"}],
    "discount_asked_back": {"amount_minor": 0, "currency": "KRW"},
    "restocking_fee": {"amount_minor": 0, "currency": "KRW"},
    "points_taken": 180,
    "points_owed": 0,
    "needs_consent": False,
    "refused": [],
}
REFUND = {
    "id": "01935f2e-7b1c-7000-8000-00000000000a",
    "status": "approved",
    "reason": "changed_mind",
    "total": krw(24600),
    "total_in_platform": None,
    "requested_at": AT,
    "due_at": AT,
    "completed_at": None,
    "refusal": None,
    "legs": [
        {"type": "deposit", "amount": krw(5000), "points": None, "destination": "original", "status": "succeeded"},
        {"type": "gateway", "amount": krw(19600), "points": None, "destination": "original", "status": "approved"},
    ],
}
REFUNDS = {"items": [REFUND]}
