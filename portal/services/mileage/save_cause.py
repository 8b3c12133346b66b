"""Keep the list of causes that points can be donated to (BAL-06)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Cause
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record
from portal.services.mileage.donate_mileage import CauseUnknownError

NAME_LENGTH_MAX = 80
DESCRIPTION_LENGTH_MAX = 300
LOCALES = ("en", "ko")


class CauseForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not change the causes.")


class CauseUnfitError(PortalError):
    code = "cause_unfit"
    sentence = N_("Name the cause in both languages, with at most 80 characters.")
    field = "name_en"


class DescriptionTooLongError(CauseUnfitError):
    sentence = N_("Use at most 300 characters for a description.")
    field = "description_en"


def add_cause(
    session: Session, *, names: Mapping[str, str], descriptions: Mapping[str, str], actor: Actor, now: datetime
) -> int:
    """Add a cause that takes donations at once; returns its id. Raises CauseForbiddenError, CauseUnfitError."""
    _check(actor)
    tidy = {one: " ".join(names.get(one, "").split()) for one in LOCALES}
    told = {one: " ".join(descriptions.get(one, "").split()) for one in LOCALES}
    if not all(0 < len(name) <= NAME_LENGTH_MAX for name in tidy.values()):
        raise CauseUnfitError
    if any(len(one) > DESCRIPTION_LENGTH_MAX for one in told.values()):
        raise DescriptionTooLongError
    cause = Cause(names=tidy, descriptions=told, created_at=now)
    session.add(cause)
    session.flush()
    record(session, Fact(AuditAction.CAUSE_SAVED, f"cause:{cause.id}", after={"names": tidy}), actor=actor, now=now)
    return cause.id


def open_cause(session: Session, *, cause_id: int, is_open: bool, actor: Actor, now: datetime) -> None:
    """Let a cause take donations, or no more. Raises CauseForbiddenError, CauseUnknownError."""
    _check(actor)
    found = session.execute(
        update(Cause).where(Cause.id == cause_id).values(is_open=is_open).returning(Cause.id)
    ).one_or_none()
    if found is None:
        raise CauseUnknownError
    record(
        session, Fact(AuditAction.CAUSE_SAVED, f"cause:{cause_id}", after={"is_open": is_open}), actor=actor, now=now
    )


def _check(actor: Actor) -> None:
    if actor.user_id is None or not may(actor, Permission.MILEAGE_CONFIGURE):
        raise CauseForbiddenError
