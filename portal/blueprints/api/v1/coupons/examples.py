"""Examples of coupons in hands."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT

ID = "01939c1f-7a10-7cc1-9d44-2f1d0a9c0001"
TERMS = {
    "campaign_id": 12,
    "name": {"en": "Weekend treat", "ko": "주말 선물"},
    "kind": "percentage",
    "target": "order",
    "percent": "7",
    "amounts": {},
    "max_discounts": {"KRW": 6000},
    "store": None,
    "valid_from": AT,
    "valid_until": AT,
    "grace_hours": 0,
}
COUPON = {
    "id": ID,
    "terms": TERMS,
    "state": "usable",
    "code": None,
    "uses_left": 1,
    "granted_at": AT,
    "suspicion_id": None,
    "appealed_at": None,
}
PAGE = {"items": [COUPON], "next_cursor": None, "previous_cursor": None}
OFFERS = {"items": [{"terms": TERMS, "applies_by_itself": False, "is_held": False, "left": 480}]}
WISH = {"campaign_id": 12}
APPEAL = {"text": "The other account is my sister's. We share a phone."}
SUSPICION = {
    "id": ID,
    "campaign_id": 12,
    "campaign": TERMS["name"],
    "code": None,
    "state": "open",
    "raised_at": AT,
    "appeal": APPEAL["text"],
    "appealed_at": AT,
}
CLAIMED = {"campaign_id": 12, "is_new": True}
PEOPLE = {"people": ["bea@example.com"], "reason": "Thanks for waiting"}
WORK = {"id": ID, "state": "waiting", "total": 1, "done": 0, "failed": 0}
