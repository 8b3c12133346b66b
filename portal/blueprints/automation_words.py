"""Automations in words: what they offer, why somebody was left out, and what they added (INC-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext

from portal.blueprints.measured_words import Results, Trial, results_of
from portal.formatting import number
from portal.kit.text import N_
from portal.models import Automation
from portal.queries.automations import ArmCount, OutcomeRow
from portal.services.incentives.measure_automation import is_net, is_priced

ACTIONS: Mapping[str, str] = {
    "coupon": N_("A coupon"),
    "mileage": N_("Mileage"),
    "deposit": N_("Deposit"),
}
WAYS: Mapping[str, str] = {
    "bell": N_("behind the bell"),
    "mail": N_("by e-mail"),
    "both": N_("behind the bell and by e-mail"),
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
    "automation:resized": N_("Automation made larger or smaller"),
    "suggestion:made": N_("Suggestion from results"),
    "suggestion:taken": N_("Suggestion taken"),
    "suggestion:dismissed": N_("Suggestion dismissed"),
    "suggestion:withdrawn": N_("Suggestion no longer backed by results"),
    "incentive:made": N_("Offer made by an automation"),
    "offer:written": N_("Offer to choose from written"),
    "offer:moved": N_("Offer to choose from started, paused or ended"),
    "offer:taken": N_("Chosen offer taken"),
    "offer_strategy:written": N_("Way of choosing offers written"),
    "offer_model:placed": N_("Model that chooses offers placed"),
}


def results_view(
    row: Automation, arms: Sequence[ArmCount], outcomes: Sequence[OutcomeRow], *, currency: str
) -> Results:
    """The figures as a page shows them. Without a control group, or before it is large enough, a sentence."""
    counted = [(gettext(ARMS[one.arm]), gettext(REASONS[one.reason or one.state]), number(one.people)) for one in arms]
    people = {name: sum(one.people for one in arms if one.arm == name) for name in ARMS}
    return results_of(
        Trial(
            people["offer"],
            people["control"],
            control_bp=row.control_bp,
            days=row.window_days,
            is_priced=is_priced(row, currency),
            is_net=is_net(row),
        ),
        outcomes,
        currency=currency,
        arms=counted,
    )
