"""Examples of the mall's money."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, NUMBER, STORE_REF, krw

ID = "01a3bd9e-0c5c-7d5b-8a57-6b1f3f0f3c11"
OTHER = "01a3bd9e-0c5c-7d5b-8a57-6b1f3f0f3c12"
PAYMENT_ITEM: dict[str, Any] = {
    "id": ID,
    "purpose": "order",
    "order_number": NUMBER,
    "channel": "kr",
    "method": "credit_card",
    "status": "captured",
    "amount": krw(20_000),
    "captured": krw(20_000),
    "refunded": krw(0),
    "created_at": AT,
}
ATTEMPT = {
    "id": OTHER,
    "gateway": "stripe",
    "account": "Stripe KR",
    "state": "captured",
    "gateway_transaction_id": "pi_3Oq2Xb2eZvKYlo2C1x",
    "reason": None,
    "gateway_code": None,
    "created_at": AT,
    "answered_at": AT,
}
PAYMENT = {**PAYMENT_ITEM, "completed_at": AT, "attempts": [ATTEMPT]}
WITHDRAWAL_ITEM: dict[str, Any] = {
    "id": ID,
    "user_id": OTHER,
    "status": "requested",
    "amount": krw(300_000),
    "holds": ["amount"],
    "requested_at": AT,
    "reason": None,
}
WITHDRAWAL = {**WITHDRAWAL_ITEM, "to_pay": None}
APPROVED = WITHDRAWAL | {
    "status": "approved",
    "to_pay": {"amount": krw(300_000), "bank": "Hana Bank", "number": "123-456-789012", "holder": "Bea Kim"},
}
STORE_ID = 4
PERIOD = {"store_id": STORE_ID, "store": STORE_REF["name"], "period": "weekly"}
PAYOUT: dict[str, Any] = {
    "id": ID,
    "statement_id": OTHER,
    "label": "MOA-2026-W47-KRW",
    "store_id": 3,
    "store": STORE_REF["name"],
    "status": "waiting",
    "amount": krw(1_250_000),
    "holds": [],
    "note": None,
    "made_at": AT,
    "approved_at": None,
    "paid_at": None,
    "reference": None,
}
CARD: dict[str, Any] = {
    "id": ID,
    "buyer_id": OTHER,
    "payment_id": OTHER,
    "status": "active",
    "amount": krw(30_000),
    "given_back": krw(0),
    "created_at": AT,
    "expires_at": AT,
    "redeemed_by": None,
    "redeemed_at": None,
    "reason": None,
}
WHY = {"reason": "The account is a stranger's."}
REFERENCE = {"reference": "2026112100042"}


def page(item: dict[str, Any]) -> dict[str, Any]:
    return {"items": [item], "next_cursor": None, "previous_cursor": None}
