"""Write a version of a segment (INC-02). It takes its members in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import SegmentVersion, User
from portal.queries.segments import segment_currency
from portal.rules.fraud_language import ExpressionError
from portal.rules.permissions import Actor, Permission, may
from portal.rules.segment_features import is_key, parse_segment
from portal.services.audit import AuditAction, Fact, record
from portal.services.incentives.renew_segments import renew_segments

TITLE_LENGTH_MAX = 80


class SegmentForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not change segments.")


class SegmentChangedError(PortalError):
    """Somebody else has written a version since this page was opened."""

    code = "segment_changed"
    status = 409
    sentence = N_("Meanwhile %(who)s has written version %(version)s of this segment. Nothing was saved.")


class SegmentUnfitError(PortalError):
    """A segment that cannot be so: sentences by the field's name, and the error of its rule."""

    code = "segment_unfit"
    sentence = N_("The segment was not saved: some fields need another look.")

    def __init__(self, faults: Mapping[str, str], error: ExpressionError | None) -> None:
        self.faults, self.error = dict(faults), error
        super().__init__()


@dataclass(frozen=True, slots=True)
class SegmentDraft:
    """A version as somebody writes it; the key stays the same through all versions."""

    key: str
    title: str
    source: str
    is_live: bool = True


def save_segment(session: Session, *, actor: Actor, draft: SegmentDraft, newest: int, now: datetime) -> int:
    """Write the next version, and return its number. `newest` is the newest that the writer has seen.

    Raises SegmentForbiddenError, SegmentUnfitError, SegmentChangedError.
    """
    if actor.user_id is None or not may(actor, Permission.COUPON_ISSUE) or not actor.is_admin:
        raise SegmentForbiddenError
    _check(draft, segment_currency(session))
    standing = session.scalar(select(func.max(SegmentVersion.version)).where(SegmentVersion.key == draft.key)) or 0
    if standing != newest:
        raise SegmentChangedError(who=_author(session, draft.key, standing), version=standing)
    session.add(
        SegmentVersion(
            key=draft.key,
            version=newest + 1,
            title=draft.title.strip()[:TITLE_LENGTH_MAX],
            source=draft.source.strip(),
            is_live=draft.is_live,
            author_id=actor.user_id,
            created_at=now,
        )
    )
    try:
        session.flush()
    except IntegrityError:
        raise SegmentChangedError(who="", version=newest + 1) from None
    after = {"version": newest + 1, "source": draft.source.strip(), "live": draft.is_live}
    record(session, Fact(AuditAction.SEGMENT_WRITTEN, f"segment:{draft.key}", after=after), actor=actor, now=now)
    renew_segments(session, now=now, key=draft.key)
    return newest + 1


def _check(draft: SegmentDraft, currency: str) -> None:
    faults: dict[str, str] = {}
    error = None
    if not is_key(draft.key):
        sentence = N_("Use 3 to 40 small letters, digits and _, a letter first, and not the name of a kind of buyers.")
        faults["key"] = sentence
    if not draft.title.strip():
        faults["title"] = N_("Say in a few words who is in it.")
    try:
        parse_segment(draft.source, currency=currency)
    except ExpressionError as wrong:
        error = wrong
    if faults or error:
        raise SegmentUnfitError(faults, error)


def _author(session: Session, key: str, version: int) -> str:
    return (
        session.scalar(
            select(User.name)
            .join(SegmentVersion, SegmentVersion.author_id == User.id)
            .where(SegmentVersion.key == key, SegmentVersion.version == version)
        )
        or ""
    )
