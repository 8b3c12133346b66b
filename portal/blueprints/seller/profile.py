"""What the store says of itself, how it is reached, and when it takes no orders (S18, S22)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.checkout.words import say
from portal.blueprints.desk import FIRST_DAY, LAST_DAY, midnight, midnight_after, requires_in, zone_of_reader
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.desk import around, desk_of
from portal.blueprints.seller.fulfil_words import name_of
from portal.blueprints.shop.cards import picture_url, store_url
from portal.blueprints.uploads import ACCEPT_PICTURES, read_files, takes_files
from portal.db import atomically, reading
from portal.formatting import instant_zone
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.file_kinds import PICTURES
from portal.queries.store_profile import StoreProfile, load_profile
from portal.rules.csv_table import whole_number
from portal.rules.permissions import Permission, Scope
from portal.rules.stores import Pause, Profile
from portal.services.accounts.emails import EmailUnfitError, normalise_email
from portal.services.catalogue.edit_product import keep_photos
from portal.services.catalogue.edit_store import StoreChangedError, edit_store

LANGUAGES = ("en", "ko")


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/profile", "profile", show)
    bp.add_url_rule("/profile", "profile_save", save, methods=["POST"])


@requires_in(Permission.STORE_EDIT, Scope.STORE)
def show() -> ResponseReturnValue:
    """The profile as it is."""
    return _page(None, {})


@requires_in(Permission.STORE_EDIT, Scope.STORE)
@takes_files
def save() -> ResponseReturnValue:
    """Change the profile, unless a colleague has done so meanwhile."""
    actor, now = current_actor(), clock.now()
    typed = {name: value.replace("\0", "").replace("\r\n", "\n").strip() for name, value in request.form.items()}
    with reading() as session:
        desk = desk_of(session)
        known = load_profile(session, store_id=desk.store.id)
    try:
        files = read_files("picture_file", taken=PICTURES, files_max=1)
        if files:
            kept = atomically(lambda s: keep_photos(s, store_id=known.id, files=files, actor=actor, now=now))
            typed["picture"] = kept[0]
        wanted = _read(typed, known)
        version = whole_number(typed.get("version", ""), 2**31 - 1) or 0
        atomically(lambda s: edit_store(s, store_id=known.id, version=version, profile=wanted, actor=actor, now=now))
    except PortalError as error:
        return _page(error, typed)
    flash(_("The store is saved."), "success")
    return done(location=url_for("seller.profile", store=desk.store_arg))


def _read(typed: Mapping[str, str], known: StoreProfile) -> Profile:
    email = typed.get("contact_email", "")
    return Profile(
        name={one: " ".join(typed.get(f"name-{one}", "").split()) for one in LANGUAGES},
        description={one: typed.get(f"description-{one}", "") for one in LANGUAGES},
        picture=None if typed.get("picture_gone") else typed.get("picture") or None,
        contact_email=normalise_email(email) if email else None,
        contact_phone=typed.get("contact_phone") or None,
        return_address=typed.get("return_address", "")[:300] or None,
        pause=_pause(typed, known) if typed.get("pause") else None,
    )


def _pause(typed: Mapping[str, str], known: StoreProfile) -> Pause:
    """A pause by the reader's own days, both included; one that has begun keeps its beginning."""
    start, until = _day(typed.get("pause_from", "")), _day(typed.get("pause_until", ""))
    shown = _typed(known).get("pause_from") if known.paused_from else None
    begins = known.paused_from if shown and shown == typed.get("pause_from") else midnight(start) if start else None
    return Pause(
        begins or clock.now(),
        midnight_after(until) if until else None,
        {one: typed.get(f"pause-{one}", "") for one in LANGUAGES},
    )


def _day(text: str) -> date | None:
    try:
        found = datetime.fromisoformat(text).date()
    except ValueError:
        return None
    return found if FIRST_DAY <= found < LAST_DAY else None


def _typed(known: StoreProfile) -> dict[str, str]:
    """The form as it opens."""
    typed = {"picture": known.picture or "", "contact_email": known.contact_email or ""}
    typed |= {"contact_phone": known.contact_phone or "", "return_address": known.return_address or ""}
    for one in LANGUAGES:
        typed[f"name-{one}"] = known.name.get(one, "")
        typed[f"description-{one}"] = known.description.get(one, "")
        typed[f"pause-{one}"] = known.pause_message.get(one, "")
    if known.paused_from:
        zone = zone_of_reader()
        typed |= {"pause": "1", "pause_from": known.paused_from.astimezone(zone).date().isoformat()}
        if known.paused_until:  # The last day, not the instant after it.
            last = known.paused_until - timedelta(seconds=1)
            typed["pause_until"] = last.astimezone(zone).date().isoformat()
    return typed | {"version": str(known.version)}


def _page(error: PortalError | None, typed: Mapping[str, str]) -> ResponseReturnValue:
    with reading() as session:
        desk = desk_of(session)
        known = load_profile(session, store_id=desk.store.id)
        changed_by = name_of(session, known.changed_by or "") if known.changed_by else None
    shown, faults, told = _typed(known), {}, None
    if isinstance(error, StoreChangedError):
        told = _(
            "%(who)s changed this store on %(at)s. Nothing was saved by you; what you typed is still here.",
            who=changed_by,
            at=instant_zone(known.changed_at) if known.changed_at else "",
        )
        typed = {**typed, "version": str(known.version)}
    elif error is not None:
        field = "contact_email" if isinstance(error, EmailUnfitError) else getattr(error, "field", "picture_file")
        faults = {field: say(error)}
    differs = [(name, shown.get(name, ""), value) for name, value in typed.items() if name in shown] if told else []
    page = render_template(
        "seller/profile.html",
        profile=known,
        typed=typed or shown,
        faults=faults,
        told=told,
        differs=[(name, now, mine) for name, now, mine in differs if now != mine],
        languages=list(zip(LANGUAGES, (_("English"), _("Korean")), strict=True)),
        labels=_labels(),
        changed_by=changed_by,
        accept=ACCEPT_PICTURES,
        picture_url=picture_url,
        store_href=store_url(known.slug),
        **around(desk, "seller.profile"),
    )
    return page, error.status if error else 200


def _labels() -> dict[str, str]:
    return {
        "name-en": _("Name, English"),
        "name-ko": _("Name, Korean"),
        "description-en": _("Description, English"),
        "description-ko": _("Description, Korean"),
        "picture": _("Logo"),
        "contact_email": _("E-mail"),
        "contact_phone": _("Phone"),
        "return_address": _("Address for returns"),
        "pause": _("Takes no orders"),
        "pause_from": _("From"),
        "pause_until": _("Until, this day included"),
        "pause-en": _("Message to buyers, English"),
        "pause-ko": _("Message to buyers, Korean"),
    }
