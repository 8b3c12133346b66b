"""An example of an offer."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT

OFFER = {
    "offer": {
        "id": 812,
        "name": {"en": "5,000 won off tableware", "ko": "식기 5,000원 할인"},
        "until": AT,
        "because": ["You allow offers that are chosen for you."],
    }
}
