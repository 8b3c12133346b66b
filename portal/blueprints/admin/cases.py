"""The desk of cases: the queue by expected loss, one case with all that is known, a verdict and its undoing."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.account.browsers import describe
from portal.blueprints.admin.case_places import map_of
from portal.blueprints.admin.case_told import event_told, order_told, verdict_told
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg, days_arg, plain_arg
from portal.blueprints.desk_words import word
from portal.blueprints.identity import current_actor
from portal.blueprints.payment_history import card_word, day_chips
from portal.blueprints.risk_words import models_of, reasons_of, seen_of, told_span, unsure_of
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.paging import Page
from portal.queries.cases import (
    STATES,
    CaseFilter,
    CaseRow,
    alert_times,
    list_cases,
    load_case,
    next_case,
    signs_of_cases,
)
from portal.queries.remediation import remediations_of
from portal.queries.users import masked, masked_ip
from portal.rules.cases import TELL_WITHIN, Verdict, level_of
from portal.rules.permissions import Permission, Scope
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.cases.decide_case import CaseMovedError, decide_case, take_case, undo_verdict

MENU = "admin.cases"
MEASURED_OVER = timedelta(days=30)
# One key for each verdict.


def hang(bp: Blueprint) -> None:
    path = "/cases/<uuid:case_id>"
    bp.add_url_rule("/cases", "cases", index)
    bp.add_url_rule(path, "case", show)
    bp.add_url_rule(f"{path}/assignment", "case_assignment", take, methods=["POST"])
    bp.add_url_rule(f"{path}/verdict", "case_verdict", decide, methods=["POST"])
    bp.add_url_rule(f"{path}/undoing", "case_undoing", undo, methods=["POST"])


def _queue(session: Session, cursor: str | None) -> Page[CaseRow]:
    view = plain_arg("view") or "open"
    days = days_arg()
    chosen = CaseFilter(
        state=view if view in STATES else "open",
        mine=current_actor().user_id if view == "mine" else None,
        verdict=choice_arg("verdict", set(Verdict)),
        decided_from=days.start,
        decided_before=days.end,
    )
    return list_cases(session, chosen=chosen, cursor=cursor)


INBOX = offer(
    Inbox(
        "admin.cases",
        Permission.FRAUD_VIEW,
        Scope.ALL,
        ("view", "verdict", "from", "until"),
        lambda session, _store: _queue(session, None),
    )
)


@requires_all(Permission.FRAUD_VIEW)
def index() -> ResponseReturnValue:
    """The queue, the largest expected loss first, with how fast it was told of."""
    view = request.args.get("view", "open")
    now = clock.now()
    with reading() as session:
        views = views_for(session, INBOX)
        found = _queue(session, request.args.get("cursor"))
        signs = signs_of_cases(session, case_ids=[one.id for one in found.rows])
        times = alert_times(session, since=now - MEASURED_OVER, within=TELL_WITHIN)
        frame = around(session, MENU)
    if (there := opens_with(views)) is not None:
        return there
    tabs = [
        {"label": text, "href": url_for(MENU, view=name), "current": view == name}
        for name, text in (
            ("open", _("Open")),
            ("mine", _("Mine")),
            ("decided", _("Just decided")),
            ("closed", _("Closed")),
        )
    ]
    return page_or_partial(
        "admin/cases/index.html",
        {"cases": "admin/cases/_list.html"},
        views=views,
        found=found,
        signs={case_id: _sign(row) for case_id, row in signs.items()},
        level_of=level_of,
        age=lambda at: told_span(now - at),
        times=times,
        tab_list=tabs,
        chips=_chips(),
        clear_href=url_for(MENU, view=request.args.get("view")),
        masked=masked,
        now=now,
        **frame,
    )


def _sign(row: Any) -> dict[str, str]:
    """How an order was paid and from where, as far as the queue shows it: the network without its last parts."""
    seen = describe(row.user_agent) if row.user_agent else None
    paid = [word("method", row.method) if row.method else _("From balances"), card_word(row.card)]
    return {
        "paid": " ".join(one for one in paid if one),
        "device": " · ".join(one for one in (seen.name, seen.system) if one) if seen else "",
        "ip": masked_ip(row.ip) if row.ip else "",
    }


def _chips() -> list[tuple[str, str]]:
    """What the list is narrowed to, each with the address without it."""

    def without(name: str) -> str:
        kept: dict[str, Any] = {
            one: request.args[one]
            for one in ("view", "verdict", "from", "until")
            if one in request.args and one != name
        }
        return url_for(MENU, **kept)

    verdict = choice_arg("verdict", set(Verdict))
    said = [(word("case_verdict", verdict), without("verdict"))] if verdict else []
    return said + day_chips(days_arg(), without)


@requires_all(Permission.FRAUD_VIEW)
def show(case_id: uuid.UUID) -> ResponseReturnValue:
    """One case on one page."""
    return _page(case_id)


@requires_all(Permission.FRAUD_DECIDE)
def take(case_id: uuid.UUID) -> ResponseReturnValue:
    """Say that one looks at it."""
    try:
        atomically(lambda s: take_case(s, case_id=case_id, actor=current_actor(), now=clock.now()))
    except PortalError as error:
        return _page(case_id, error)
    return done(location=url_for("admin.case", case_id=case_id))


@requires_all(Permission.FRAUD_DECIDE)
def decide(case_id: uuid.UUID) -> ResponseReturnValue:
    """Give a verdict; the next case opens, and this one offers to undo it."""
    typed = request.form
    if typed.get("verdict") not in set(Verdict) or not typed.get("version", "").isdigit():
        return _page(case_id, missing=_("Choose a verdict: it stands in the record, and the models learn from it."))
    verdict = Verdict(typed["verdict"])
    try:
        atomically(
            lambda s: decide_case(
                s,
                case_id=case_id,
                version=int(typed["version"]),
                apart=_people(typed.getlist("apart")),
                verdict=verdict,
                note=typed.get("note", ""),
                actor=current_actor(),
                now=clock.now(),
            )
        )
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        return _page(case_id, error)
    said = word("case_verdict", verdict.value)
    flash(_("Verdict: %(verdict)s. It can be undone for a minute on the case's page.", verdict=said), "success")
    with reading() as session:
        following = next_case(session, after=case_id)
    # Where none is left, the queue says so; either page leads back for the undoing.
    place = url_for(MENU, view="decided")
    if following:  # Its heading is where one reads on (A08).
        place = url_for("admin.case", case_id=following, decided=case_id, _anchor="page-title")
    return done(location=place)


@requires_all(Permission.FRAUD_DECIDE)
def undo(case_id: uuid.UUID) -> ResponseReturnValue:
    """Take a verdict back within its minute."""
    try:
        atomically(lambda s: undo_verdict(s, case_id=case_id, actor=current_actor(), now=clock.now()))
    except PortalError as error:
        return _page(case_id, error)
    flash(_("The verdict is undone. The case is open again."), "success")
    return done(location=url_for("admin.case", case_id=case_id))


def _page(case_id: uuid.UUID, error: PortalError | None = None, *, missing: str | None = None) -> ResponseReturnValue:
    now = clock.now()
    with reading() as session:
        detail = load_case(session, case_id=case_id)
        if detail is None:
            raise NotFoundError
        if detail.case.merged_into is not None:
            return done(location=url_for("admin.case", case_id=detail.case.merged_into))
        following = next_case(session, after=case_id)
        left = _decided_before()
        before = load_case(session, case_id=left) if left else None
        works = [work for one in detail.people for work in remediations_of(session, user_id=one.id)]
        frame = around(session, MENU)
    case = detail.case
    names = {one.id: one.name for one in detail.people}
    page = render_template(
        "admin/cases/show.html",
        detail=detail,
        case=case,
        level=level_of(case.score),
        problem=say(error) if error else missing,
        reasons=[
            {
                "decision": one,
                "name": names.get(one.user_id, ""),
                "fired": reasons_of(one.fired, one.features or {}, one.told_currency),
                "unsure": unsure_of(one.unsure),
                "models": models_of(one.contributions, one.features or {}, one.told_currency),
                "known": seen_of(one.features or {}, one.features or {}, one.told_currency),
            }
            for one in detail.decisions
        ],
        places=map_of(detail),
        works=works,
        case_id=case_id,
        orders=[order_told(one) | {"name": names.get(one.buyer_id, "")} for one in detail.orders],
        verdicts=[verdict_told(one, detail) for one in Verdict],
        events=[event_told(one) for one in detail.events],
        following=following,
        before=before.case if before is not None and before.case.state == "decided" else None,
        may_decide=may_all(Permission.FRAUD_DECIDE) and current_actor().user_id not in names,
        may_undo=case.state == "decided"
        and case.decided_by == current_actor().user_id
        and case.effects_at is not None
        and now < case.effects_at,
        is_mine=case.assignee_id == current_actor().user_id,
        given=request.form,
        masked=masked,
        now=now,
        **frame,
    )
    return page, error.status if error else 422 if missing else 200


def _people(ticked: list[str]) -> set[uuid.UUID]:
    """Who is left out of the verdict. Raises CaseMovedError for what no page of ours has sent."""
    try:
        return {uuid.UUID(one) for one in ticked}
    except ValueError:
        raise CaseMovedError from None


def _decided_before() -> uuid.UUID | None:
    """The case from whose verdict one comes."""
    try:
        return uuid.UUID(request.args.get("decided", ""))
    except ValueError:
        return None
