"""The rules of risk: those in force, for whoever decides, and every version, for administrators (FRD-02)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, aliased

from portal.kit.currency import POINTS
from portal.kit.money import round_half_up
from portal.models import RiskRuleRelease, RiskRuleVersion, RiskSnooze, User
from portal.queries.channels import channel_currencies
from portal.rules.fraud import DEFAULT_RULES, SHIPPED, Mode, Rule, RuleSet
from portal.rules.fraud_language import ExpressionError

log = structlog.get_logger()


class _Kept:
    rules: RuleSet = DEFAULT_RULES


_kept = _Kept()

_RELEASED = text(
    """
    SELECT r.id, r.name, r.is_shadow, r.version, v.source, v.mode, v.points
      FROM (SELECT DISTINCT ON (name, is_shadow) * FROM risk_rule_release ORDER BY name, is_shadow, id DESC) r
      LEFT JOIN risk_rule_version v USING (name, version)
     ORDER BY r.name
    """
)


def rules_by_stamp(session: Session, stamp: int) -> RuleSet:
    """The rules in force. `stamp` is the newest release: what this process keeps is good until that is another."""
    if _kept.rules.stamp != stamp:
        _kept.rules = _load(session) if stamp else DEFAULT_RULES
    return _kept.rules


def forget_risk_rules() -> None:
    """Read the rules anew: between tests, which begin to count releases anew."""
    _kept.rules = DEFAULT_RULES


def event_currencies(session: Session) -> frozenset[str]:
    """The currencies that events have: an amount in none of them is never met."""
    return channel_currencies(session) | {POINTS}


def rules_in_force(session: Session) -> RuleSet:
    """The same for whoever does not know the stamp."""
    return rules_by_stamp(session, session.scalar(select(func.max(RiskRuleRelease.id))) or 0)


def _load(session: Session) -> RuleSet:
    live, stamp = dict(SHIPPED), 0
    shadows: dict[str, Rule] = {}
    for row in session.execute(_RELEASED):
        stamp = max(stamp, row.id)
        place = shadows if row.is_shadow else live
        place.pop(row.name, None)
        rule = _rule(row)
        if rule is not None:
            place[row.name] = rule
    return RuleSet(tuple(live.values()), tuple(shadows.values()), stamp)


def _rule(row: Any) -> Rule | None:
    if row.version == 0:
        return None
    if row.source is None:
        shipped = SHIPPED.get(row.name)
        return shipped if shipped is not None and shipped.version == row.version else None
    try:
        return Rule(row.name, row.source, row.version, row.points, Mode(row.mode))
    except ExpressionError as error:
        # A feature that a later release of the program took away: the other rules still decide.
        log.warning("risk_rule_unreadable", rule=row.name, version=row.version, error=str(error))
        return None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a rule. `author` is None for what the program brings. `place` is live, shadow, past or draft."""

    name: str
    version: int
    title: str
    source: str
    mode: str
    points: int
    note: str
    author: str | None
    created_at: datetime | None
    place: str


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """When a version was put in force or in shadow, by whom and why; version 0 took the rule out."""

    id: int
    version: int
    is_shadow: bool
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rule stands: newest version, those in force and in shadow (0 is none), and the releases that say so."""

    newest: int = 0
    live: int = 0
    live_release: int = 0
    shadow: int = 0
    shadow_release: int = 0


def load_standings(session: Session) -> dict[str, Standing]:
    """Every rule with where it stands, by its name."""
    newest = dict.fromkeys(SHIPPED, 1)
    for name, version in session.execute(
        select(RiskRuleVersion.name, func.max(RiskRuleVersion.version)).group_by(RiskRuleVersion.name)
    ):
        newest[name] = max(version, newest.get(name, 0))
    found = {name: Standing(version, live=int(name in SHIPPED)) for name, version in newest.items()}
    for row in session.execute(_RELEASED):
        was = found.get(row.name, Standing())
        found[row.name] = (
            Standing(was.newest, was.live, was.live_release, row.version, row.id)
            if row.is_shadow
            else Standing(was.newest, row.version, row.id, was.shadow, was.shadow_release)
        )
    return found


def list_versions(session: Session, *, name: str | None = None) -> Sequence[VersionRow]:
    """The versions of a rule, or of all, the newest first."""
    standings = load_standings(session)
    released = {
        (one.name, one.version) for one in session.execute(select(RiskRuleRelease.name, RiskRuleRelease.version))
    }
    author = aliased(User)
    statement = select(RiskRuleVersion, author.name.label("author")).join(
        author, author.id == RiskRuleVersion.author_id
    )
    if name is not None:
        statement = statement.where(RiskRuleVersion.name == name)
    rows = []
    for version, who in session.execute(statement.order_by(RiskRuleVersion.name, RiskRuleVersion.version.desc())):
        place = _place(standings[version.name], version.version, (version.name, version.version) in released)
        rows.append(
            VersionRow(
                version.name, version.version, version.title, version.source, version.mode, version.points,
                version.note, who, version.created_at, place,
            )
        )  # fmt: skip
    for rule in SHIPPED.values():
        if name in (None, rule.name):
            place = _place(standings[rule.name], 1, True)
            rows.append(VersionRow(rule.name, 1, "", rule.source, rule.mode.value, rule.points, "", None, None, place))
    return sorted(rows, key=lambda row: (row.name, -row.version))


def load_version(session: Session, *, name: str, version: int) -> VersionRow | None:
    return next((one for one in list_versions(session, name=name) if one.version == version), None)


def list_releases(session: Session, *, name: str) -> Sequence[ReleaseRow]:
    """When versions of a rule were put in their places, the latest first."""
    statement = (
        select(
            RiskRuleRelease.id,
            RiskRuleRelease.version,
            RiskRuleRelease.is_shadow,
            RiskRuleRelease.released_at,
            User.name,
            RiskRuleRelease.reason,
        )
        .join(User, User.id == RiskRuleRelease.released_by)
        .where(RiskRuleRelease.name == name)
        .order_by(RiskRuleRelease.id.desc())
    )
    return [ReleaseRow(*row) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class SnoozeRow:
    """For whom a rule is quiet, as far as it is kept: a person or an IP address, until when, by whom and why."""

    id: uuid.UUID
    kind: str
    until: datetime
    reason: str
    by: str
    at: datetime


def list_snoozes(session: Session, *, name: str, now: datetime) -> Sequence[SnoozeRow]:
    """Where the rule is quiet now, the newest first."""
    statement = (
        select(RiskSnooze.id, RiskSnooze.kind, RiskSnooze.until, RiskSnooze.reason, User.name, RiskSnooze.created_at)
        .join(User, User.id == RiskSnooze.created_by)
        .where(RiskSnooze.rule == name, RiskSnooze.ended_at.is_(None), RiskSnooze.until > now)
        .order_by(RiskSnooze.created_at.desc())
        .limit(50)
    )
    return [SnoozeRow(*row) for row in session.execute(statement)]


_FIGURES = text(
    """
    SELECT f.one->>'rule' AS rule, count(*) AS hits, max(d.decided_at) AS last_at,
           count(*) FILTER (WHERE l.label) AS frauds, count(*) FILTER (WHERE NOT l.label) AS false_alarms
      FROM risk_decision d
      CROSS JOIN LATERAL jsonb_array_elements(d.fired) AS f(one)
      LEFT JOIN risk_label l ON l.decision_id = d.id
     WHERE d.decided_at > :since AND d.fired <> '[]'::jsonb AND NOT coalesce((f.one->>'shadow')::bool, false)
     GROUP BY 1
    """
)


@dataclass(frozen=True, slots=True)
class Figures:
    """How often a rule fired in a time, when last, and what became of it where that is known."""

    hits: int
    last_at: datetime
    frauds: int
    false_alarms: int

    @property
    def precision_percent(self) -> int | None:
        told = self.frauds + self.false_alarms
        return None if not told else round_half_up(Fraction(100 * self.frauds, told))


def load_figures(session: Session, *, since: datetime) -> Mapping[str, Figures]:
    """What each rule has done since then, by its name."""
    return {row.rule: Figures(*row[1:]) for row in session.execute(_FIGURES, {"since": since})}


def _place(standing: Standing, version: int, was_released: bool) -> str:
    if standing.live == version:
        return "live"
    if standing.shadow == version:
        return "shadow"
    return "past" if was_released else "draft"
