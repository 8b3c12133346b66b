"""Versions of the rules of mileage and tiers: those in force and those to come, kept in the process for a moment.

A version starts some seconds after it was written, at the earliest (START_AFTER), so that every process knows it by
then: who asks by an instant is never wrong, and the checkout spends no statement on it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import reading
from portal.models import LoyaltyVersion, User
from portal.rules import earning, tiers
from portal.rules.earning import NO_TERMS, EarnTerms
from portal.rules.tiers import NO_TIERS, Ladder

KEPT_FOR_S = 1.0
START_AFTER = timedelta(seconds=5)
VERSIONS_SHOWN = 100

# What was in force a moment ago still counts for whoever asks by an instant of then.
_CURRENT = text(
    """
    SELECT v.kind, v.version, v.body, v.starts_at FROM loyalty_version v
     WHERE v.starts_at >= coalesce((SELECT max(w.starts_at) FROM loyalty_version w
                                     WHERE w.kind = v.kind AND w.starts_at <= now() - interval '1 minute'),
                                   '-infinity')
     ORDER BY v.starts_at DESC, v.version DESC
    """
)


@dataclass(frozen=True, slots=True)
class Started:
    """A version's number, its rules as stored, and since when they hold."""

    version: int
    body: dict[str, Any]
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class LoyaltyDirectory:
    """The versions that hold or will hold, by kind, the latest start first."""

    versions: dict[str, tuple[Started, ...]]
    ladders: dict[int, Ladder]
    terms_of: dict[int, EarnTerms]

    def at(self, kind: str, now: datetime) -> Started | None:
        """The version in force at an instant: of those that have started the latest, of the same start the newest."""
        return next((one for one in self.versions.get(kind, ()) if one.starts_at <= now), None)

    def ladder(self, now: datetime) -> Ladder:
        """The tiers in force."""
        found = self.at("tiers", now)
        return self.ladders[found.version] if found else NO_TIERS

    def terms(self, now: datetime) -> EarnTerms:
        """The rules of earning mileage in force."""
        found = self.at("mileage", now)
        return self.terms_of[found.version] if found else NO_TERMS


class _Kept:
    directory: LoyaltyDirectory | None = None
    until = 0.0


_kept = _Kept()


def loyalty_directory(session: Session | None = None) -> LoyaltyDirectory:
    """The versions, at most KEPT_FOR_S old. Whoever has a transaction open passes its session."""
    moment = time.monotonic()
    if _kept.directory is None or moment >= _kept.until:
        if session is not None:
            _kept.directory = _load(session)
        else:
            with reading() as opened:
                _kept.directory = _load(opened)
        _kept.until = moment + KEPT_FOR_S
    return _kept.directory


def forget_loyalty() -> None:
    """Read the versions anew: after a change made by this process, and between tests."""
    _kept.directory = None


def _load(session: Session) -> LoyaltyDirectory:
    versions: dict[str, tuple[Started, ...]] = {}
    for row in session.execute(_CURRENT):
        started = Started(row.version, row.body, row.starts_at)
        versions[row.kind] = (*versions.get(row.kind, ()), started)
    return LoyaltyDirectory(
        versions,
        ladders={one.version: tiers.from_json(one.version, one.body) for one in versions.get("tiers", ())},
        terms_of={one.version: earning.from_json(one.version, one.body) for one in versions.get("mileage", ())},
    )


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version as its history shows it."""

    version: int
    body: dict[str, Any]
    note: str
    author: str
    starts_at: datetime
    created_at: datetime


def list_versions(session: Session, *, kind: str, version: int | None = None) -> Sequence[VersionRow]:
    """The versions of a kind, the newest first; or the one that is asked for."""
    statement = (
        select(
            LoyaltyVersion.version,
            LoyaltyVersion.body,
            LoyaltyVersion.note,
            User.name.label("author"),
            LoyaltyVersion.starts_at,
            LoyaltyVersion.created_at,
        )
        .join(User, User.id == LoyaltyVersion.author_id)
        .where(LoyaltyVersion.kind == kind)
        .order_by(LoyaltyVersion.version.desc())
        .limit(VERSIONS_SHOWN)
    )
    if version is not None:
        statement = statement.where(LoyaltyVersion.version == version)
    return [VersionRow(*row) for row in session.execute(statement)]
