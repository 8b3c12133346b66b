"""All experiments side by side: how large, whether drawn as planned, and what they added (INC-05, CPN-13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.automation_words import results_view
from portal.blueprints.measured_words import Results, Trial, results_of
from portal.db import reading
from portal.kit import clock
from portal.queries.automations import count_arms, list_automations, load_outcomes
from portal.queries.exchange import platform_currency
from portal.queries.experiments import SHOWN_MAX, campaigns_without_control, choosing_outcomes, choosing_people
from portal.rules.permissions import Permission


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/experiments", "experiments", index)


@dataclass(frozen=True, slots=True)
class ExperimentLine:
    """An experiment with what it added; `people` with the offer and `control` without."""

    title: str
    href: str
    kind: str
    state: str
    people: int
    control: int
    results: Results


@requires_all(Permission.COUPON_VIEW)
def index() -> ResponseReturnValue:
    """Every experiment that was begun, and coupons without a control group."""
    with reading() as session:
        return render_template(
            "admin/experiments/index.html",
            lines=[*_choosing(session), *_automations(session)],
            without=campaigns_without_control(session),
            **around(session, "admin.experiments"),
        )


def _choosing(session: Session) -> Iterator[ExperimentLine]:
    people = choosing_people(session)
    if not people.chosen:
        return
    trial = Trial(
        people.chosen,
        people.holdout,
        control_share=people.holdout_bp / 10_000,
        days=people.window_days,
        is_priced=True,
        is_net=True,
    )
    currency = platform_currency(session)
    outcomes = choosing_outcomes(session, platform=currency, now=clock.now())
    results = results_of(trial, outcomes, currency=currency)
    yield ExperimentLine(
        _("Chosen offers, against the permanent control group"),
        url_for("admin.offers"),
        _("Chosen offers"),
        "running",
        people.chosen,
        people.holdout,
        results,
    )


def _automations(session: Session) -> Iterator[ExperimentLine]:
    currency = platform_currency(session)
    begun = [row for row in list_automations(session) if row.started_at is not None]
    for row in begun[:SHOWN_MAX]:
        arms = count_arms(session, automation_id=row.id)
        outcomes = load_outcomes(session, automation_id=row.id, now=clock.now())
        yield ExperimentLine(
            row.title,
            url_for("admin.automation", automation_id=row.id),
            _("Automation"),
            row.state,
            sum(one.people for one in arms if one.arm == "offer"),
            sum(one.people for one in arms if one.arm == "control"),
            results_view(row, arms, outcomes, currency=currency),
        )
