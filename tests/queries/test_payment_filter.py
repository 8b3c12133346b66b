"""A cursor of the list of payments belongs to its filters, all of them."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.queries.payments import PaymentFilter

OTHERS: dict[str, Any] = {
    "status": "captured",
    "method": "credit_card",
    "channel_id": 1,
    "created_from": datetime(2026, 3, 1, tzinfo=UTC),
    "created_until": datetime(2026, 3, 2, tzinfo=UTC),
    "unknown": True,
    "search": "KR-1",
    "sort": "created",
}


@pytest.mark.parametrize("name", [field.name for field in fields(PaymentFilter)])
def test_every_filter_changes_the_mark(name: str) -> None:
    assert replace(PaymentFilter(), **{name: OTHERS[name]}).mark != PaymentFilter().mark
