"""Segments of customers: who is in them, how they grew, what they share, and their rules (INC-02)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.identity import current_actor
from portal.blueprints.risk_words import fault_of, sentence
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.segments import (
    SegmentUse,
    list_members,
    list_overlaps,
    list_segments,
    load_versions,
    size_history,
    uses_of_segment,
)
from portal.rules.fraud_language import ExpressionError
from portal.rules.permissions import Permission
from portal.rules.segment_features import SEGMENT_FEATURES
from portal.services.incentives.renew_segments import count_matching
from portal.services.incentives.save_segment import SegmentDraft, SegmentUnfitError, save_segment

SOURCE_LENGTH_MAX = 2000


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/segments", "segments", index)
    bp.add_url_rule("/segments/new", "segment_new", create)
    bp.add_url_rule("/segments/new", "segment_save", save, methods=["POST"])
    bp.add_url_rule("/segments/<key>", "segment", show)


@dataclass(slots=True)
class SegmentForm:
    """A version as it is being written; `faults` by the id of the field."""

    key: str = ""
    title: str = ""
    source: str = ""
    is_live: bool = True
    newest: int = 0
    faults: dict[str, str] = field(default_factory=dict)


def said(source: str) -> str:
    """The rule of a segment as a sentence."""
    return sentence(source, features=SEGMENT_FEATURES)


@requires_all(Permission.COUPON_VIEW)
def index() -> ResponseReturnValue:
    """Every segment with its size and what it says."""
    with reading() as session:
        rows = list_segments(session)
        frame = around(session, "admin.segments")
    return render_template("admin/segments/index.html", rows=rows, said=said, **frame)


@requires_all(Permission.COUPON_VIEW)
def show(key: str) -> ResponseReturnValue:
    """One segment: members, size by day, overlap, what uses it, versions."""
    with reading() as session:
        versions = load_versions(session, key=key)
        if not versions:
            raise NotFoundError
        titles = {one.key: one.title for one in list_segments(session)}
        return render_template(
            "admin/segments/show.html",
            segment=versions[0],
            versions=versions,
            members=list_members(session, key=key),
            overlaps=[(one, titles.get(one, one), people) for one, people in list_overlaps(session, key=key)],
            history=size_history(session, key=key, now=clock.now()),
            uses=[_use(one) for one in uses_of_segment(session, key=key)],
            said=said,
            **around(session, "admin.segments"),
        )


def _use(one: SegmentUse) -> tuple[str, str | None, str]:
    """What uses a segment: its kind in a word, where it stands for whoever may see it, and its name."""
    words, permission, endpoint, argument = {
        "campaign": (_("Coupon"), Permission.COUPON_VIEW, "admin.campaign", "campaign_id"),
        "automation": (_("Automation"), Permission.COUPON_VIEW, "admin.automation", "automation_id"),
        "offer": (_("Chosen offer"), Permission.COUPON_VIEW, "admin.offers", None),
        "mileage": (_("Rule of mileage"), Permission.MILEAGE_CONFIGURE, "admin.mileage_rules_version", "version"),
        "risk": (_("Rule of risk"), Permission.FRAUD_VIEW, "admin.risk_rule", "name"),
    }[one.kind]
    given: dict[str, Any] = {argument: one.ref} if argument else {}
    return words, url_for(endpoint, **given) if may_all(permission) else None, translated(dict(one.name))


@requires_all(Permission.COUPON_ISSUE)
def create() -> ResponseReturnValue:
    """A new segment, or a new version of the one that is named."""
    form = SegmentForm(source="purchases >= 2 and since > 60 d")
    key = request.args.get("segment", "")
    if key:
        with reading() as session:
            versions = load_versions(session, key=key)
        if not versions:
            raise NotFoundError
        newest = versions[0]
        form = SegmentForm(key, newest.title, newest.source, newest.is_live, newest.version)
    return _editor(form)


@requires_all(Permission.COUPON_ISSUE)
def save() -> ResponseReturnValue:
    """Show who would be in it, or save the version."""
    form = _read()
    if request.form.get("do") != "save":
        return _editor(form)
    actor, now = current_actor(), clock.now()
    draft = SegmentDraft(form.key, form.title, form.source, form.is_live)
    try:
        atomically(lambda session: save_segment(session, actor=actor, draft=draft, newest=form.newest, now=now))
    except SegmentUnfitError as error:
        form.faults = {name: gettext(fault) for name, fault in error.faults.items()}
        if error.error is not None:
            form.faults["source"] = fault_of(error.error)
        return _editor(form, status=422)
    except PortalError as error:
        with reading() as session:
            form.newest = next((one.version for one in load_versions(session, key=form.key)), 0)
        return _editor(form, problem=error, status=error.status)
    flash(_("Saved. Its members were counted at once, and are renewed by night and after each order."), "success")
    return done(location=url_for("admin.segment", key=form.key))


def _read() -> SegmentForm:
    def typed(name: str, length: int) -> str:
        return request.form.get(name, "").replace("\0", "").strip()[:length]

    return SegmentForm(
        key=typed("key", 40),
        title=typed("title", 80),
        # One more than may be, so that what is too long is refused and not cut.
        source=typed("source", SOURCE_LENGTH_MAX + 1),
        is_live=request.form.get("is_live") == "on",
        newest=request.form.get("newest", 0, type=int),
    )


def _editor(form: SegmentForm, *, problem: PortalError | None = None, status: int = 200) -> ResponseReturnValue:
    counted = None
    with reading() as session:
        if "source" not in form.faults:
            try:
                counted = count_matching(session, source=form.source, now=clock.now())
            except ExpressionError as error:
                form.faults["source"] = fault_of(error)
                status = 422
        frame = around(session, "admin.segments")
    page = page_or_partial(
        "admin/segments/new.html",
        {"editor": "admin/segments/_editor.html"},
        form=form,
        told=said(form.source) if counted else "",
        counted=counted,
        features=[(name, one.kind.value, gettext(one.words)) for name, one in SEGMENT_FEATURES.items()],
        problem=say(problem) if problem else None,
        **frame,
    )
    return page, status
