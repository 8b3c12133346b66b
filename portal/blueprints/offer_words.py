"""Chosen offers in words: what each brought, and what other ways of choosing would have (INC-04, INC-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import gettext as _

from portal.formatting import money, number, rate
from portal.kit.text import N_
from portal.models import Offer
from portal.queries.offers import OfferFigures

MODES: Mapping[str, str] = {
    "learned": N_("By what was learned"),
    "rules": N_("By the order of the offers"),
}
PLACED: Mapping[str, str] = {
    "newest": N_("By itself: the newest that is not worse"),
    "person": N_("By a person"),
}
# Why an offer was paused by itself.
STATES_BY_THEMSELVES: Mapping[str, str] = {
    "fraud": N_("Paused by itself: too many of its orders are held for their risk."),
    "roii": N_("Paused by itself: it surely brings less than it costs."),
}
OTHERS: Mapping[str, str] = {
    "none": N_("Nothing for anybody"),
    "rules": N_("The first that fits, always"),
    "learned": N_("What was learned, without trying anything"),
}


@dataclass(frozen=True, slots=True)
class OfferLine:
    """An offer with what came of it, in words. `row` is None for offering nothing."""

    row: Offer | None
    chosen: str
    share: str
    taken: str
    reward: str
    cost: str


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """A way of choosing, and what it would have brought per choice by two estimates, with their ranges."""

    title: str
    matched: str
    ips: str
    dr: str


@dataclass(frozen=True, slots=True)
class Judged:
    """All of them, and what was really brought."""

    was: str
    count: str
    lines: Sequence[JudgedLine]


def offer_rows(rows: Sequence[Offer], figures: Mapping[int | None, OfferFigures], currency: str) -> list[OfferLine]:
    """Every offer and the choice of none, which is there as soon as anything was chosen."""
    total = sum(one.chosen for one in figures.values())
    whole: list[tuple[int | None, Offer | None]] = [(row.id, row) for row in rows]
    if total:
        whole.append((None, None))
    blank = OfferFigures(None, 0, 0, 0, 0, 0, 0)
    return [_line(row, figures.get(number_, blank), total, currency) for number_, row in whole]


def _line(row: Offer | None, found: OfferFigures, total: int, currency: str) -> OfferLine:
    each = money(found.reward_minor // found.rewarded, currency) if found.rewarded else "–"
    return OfferLine(
        row,
        number(found.chosen),
        rate(found.chosen * 10_000 // total) if total else "–",
        number(found.taken) if row else "–",
        each,
        money(found.cost_minor, currency) if row else "–",
    )


def judged_rows(card: Mapping[str, Any]) -> Judged:
    """The card of a model as a page shows it."""
    unit, currency = card["unit_minor"], card["currency"]

    def amount(value: float) -> str:
        return money(round(value * unit), currency)

    def told(found: Sequence[float] | None) -> str:
        if found is None:
            return str(_("too few choices were so"))
        return str(
            _("%(value)s, from %(low)s to %(high)s",
              value=amount(found[0]), low=amount(found[1]), high=amount(found[2]))
        )  # fmt: skip

    def title_of(name: str, title: str) -> str:
        known = OTHERS.get(name)
        return str(gettext(known) if known else _("%(title)s for everybody", title=title))

    lines = [
        JudgedLine(
            title_of(one["name"], one["title"]),
            number(one["matched"]),
            told(one["ips"]),
            told(one["dr"]),
        )
        for one in card["others"]
    ]
    return Judged(told(card["as_it_was"]), number(card["judged"]), lines)
