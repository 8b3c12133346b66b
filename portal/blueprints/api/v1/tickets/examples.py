"""What the document shows as examples of tickets."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, NUMBER

TICKET_NUMBER = "T-7F3K9Q2MXA"
TICKET: dict[str, Any] = {
    "number": TICKET_NUMBER,
    "kind": "delay",
    "status": "open",
    "order_number": NUMBER,
    "about": "part:0192f3a1-7c3e-7c7e-9f3a-0b6f3f1d2a4b",
    "answered_by": "store",
    "answer_due_at": AT,
    "opened_at": AT,
    "moved_at": AT,
}
PAGE: dict[str, Any] = {"items": [TICKET], "next_cursor": None, "previous_cursor": None}
MESSAGE: dict[str, Any] = {"side": "buyer", "text": "Where is it?", "is_note": False, "files": [], "at": AT}
DETAIL: dict[str, Any] = {"ticket": TICKET, "messages": [MESSAGE], "assignee_id": None, "version": 2}
REQUEST: dict[str, Any] = {"kind": "delay", "about": TICKET["about"], "text": "Where is it?"}
WORDS: dict[str, Any] = {"text": "It came, thank you."}
