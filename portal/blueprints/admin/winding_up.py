"""The end of a channel: what it would leave, to whom, and the record of it (CHN-02)."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.dated_rules import number
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.desk_words import actor_words
from portal.blueprints.identity import current_actor
from portal.blueprints.versions import shown_version
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel
from portal.queries.actor_names import actor_names
from portal.queries.channel_life import load_channel
from portal.queries.channels import forget_channels
from portal.queries.listings import LISTINGS
from portal.queries.winding_up import count_left, list_successors, load_wind_up
from portal.rules.channels import ENDING
from portal.rules.permissions import Permission
from portal.services.winding_up.wind_up_channel import SAVED, SuccessorUnfitError, wind_up_channel

LEFT: Mapping[str, tuple[str, str]] = {
    "tickets": (N_("Open tickets"), N_("go to the successor's queue, without an assignee")),
    "returns": (N_("Open returns and exchanges"), N_("stay with their stores; buyers find them at the successor")),
    "claims": (N_("Open claims of parcels"), N_("stay with their stores; buyers find them at the successor")),
    "automations": (N_("Automations"), N_("go on at the successor where it sells in the same currency, or end")),
    "automations_ended": (N_("Automations that ended"), N_("the successor sells in another currency")),
    "keys": (N_("API keys"), N_("are revoked")),
    "webhooks": (N_("Webhooks"), N_("are switched off")),
    "managers": (N_("Channel manager"), N_("hands over to the successor's")),
}


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/channels/<int:channel_id>/wind-up", "channel_wind_up", show)
    bp.add_url_rule("/channels/<int:channel_id>/wind-up", "channel_wind_up_record", wind_up, methods=["POST"])


@requires_all(Permission.CHANNEL_CONFIGURE)
def show(channel_id: int) -> ResponseReturnValue:
    """The plan before, the record after."""
    return _page(_channel(channel_id))


@requires_all(Permission.CHANNEL_CONFIGURE)
def wind_up(channel_id: int) -> ResponseReturnValue:
    """Carry the plan out."""
    channel, actor, now, version = _channel(channel_id), current_actor(), clock.now(), shown_version()
    try:
        atomically(
            lambda session: wind_up_channel(
                session,
                channel_id=channel_id,
                version=version,
                successor_id=number("successor"),
                locale=str(get_locale() or "en"),
                actor=actor,
                now=now,
            )
        )
    except PortalError as error:
        return _page(channel, error)
    forget_channels()
    flash(_("What the channel leaves is handed over; its files are being made."), "success")
    return done(location=url_for("admin.channel_wind_up", channel_id=channel_id))


def _channel(channel_id: int) -> Channel:
    with reading() as session:
        channel = load_channel(session, channel_id)
    if channel is None:
        raise NotFoundError
    return channel


def _page(channel: Channel, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        record = load_wind_up(session, channel_id=channel.id)
        counts = record.handed if record else count_left(session, channel_id=channel.id)
        names = actor_names(session, [record.done_by] if record else [])
        successors = list_successors(session, channel_id=channel.id)
        frame = around(session, "admin.channels")
    field = error.field if isinstance(error, SuccessorUnfitError) else None
    page = render_template(
        "admin/channels/wind_up.html",
        row=channel,
        heading=_("What %(channel)s leaves", channel=translated(channel.name)),
        record=record,
        left=[(gettext(LEFT[key][0]), count, gettext(LEFT[key][1])) for key, count in counts.items()],
        titles={name: gettext(LISTINGS[name].title) for name in SAVED},
        successors=successors,
        chosen=request.form.get("successor", ""),
        can_begin=record is None and channel.state in ENDING,
        faults={field: say(error)} if error and field else {},
        problem=say(error) if error and not field else None,
        has_errors=error is not None,
        actor_word=actor_words(names),
        **frame,
    )
    return page, error.status if error else 200
