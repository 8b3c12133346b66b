"""Examples of reviews and questions."""

from __future__ import annotations

from portal.blueprints.api.files import EXAMPLE
from portal.blueprints.api.v1.examples import AT, BOWL, NUMBER

ID = "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"
REMARK = {
    "id": ID,
    "kind": "review",
    "product": "rice-bowl",
    "product_name": BOWL,
    "author": "B**",
    "stars": 5,
    "text": "Just as in the picture.",
    "pictures": [f"/reviews/pictures/{ID}"],
    "at": AT,
    "answer": None,
    "answered_at": None,
    "hidden_reason": None,
    "version": 1,
}
PAGE = {"items": [REMARK], "next_cursor": None, "previous_cursor": None}
OF_PRODUCT = PAGE | {"reviews": 31, "average_tenths": 46}
LINE = {
    "line_id": ID,
    "order_number": NUMBER,
    "product": "rice-bowl",
    "name": BOWL,
    "store": {"en": "Moa Ceramics", "ko": "모아 세라믹"},
    "delivered_at": AT,
}
LINES = {"items": [LINE]}
REVIEW = {"line_id": ID, "stars": 5, "text": "Just as in the picture.", "pictures": [EXAMPLE]}
QUESTION = {"text": "Does it go into the dishwasher?"}
ANSWER = {"text": "Yes, at up to 60 degrees.", "version": 1}
