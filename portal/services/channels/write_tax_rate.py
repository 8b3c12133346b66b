"""Set a rate of tax from a moment on, and withdraw one that has not begun (ORD-13)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, Section, TaxRate
from portal.queries.channels import channel_directory
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.taxes import rate_of_percent
from portal.services.audit import AuditAction, Fact, record

NOTE_LENGTH_MAX = 200
# By then every process knows of it: who asks by an instant is never wrong.
START_AFTER = timedelta(seconds=5)
AHEAD_MAX = timedelta(days=3 * 366)


class TaxForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not change rates of tax.")


class TaxRateUnfitError(PortalError):
    code = "tax_rate_unfit"
    sentence = N_("A rate is a percentage from 0 to 100 with at most four digits behind the point.")
    field = "percent"


class TaxPlaceUnknownError(PortalError):
    code = "tax_place_unknown"
    sentence = N_("Choose a channel and a category from the list.")
    field = "channel"


class TaxStartError(PortalError):
    code = "tax_start_unfit"
    sentence = N_("A rate holds from now or a later moment on, within three years: never for what was before.")
    field = "valid_from"


class TaxMomentTakenError(PortalError):
    """Two rates for the same goods from the same moment."""

    code = "tax_moment_taken"
    status = 409
    sentence = N_("Another rate for the same goods begins at this moment. Call it off first, or choose another moment.")
    field = "valid_from"


class TaxRateBegunError(PortalError):
    """What has begun stays: orders were placed at it. So does what was withdrawn before."""

    code = "tax_rate_begun"
    status = 409
    sentence = N_("This rate has begun or was called off before. Set a new one instead.")


class TaxRateUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


def set_tax_rate(
    session: Session,
    *,
    channel_id: int,
    section_id: int | None,
    percent: Decimal,
    inclusive: bool | None,
    valid_from: datetime | None,
    note: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Let the goods of a section of a channel bear `percent` from a moment on; returns the rate's id.

    Without a section it is for all goods that no section's rate is for, and for shipping; `inclusive` counts then only,
    and None leaves it as it is.
    Without a moment it holds as soon as every process knows of it. Orders keep the rates that they were placed at.
    Raises TaxForbiddenError, TaxRateUnfitError, TaxPlaceUnknownError, TaxStartError, TaxMomentTakenError.
    """
    user_id = actor.user_id
    if user_id is None or Scope.ALL not in scopes_of(actor, Permission.CHANNEL_CONFIGURE):
        raise TaxForbiddenError
    rate = rate_of_percent(percent)
    if rate is None:
        raise TaxRateUnfitError
    if session.get(Channel, channel_id) is None or (
        section_id is not None and session.get(Section, section_id) is None
    ):
        raise TaxPlaceUnknownError
    if valid_from is not None and not now <= valid_from <= now + AHEAD_MAX:
        raise TaxStartError
    start = max(valid_from or now, now + START_AFTER)
    if inclusive is None:
        inclusive = channel_directory(session).by_id(channel_id).taxes(start).inclusive
    row = TaxRate(
        channel_id=channel_id,
        section_id=section_id,
        rate=rate,
        inclusive=inclusive if section_id is None else None,
        valid_from=start,
        note=note.strip()[:NOTE_LENGTH_MAX],
        set_by=user_id,
        set_at=now,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise TaxMomentTakenError from None
    after = {
        "channel": channel_id,
        "section": section_id,
        "rate": f"{rate.normalize():f}",
        "inclusive": row.inclusive,
        "valid_from": row.valid_from,
        "note": row.note,
    }
    record(session, Fact(AuditAction.TAX_RATE_SET, f"tax_rate:{row.id}", after=after), actor=actor, now=now)
    return row.id


def withdraw_tax_rate(session: Session, *, tax_rate_id: int, actor: Actor, now: datetime) -> None:
    """Call a rate off before it begins. Raises TaxForbiddenError, TaxRateUnknownError, TaxRateBegunError."""
    if actor.user_id is None or Scope.ALL not in scopes_of(actor, Permission.CHANNEL_CONFIGURE):
        raise TaxForbiddenError
    row = session.execute(select(TaxRate).where(TaxRate.id == tax_rate_id).with_for_update()).scalar_one_or_none()
    if row is None:
        raise TaxRateUnknownError
    # Other processes may hold it as valid for some seconds more.
    if row.withdrawn_at is not None or row.valid_from < now + START_AFTER:
        raise TaxRateBegunError
    row.withdrawn_at, row.withdrawn_by = now, actor.user_id
    before = {"rate": f"{row.rate.normalize():f}", "valid_from": row.valid_from}
    record(session, Fact(AuditAction.TAX_RATE_WITHDRAWN, f"tax_rate:{row.id}", before), actor=actor, now=now)
