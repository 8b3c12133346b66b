"""Automations in words: what they offer, why somebody was left out, and what they added (INC-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext
from flask_babel import gettext as _

from portal.formatting import decimal, money, number, rate
from portal.kit.text import N_
from portal.models import Automation
from portal.queries.automations import ArmCount, OutcomeRow

ACTIONS: Mapping[str, str] = {
    "coupon": N_("A coupon"),
    "mileage": N_("Mileage"),
    "deposit": N_("Deposit"),
}
ARMS: Mapping[str, str] = {
    "offer": N_("Offer"),
    "control": N_("Control group"),
    "holdout": N_("Permanent control group"),
}
REASONS: Mapping[str, str] = {
    "waiting": N_("waiting for its hour"),
    "made": N_("offer made"),
    "control": N_("gets nothing, to compare with"),
    "holdout": N_("gets nothing, to compare with"),
    "consent": N_("consent was taken back"),
    "budget": N_("the budget was used up"),
    "has_it": N_("had the coupon already"),
    "ended": N_("coupon or account had ended"),
}

INCENTIVE_ACTIONS: Mapping[str, str] = {
    "segment:written": N_("Segment written"),
    "automation:written": N_("Automation written"),
    "automation:moved": N_("Automation started, paused or ended"),
    "incentive:made": N_("Offer made by an automation"),
    "offer:written": N_("Offer to choose from written"),
    "offer:moved": N_("Offer to choose from started, paused or ended"),
    "offer:taken": N_("Chosen offer taken"),
    "offer_strategy:written": N_("Way of choosing offers written"),
    "offer_model:placed": N_("Model that chooses offers placed"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with the range in which it lies, in words."""

    title: str
    value: str
    between: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """What an automation added; `told` says in a sentence why there are no figures, `alarm` what is wrong with them."""

    figures: Sequence[Figure]
    told: str
    alarm: str
    arms: Sequence[tuple[str, str, str]]


def results_view(
    row: Automation, arms: Sequence[ArmCount], outcomes: Sequence[OutcomeRow], *, currency: str
) -> Results:
    """The figures as a page shows them. Without a control group, or before it is large enough, a sentence."""
    import numpy as np

    from portal.learning.incremental import ALARM_BELOW, ARM_MIN, Outcomes, measure, sample_ratio_p

    counted = [(gettext(ARMS[one.arm]), gettext(REASONS[one.reason or one.state]), number(one.people)) for one in arms]
    people = {name: sum(one.people for one in arms if one.arm == name) for name in ARMS}
    alarm = ""
    if sample_ratio_p(people["offer"], people["control"], row.control_bp / 10_000) < ALARM_BELOW:
        alarm = _("The groups are not as large as was planned: something keeps people out of one. Do not trust this.")
    if people["offer"] and not people["control"]:
        told = _("Nobody is in the control group, so what the offer adds cannot be said.")
        return Results((), told, alarm, counted)
    is_priced = row.action == "coupon" or (row.action == "deposit" and row.currency == currency)
    found = measure(
        Outcomes(
            treated=np.array([one.arm == "offer" for one in outcomes], dtype=np.bool_),
            revenue=np.array([one.revenue for one in outcomes], dtype=np.float64),
            cost=np.array([one.cost if is_priced else 0 for one in outcomes], dtype=np.float64),
            score=np.array([np.nan if one.churn_bp is None else one.churn_bp for one in outcomes], dtype=np.float64),
        )
    )
    if found is None:
        told = _(
            "Fewer than %(people)s people of each group have been followed for %(days)s days: nothing can be said yet.",
            people=ARM_MIN,
            days=row.window_days,
        )
        return Results((), told, alarm, counted)

    def amounts(low: float, high: float) -> str:
        return str(_("from %(low)s to %(high)s", low=money(round(low), currency), high=money(round(high), currency)))

    def points(low: float, high: float) -> str:
        return str(_("from %(low)s to %(high)s", low=rate(round(low * 1e4)), high=rate(round(high * 1e4))))

    def plain(low: float, high: float) -> str:
        return str(_("from %(low)s to %(high)s", low=_two(low), high=_two(high)))

    revenue, each, change = found.revenue, found.revenue_each, found.conversion_change
    figures = [
        Figure(_("Extra revenue"), money(round(revenue.value), currency), amounts(revenue.low, revenue.high)),
        Figure(_("Extra revenue per person"), money(round(each.value), currency), amounts(each.low, each.high)),
        Figure(
            _("Bought something, with and without"),
            f"{rate(round(found.conversion[0] * 1e4))} / {rate(round(found.conversion[1] * 1e4))}",
        ),
        Figure(_("Change of that share"), rate(round(change.value * 1e4)), points(change.low, change.high)),
        Figure(
            _("Change of those who stayed away"), rate(round(-change.value * 1e4)), points(-change.high, -change.low)
        ),
    ]
    if is_priced:
        figures.append(Figure(_("Spent on the offer"), money(round(found.cost), currency)))
    if found.roii is not None:
        roii = found.roii
        figures.append(Figure(_("Return per unit spent (ROII)"), _two(roii.value), plain(roii.low, roii.high)))
    if found.qini is not None:
        qini = found.qini
        title = _("Qini, by churn risk")
        figures.append(Figure(title, decimal(_fine(qini.value)), _("from %(low)s to %(high)s",
            low=decimal(_fine(qini.low)), high=decimal(_fine(qini.high)))))  # fmt: skip
    return Results(figures, "", alarm, counted)


def _two(value: float) -> str:
    return decimal(Decimal(value).quantize(Decimal("0.01")))


def _fine(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.0001"))
