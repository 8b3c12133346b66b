"""Who is in which segment: decided by the newest version of each, for everybody or for those who have changed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import SegmentMember
from portal.queries.segments import list_segments, load_customers, segment_currency
from portal.rules.fraud_evaluation import ask
from portal.rules.fraud_language import parse
from portal.rules.segment_features import SEGMENT_FEATURES, parse_segment

# One after the other: what two runs have decided must not be mixed.
_ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtext('segment_member'))")
_ENTER = text(
    """
    WITH new AS (INSERT INTO segment_member (key, user_id, since)
                 SELECT :key, id, :now FROM unnest(CAST(:ids AS uuid[])) AS t (id) ORDER BY id
                 ON CONFLICT DO NOTHING RETURNING user_id)
    INSERT INTO segment_move (key, user_id, entered, at) SELECT :key, user_id, true, :now FROM new
    """
)
_LEAVE = text(
    """
    WITH gone AS (DELETE FROM segment_member WHERE key = :key AND user_id = ANY(:ids) RETURNING user_id)
    INSERT INTO segment_move (key, user_id, entered, at) SELECT :key, user_id, false, :now FROM gone
    """
)


def renew_segments(
    session: Session, *, now: datetime, user_ids: Sequence[uuid.UUID] | None = None, key: str | None = None
) -> None:
    """Decide anew about these people, or everybody; of one segment, or all. A second run changes nothing."""
    session.execute(_ONE_BY_ONE)
    segments = [one for one in list_segments(session) if key is None or one.key == key]
    if not segments or (user_ids is not None and not user_ids):
        return
    nodes = {one.key: parse(one.source, SEGMENT_FEATURES) for one in segments if one.is_live}
    inside: dict[str, set[uuid.UUID]] = {one.key: set() for one in segments}
    currency = segment_currency(session)
    if nodes:
        for user_id, values in load_customers(session, user_ids=user_ids, now=now):
            for name, node in nodes.items():
                if ask(node, values, currency).holds:
                    inside[name].add(user_id)
    for name, ids in inside.items():
        statement = select(SegmentMember.user_id).where(SegmentMember.key == name)
        if user_ids is not None:
            statement = statement.where(SegmentMember.user_id.in_(user_ids))
        members = set(session.scalars(statement))
        if ids - members:
            session.execute(_ENTER, {"key": name, "ids": list(ids - members), "now": now})
        if members - ids:
            session.execute(_LEAVE, {"key": name, "ids": list(members - ids), "now": now})


def count_matching(session: Session, *, source: str, now: datetime) -> tuple[int, int, list[uuid.UUID]]:
    """How many a rule would take, of how many customers, and the first of them. Raises ExpressionError."""
    currency = segment_currency(session)
    node = parse_segment(source, currency=currency)
    customers = 0
    found: list[uuid.UUID] = []
    for user_id, values in load_customers(session, now=now):
        customers += 1
        if ask(node, values, currency).holds:
            found.append(user_id)
    return len(found), customers, found[:10]
