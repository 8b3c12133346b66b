"""Whether money can go back the way it came: what a gateway takes, and how long (REF-03)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from portal.queries.gateways import gateway_directory


def way_back(session: Session, head: Row[Any], now: datetime) -> tuple[str | None, bool]:
    """Why a gateway cannot take money back the way it came (REF-03): one word, or None; and whether it takes parts."""
    configured = gateway_directory(session).get(head.gateway_account_id) if head.gateway_account_id else None
    if configured is None:
        return "no_connection", True
    method = next((one for one in configured.gateway.capabilities.methods if one.method.value == head.method), None)
    if method is None:
        return None, True
    if method.refund_window is not None and head.completed_at and now >= head.completed_at + method.refund_window:
        return "window_passed", True
    # A transfer does not say where it came from: the buyer chooses his deposit, or names his account.
    return "no_sender" if method.refunds_to_account else None, method.partial_refunds
