"""What an experiment added, in words: the same for automations and for offers that are chosen (INC-05)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from flask_babel import gettext as _

from portal.formatting import decimal, money, rate
from portal.queries.automations import OutcomeRow
from portal.rules.suggestions import Range
from portal.services.incentives.measure_automation import drawn_as_planned, measure_outcomes


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with the range in which it lies, in words."""

    key: str
    title: str
    value: str
    between: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """What an automation added; `told` says in a sentence why there are no figures, `alarm` what is wrong with them.

    `followed` are the people of each group behind the figures, `roii` the return in basis points where it is known.
    """

    figures: Sequence[Figure]
    told: str
    alarm: str
    arms: Sequence[tuple[str, str, str]] = field(default=())
    followed: tuple[int, int] = (0, 0)
    roii: Range | None = None

    def figure(self, key: str) -> Figure | None:
        """One of the figures, where there are any."""
        return next((one for one in self.figures if one.key == key), None)


@dataclass(frozen=True, slots=True)
class Trial:
    """People who were drawn with and without the offer, and how it was planned; `is_net` as in learning/incremental."""

    people: int
    control: int
    control_bp: int
    days: int
    is_priced: bool
    is_net: bool


def results_of(
    trial: Trial, outcomes: Sequence[OutcomeRow], *, currency: str, arms: Sequence[tuple[str, str, str]] = ()
) -> Results:
    """The figures. Without a control group, or before it is large enough, a sentence."""
    from portal.learning.incremental import ARM_MIN, in_whole

    alarm = ""
    if not drawn_as_planned(trial.people, trial.control, control_bp=trial.control_bp):
        alarm = _("The groups are not as large as was planned: something keeps people out of one. Do not trust this.")
    if trial.people and not trial.control:
        told = _("Nobody is in the control group, so what the offer adds cannot be said.")
        return Results((), told, alarm, arms)
    is_priced = trial.is_priced
    found = measure_outcomes(outcomes, is_priced=is_priced, is_net=trial.is_net)
    if found is None:
        told = _(
            "Fewer than %(people)s people of each group have been followed for %(days)s days: nothing can be said yet.",
            people=ARM_MIN,
            days=trial.days,
        )
        return Results((), told, alarm, arms)

    def amounts(low: float, high: float) -> str:
        return str(_("from %(low)s to %(high)s", low=money(round(low), currency), high=money(round(high), currency)))

    def points(low: float, high: float) -> str:
        return str(_("from %(low)s to %(high)s", low=rate(round(low * 1e4)), high=rate(round(high * 1e4))))

    def plain(low: float, high: float) -> str:
        return str(_("from %(low)s to %(high)s", low=_two(low), high=_two(high)))

    revenue, each, change = found.revenue, found.revenue_each, found.conversion_change
    figures = [
        Figure(
            "revenue", _("Extra revenue"), money(round(revenue.value), currency), amounts(revenue.low, revenue.high)
        ),
        Figure("each", _("Extra revenue per person"), money(round(each.value), currency), amounts(each.low, each.high)),
        Figure(
            "bought",
            _("Bought something, with and without"),
            f"{rate(round(found.conversion[0] * 1e4))} / {rate(round(found.conversion[1] * 1e4))}",
        ),
        Figure("change", _("Change of that share"), rate(round(change.value * 1e4)), points(change.low, change.high)),
        Figure(
            "stayed_away",
            _("Change of those who stayed away"),
            rate(round(-change.value * 1e4)),
            points(-change.high, -change.low),
        ),
    ]
    if is_priced:
        figures.append(Figure("spent", _("Spent on the offer"), money(round(found.cost), currency)))
    if found.roii is not None:
        roii = found.roii
        figures.append(Figure("roii", _("Return per unit spent (ROII)"), _two(roii.value), plain(roii.low, roii.high)))
    if found.qini is not None:
        qini = found.qini
        title = _("Qini, by churn risk")
        figures.append(Figure("qini", title, decimal(_fine(qini.value)), _("from %(low)s to %(high)s",
            low=decimal(_fine(qini.low)), high=decimal(_fine(qini.high)))))  # fmt: skip
    whole = in_whole(found.roii, scale=10_000) if found.roii else None
    return Results(figures, "", alarm, arms, (found.treated, found.control), Range(*whole) if whole else None)


def _two(value: float) -> str:
    return decimal(Decimal(value).quantize(Decimal("0.01")))


def _fine(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.0001"))
