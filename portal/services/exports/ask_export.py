"""Ask for a list as a file, and hand it out; both are recorded (ANA-03)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.tables import Format
from portal.kit.text import N_
from portal.models import Campaign, Channel, ListExport, User
from portal.queries.listings import LISTINGS
from portal.rules.exports import OPEN_MAX, file_name, pack
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.services.audit import AuditAction, Fact, record
from portal.services.exports.pieces import pieces_of
from portal.services.outbox import Event, emit

OPEN = ("wanted", "reading", "writing")


class ExportUnknownError(PortalError):
    """No such list or file, one that this person may not have, or one that is not there any more."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class TooManyListExportsError(PortalError):
    code = "too_many_list_exports"
    status = 429
    sentence = N_("%(most)s of your files are still being made. Ask again when one of them is ready.")


def may_take(actor: Actor, listing: str) -> bool:
    """Whether somebody may have this list as a file: all of it, or none."""
    found = LISTINGS.get(listing)
    return (
        actor.user_id is not None
        and found is not None
        and all(Scope.ALL in scopes_of(actor, one) for one in (Permission.REPORT_EXPORT, found.permission))
    )


def ask_export(
    session: Session,
    *,
    listing: str,
    chosen: Any,
    kind: Format,
    locale: str,
    actor: Actor,
    now: datetime,
    plan_id: uuid.UUID | None = None,
    name: str | None = None,
) -> uuid.UUID:
    """Note that a list is wanted as a file; while the same is being made for the same person, it is that one. Without
    a `name` of its own the file is called by the list and its filters.

    Raises ExportUnknownError, TooManyListExportsError.
    """
    if not may_take(actor, listing) or not isinstance(chosen, LISTINGS[listing].filter):
        raise ExportUnknownError
    # One after another, so that a double press makes one.
    session.execute(select(User.id).where(User.id == actor.user_id).with_for_update())
    kept = orjson.dumps(pack(chosen), option=orjson.OPT_SORT_KEYS).decode()
    waiting = session.scalars(
        select(ListExport).where(ListExport.made_by == actor.user_id, ListExport.state.in_(OPEN))
    ).all()
    for one in waiting:
        if (one.listing, one.format, one.locale, one.chosen, one.plan_id) == (
            *(listing, kind.value, locale, kept, plan_id),
        ):
            return one.id
    if len(waiting) >= OPEN_MAX:
        raise TooManyListExportsError(most=OPEN_MAX)
    export_id = new_id()
    export = ListExport(
        id=export_id,
        listing=listing,
        format=kind.value,
        name=name or file_name(listing, _said(session, chosen), day=now.date(), kind=kind),
        locale=locale,
        chosen=kept,
        made_by=actor.user_id,
        plan_id=plan_id,
        state="wanted",
        asked_at=now,
        worked_at=now,
    )
    session.add(export)
    session.flush()
    after = {"listing": listing, "format": kind.value, "name": export.name}
    record(session, Fact(AuditAction.LIST_EXPORT_WANTED, f"list-export:{export_id}", after=after), actor=actor, now=now)
    emit(session, Event("list_export.wanted", f"list_export:{export_id}", priority="high"), now=now)
    return export_id


def _said(session: Session, chosen: Any) -> dict[str, Any]:
    """The filter as the name of a file says it: a channel by its code and a campaign by its name, in English where it
    has one, as names of files have Latin letters. Their numbers mean nothing to people.
    """
    kept = pack(chosen)
    channel = session.get(Channel, kept["channel_id"]) if "channel_id" in kept else None
    campaign = session.get(Campaign, kept["campaign_id"]) if "campaign_id" in kept else None
    said = {"channel_id": channel.code} if channel else {}
    if campaign:
        said["campaign_id"] = campaign.name.get("en") or next(iter(campaign.name.values()))
    return kept | said


def find_export(session: Session, *, export_id: uuid.UUID, actor: Actor) -> ListExport:
    """An export of a list that this person may have. Raises ExportUnknownError."""
    export = session.get(ListExport, export_id)
    if export is None or not may_take(actor, export.listing):
        raise ExportUnknownError
    return export


def take_export(session: Session, *, export_id: uuid.UUID, actor: Actor, now: datetime) -> ListExport:
    """The export to be handed out, and a record of it. Raises ExportUnknownError, for one that is not ready too."""
    export = find_export(session, export_id=export_id, actor=actor)
    if export.state != "ready" or export.expires_at is None or export.expires_at <= now:
        raise ExportUnknownError
    after = {"listing": export.listing, "name": export.name, "sha256": export.sha256}
    record(session, Fact(AuditAction.LIST_EXPORT_TAKEN, f"list-export:{export_id}", after=after), actor=actor, now=now)
    return export


def bytes_of(session: Session, export_id: uuid.UUID) -> Iterator[bytes]:
    """The file, piece by piece."""
    return pieces_of(session, export_id, part="file")
