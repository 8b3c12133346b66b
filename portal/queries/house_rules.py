"""Rules of the house as desks see them: the newest of each kind, who has confirmed them, what is blocked (CHN-05)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session, aliased

from portal.models import HouseRule, OverrideDecision, Product

VERSIONS_MAX = 20
DECISIONS_MAX = 30

# The features that a channel goes without at this moment, for statements that have it as `channel`.
BLOCKED = """
    ARRAY(SELECT DISTINCT unnest(r.features) FROM house_rule r
           WHERE r.due_at <= now() AND r.version = (SELECT max(n.version) FROM house_rule n WHERE n.kind = r.kind)
             AND NOT EXISTS (SELECT FROM channel_confirmation c WHERE c.channel_id = channel.id AND c.rule_id = r.id))
"""
_STANDING = text(
    """
    SELECT channel.id AS channel_id, r.id AS rule_id, r.kind, r.version, r.words, r.features, r.due_at,
           c.by, c.at, c.note, b.began_at, r.due_at <= now() AND c.rule_id IS NULL AS is_blocked
      FROM channel CROSS JOIN house_rule r
      LEFT JOIN channel_confirmation c ON c.channel_id = channel.id AND c.rule_id = r.id
      LEFT JOIN channel_block b ON b.channel_id = channel.id AND b.rule_id = r.id
     WHERE r.version = (SELECT max(n.version) FROM house_rule n WHERE n.kind = r.kind)
       AND channel.state <> 'closed' AND (CAST(:channel_id AS bigint) IS NULL OR channel.id = :channel_id)
     ORDER BY r.kind DESC, channel.id
    """
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a channel stands to the newest version of a kind; `by` is None while nobody has confirmed it."""

    channel_id: int
    rule_id: int
    kind: str
    version: int
    words: Mapping[str, str]
    features: Sequence[str]
    due_at: datetime
    by: str | None
    at: datetime | None
    note: str | None
    began_at: datetime | None
    is_blocked: bool


def standings(session: Session, *, channel_id: int | None = None) -> Sequence[Standing]:
    """Of one channel, or of all, to the newest version of each kind."""
    return [Standing(*row) for row in session.execute(_STANDING, {"channel_id": channel_id})]


def list_versions(session: Session) -> Sequence[HouseRule]:
    """The versions of both kinds, the newest first."""
    return session.scalars(select(HouseRule).order_by(HouseRule.id.desc()).limit(VERSIONS_MAX)).all()


def newest_rules(session: Session) -> Sequence[HouseRule]:
    """The newest version of each kind."""
    newer = aliased(HouseRule)
    is_newest = ~select(newer.id).where(newer.kind == HouseRule.kind, newer.version > HouseRule.version).exists()
    return session.scalars(select(HouseRule).where(is_newest).order_by(HouseRule.kind.desc())).all()


def fixed_terms(session: Session) -> frozenset[str]:
    """The terms in which no channel may differ, by the newest policy."""
    newest = select(HouseRule.fixed).where(HouseRule.kind == "policy").order_by(HouseRule.version.desc()).limit(1)
    return frozenset(session.scalar(newest) or ())


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A decision by which a channel differs from the mall, or no more; of a product's words with the product."""

    channel_id: int
    product_id: int | None
    product_name: Mapping[str, str] | None
    term: str
    before: str | None
    after: str | None
    why: str
    by: str
    at: datetime


def decisions_of(
    session: Session,
    *,
    channel_id: int | None = None,
    product_id: int | None = None,
    terms: Collection[str] | None = None,
) -> Sequence[DecisionRow]:
    """The latest overrides of a channel, of a product, in some terms, or all, each with who decided it and why."""
    of = OverrideDecision
    found = select(of.channel_id, of.product_id, Product.name, of.term, of.before, of.after, of.why, of.by, of.at)
    found = found.outerjoin(Product, Product.id == of.product_id)
    if channel_id is not None:
        found = found.where(of.channel_id == channel_id)
    if product_id is not None:
        found = found.where(of.product_id == product_id)
    if terms is not None:
        found = found.where(of.term.in_(sorted(terms)))
    return [DecisionRow(*row) for row in session.execute(found.order_by(of.id.desc()).limit(DECISIONS_MAX))]
