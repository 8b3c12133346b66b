"""Keep what a channel says of itself (CHN-01)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, User, UserState
from portal.rules.channels import ChannelTerms, State, problems_of
from portal.rules.overrides import COLOUR, in_languages, why_faults
from portal.rules.permissions import Actor, Permission, Scope, may, scopes_of
from portal.services.accounts.emails import EmailUnfitError, normalise_email
from portal.services.audit import AuditAction, Fact, record
from portal.services.overrides import note_overrides


class ChannelUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class ChannelChangedError(PortalError):
    """Somebody else has saved it, or moved it, since this page was opened."""

    code = "channel_changed"
    status = 409
    sentence = N_("Somebody has changed this channel meanwhile. Look at it anew; nothing of yours was saved.")


class ChannelUnfitError(PortalError):
    """Fields that cannot be so; `faults` has a sentence for each, by the field's name."""

    code = "channel_unfit"
    sentence = N_("The channel was not saved: some fields need another look.")

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__()


# What orders, prices and books of a channel are made of stays as it was when it opened.
FIXED_WHEN_OPEN = {"currency": "currency", "country": "country", "time_zone": "time_zone", "code": "code"}


def save_channel(
    session: Session,
    *,
    channel_id: int | None,
    version: int | None,
    terms: ChannelTerms,
    why: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Make a draft, or change a channel; returns its id. Its manager changes it, but hands it to nobody.

    What it says in words and colours of its own is decided with a `why`, each time that it changes.

    Raises ChannelUnknownError, ChannelChangedError, ChannelUnfitError.
    """
    has_all = Scope.ALL in scopes_of(actor, Permission.CHANNEL_CONFIGURE)
    if channel_id is None and not has_all:
        raise ChannelUnknownError
    row = lock_channel(session, channel_id, version, actor) if channel_id is not None else None
    others = session.execute(select(Channel.id, Channel.code, Channel.hosts)).all()
    faults = problems_of(
        terms,
        codes={one.code for one in others if one.id != channel_id},
        hosts={host for one in others if one.id != channel_id for host in one.hosts},
    )
    manager_id = row.manager_id if row is not None and not has_all else _person(session, terms.manager)
    if manager_id is None and "manager" not in faults:
        faults["manager"] = N_("Nobody who can sign in has this address.")
    values = _values(terms) | {"manager_id": manager_id}
    if row is not None and row.state != State.DRAFT:
        fixed = N_("It stays as it was when the channel opened.")
        faults |= {field: fixed for column, field in FIXED_WHEN_OPEN.items() if getattr(row, column) != values[column]}
    was = {}
    if row is not None:
        was = _words(row.brand.get("colour"), row.name, row.policy.get("issuer", {}), row.legal, row.notices)
    will = _words(terms.colour, terms.names, terms.issuers, terms.legal, terms.notices)
    faults |= why_faults(was, will, why)
    if faults:
        raise ChannelUnfitError(faults)
    before = None
    if row is None:
        row = Channel(**values, state=State.DRAFT, brand=_brand({}, terms), policy=_policy({}, terms), created_at=now)
        session.add(row)
    else:
        before = {name: getattr(row, name) for name in values}
        for name, value in values.items():
            setattr(row, name, value)
        row.brand, row.policy = _brand(row.brand, terms), _policy(row.policy, terms)
        row.version += 1
    try:
        session.flush()
    except IntegrityError as error:  # Two who took the same code at once.
        raise ChannelUnfitError({"code": N_("Another channel has this code.")}) from error
    fact = Fact(AuditAction.CHANNEL_SAVED, f"channel:{row.id}", _told(before), _told(values), why.strip() or None)
    record(session, fact, actor=actor, now=now)
    note_overrides(session, channel_id=row.id, before=was, after=will, why=why, actor=actor, now=now)
    return row.id


def lock_channel(session: Session, channel_id: int, version: int | None, actor: Actor) -> Channel:
    """A channel that the actor may configure, kept from others until the end; in the version that was shown.

    Raises ChannelUnknownError, ChannelChangedError.
    """
    if not may(actor, Permission.CHANNEL_CONFIGURE, channel_id=channel_id):
        raise ChannelUnknownError
    row = session.execute(select(Channel).where(Channel.id == channel_id).with_for_update()).scalar_one_or_none()
    if row is None:
        raise ChannelUnknownError
    if row.version != version:
        raise ChannelChangedError
    return row


def _values(terms: ChannelTerms) -> dict[str, Any]:
    return {
        "code": terms.code,
        "name": dict(terms.names),
        "country": terms.country,
        "currency": terms.currency,
        "time_zone": terms.time_zone,
        "locales": list(terms.locales),
        "default_locale": terms.default_locale,
        "hosts": list(terms.hosts),
        "support_email": terms.support_email,
        "notices": {locale: text for locale, text in terms.notices.items() if text},
        "kind": terms.kind,
        "legal": dict(terms.legal),
        "extensions": dict(terms.extensions or {}),
    }


def _words(
    colour: object,
    names: Mapping[str, str],
    issuers: Mapping[str, str],
    legal: Mapping[str, str],
    notices: Mapping[str, str],
) -> dict[str, str]:
    """What a channel says of itself, by the terms of decisions."""
    return {
        COLOUR: str(colour or ""),
        **in_languages("channel-name", names),
        **in_languages("channel-issuer", issuers),
        **in_languages("channel-legal", legal),
        **in_languages("channel-notice", notices),
    }


def _person(session: Session, email: str) -> uuid.UUID | None:
    """Who has this address and can sign in."""
    try:
        index = email_index(normalise_email(email))
    except EmailUnfitError:
        return None
    return session.scalar(
        select(User.id).where(User.email_index == index, User.state == UserState.ACTIVE, User.blocked_at.is_(None))
    )


def _told(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """As the trail keeps them."""
    return None if values is None else {**values, "manager_id": str(values["manager_id"] or "")}


def _brand(old: Mapping[str, Any], terms: ChannelTerms) -> dict[str, Any]:
    return {**old, "name": dict(terms.names), "colour": terms.colour}


def _policy(old: Mapping[str, Any], terms: ChannelTerms) -> dict[str, Any]:
    return {**old, "issuer": dict(terms.issuers)}
