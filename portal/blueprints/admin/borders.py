"""Rules of a channel's borders: where it delivers, which goods and data may go where, and the records (CHN-09)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal import formatting
from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.dated_rules import basis_points, begins_at, number, typed
from portal.blueprints.admin.desk import around, may_of, requires_channel
from portal.blueprints.border_words import BORDER_KINDS
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.desk_words import actor_words
from portal.blueprints.identity import current_actor
from portal.blueprints.thing_words import name_of
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.money import AmountInvalidError, parse_minor
from portal.models import BorderRule, Channel
from portal.queries.actor_names import actor_names
from portal.queries.borders import list_border_rules
from portal.queries.channel_life import load_channel
from portal.queries.channels import forget_channels
from portal.queries.sections import section_directory
from portal.rules.borders import ANYWHERE, OF_GOODS
from portal.rules.channels import LOCALES
from portal.rules.permissions import Permission
from portal.services.channels.save_channel import ChannelUnfitError
from portal.services.channels.write_border_rule import (
    WORDS_MAX,
    BorderStartError,
    BorderTerms,
    end_border_rule,
    set_border_rule,
)


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/channels/<int:channel_id>/borders", "channel_borders", show)
    bp.add_url_rule("/channels/<int:channel_id>/borders", "channel_border_new", create, methods=["POST"])
    end_at = "/channels/<int:channel_id>/borders/<int:rule_id>/end"
    bp.add_url_rule(end_at, "channel_border_end", end, methods=["POST"])


@requires_channel(Permission.CHANNEL_VIEW)
def show(channel_id: int) -> ResponseReturnValue:
    """What may cross the channel's borders, and the history."""
    return _page(_channel(channel_id))


@requires_channel(Permission.CHANNEL_CONFIGURE)
def create(channel_id: int) -> ResponseReturnValue:
    """Set a rule from a moment on."""
    channel, actor, now = _channel(channel_id), current_actor(), clock.now()
    try:
        starts_at, terms = begins_at(BorderStartError), _terms(channel)
        atomically(
            lambda session: set_border_rule(
                session, channel_id=channel_id, terms=terms, valid_from=starts_at, actor=actor, now=now
            )
        )
    except PortalError as error:
        return _page(channel, error)
    forget_channels()
    flash(_("The rule is set. Orders placed before it keep what was declared."), "success")
    return done(location=url_for("admin.channel_borders", channel_id=channel_id))


@requires_channel(Permission.CHANNEL_CONFIGURE)
def end(channel_id: int, rule_id: int) -> ResponseReturnValue:
    """End a rule."""
    channel, actor, now, note = _channel(channel_id), current_actor(), clock.now(), typed("note")
    try:
        atomically(
            lambda session: end_border_rule(
                session, channel_id=channel_id, rule_id=rule_id, note=note, actor=actor, now=now
            )
        )
    except PortalError as error:
        return _page(channel, error)
    forget_channels()
    flash(_("The rule has ended, everywhere within two seconds."), "success")
    return done(location=url_for("admin.channel_borders", channel_id=channel_id))


def _channel(channel_id: int) -> Channel:
    with reading() as session:
        channel = load_channel(session, channel_id)
    if channel is None:
        raise NotFoundError
    return channel


def _terms(channel: Channel) -> BorderTerms:
    words = {code: request.form.get(f"words-{code}", "").replace("\0", "").strip() for code in LOCALES}
    return BorderTerms(
        kind=typed("kind"),
        country=typed("country").upper(),
        section_id=number("section"),
        customs_code=typed("customs_code").replace(".", ""),
        limit_minor=_limit(channel.currency),
        rate_basis_points=basis_points("rate"),
        words={code: text[: WORDS_MAX + 1] for code, text in words.items()},
        note=typed("note"),
    )


def _limit(currency: str) -> int | None:
    try:
        return parse_minor(typed("limit"), currency) if typed("limit") else None
    except AmountInvalidError:
        return None


def _page(channel: Channel, error: PortalError | None = None) -> ResponseReturnValue:
    now = clock.now()
    with reading() as session:
        rows = list_border_rules(session, channel_id=channel.id)
        names = actor_names(session, [by for one in rows for by in (one.set_by, one.withdrawn_by)])
        frame = around(session, "admin.channels")
    faults = _faults(error)
    page = render_template(
        "admin/channels/borders.html",
        row=channel,
        heading=_("Borders of %(channel)s", channel=translated(channel.name)),
        held=[one for one in _said(rows, channel) if _holds(one["row"], now)],
        rows=_said(rows, channel),
        kinds=[(key, gettext(text)) for key, text in BORDER_KINDS.items()],
        places={one.id: translated(dict(one.name)) for one in section_directory()},
        given=request.form,
        faults=faults,
        now=now,
        problem=say(error) if error and not faults else None,
        can_save=may_of(Permission.CHANNEL_CONFIGURE, channel.id),
        has_errors=error is not None,
        actor_word=actor_words(names),
        **frame,
    )
    return page, error.status if error else 200


def _faults(error: PortalError | None) -> dict[str, str]:
    if isinstance(error, ChannelUnfitError):
        return {name: gettext(words) for name, words in error.faults.items()}
    field = getattr(error, "field", None)
    return {field: say(error)} if error and field else {}


def _holds(rule: BorderRule, now: datetime) -> bool:
    return rule.withdrawn_at is None and rule.valid_from <= now


def _said(rows: Sequence[BorderRule], channel: Channel) -> list[dict[str, Any]]:
    """Each rule in words: its country, and which goods or up to what."""
    sections = {one.id: translated(dict(one.name)) for one in section_directory()}
    told = []
    for one in rows:
        goods = sections.get(one.section_id, "") if one.section_id else one.customs_code or ""
        about = formatting.money(one.limit_minor, channel.currency) if one.limit_minor is not None else goods
        if one.kind in OF_GOODS and not goods:
            about = _("All goods")
        if one.rate_basis_points is not None:
            about = f"{formatting.rate(one.rate_basis_points)} · {about}"
        country = _("All other countries") if one.country == ANYWHERE else name_of("country", one.country)
        told.append({"row": one, "kind": gettext(BORDER_KINDS[one.kind]), "country": country, "about": about})
    return told
