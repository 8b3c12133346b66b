"""Rules of the house: what channels have to be like, which of them are, and what others lose (CHN-04, CHN-05)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import zone_of_reader
from portal.blueprints.desk_words import actor_words
from portal.blueprints.identity import current_actor
from portal.blueprints.override_words import decision_rows
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.moments import read_moment
from portal.queries.actor_names import actor_names
from portal.queries.channels import forget_channels
from portal.queries.house_rules import decisions_of, fixed_terms, list_versions, standings
from portal.rules.channel_policy import GROUPS
from portal.rules.channels import LOCALES
from portal.rules.house_rules import Feature, RuleKind
from portal.rules.permissions import Permission
from portal.services.channels.house_rules import confirm_rule, write_rule
from portal.services.channels.save_channel import ChannelUnfitError

TEXT_MAX = 1_200


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/house-rules", "house_rules", index)
    bp.add_url_rule("/house-rules", "house_rule_new", create, methods=["POST"])
    path = "/house-rules/<int:rule_id>/channels/<int:channel_id>"
    bp.add_url_rule(path, "house_rule_confirmation", confirm, methods=["POST"])


@requires_all(Permission.CHANNEL_VIEW)
def index() -> ResponseReturnValue:
    """What holds, how each channel stands to it, and the form of a new version."""
    return _page()


@requires_all(Permission.CHANNEL_CONFIGURE)
def create() -> ResponseReturnValue:
    """Write a new version."""
    words = {one: _typed(f"words-{one}") for one in LOCALES}
    actor, now = current_actor(), clock.now()
    due = read_moment(_typed("due"), zone_of_reader()) if _typed("due") else now
    if due is None:
        return _page(faults={"due": _("Write a moment like 2026-11-28 09:00.")}, status=422)
    moment = due
    return _done_or_told(
        lambda session: write_rule(
            session,
            kind=request.form.get("kind", ""),
            words=words,
            features=request.form.getlist("features"),
            fixed=request.form.getlist("fixed"),
            due_at=moment,
            actor=actor,
            now=now,
        ),
        _("The rule is written. Channels have until then to be as it asks."),
    )


@requires_all(Permission.CHANNEL_CONFIGURE)
def confirm(rule_id: int, channel_id: int) -> ResponseReturnValue:
    """Say that a channel is as the rule asks."""
    actor, now = current_actor(), clock.now()
    note = _typed("note")
    return _done_or_told(
        lambda session: confirm_rule(session, channel_id=channel_id, rule_id=rule_id, note=note, actor=actor, now=now),
        _("Confirmed. What the channel had lost is there again within two seconds."),
    )


def _done_or_told(write: Any, told: str) -> ResponseReturnValue:
    try:
        atomically(write)
    except ChannelUnfitError as error:
        return _page(faults={name: gettext(words) for name, words in error.faults.items()}, status=error.status)
    except PortalError as error:
        return _page(problem=error, status=error.status)
    forget_channels()
    flash(told, "success")
    return done(location=url_for("admin.house_rules"))


def _typed(name: str) -> str:
    return request.form.get(name, "").replace("\0", "").replace("\r\n", "\n").strip()[:TEXT_MAX]


def _page(
    *, faults: Mapping[str, str] | None = None, problem: PortalError | None = None, status: int = 200
) -> ResponseReturnValue:
    with reading() as session:
        frame = around(session, "admin.house_rules")
        rows = standings(session)
        versions = list_versions(session)
        fixed = fixed_terms(session)
        decisions = decisions_of(session)
        acted = [*(one.by for one in rows), *(one.by for one in decisions), *(one.written_by for one in versions)]
        names = actor_names(session, acted)
    page = render_template(
        "admin/channels/house_rules.html",
        standings=rows,
        versions=versions,
        decisions=decision_rows(decisions, actor_words(names)),
        kinds=list(RuleKind),
        features=list(Feature),
        groups=[(gettext(group.title), [(term, gettext(term.label)) for term in group.terms]) for group in GROUPS],
        fixed=set(request.form.getlist("fixed")) if faults else fixed,
        chosen=set(request.form.getlist("features")),
        typed=request.form if faults else {},
        faults=faults or {},
        has_errors=bool(faults),
        problem=say(problem) if problem else None,
        can_save=may_all(Permission.CHANNEL_CONFIGURE),
        actor_word=actor_words(names),
        locales=[("en", _("English")), ("ko", _("Korean"))],
        **frame,
    )
    return page, status
