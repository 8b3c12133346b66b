"""Write down each decision by which a channel differs from the mall, or no more (CHN-04)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import OverrideDecision
from portal.rules.overrides import WHY_MAX, changed_terms
from portal.rules.permissions import Actor
from portal.services.audit import label


def note_overrides(
    session: Session,
    *,
    channel_id: int,
    before: Mapping[str, str],
    after: Mapping[str, str],
    why: str,
    actor: Actor,
    now: datetime,
    product_id: int | None = None,
) -> None:
    """Keep a row for each term whose value differs; with `product_id` they are the channel's words of a product.

    Callers have asked for the reason (rules/overrides.py: why_faults).
    """
    rows = [
        {
            "channel_id": channel_id,
            "product_id": product_id,
            "term": name,
            "before": before.get(name) or None,
            "after": after.get(name) or None,
            "why": why.strip()[:WHY_MAX],
            "by": label(actor),
            "at": now,
        }
        for name in changed_terms(before, after)
    ]
    if rows:
        insert_rows(session, OverrideDecision, rows)
