"""Automations: offers made by themselves, tried on the past, with what they added by assignment (INC-03, INC-05)."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.automation_words import ACTIONS, WAYS, results_view
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.identity import current_actor
from portal.blueprints.offer_words import STATES_BY_THEMSELVES
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.currency import exponent
from portal.kit.errors import PortalError
from portal.queries.automations import count_arms, list_automations, load_automation, load_grantable, load_outcomes
from portal.queries.channels import channel_directory
from portal.queries.exchange import platform_currency
from portal.queries.segments import list_segments
from portal.rules.automations import EVENTS, AutomationDraft, ToldBy
from portal.rules.permissions import Permission
from portal.services.incentives.save_automation import (
    AutomationUnfitError,
    make_automation,
    move_automation,
    simulate_automation,
)

DIGITS_MAX = 12


def hang(bp: Blueprint) -> None:
    one = "/automations/<int:automation_id>"
    bp.add_url_rule("/automations", "automations", index)
    bp.add_url_rule("/automations/new", "automation_new", create)
    bp.add_url_rule("/automations/new", "automation_save", save, methods=["POST"])
    bp.add_url_rule(one, "automation", show)
    bp.add_url_rule(f"{one}/simulation", "automation_simulation", simulate, methods=["POST"])
    bp.add_url_rule(f"{one}/state", "automation_state", move, methods=["POST"])


@dataclass(slots=True)
class AutomationForm:
    """An automation as it is typed; `faults` by the id of the field."""

    typed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.typed.get(name, "")


BLANK = {
    "action": "coupon",
    "people_max": "1000",
    "every_days": "30",
    "control_percent": "10",
    "window_days": "30",
    "quiet_from": "21",
    "quiet_until": "8",
    "told_by": "bell",
}


@requires_all(Permission.COUPON_VIEW)
def index() -> ResponseReturnValue:
    """Every automation with what it does and how far it is."""
    with reading() as session:
        rows = list_automations(session)
        titles = {one.key: one.title for one in list_segments(session)}
        return render_template(
            "admin/automations/index.html",
            rows=rows,
            titles=titles,
            events=EVENTS,
            actions=ACTIONS,
            **around(session, "admin.automations"),
        )


@requires_all(Permission.COUPON_VIEW)
def show(automation_id: int) -> ResponseReturnValue:
    """One automation: what it does, its arms, what it added, and what may be done."""
    return _page(automation_id)


@requires_all(Permission.COUPON_ISSUE)
def create() -> ResponseReturnValue:
    """A new one, of the coupon that the address names."""
    return _editor(AutomationForm(BLANK | {"campaign_id": request.args.get("coupon", "")[:DIGITS_MAX]}))


@requires_all(Permission.COUPON_ISSUE)
def save() -> ResponseReturnValue:
    """Keep it as a draft."""
    form = AutomationForm({name: value.replace("\0", "").strip()[:80] for name, value in request.form.items()})
    actor, now = current_actor(), clock.now()
    try:
        number = atomically(lambda s: make_automation(s, actor=actor, draft=_draft(form), now=now))
    except AutomationUnfitError as error:
        form.faults = {name: gettext(fault) for name, fault in error.faults.items()}
        return _editor(form, status=422)
    except PortalError as error:
        return _editor(form, problem=error, status=error.status)
    flash(_("Saved as a draft. Try it on the past, then start it."), "success")
    return done(location=url_for("admin.automation", automation_id=number))


@requires_all(Permission.COUPON_ISSUE)
def simulate(automation_id: int) -> ResponseReturnValue:
    """Say whom it would have reached; nobody gets anything."""
    actor, now = current_actor(), clock.now()
    try:
        atomically(lambda s: simulate_automation(s, automation_id=automation_id, actor=actor, now=now))
    except PortalError as error:
        return _page(automation_id, error)
    return done(location=url_for("admin.automation", automation_id=automation_id))


@requires_all(Permission.COUPON_ISSUE)
def move(automation_id: int) -> ResponseReturnValue:
    """Start, pause or end it."""
    actor, now = current_actor(), clock.now()
    do, version = request.form.get("do", ""), request.form.get("version", 0, type=int)
    try:
        atomically(
            lambda s: move_automation(s, automation_id=automation_id, do=do, version=version, actor=actor, now=now)
        )
    except PortalError as error:
        return _page(automation_id, error)
    flash(_("Done."), "success")
    return done(location=url_for("admin.automation", automation_id=automation_id))


def _page(automation_id: int, error: PortalError | None = None) -> ResponseReturnValue:
    now = clock.now()
    with reading() as session:
        row = load_automation(session, automation_id=automation_id)
        if row is None:
            raise NotFoundError
        arms = count_arms(session, automation_id=automation_id)
        outcomes = load_outcomes(session, automation_id=automation_id, now=now)
        page = render_template(
            "admin/automations/show.html",
            row=row,
            titles={one.key: one.title for one in list_segments(session)},
            events=EVENTS,
            actions=ACTIONS,
            ways=WAYS,
            reasons=STATES_BY_THEMSELVES,
            arms=arms,
            results=results_view(row, arms, outcomes, currency=platform_currency(session)),
            problem=say(error) if error else None,
            **around(session, "admin.automations"),
        )
    return page, error.status if error else 200


def _editor(form: AutomationForm, *, problem: PortalError | None = None, status: int = 200) -> ResponseReturnValue:
    with reading() as session:
        page = render_template(
            "admin/automations/new.html",
            form=form,
            problem=say(problem) if problem else None,
            **_choices(session),
            **around(session, "admin.automations"),
        )
    return page, status


def _choices(session: Session) -> dict[str, Any]:
    channels = channel_directory(session).channels.values()
    return {
        "segments": [("", _("None"))] + [(one.key, one.title) for one in list_segments(session) if one.is_live],
        "events": [("", _("None"))] + [(name, gettext(words)) for name, words in EVENTS.items()],
        "action_options": [(name, gettext(words)) for name, words in ACTIONS.items()],
        "ways": [(name, gettext(words)) for name, words in WAYS.items()],
        "campaigns": [("", _("None"))] + [(str(n), translated(name)) for n, name in load_grantable(session)],
        "channels": [(str(view.id), f"{translated(dict(view.name))} ({view.currency})") for view in channels],
    }


def _draft(form: AutomationForm) -> AutomationDraft:
    channel_id = _whole(form["channel_id"])
    channel = channel_directory().channels.get(
        next((code for code, view in channel_directory().channels.items() if view.id == channel_id), "")
    )
    digits = 0 if form["action"] == "mileage" or channel is None else exponent(channel.currency)
    is_coupon = form["action"] == "coupon"
    return AutomationDraft(
        title=form["title"],
        channel_id=channel_id,
        segment=form["segment"],
        event=form["event"],
        action=form["action"],
        campaign_id=_whole(form["campaign_id"]) if form["campaign_id"] and is_coupon else None,
        amount_minor=None if is_coupon else _minor(form["amount"], digits),
        people_max=_whole(form["people_max"]),
        every_days=_whole(form["every_days"]),
        control_bp=_minor(form["control_percent"], 2) or 0,
        window_days=_whole(form["window_days"]),
        quiet_from=_whole(form["quiet_from"]),
        quiet_until=_whole(form["quiet_until"]),
        told_by=form["told_by"] or ToldBy.BELL.value,
    )


def _whole(text: str) -> int:
    """What was typed as a whole number; -1 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX else -1


def _minor(text: str, digits: int) -> int | None:
    try:
        value = Decimal(text.replace(",", "")).scaleb(digits)
    except InvalidOperation:
        return None
    if not value.is_finite() or value != value.to_integral_value() or abs(value) > 10**DIGITS_MAX:
        return None
    return int(value)
