"""Limits and terms of a channel: spending mileage, top-ups, gift cards, second proofs, rates (BAL-02, BAL-06)."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_of, requires_channel
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.desk_words import actor_words
from portal.blueprints.identity import current_actor
from portal.blueprints.override_words import decision_rows
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.models import Channel
from portal.queries.actor_names import actor_names
from portal.queries.channel_life import load_channel
from portal.queries.channels import forget_channels
from portal.queries.house_rules import decisions_of, fixed_terms
from portal.rules.channel_policy import GROUPS, TERMS, typed_of, usual_of
from portal.rules.permissions import Permission
from portal.services.channels.save_channel import ChannelUnfitError
from portal.services.channels.save_policy import save_policy

TEXT_MAX = 40


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/channels/<int:channel_id>/terms", "channel_terms", show)
    bp.add_url_rule("/channels/<int:channel_id>/terms", "channel_terms_save", save, methods=["POST"])


@requires_channel(Permission.CHANNEL_VIEW)
def show(channel_id: int) -> ResponseReturnValue:
    """The terms of a channel, beside the mall's own."""
    channel = _channel(channel_id)
    return _page(channel, typed_of(channel.policy, channel.currency))


@requires_channel(Permission.CHANNEL_CONFIGURE)
def save(channel_id: int) -> ResponseReturnValue:
    """Keep them."""
    channel = _channel(channel_id)
    typed = {name: request.form.get(name, "").replace("\0", "")[:TEXT_MAX] for name in TERMS}
    why = request.form.get("why", "").replace("\0", "")
    shown = request.form.get("version", "")
    version = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 10 else None
    actor, now = current_actor(), clock.now()
    try:
        atomically(
            lambda session: save_policy(
                session, channel_id=channel_id, version=version, typed=typed, why=why, actor=actor, now=now
            )
        )
    except ChannelUnfitError as error:
        return _page(channel, typed, faults={name: gettext(words) for name, words in error.faults.items()})
    except PortalError as error:
        return _page(channel, typed, problem=error)
    forget_channels()
    flash(_("The terms are saved, and hold everywhere within two seconds."), "success")
    return done(location=url_for("admin.channel_terms", channel_id=channel_id))


def _channel(channel_id: int) -> Channel:
    with reading() as session:
        channel = load_channel(session, channel_id)
    if channel is None:
        raise NotFoundError
    return channel


def _page(
    channel: Channel,
    typed: Mapping[str, str],
    *,
    faults: Mapping[str, str] | None = None,
    problem: PortalError | None = None,
) -> ResponseReturnValue:
    with reading() as session:
        frame = around(session, "admin.channels")
        fixed = fixed_terms(session)
        decisions = decisions_of(session, channel_id=channel.id, terms=TERMS)
        names = actor_names(session, [one.by for one in decisions])
    page = render_template(
        "admin/channels/terms.html",
        row=channel,
        heading=_("Limits and terms of %(channel)s", channel=translated(channel.name)),
        groups=[(gettext(group.title), [(term, gettext(term.label)) for term in group.terms]) for group in GROUPS],
        typed=typed,
        fixed=fixed,
        decisions=decision_rows(decisions, actor_words(names)),
        why=request.form.get("why", "") if faults or problem else "",
        usual={name: usual_of(term, channel.currency) for name, term in TERMS.items()},
        faults=faults or {},
        can_save=may_of(Permission.CHANNEL_CONFIGURE, channel.id),
        problem=say(problem) if problem else None,
        has_errors=bool(faults),
        **frame,
    )
    return page, 422 if faults else problem.status if problem else 200
