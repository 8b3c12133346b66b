"""Examples of statements."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT, NUMBER, krw

ID = "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"
STATEMENT = {
    "id": ID,
    "label": "2026-W47",
    "period_start": AT,
    "period_end": AT,
    "opening": krw(0),
    "sales": krw(480000),
    "own_coupons": krw(12000),
    "mall_coupons": krw(0),
    "refunds": krw(24000),
    "commission": krw(44400),
    "other": krw(0),
    "closing": krw(399600),
    "lines": 57,
    "closed_at": AT,
    "payout_state": "paid",
    "paid_at": AT,
    "payout_reference": "20261123-0007",
}
PAGE = {"items": [STATEMENT], "next_cursor": None, "previous_cursor": None}
LINE = {
    "posting_id": 90211,
    "entry_id": 40718,
    "at": AT,
    "figure": "sales",
    "order_number": NUMBER,
    "net": krw(24000),
}
LINES = {"items": [LINE], "next_cursor": None, "previous_cursor": None}
FIGURES = {name: STATEMENT[name] for name in ("sales", "own_coupons", "mall_coupons", "refunds", "commission", "other")}
BALANCE = {
    "period": "weekly",
    "period_ends_at": AT,
    "as_of": AT,
    "items": [{"balance": krw(399600), "coming": krw(52000), "since_statement": FIGURES}],
}
