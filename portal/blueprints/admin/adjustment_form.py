"""Prepare a correction: for one person, a list, a CSV file, or everybody who has used a coupon (BAL-07)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.book_words import BOOK_WORDS
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.desk import FIRST_DAY, LAST_DAY, choice_arg, midnight_after, text_arg
from portal.blueprints.desk_words import word
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_token
from portal.queries.adjustments import campaign_choices
from portal.rules.adjustments import BOUNDS, KINDS, AdjustmentFileError, Wanted, read_amount, read_file, wanted_line
from portal.rules.mileage import LIFE
from portal.rules.permissions import Permission
from portal.rules.posting import POINTS
from portal.services.adjustments.prepare_adjustment import AdjustmentKindError, Draft, prepare_adjustment

SOURCES = tuple(BOOK_WORDS["adjustment_source"])


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/adjustments/new", "adjustment_new", new, methods=["GET", "POST"])


@requires_all(Permission.BALANCE_ADJUST)
def new() -> ResponseReturnValue:
    """The form, by where the people come from; what it sends becomes a draft that is shown before anything moves."""
    source = choice_arg("for", SOURCES) or "person"
    problem: PortalError | None = None
    if request.method == "POST":
        actor, now = current_actor(), clock.now()
        try:
            draft = _draft(source, now)
            made = atomically(lambda s: prepare_adjustment(s, draft=draft, actor=actor, now=now))
        except PortalError as refused:
            problem = refused
        else:
            return leave_for(url_for("admin.adjustment", adjustment_id=made))
    with reading() as session:
        campaigns = campaign_choices(session) if source == "campaign" else []
        frame = around(session, "admin.adjustments")
    given: Any = request.form if request.method == "POST" else {"person": text_arg("person")}
    here = url_for("admin.adjustment_new")
    page = render_template(
        "admin/adjustments/new.html",
        source=source,
        tabs=[
            {"label": word("adjustment_source", one), "href": f"{here}?for={one}", "current": one == source}
            for one in SOURCES
        ],
        given=given,
        kinds=[(kind, word("account", kind)) for kind in KINDS],
        currencies=[unit for unit in BOUNDS if unit != POINTS],
        campaigns=[(key, translated(dict(name))) for key, name in campaigns],
        life_until=given.get("until") or (clock.now() + LIFE).date().isoformat(),
        problem=say(problem) if problem else None,
        key=request.form.get("key") or new_token(),
        **frame,
    )
    return page, problem.status if problem else 200


def _draft(source: str, now: datetime) -> Draft:
    kind = request.form.get("kind", "")
    if kind not in KINDS:
        raise AdjustmentKindError
    currency = POINTS if KINDS[kind] else request.form.get("currency", "")
    if currency not in BOUNDS:
        raise AdjustmentKindError
    lines: list[Wanted] = []
    campaign_id, amount = None, 0
    typed = request.form.get("amount", "")
    if source == "file":
        uploaded = request.files.get("file")
        if uploaded is None or not uploaded.filename:
            raise AdjustmentFileError
        lines = read_file(uploaded.read(), currency)
    elif source == "campaign":
        amount = read_amount(typed, currency)
        chosen = request.form.get("campaign", "")
        campaign_id = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0
    else:
        people = [request.form.get("person", "")] if source == "person" else request.form.get("people", "").split()
        read_amount(typed, currency)
        lines = [wanted_line(one, typed, currency) for one in people if one.strip()]
    return Draft(
        key=request.form.get("key", "")[:100],
        kind=kind,
        currency=currency,
        reason=request.form.get("reason", ""),
        source=source,
        lines=lines,
        campaign_id=campaign_id,
        amount_minor=amount,
        expires_at=_until(now) if currency == POINTS else None,
    )


def _until(now: datetime) -> datetime | None:
    """The end of the last day on which given points are good; a year where nothing was said."""
    typed = request.form.get("until", "")
    if not typed:
        return now + LIFE
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return None
    return midnight_after(day) if FIRST_DAY <= day < LAST_DAY - timedelta(days=1) else None
