"""Channels: the register, what each says of itself, its checklist and its life (CHN-01, CHN-02)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, may_of, requires_all, requires_channel
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.desk_words import actor_words
from portal.blueprints.identity import current_actor
from portal.blueprints.override_words import decision_rows
from portal.blueprints.versions import shown_version
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel
from portal.queries.actor_names import actor_names
from portal.queries.channel_life import (
    list_all_channels,
    list_moves,
    load_channel,
    manager_email,
    met_requirements,
)
from portal.queries.channels import forget_channels
from portal.queries.house_rules import decisions_of, standings
from portal.rules.channels import (
    BY_HAND,
    LOCALES,
    MOVES,
    TELLING,
    ChannelTerms,
    Kind,
    Requirement,
    State,
    read_extensions,
    write_extensions,
)
from portal.rules.overrides import BRAND_TERMS
from portal.rules.permissions import Permission
from portal.services.channels.move_channel import ChannelMoveRefusedError, move_channel, tick_requirement
from portal.services.channels.save_channel import ChannelUnfitError, save_channel

TEXT_MAX = 1_000
REQUIREMENTS = {
    Requirement.GOODS: N_("Goods have a price on this channel"),
    Requirement.GATEWAY: N_("A gateway account takes its currency"),
    Requirement.RATE: N_("Its exchange rate is fresh, or not needed"),
    Requirement.TEST_PURCHASE: N_("A purchase was made and refunded as a test"),
    Requirement.LEGAL_REVIEW: N_("Its legal texts were reviewed"),
    Requirement.SUPPORT: N_("Support knows the channel and its address"),
}
KINDS = {
    Kind.WEB: N_("Website"),
    Kind.MOBILE: N_("Mobile application"),
    Kind.PARTNER: N_("Mini-app of a partner"),
    Kind.KIOSK: N_("Kiosk"),
}
MOVE_WORDS = {
    State.DRAFT: N_("Back to the draft"),
    State.APPROVAL: N_("Ask for approval"),
    State.READINESS: N_("Approve"),
    State.LIVE: N_("Open for buyers"),
    State.MAINTENANCE: N_("Begin maintenance"),
    State.SUNSET: N_("Announce the end"),
    State.OFFBOARDING: N_("Begin to wind up"),
    State.CLOSED: N_("Close for good"),
}


@dataclass(slots=True)
class Form:
    """What was typed, with the faults by field."""

    values: dict[str, str]
    locales: list[str]
    faults: dict[str, str] = field(default_factory=dict)

    def terms(self) -> ChannelTerms:
        def texts(name: str) -> dict[str, str]:
            return {locale: self.values[f"{name}_{locale}"] for locale in LOCALES}

        return ChannelTerms(
            code=self.values["code"].lower(),
            names=texts("name"),
            country=self.values["country"].upper(),
            currency=self.values["currency"].upper(),
            time_zone=self.values["time_zone"],
            locales=tuple(self.locales),
            default_locale=self.values["default_locale"],
            colour=self.values["colour"].lower(),
            issuers=texts("issuer"),
            support_email=self.values["support_email"],
            kind=self.values["kind"],
            manager=self.values["manager"],
            legal=texts("legal"),
            extensions=read_extensions(self.values["extensions"]),
            hosts=tuple(dict.fromkeys(self.values["hosts"].lower().replace(",", " ").split())),
            notices=texts("notice"),
        )


PLAIN = (
    *("code", "kind", "country", "currency", "time_zone", "default_locale", "colour", "support_email", "hosts"),
    *("manager", "extensions", "why"),
)
FIELDS = (*PLAIN, *(f"{name}_{locale}" for name in ("name", "issuer", "notice", "legal") for locale in LOCALES))


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/channels", "channels", index)
    bp.add_url_rule("/channels/new", "channel_new", new, methods=["GET", "POST"])
    bp.add_url_rule("/channels/<int:channel_id>", "channel", show)
    bp.add_url_rule("/channels/<int:channel_id>", "channel_save", save, methods=["POST"])
    bp.add_url_rule("/channels/<int:channel_id>/state", "channel_state", move, methods=["POST"])
    bp.add_url_rule("/channels/<int:channel_id>/checks", "channel_check", check, methods=["POST"])


@requires_channel(Permission.CHANNEL_VIEW)
def index() -> ResponseReturnValue:
    """All channels with their states; a manager's are his own."""
    with reading() as session:
        channels = [one for one in list_all_channels(session) if may_of(Permission.CHANNEL_VIEW, one.id)]
        frame = around(session, "admin.channels")
    return render_template("admin/channels/index.html", channels=channels, **frame)


@requires_all(Permission.CHANNEL_CONFIGURE)
def new() -> ResponseReturnValue:
    """A draft of a channel."""
    form = _read(request.form) if request.method == "POST" else _read(MultiDict({"locales": "en"}))
    return _save(form, None) if request.method == "POST" else _page(form, None)


@requires_channel(Permission.CHANNEL_VIEW)
def show(channel_id: int) -> ResponseReturnValue:
    """One channel: whoever may configure it changes it here."""
    channel = _channel(channel_id)
    return _page(_filled(channel), channel)


@requires_channel(Permission.CHANNEL_CONFIGURE)
def save(channel_id: int) -> ResponseReturnValue:
    """Keep what it says of itself."""
    return _save(_read(request.form), _channel(channel_id))


def _save(form: Form, channel: Channel | None) -> ResponseReturnValue:
    actor, now, version = current_actor(), clock.now(), shown_version()
    channel_id = channel.id if channel else None
    try:
        saved = atomically(
            lambda session: save_channel(
                session,
                channel_id=channel_id,
                version=version,
                terms=form.terms(),
                why=form.values["why"],
                actor=actor,
                now=now,
            )
        )
    except ChannelUnfitError as error:
        form.faults = {name: gettext(sentence) for name, sentence in error.faults.items()}
        return _page(form, channel, status=422)
    except PortalError as error:
        return _page(form, channel, problem=error, status=error.status)
    forget_channels()
    flash(_("The channel is saved."), "success")
    return done(location=url_for("admin.channel", channel_id=saved))


@requires_channel(Permission.CHANNEL_CONFIGURE)
def move(channel_id: int) -> ResponseReturnValue:
    """Into another state."""
    channel = _channel(channel_id)
    wanted, note = request.form.get("to", ""), request.form.get("note", "").replace("\0", "")
    if wanted not in set(State):
        raise NotFoundError
    actor, now, version = current_actor(), clock.now(), shown_version()
    try:
        atomically(
            lambda session: move_channel(
                session, channel_id=channel_id, version=version, new=State(wanted), note=note, actor=actor, now=now
            )
        )
    except PortalError as error:
        return _page(_filled(channel), channel, problem=error, status=error.status)
    forget_channels()
    flash(_("The channel's state is changed, on every page within two seconds."), "success")
    return done(location=url_for("admin.channel", channel_id=channel_id))


@requires_channel(Permission.CHANNEL_CONFIGURE)
def check(channel_id: int) -> ResponseReturnValue:
    """Tick a requirement, or take the tick away."""
    channel = _channel(channel_id)
    wanted = request.form.get("requirement", "")
    if wanted not in set(Requirement):
        raise NotFoundError
    actor, now, version = current_actor(), clock.now(), shown_version()
    is_done = request.form.get("done") == "1"
    try:
        atomically(
            lambda session: tick_requirement(
                session,
                channel_id=channel_id,
                version=version,
                requirement=Requirement(wanted),
                done=is_done,
                actor=actor,
                now=now,
            )
        )
    except PortalError as error:
        return _page(_filled(channel), channel, problem=error, status=error.status)
    return done(location=url_for("admin.channel", channel_id=channel_id) + "#checklist")


def _channel(channel_id: int) -> Channel:
    with reading() as session:
        channel = load_channel(session, channel_id)
    if channel is None:
        raise NotFoundError
    return channel


def _read(values: MultiDict[str, str]) -> Form:
    texts = {name: values.get(name, "").replace("\0", "").strip()[:TEXT_MAX] for name in FIELDS}
    return Form(texts, [one for one in values.getlist("locales") if one in LOCALES])


def _filled(channel: Channel) -> Form:
    with reading() as session:
        manager = manager_email(session, channel.id)
    values = {
        "code": channel.code,
        "country": channel.country,
        "currency": channel.currency,
        "time_zone": channel.time_zone,
        "default_locale": channel.default_locale,
        "colour": str(channel.brand.get("colour", "")),
        "support_email": channel.support_email,
        "hosts": ", ".join(channel.hosts),
        "kind": channel.kind,
        "manager": manager,
        "extensions": write_extensions(channel.extensions),
        "why": "",
    }
    for locale in LOCALES:
        values[f"name_{locale}"] = str(channel.name.get(locale, ""))
        values[f"issuer_{locale}"] = str(channel.policy.get("issuer", {}).get(locale, ""))
        values[f"notice_{locale}"] = str(channel.notices.get(locale, ""))
        values[f"legal_{locale}"] = str(channel.legal.get(locale, ""))
    return Form(values, list(channel.locales))


def _words(problem: PortalError) -> str:
    said = say(problem)
    return f"{said} {gettext(problem.reason)}" if isinstance(problem, ChannelMoveRefusedError) else said


def _page(
    form: Form, channel: Channel | None, *, problem: PortalError | None = None, status: int = 200
) -> ResponseReturnValue:
    now = clock.now()
    life: dict[str, Any] = {"checks": [], "moves": [], "next_states": []}
    with reading() as session:
        if channel is not None:
            met = met_requirements(session, channel, now=now)
            moves = list_moves(session, channel.id)
            decisions = decisions_of(session, channel_id=channel.id, terms=BRAND_TERMS)
            acted = [*met.values(), *(one.by for one in moves), *(one.by for one in decisions)]
            called = actor_words(actor_names(session, acted))
            life = {
                "checks": [
                    {
                        "id": one.value,
                        "words": gettext(words),
                        "is_met": one in met,
                        "by": called(met[one]) if met.get(one) else "",
                        "by_hand": one in BY_HAND,
                    }
                    for one, words in REQUIREMENTS.items()
                ],
                "moves": moves,
                "decisions": decision_rows(decisions, called),
                "actor_word": called,
                "next_states": [
                    {"id": one.value, "words": gettext(MOVE_WORDS[one]), "tells": one in TELLING}
                    for one in MOVES[State(channel.state)]
                ],
            }
        frame = around(session, "admin.channels")
        lost = [one for one in standings(session, channel_id=channel.id) if one.is_blocked] if channel else []
    page = render_template(
        "admin/channels/show.html",
        form=form,
        row=channel,
        lost=lost,
        heading=translated(channel.name) if channel else _("New channel"),
        kinds=[(one.value, gettext(words)) for one, words in KINDS.items()],
        can_save=may_of(Permission.CHANNEL_CONFIGURE, channel.id) if channel else True,
        may_goods=channel is not None and may_of(Permission.PRODUCT_EDIT, channel.id),
        can_hand_over=may_all(Permission.CHANNEL_CONFIGURE),
        problem=_words(problem) if problem else None,
        has_errors=bool(form.faults),
        **life,
        **frame,
    )
    return page, status
