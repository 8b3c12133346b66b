"""All experiments side by side: how large, whether drawn as planned, and what they added (INC-05, CPN-13)."""

from __future__ import annotations

from collections.abc import Iterator
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
from portal.blueprints.suggestion_words import suggestion_view
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.automations import count_arms, list_automations, load_outcomes
from portal.queries.exchange import platform_currency
from portal.queries.experiments import SHOWN_MAX, campaigns_without_control, choosing_outcomes, choosing_people
from portal.queries.segments import list_segments
from portal.queries.suggestions import list_suggestions
from portal.rules.permissions import Permission
from portal.services.incentives.decide_suggestion import dismiss_suggestion, take_suggestion


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/experiments", "experiments", index)
    bp.add_url_rule("/suggestions/<int:suggestion_id>", "suggestion_decide", decide, methods=["POST"])


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
        named = {one.key: one.title for one in list_segments(session)}
        view = partial(suggestion_view, segments=named, currency=platform_currency(session))
        page = render_template(
            "admin/experiments/index.html",
            suggestions=[view(one) for one in list_suggestions(session, is_open=True)],
            decided=[view(one) for one in list_suggestions(session, is_open=False)],
            lines=[*_choosing(session), *_automations(session)],
            without=campaigns_without_control(session),
            problem=say(error) if error else None,
            **around(session, "admin.experiments"),
        )
    return page, error.status if error else 200


def _choosing(session: Session) -> Iterator[ExperimentLine]:
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
