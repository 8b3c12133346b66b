"""The record of what came to which channel of a change, when, and why not (CHN-03, CHN-04)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import CatalogueNote
from portal.rules.channel_goods import Field, Outcome, outcome_of
from portal.rules.permissions import Actor
from portal.services.audit import label

# Every channel that has a price of the product, and what it keeps of its own.
_WHERE = text(
    """
    SELECT c.channel_id, NOT c.is_off AS is_sold, coalesce(lo.own, '{}') AS own,
           coalesce(lo.is_manual, false) AS is_manual
      FROM (SELECT price.channel_id, bool_and(price.is_off) AS is_off
              FROM variant v JOIN price ON price.variant_id = v.id WHERE v.product_id = :id GROUP BY 1) c
      LEFT JOIN local_product lo ON lo.product_id = :id AND lo.channel_id = c.channel_id
     ORDER BY c.channel_id
    """
)


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that came to a channel, or did not."""

    channel_id: int
    product_id: int
    what: str
    outcome: Outcome
    detail: Mapping[str, Any] = field(default_factory=dict)


def note_catalogue(session: Session, notes: Iterable[Note], *, actor: Actor, now: datetime) -> None:
    """Write them, in the transaction of what they record."""
    by = label(actor)
    rows = [
        {
            "channel_id": one.channel_id,
            "product_id": one.product_id,
            "what": one.what,
            "outcome": one.outcome.value,
            "detail": dict(one.detail),
            "by": by,
            "at": now,
        }
        for one in notes
    ]
    if rows:
        insert_rows(session, CatalogueNote, rows)


def note_master_change(
    session: Session, *, product_id: int, fields: Iterable[Field], version: int, actor: Actor, now: datetime
) -> None:
    """Note for each channel what becomes of a change of the master's texts there."""
    changed = list(fields)
    if not changed:
        return
    notes = [
        Note(
            row.channel_id,
            product_id,
            one.value,
            outcome_of(one, own=row.own, is_manual=row.is_manual, is_sold=row.is_sold),
            {"version": version},
        )
        for row in session.execute(_WHERE, {"id": product_id}).all()
        for one in changed
    ]
    note_catalogue(session, notes, actor=actor, now=now)
