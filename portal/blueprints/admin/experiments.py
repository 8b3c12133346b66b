"""All experiments side by side: how large, whether drawn as planned, and what they added (INC-05, CPN-13)."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.automation_words import results_view
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.blueprints.measured_words import Results, Trial, results_of
from portal.blueprints.suggestion_words import suggestion_view, why_nothing
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.automations import count_arms, list_automations, load_outcomes
from portal.queries.exchange import platform_currency
from portal.queries.experiments import SHOWN_MAX, campaigns_without_control, choosing_outcomes, choosing_people
from portal.queries.offers import strategy_of
from portal.queries.segments import list_segments
from portal.queries.suggestions import list_suggestions
from portal.rules.permissions import Permission
from portal.rules.suggestions import why_silent
from portal.services.incentives.decide_suggestion import dismiss_suggestion, take_suggestion
from portal.services.incentives.measure_automation import is_priced


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/experiments", "experiments", index)
    bp.add_url_rule("/suggestions/<int:suggestion_id>", "suggestion_decide", decide, methods=["POST"])


@dataclass(frozen=True, slots=True)
class ExperimentLine:
    """An experiment with what it added; `people` with the offer and `control` without. `silence` says why it suggests
    nothing, where it does not.
    """

    title: str
    href: str
    kind: str
    state: str
    people: int
    control: int
    results: Results
    silence: str = ""


@requires_all(Permission.COUPON_VIEW)
def index() -> ResponseReturnValue:
    """What results suggest, every experiment that was begun, and coupons without a control group."""
    return _page()


@requires_all(Permission.COUPON_ISSUE)
def decide(suggestion_id: int) -> ResponseReturnValue:
    """Do what is suggested, or dismiss it with a reason."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "").replace("\0", "")
    is_taken = request.form.get("do") == "take"
    given = partial(take_suggestion if is_taken else dismiss_suggestion, suggestion_id=suggestion_id, reason=reason)
    try:
        onward = atomically(partial(given, actor=actor, now=now))
    except PortalError as error:
        return _page(error)
    if onward is None:
        flash(_("The suggestion is dismissed."), "success")
        return done(location=url_for("admin.experiments"))
    flash(_("Done as suggested."), "success")
    return done(location=url_for("admin.automation", automation_id=onward))


def _page(error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        bound = strategy_of(session).roii_bp_min
        open_ones = list_suggestions(session, is_open=True)
        speak = {one.automation_id for one in open_ones}
        named = {one.key: one.title for one in list_segments(session)}
        view = partial(suggestion_view, segments=named, currency=platform_currency(session))
        page = render_template(
            "admin/experiments/index.html",
            suggestions=[view(one) for one in open_ones],
            decided=[view(one) for one in list_suggestions(session, is_open=False)],
            lines=[*_choosing(session, bound), *_automations(session, speak, bound)],
            without=campaigns_without_control(session),
            problem=say(error) if error else None,
            **around(session, "admin.experiments"),
        )
    return page, error.status if error else 200


def _silence(results: Results, state: str, bound_bp: int, *, is_priced: bool, chooses: bool = False) -> str:
    people, control = results.followed
    why = why_silent(
        state=state,
        is_as_planned=not results.alarm,
        is_priced=is_priced,
        people=people,
        control=control,
        roii=results.roii,
        bound_bp=bound_bp,
    )
    return why_nothing(why, chooses=chooses)


def _choosing(session: Session, bound_bp: int) -> Iterator[ExperimentLine]:
    people = choosing_people(session)
    if not people.chosen:
        return
    trial = Trial(
        people.chosen,
        people.holdout,
        control_bp=people.holdout_bp,
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
        _silence(results, "running", bound_bp, is_priced=True, chooses=True),
    )


def _automations(session: Session, speak: Container[int], bound_bp: int) -> Iterator[ExperimentLine]:
    currency = platform_currency(session)
    begun = [row for row in list_automations(session) if row.started_at is not None]
    for row in begun[:SHOWN_MAX]:
        arms = count_arms(session, automation_id=row.id)
        outcomes = load_outcomes(session, automation_id=row.id, now=clock.now())
        results = results_view(row, arms, outcomes, currency=currency)
        silence = _silence(results, row.state, bound_bp, is_priced=is_priced(row, currency))
        yield ExperimentLine(
            row.title,
            url_for("admin.automation", automation_id=row.id),
            _("Automation"),
            row.state,
            sum(one.people for one in arms if one.arm == "offer"),
            sum(one.people for one in arms if one.arm == "control"),
            results,
            "" if row.id in speak else silence,
        )
