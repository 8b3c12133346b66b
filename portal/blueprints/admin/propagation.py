"""The status of channels: how changes come through, to whom they do not, and what to do about it (CHN-08)."""

from __future__ import annotations

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.blueprints.admin.desk import around, channels_seen, may_all, may_of, requires_channel
from portal.blueprints.desk import channel_arg
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.queries.channels import channel_directory
from portal.queries.propagation import lags_since, list_failures, list_incidents, list_recent, list_targets
from portal.rules.permissions import Permission
from portal.rules.propagation import WINDOW, Pace, worst_of
from portal.services.channels.reconcile_channel import reconcile_channel, retry_events

MENU = "admin.propagation"


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/propagation", "propagation", index)
    bp.add_url_rule("/propagation/retry", "propagation_retry", retry, methods=["POST"])
    bp.add_url_rule("/propagation/reconciliation", "propagation_reconciliation", reconcile, methods=["POST"])


@requires_channel(Permission.EVENT_VIEW)
def index() -> ResponseReturnValue:
    """Every channel with its lag, and for one or all: targets, failures, late times, recent events.

    A manager sees his own: the one that he has chosen, else the first.
    """
    now, seen, chosen = clock.now(), channels_seen(Permission.EVENT_VIEW), channel_arg()
    if seen is not None and chosen not in seen:
        chosen = min(seen)
    with reading() as session:
        lags = lags_since(session, since=now - WINDOW, now=now)
        targets = list_targets(
            session, channel_id=chosen, lag=lags.get(chosen) if chosen else worst_of(lags.values()), now=now
        )
        values = {
            "failures": list_failures(session, channel_id=chosen),
            "recent": list_recent(session, channel_id=chosen),
        }
        incidents = [
            one for one in list_incidents(session, channel_id=chosen) if seen is None or one.channel_id in seen
        ]
        frame = around(session, MENU)
    if seen is not None:  # Whom the mall itself tells is not his.
        targets = [one for one in targets if one.endpoint_id is None]
    directory = channel_directory()
    code = next((view.code for view in directory.channels.values() if view.id == chosen), None)
    views = [view for view in directory.channels.values() if view.state != "closed"]
    shown = [view for view in views if seen is None or view.id in seen]
    open_on = {one.channel_id for one in incidents if one.closed_at is None}
    return page_or_partial(
        "admin/propagation/index.html",
        {"propagation": "admin/propagation/_status.html"},
        rows=[(view, lags.get(view.id)) for view in shown],
        sees_all=seen is None,
        may_replay=may_of(Permission.EVENT_REPLAY, chosen) if chosen else may_all(Permission.EVENT_REPLAY),
        house=lags.get(None),
        open_on=open_on,
        incidents=incidents,
        chosen=code,
        quiet=Pace.QUIET,
        now=now,
        targets=targets,
        **values,
        **frame,
    )


@requires_channel(Permission.EVENT_REPLAY)
def retry() -> ResponseReturnValue:
    """Handle failed events now: one, or all of the list."""
    typed, chosen = request.form.get("event", ""), channel_arg()
    event_id = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else None
    actor, now = current_actor(), clock.now()
    count = atomically(lambda s: retry_events(s, channel_id=chosen, event_id=event_id, actor=actor, now=now))
    flash(ngettext("%(num)s event is handled again.", "%(num)s events are handled again.", count), "success")
    return done(location=_back())


@requires_channel(Permission.EVENT_REPLAY)
def reconcile() -> ResponseReturnValue:
    """Derive a channel's lists anew, and let what waits go."""
    chosen, actor, now = channel_arg(), current_actor(), clock.now()
    if chosen is None:
        return done(location=_back())
    found = atomically(lambda s: reconcile_channel(s, channel_id=chosen, actor=actor, now=now))
    flash(
        _(
            "Reconciled: %(listings)s lists differed, %(events)s events and %(messages)s messages go now.",
            listings=found.listings,
            events=found.events,
            messages=found.messages,
        ),
        "success",
    )
    return done(location=_back())


def _back() -> str:
    return url_for(MENU, channel=request.args.get("channel") or None)
