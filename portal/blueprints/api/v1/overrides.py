"""Decisions by which channels differ from the mall, as programs read them where they apply (CHN-04)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import Instant, Out
from portal.blueprints.api.v1.examples import AT
from portal.queries.house_rules import DecisionRow
from portal.rules.overrides import WHY_MAX

Why = Annotated[
    str, StringConstraints(max_length=WHY_MAX), Field(description="Why the channel differs: needed for any change.")
]


class Decision(Out):
    """A decision by which a channel differs from the mall, or no more."""

    channel_id: int
    product_id: int | None = Field(description="Of a channel's own words of a product.")
    term: str
    before: str | None
    after: str | None
    why: str
    by: str
    at: Instant


def decision_out(row: DecisionRow) -> Decision:
    """A decision as programs read it."""
    return Decision(
        channel_id=row.channel_id,
        product_id=row.product_id,
        term=row.term,
        before=row.before,
        after=row.after,
        why=row.why,
        by=row.by,
        at=row.at,
    )


EXAMPLE = {
    "channel_id": 3,
    "product_id": None,
    "term": "gift_card-valid_days",
    "before": None,
    "after": "3650",
    "why": "The law of the country asks for ten years.",
    "by": "user:0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b",
    "at": AT,
}
