"""The rules of routing: those in force, for whoever decides a payment, and every version, for administrators."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, aliased

from portal.db import reading
from portal.models import RoutingRelease, RoutingVersion, User
from portal.rules.route_rules import NO_RULES, RouteRule, RuleSet, from_json

# What pages show may be this old. What decides a payment is not.
KEPT_FOR_S = 1.0
VERSIONS_SHOWN = 100


class _Kept:
    rules: RuleSet | None = None
    until = 0.0


_kept = _Kept()


@dataclass(frozen=True, slots=True)
class InForce:
    """What decides payments at this very moment: the rules, and the stamp of the gateway accounts that go with them."""

    rules: RuleSet
    accounts_stamp: int


# One statement for both: whoever decides a payment learns at no cost whether the accounts that it keeps are current.
_IN_FORCE = text(
    """
    SELECT v.version, v.rules, (SELECT coalesce(sum(g.version), 0) FROM gateway_account g)::bigint AS stamp
      FROM (SELECT max(id) AS id FROM routing_release) newest
      LEFT JOIN routing_release r ON r.id = newest.id
      LEFT JOIN routing_version v ON v.version = r.version
    """
)


def in_force(session: Session) -> InForce:
    """What is committed now, in whichever process it was changed."""
    row = session.execute(_IN_FORCE).one()
    rules = RuleSet(row.version, from_json(row.rules)) if row.version is not None else NO_RULES
    return InForce(rules, row.stamp)


def live_rules() -> RuleSet:
    """The rules in force as pages show them, at most KEPT_FOR_S old."""
    moment = time.monotonic()
    if _kept.rules is None or moment >= _kept.until:
        with reading() as opened:
            _kept.rules = in_force(opened).rules
        _kept.until = moment + KEPT_FOR_S
    return _kept.rules


def forget_rules() -> None:
    """Read the rules anew: after a change made by this process, and between tests."""
    _kept.rules = None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version with its author, and when it was last put in force."""

    version: int
    rules: tuple[RouteRule, ...]
    note: str
    author: str
    created_at: datetime
    released_at: datetime | None
    released_by: str | None
    is_live: bool

    @property
    def state(self) -> str:
        """In force, in force once, or never yet."""
        return "live" if self.is_live else "past" if self.released_at else "draft"


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A time when a version was put in force, by whom and why."""

    id: int
    version: int
    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the rules stand: what somebody who writes or releases must have seen. 0 is none yet."""

    newest: int
    live: int
    release_id: int


def load_standing(session: Session) -> Standing:
    """The newest version, the one in force, and the release that put it there."""
    newest = session.scalar(select(func.max(RoutingVersion.version))) or 0
    last = session.execute(
        select(RoutingRelease.version, RoutingRelease.id).order_by(RoutingRelease.id.desc()).limit(1)
    ).one_or_none()
    return Standing(newest, last.version, last.id) if last is not None else Standing(newest, 0, 0)


def list_versions(session: Session, *, version: int | None = None) -> Sequence[VersionRow]:
    """The versions, the newest first; or the one that is asked for."""
    last = select(RoutingRelease.version, func.max(RoutingRelease.id).label("id")).group_by(RoutingRelease.version)
    last_of = last.subquery()
    newest = select(func.max(RoutingRelease.id)).scalar_subquery()
    author, releaser = aliased(User), aliased(User)
    statement = (
        select(
            RoutingVersion.version,
            RoutingVersion.rules,
            RoutingVersion.note,
            author.name.label("author"),
            RoutingVersion.created_at,
            RoutingRelease.released_at,
            releaser.name.label("released_by"),
            func.coalesce(RoutingRelease.id == newest, False).label("is_live"),
        )
        .join(author, author.id == RoutingVersion.author_id)
        .outerjoin(last_of, last_of.c.version == RoutingVersion.version)
        .outerjoin(RoutingRelease, RoutingRelease.id == last_of.c.id)
        .outerjoin(releaser, releaser.id == RoutingRelease.released_by)
        .order_by(RoutingVersion.version.desc())
        .limit(VERSIONS_SHOWN)
    )
    if version is not None:
        statement = statement.where(RoutingVersion.version == version)
    return [VersionRow(row.version, from_json(row.rules), *row[2:]) for row in session.execute(statement)]


def load_version(session: Session, *, version: int) -> VersionRow | None:
    return next(iter(list_versions(session, version=version)), None)


def load_rules(session: Session, versions: Collection[int]) -> Mapping[int, tuple[RouteRule, ...]]:
    """The rules of some versions, by their numbers."""
    statement = select(RoutingVersion.version, RoutingVersion.rules).where(RoutingVersion.version.in_(versions))
    return {row.version: from_json(row.rules) for row in session.execute(statement)}


def list_releases(session: Session, *, version: int | None = None) -> Sequence[ReleaseRow]:
    """When versions, or the one that is asked for, were put in force, the latest first."""
    statement = (
        select(RoutingRelease.id, RoutingRelease.version, RoutingRelease.released_at, User.name, RoutingRelease.reason)
        .join(User, User.id == RoutingRelease.released_by)
        .order_by(RoutingRelease.id.desc())
        .limit(VERSIONS_SHOWN)
    )
    if version is not None:
        statement = statement.where(RoutingRelease.version == version)
    return [ReleaseRow(*row) for row in session.execute(statement)]
