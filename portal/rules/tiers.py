"""Tiers of loyalty: by what was spent in a rolling period, up at once, down when the period ends (BAL-08)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.kit.money import MAX_MINOR
from portal.kit.text import N_

TIERS_MAX = 8
PERIOD_DAYS_MAX = 1_095
MULTIPLIER_MAX = Decimal(10)
NAME_LENGTH_MAX = 30
WELCOME_MAX = 5
_CODE = re.compile(r"[a-z][a-z0-9-]{0,19}")
_WRITTEN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of the ladder. `from_minor` is in the platform's currency; `multiplier` is of what purchases earn.

    `welcome` has the ids of the campaigns whose coupon whoever reaches the tier is given.
    """

    code: str
    names: Mapping[str, str]
    from_minor: int
    multiplier: Decimal = Decimal(1)
    welcome: tuple[int, ...] = ()

    def name(self, locale: str) -> str:
        """Return its name in a language, the English one where there is none."""
        return self.names.get(locale) or self.names.get("en") or self.code


@dataclass(frozen=True, slots=True)
class Ladder:
    """A version of the tiers, the lowest first, which is everybody's. Version 0 has none: nobody has a tier."""

    version: int = 0
    tiers: tuple[Tier, ...] = ()
    period_days: int = 365

    @property
    def period(self) -> timedelta:
        return timedelta(days=self.period_days)

    def find(self, code: str | None) -> Tier | None:
        """Return the tier of that code; the lowest for a code that there is no more, None without any tiers."""
        found = next((tier for tier in self.tiers if tier.code == code), None)
        return found or (self.tiers[0] if self.tiers else None)

    def fit(self, spend_minor: int) -> Tier:
        """Return the highest tier that is reached with `spend_minor`."""
        return [tier for tier in self.tiers if tier.from_minor <= spend_minor or tier is self.tiers[0]][-1]

    def reached(self, before: str | None, code: str) -> tuple[Tier, ...]:
        """Return the tiers on the way up from one to another, that one too; none on the way down."""
        codes = [tier.code for tier in self.tiers]
        if code not in codes:
            return ()
        start = codes.index(before) if before in codes else 0
        return self.tiers[start + 1 : codes.index(code) + 1]

    def above(self, tier: Tier) -> Tier | None:
        """Return the next tier, None above the highest."""
        place = self.tiers.index(tier)
        return self.tiers[place + 1] if place + 1 < len(self.tiers) else None


NO_TIERS = Ladder()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands: his tier, since when, and until when it holds."""

    code: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """Where he stands now. `reason` says why that is another tier: spend, period_end or changed; else it is None."""

    standing: Standing
    reason: str | None = None


def decide(ladder: Ladder, standing: Standing | None, *, spend_minor: int, now: datetime) -> Decision:
    """Decide a person's tier: a higher one at once, with a new period; a lower one only when the period is over.

    Whoever comes first into the lowest has not moved. A tier that there is no more counts as the lowest.
    """
    fit = ladder.fit(spend_minor)
    ends = now + ladder.period
    if standing is None:
        reason = "spend" if fit is not ladder.tiers[0] else None
        return Decision(Standing(fit.code, now, ends), reason)
    codes = [tier.code for tier in ladder.tiers]
    if standing.code not in codes:
        return Decision(Standing(fit.code, now, ends), "changed")
    if codes.index(fit.code) > codes.index(standing.code):
        return Decision(Standing(fit.code, now, ends), "spend")
    if now < standing.until:
        return Decision(standing)
    if fit.code == standing.code:
        return Decision(Standing(standing.code, standing.since, ends))
    return Decision(Standing(fit.code, now, ends), "period_end")


def ladder_faults(ladder: Ladder, *, campaigns: Collection[int]) -> dict[tuple[int, str], str]:
    """What cannot be so in a ladder: a sentence by the place of the tier, from 1 (0 for the whole), and the field.

    `campaigns` are those whose coupons may be given.
    """
    faults: dict[tuple[int, str], str] = {}
    if not 1 <= len(ladder.tiers) <= TIERS_MAX:
        faults[0, "tiers"] = N_("There are between 1 and 8 tiers.")
    if not 1 <= ladder.period_days <= PERIOD_DAYS_MAX:
        faults[0, "period_days"] = N_("The period is between 1 and 1,095 days.")
    before = -1
    codes: set[str] = set()
    for n, tier in enumerate(ladder.tiers, start=1):
        if not _CODE.fullmatch(tier.code) or tier.code in codes:
            faults[n, "code"] = N_("Give each tier a code of its own: small letters, digits and hyphens.")
        if not all(0 < len(tier.names.get(one, "").strip()) <= NAME_LENGTH_MAX for one in ("en", "ko")):
            faults[n, "names"] = N_("Name the tier in both languages, with at most 30 characters.")
        if n == 1 and tier.from_minor != 0:
            faults[n, "from_minor"] = N_("The lowest tier begins at zero: it is everybody's.")
        elif not before < tier.from_minor <= MAX_MINOR:
            faults[n, "from_minor"] = N_("Each tier begins above the one before it.")
        if not tier.multiplier.is_finite() or not 0 < tier.multiplier <= MULTIPLIER_MAX:
            faults[n, "multiplier"] = N_("The multiplier is above 0 and at most 10.")
        if n == 1 and tier.welcome:
            faults[n, "welcome"] = N_("The lowest tier is everybody's: nobody reaches it, so it has no coupons.")
        elif len(set(tier.welcome)) > WELCOME_MAX or not set(tier.welcome) <= set(campaigns):
            faults[n, "welcome"] = N_("Choose at most 5 coupons, of campaigns that are given to people and not over.")
        before = tier.from_minor
        codes.add(tier.code)
    return faults


def to_json(ladder: Ladder) -> dict[str, Any]:
    """A ladder as it is stored, without its version."""
    tiers = [
        {
            "code": tier.code,
            "names": dict(tier.names),
            "from_minor": tier.from_minor,
            "multiplier": f"{tier.multiplier.normalize():f}",
            "welcome": list(tier.welcome),
        }
        for tier in ladder.tiers
    ]
    return {"period_days": ladder.period_days, "tiers": tiers}


def from_json(version: int, stored: Mapping[str, Any]) -> Ladder:
    """A ladder as it was stored."""
    tiers: Sequence[Mapping[str, Any]] = stored["tiers"]
    return Ladder(
        version,
        tuple(
            Tier(
                one["code"],
                one["names"],
                one["from_minor"],
                Decimal(one["multiplier"]),
                tuple(one.get("welcome", ())),
            )
            for one in tiers
        ),
        stored["period_days"],
    )


def read_decimal(written: str) -> Decimal:
    """A number as people write it; not-a-number for all else, such as 1e3 or 1_000, which no rule lets through."""
    typed = written.strip().replace(",", ".")
    return Decimal(typed if _WRITTEN.fullmatch(typed) else "NaN")
