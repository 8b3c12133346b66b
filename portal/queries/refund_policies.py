"""The rules of refunds and returns: what held for an order at its day, what holds now, and who set it (REF-01)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session, aliased

from portal.models import RefundRule, User
from portal.rules.refund_policy import RefundPolicy, merge

ROWS_SHOWN = 200

# Of each place what began last; the least specific first, a section before the channel.
_RULES = text(
    """
    WITH RECURSIVE above AS (
        SELECT id AS section_id, id, parent_id, 0 AS far FROM section WHERE id = ANY(:sections)
        UNION ALL SELECT a.section_id, s.id, s.parent_id, a.far + 1 FROM above a JOIN section s ON s.id = a.parent_id
    ),
    begun AS (
        SELECT DISTINCT ON (channel_id, section_id) * FROM refund_rule
         WHERE valid_from <= :at AND withdrawn_at IS NULL AND (channel_id IS NULL OR channel_id = :channel_id)
         ORDER BY channel_id, section_id, valid_from DESC
    )
    SELECT w.section_id, r.window_days, r.returnable, r.approve_above, r.step_up_above, r.return_reasons, r.way_back,
           r.exchangeable, r.picture_reasons, r.restocking_basis_points
      FROM unnest(CAST(:sections AS bigint[])) AS w (section_id)
     CROSS JOIN begun r
      LEFT JOIN above a ON a.section_id = w.section_id AND a.id = r.section_id
     WHERE r.section_id IS NULL OR a.id IS NOT NULL
     ORDER BY w.section_id, (r.section_id IS NOT NULL), a.far DESC, (r.channel_id IS NOT NULL), r.id
    """
)


@dataclass(frozen=True, slots=True)
class RefundRuleRow:
    """A rule as it was set; what it leaves open is None. Without channel or section it is for all of them."""

    id: int
    channel_id: int | None
    section_id: int | None
    window_days: int | None
    returnable: bool | None
    exchangeable: bool | None
    way_back: str | None
    return_reasons: Sequence[str] | None
    picture_reasons: Sequence[str] | None
    restocking_basis_points: int | None
    approve_above: Mapping[str, int] | None
    valid_from: datetime
    note: str
    set_by: str | None
    set_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None

    def is_planned(self, now: datetime) -> bool:
        return self.withdrawn_at is None and self.valid_from > now


def policies_of(
    session: Session, *, channel_id: int, sections: Collection[int], at: datetime
) -> dict[int, RefundPolicy]:
    """What holds by section for goods of a channel that were ordered at a moment."""
    found: dict[int, list[Mapping[str, Any]]] = {section: [] for section in sections}
    values = {"sections": sorted(sections), "channel_id": channel_id, "at": at}
    for row in session.execute(_RULES, values).mappings():
        found[row["section_id"]].append({name: value for name, value in row.items() if name != "section_id"})
    return {section: merge(rows) for section, rows in found.items()}


def list_refund_rules(session: Session) -> Sequence[RefundRuleRow]:
    """Every rule that was set, the latest to begin first."""
    setter, caller = aliased(User), aliased(User)
    own = (
        RefundRule.id,
        RefundRule.channel_id,
        RefundRule.section_id,
        RefundRule.window_days,
        RefundRule.returnable,
        RefundRule.exchangeable,
        RefundRule.way_back,
        RefundRule.return_reasons,
        RefundRule.picture_reasons,
        RefundRule.restocking_basis_points,
        RefundRule.approve_above,
        RefundRule.valid_from,
        RefundRule.note,
    )
    statement = (
        select(*own, setter.name, RefundRule.set_at, caller.name, RefundRule.withdrawn_at)
        .join(setter, setter.id == RefundRule.set_by, isouter=True)
        .join(caller, caller.id == RefundRule.withdrawn_by, isouter=True)
        .order_by(RefundRule.valid_from.desc(), RefundRule.id.desc())
        .limit(ROWS_SHOWN)
    )
    return [RefundRuleRow(*row) for row in session.execute(statement)]
