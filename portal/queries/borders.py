"""Rules of borders as the directory of channels and their desk read them (CHN-09)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import BorderRule as Row
from portal.rules.borders import BorderKind, BorderRule

ROWS_MAX = 300

# The rules of a channel that nobody has ended, for statements that have it as `channel`.
IN_FORCE = """
    coalesce((SELECT jsonb_agg(jsonb_build_object('id', b.id, 'kind', b.kind, 'country', b.country,
                                                  'valid_from', b.valid_from, 'section_id', b.section_id,
                                                  'customs_code', b.customs_code, 'limit_minor', b.limit_minor,
                                                  'rate_basis_points', b.rate_basis_points,
                                                  'words', b.words) ORDER BY b.id)
                FROM border_rule b WHERE b.channel_id = channel.id AND b.withdrawn_at IS NULL), '[]')
"""


def rule_of(packed: Mapping[str, Any]) -> BorderRule:
    """A rule as IN_FORCE packs it."""
    begins_at = datetime.fromisoformat(packed["valid_from"])
    return BorderRule(**{**packed, "kind": BorderKind(packed["kind"]), "valid_from": begins_at})


def list_border_rules(session: Session, *, channel_id: int) -> Sequence[Row]:
    """The rules of a channel, those that were ended too, the newest first."""
    found = select(Row).where(Row.channel_id == channel_id).order_by(Row.id.desc()).limit(ROWS_MAX)
    return session.scalars(found).all()
