"""Put something on a list of risk and take it off again (FRD-04); the next decision of any process knows."""

from __future__ import annotations

import ipaddress
import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from portal.crypto import blind_index, email_index
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import RiskListEntry, User, UserState, WebSession
from portal.rules.permissions import Actor, Permission, Role, Scope, scopes_of
from portal.rules.risk_lists import ListKind, ListMode, ListValue
from portal.services.audit import AuditAction, Fact, label, record


class ListForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You need the permission “fraud:configure” for this. An administrator can give it to you.")


class EntryExistsError(PortalError):
    """One value is either blocked or allowed."""

    code = "list_entry_exists"
    status = 409
    sentence = N_("This stands on a list already. Take it off first; nothing was changed.")


class EntryUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class LocksOutError(PortalError):
    """Nobody should shut himself or the last administrator out by a slip."""

    code = "list_locks_out"
    status = 409
    sentence = N_("This would block you, or the last administrator. Nothing was changed.")


def index_of(value: ListValue) -> bytes:
    """What decisions compare: blind for what tells who somebody is, bare for what is a random name already."""
    if value.kind is ListKind.EMAIL:
        return email_index(value.text)
    if value.kind is ListKind.DEVICE:
        return uuid.UUID(value.text).bytes
    if value.kind is ListKind.CARD:
        return value.text.encode()
    return blind_index(f"{value.kind}:{value.text}")


def add_entry(
    session: Session,
    *,
    value: ListValue,
    mode: ListMode,
    reason: str,
    expires_at: datetime | None,
    actor: Actor,
    ip: str | None,
    now: datetime,
) -> uuid.UUID:
    """Put a value on a list; `ip` is the actor's own address. An entry that ran out makes room.

    Raises ListForbiddenError, LocksOutError, EntryExistsError.
    """
    _check(actor)
    if mode is ListMode.BLOCK:
        _refuse_lock_out(session, value, actor, ip)
    index = index_of(value)
    same = (RiskListEntry.kind == value.kind.value, RiskListEntry.value_index == index)
    session.execute(
        update(RiskListEntry)
        .where(*same, RiskListEntry.removed_at.is_(None), RiskListEntry.expires_at <= now)
        .values(removed_at=now, removed_by="system")
    )
    if session.scalar(select(RiskListEntry.id).where(*same, RiskListEntry.removed_at.is_(None))) is not None:
        raise EntryExistsError
    entry_id = new_id()
    session.add(
        RiskListEntry(
            id=entry_id,
            kind=value.kind.value,
            mode=mode.value,
            value_index=index,
            value=value.text,
            network=value.text if value.kind is ListKind.NETWORK else None,
            reason=reason,
            owner=label(actor),
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    after = {"kind": value.kind.value, "mode": mode.value, "expires_at": expires_at.isoformat() if expires_at else None}
    record(
        session,
        Fact(AuditAction.LIST_ENTRY_ADDED, f"list:{entry_id}", after=after, reason=reason),
        actor=actor,
        now=now,
    )
    return entry_id


def remove_entry(session: Session, *, entry_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Take an entry off its list. Raises ListForbiddenError, EntryUnknownError."""
    _check(actor)
    gone = session.execute(
        update(RiskListEntry)
        .where(RiskListEntry.id == entry_id, RiskListEntry.removed_at.is_(None))
        .values(removed_at=now, removed_by=label(actor))
        .returning(RiskListEntry.kind, RiskListEntry.mode, RiskListEntry.reason)
    ).one_or_none()
    if gone is None:
        raise EntryUnknownError
    before = {"kind": gone.kind, "mode": gone.mode, "reason": gone.reason}
    record(session, Fact(AuditAction.LIST_ENTRY_REMOVED, f"list:{entry_id}", before), actor=actor, now=now)


def _check(actor: Actor) -> None:
    if Scope.ALL not in scopes_of(actor, Permission.FRAUD_CONFIGURE):
        raise ListForbiddenError


def _refuse_lock_out(session: Session, value: ListValue, actor: Actor, ip: str | None) -> None:
    if value.kind in {ListKind.IP, ListKind.NETWORK}:
        if (ip is not None and _covers(value.text, ip)) or _is_where_all_admins_are(session, value):
            raise LocksOutError
        return
    if value.kind is ListKind.DEVICE:
        own = select(WebSession.device_id).where(WebSession.id == actor.session_id)
        if str(session.scalar(own)) == value.text or _is_where_all_admins_are(session, value):
            raise LocksOutError
        return
    if value.kind not in {ListKind.USER, ListKind.EMAIL}:
        return
    who = (
        User.id == uuid.UUID(value.text) if value.kind is ListKind.USER else User.email_index == email_index(value.text)
    )
    row = session.execute(select(User.id, User.roles).where(who)).one_or_none()
    if row is None:
        return
    if row.id == actor.user_id:
        raise LocksOutError
    if Role.ADMIN in row.roles:
        others = select(User.id).where(
            User.roles.op("@>")([Role.ADMIN.value]), User.state == UserState.ACTIVE, User.id != row.id
        )
        if session.scalar(others.limit(1)) is None:
            raise LocksOutError


def _is_where_all_admins_are(session: Session, value: ListValue) -> bool:
    """Whether each administrator who has been here was here last from the place that is to be blocked."""
    last = (
        select(WebSession.ip, WebSession.device_id)
        .ext(distinct_on(WebSession.user_id))
        .join(User, User.id == WebSession.user_id)
        .where(User.roles.op("@>")([Role.ADMIN.value]), User.state == UserState.ACTIVE)
        .order_by(WebSession.user_id, WebSession.last_seen_at.desc())
    )
    places = session.execute(last).all()
    if value.kind is ListKind.DEVICE:
        return bool(places) and all(str(one.device_id) == value.text for one in places)
    return bool(places) and all(_covers(value.text, one.ip) for one in places)


def _covers(network: str, ip: str) -> bool:
    try:
        return ipaddress.ip_address(ip) in ipaddress.ip_network(network)
    except (ValueError, TypeError):
        return False
