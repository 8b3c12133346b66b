"""Give a coupon to many people at once, or take it back from them: a list, a file or a segment (CPN-02, CPN-10)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.csv_files import csv_stream
from portal.blueprints.desk_coupons.area import Area
from portal.blueprints.identity import current_actor
from portal.db import atomically, database, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.coupon_lists import failed_rows, load_bulk
from portal.queries.people_lists import Segment
from portal.rules.coupons.people_list import ROWS_MAX, Listed, read_people
from portal.rules.permissions import Permission
from portal.services.coupons.bulk_grants import begin_bulk

KINDS = ("grant", "revoke")
SEGMENTS: Mapping[Segment, str] = {
    Segment.BUYERS: N_("Everybody who has bought"),
    Segment.RECENT: N_("Bought within the last 90 days"),
    Segment.LAPSED: N_("Bought, but not for 90 days"),
    Segment.NEWCOMERS: N_("Have not bought yet"),
}
OUTCOMES: Mapping[str, str] = {
    "unknown": N_("nobody that can be reached"),
    "double": N_("stands in the list twice"),
    "has_it": N_("has or had the coupon already"),
    "has_not": N_("does not hold the coupon"),
    "over": N_("the campaign was over"),
}


def hang(bp: Blueprint, area: Area) -> None:
    issue = Permission.COUPON_ISSUE
    area.add(bp, "/lists", "campaign_list_new", new, permission=issue, methods=("GET", "POST"))
    area.add(bp, "/lists/<uuid:bulk_id>", "campaign_list", show, permission=issue)
    area.add(bp, "/lists/<uuid:bulk_id>/failed.csv", "campaign_list_file", report, permission=issue)


def new(area: Area, campaign_id: int) -> ResponseReturnValue:
    """The form; sent, the work begins and has a page of its own."""
    problem: PortalError | None = None
    if request.method == "POST":
        try:
            bulk_id = _begin(campaign_id)
        except PortalError as error:
            problem = error
        else:
            return done(location=area.url("campaign_list", campaign_id=campaign_id, bulk_id=bulk_id))
    with reading() as session:
        campaign = area.campaign(session, campaign_id)
        frame = area.frame(session, campaign, "campaign_holders")
    segments = [one for one in Segment if campaign.store_id is None or one is not Segment.NEWCOMERS]
    page = render_template(
        "desk/coupons/list_new.html",
        problem=say(problem) if problem else None,
        given=request.form,
        segments=[("", _("Nobody: a list instead"))] + [(one.value, gettext(SEGMENTS[one])) for one in segments],
        rows_max=ROWS_MAX,
        **frame,
    )
    return page, problem.status if problem else 200


def show(area: Area, campaign_id: int, bulk_id: uuid.UUID) -> ResponseReturnValue:
    """How far the work is; while it goes on, the page asks for itself anew."""
    with reading() as session:
        campaign = area.campaign(session, campaign_id)
        bulk = load_bulk(session, campaign_id=campaign_id, bulk_id=bulk_id)
        if bulk is None:
            raise NotFoundError
        frame = area.frame(session, campaign, "campaign_holders")
    return page_or_partial("desk/coupons/list.html", {"bulk": "desk/coupons/_list.html"}, bulk=bulk, **frame)


def report(area: Area, campaign_id: int, bulk_id: uuid.UUID) -> ResponseReturnValue:
    """The rows that failed, with the reason, as a file."""
    with reading() as session:
        area.campaign(session, campaign_id)
        if load_bulk(session, campaign_id=campaign_id, bulk_id=bulk_id) is None:
            raise NotFoundError
    words = {outcome: gettext(word) for outcome, word in OUTCOMES.items()}

    def rows() -> Any:
        with database.snapshot() as opened:
            for position, who, outcome in failed_rows(opened, bulk_id=bulk_id):
                yield position, who, words.get(outcome, outcome)

    return csv_stream(f"failed-{bulk_id}.csv", (_("row"), _("who"), _("why")), rows())


def _begin(campaign_id: int) -> uuid.UUID:
    actor, now, typed = current_actor(), clock.now(), request.form
    kind = typed.get("kind") if typed.get("kind") in KINDS else "grant"
    people = _people()
    return atomically(
        lambda s: begin_bulk(
            s,
            campaign_id=campaign_id,
            kind=kind or "grant",
            people=people,
            reason=typed.get("reason", ""),
            actor=actor,
            now=now,
        )
    )


def _people() -> Sequence[Listed] | Segment:
    """Whom the form names: by a file, else by a list, else by a segment. Raises PeopleListUnfitError."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return read_people(file.read())
    text = request.form.get("people", "")
    wanted = request.form.get("segment", "")
    if not text.strip() and wanted in set(Segment):
        return Segment(wanted)
    return read_people(text.encode())
