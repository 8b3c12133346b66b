"""Suggestions from results in words: what to do, why, and the figures on which it stands (INC-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext
from flask_babel import gettext as _

from portal.formatting import decimal, money, number
from portal.kit.text import N_
from portal.queries.suggestions import SuggestionRow
from portal.rules.suggestions import GROUP_MIN, Evidence, Kind, Range, Silence

# Why nothing is suggested, and what could be changed.
_NOTHING = {
    Silence.UNPLANNED: N_("Suggests nothing: find out first what keeps people out of a group."),
    Silence.UNPRICED: N_(
        "Suggests nothing, as its cost is not known in money: offer a coupon, or deposit in the mall's currency."
    ),
    Silence.OVER: N_("Suggests nothing: it has ended, and too few people or too small a difference stand behind it."),
    Silence.FEW: N_("Suggests nothing before %(people)s people of each group have been followed."),
    Silence.ENOUGH: N_("Suggests to go on: it surely brings enough, and its number is not used up."),
    Silence.UNSURE: N_(
        "Suggests nothing: it may gain or lose. More people, or a larger control group, make the range narrower."
    ),
    Silence.DECIDED: N_("Nothing new: what it suggests was decided about, or its number is used up."),
}
# Choosing offers learns by itself, so that there is nothing to take.
_LEARNS = N_("Nothing to take: what is shown to whom is learned anew each night, and an offer that loses is paused.")
_OF_CHOICES = {
    Silence.ENOUGH: _LEARNS,
    Silence.UNSURE: _LEARNS,
    Silence.DECIDED: N_("All in all it surely brings less than is wanted: end the offers that return least."),
}


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """What was measured of some people, in words."""

    of: str
    people: str
    gain: str
    gain_between: str
    cost: str
    roii: str
    roii_between: str


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """A suggestion as a page shows it; `act` is what the button says."""

    row: SuggestionRow
    what: str
    why: str
    act: str
    lines: Sequence[EvidenceLine]


def suggestion_view(row: SuggestionRow, *, segments: Mapping[str, str], currency: str) -> SuggestionView:
    """The suggestion with its evidence."""
    what, why, act = _said(row, segments)
    names = [_("Everybody")]
    if row.kind == Kind.NARROW:
        names = [_("In the segment"), _("All others")]
    lines = [_line(name, one, currency) for name, one in zip(names, row.evidence, strict=True)]
    return SuggestionView(row, what, why, act, lines)


def why_nothing(why: Silence, *, chooses: bool) -> str:
    """Why nothing is suggested, and what could be changed. `chooses` where offers are chosen by what was learned."""
    sentence = (_OF_CHOICES if chooses else {}).get(why, _NOTHING[why])
    return str(gettext(sentence, people=number(GROUP_MIN)))


def _said(row: SuggestionRow, segments: Mapping[str, str]) -> tuple[str, str, str]:
    now, then = number(row.people_now), number(row.people_max or 0)
    if row.kind == Kind.STOP:
        return _("End it."), _("It surely costs more than is wanted for what it brings."), _("End it")
    if row.kind == Kind.LOWER:
        what = _("Offer it to %(then)s people at most, not to %(now)s.", then=then, now=now)
        return what, _("It surely brings less than it costs, or than is wanted."), _("Lower the number")
    if row.kind == Kind.NARROW:
        what = _("Offer it only to who is also in “%(segment)s”.", segment=segments.get(row.segment or "", row.segment))
        return (
            what,
            _("There it surely brings enough, and with all others surely less than it costs."),
            _("Make a draft"),
        )
    why = _("It surely brings more than it costs.")
    if row.automation_state == "ended":
        return _("Offer it again, to %(then)s people.", then=then), why, _("Make a draft")
    what = _(
        "Offer it to %(then)s people at most, not only to %(now)s: the number is nearly used up.", then=then, now=now
    )
    return what, why, _("Raise the number")


def _line(of: str, one: Evidence, currency: str) -> EvidenceLine:
    def amounts(found: Range) -> str:
        return str(_("from %(low)s to %(high)s", low=money(found.low, currency), high=money(found.high, currency)))

    def returns(found: Range) -> str:
        return str(_("from %(low)s to %(high)s", low=_times(found.low), high=_times(found.high)))

    return EvidenceLine(
        of=of,
        people=f"{number(one.people)} / {number(one.control)}",
        gain=money(one.gain.value, currency),
        gain_between=amounts(one.gain),
        cost=money(one.cost, currency),
        roii=_times(one.roii.value),
        roii_between=returns(one.roii),
    )


def _times(basis_points: int) -> str:
    """A return per unit spent: 12500 is "1.25"."""
    return decimal(Decimal(basis_points).scaleb(-4).quantize(Decimal("0.01")))
