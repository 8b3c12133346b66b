"""Write a version of the rules of mileage or of the tiers. It holds from its start on, never for what was before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, LoyaltyVersion, Product, Section, Store
from portal.queries.loyalty import START_AFTER, loyalty_directory
from portal.queries.segments import list_segments
from portal.queries.tier_benefits import list_welcomes
from portal.rules import earning, tiers
from portal.rules.earning import EarnTerms, Known, terms_faults
from portal.rules.permissions import Actor, Permission, may
from portal.rules.tiers import Ladder, ladder_faults
from portal.services.audit import AuditAction, Fact, record

NOTE_LENGTH_MAX = 200
AHEAD_MAX = timedelta(days=366)
# How late a start may come in that was meant as "now".
LATE_MAX = timedelta(minutes=5)


class LoyaltyForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not change the rules of loyalty.")


class LoyaltyChangedError(PortalError):
    """Somebody else has written a version since this page was opened."""

    code = "loyalty_rules_changed"
    status = 409
    sentence = N_("Meanwhile version %(version)s was written. Look at it; nothing was saved.")


class LoyaltyStartError(PortalError):
    code = "loyalty_start_unfit"
    sentence = N_("Rules hold from now or a later moment on, within a year: never for what was before.")
    field = "starts_at"


class LoyaltyUnfitError(PortalError):
    """Rules that cannot be so; `faults` has sentences by the place of the rule or tier (0 the whole) and the field."""

    code = "loyalty_rules_unfit"
    sentence = N_("The rules were not saved: some fields need another look.")

    def __init__(self, faults: Mapping[tuple[int, str], str]) -> None:
        self.faults = dict(faults)
        super().__init__()


def write_version(
    session: Session,
    *,
    actor: Actor,
    rules: EarnTerms | Ladder,
    note: str,
    newest: int,
    starts_at: datetime | None,
    now: datetime,
) -> int:
    """Write rules as a new version and return its number. `newest` is the newest version that the writer has seen.

    It holds from `starts_at` on, without one as soon as every process knows of it. Raises LoyaltyForbiddenError,
    LoyaltyChangedError, LoyaltyStartError, LoyaltyUnfitError.
    """
    if actor.user_id is None or not may(actor, Permission.MILEAGE_CONFIGURE):
        raise LoyaltyForbiddenError
    kind = "mileage" if isinstance(rules, EarnTerms) else "tiers"
    standing = session.scalar(select(func.max(LoyaltyVersion.version)).where(LoyaltyVersion.kind == kind)) or 0
    if standing != newest:
        raise LoyaltyChangedError(version=standing)
    if starts_at is not None and not now - LATE_MAX <= starts_at <= now + AHEAD_MAX:
        raise LoyaltyStartError
    if isinstance(rules, EarnTerms):
        faults = terms_faults(rules, _known(session, rules, now))
    else:
        faults = ladder_faults(rules, campaigns={one.id for one in list_welcomes(session, now=now)})
    if faults:
        raise LoyaltyUnfitError(faults)
    version, body = newest + 1, earning.to_json(rules) if isinstance(rules, EarnTerms) else tiers.to_json(rules)
    start = max(starts_at or now, now + START_AFTER)
    session.add(
        LoyaltyVersion(
            kind=kind,
            version=version,
            body=body,
            note=note.strip()[:NOTE_LENGTH_MAX],
            author_id=actor.user_id,
            starts_at=start,
            created_at=now,
        )
    )
    try:
        session.flush()
    except IntegrityError:
        raise LoyaltyChangedError(version=version) from None
    after = {"rules": body, "starts_at": start, "note": note}
    record(session, Fact(AuditAction.LOYALTY_WRITTEN, f"loyalty:{kind}:{version}", after=after), actor=actor, now=now)
    return version


def _known(session: Session, terms: EarnTerms, now: datetime) -> Known:
    """Which of what the rules name there is."""

    def there(model: type[Product | Section | Store | Channel], field: str) -> frozenset[int]:
        named = frozenset[int]().union(*(getattr(rule, field) for rule in terms.rules))
        return frozenset(session.scalars(select(model.id).where(model.id.in_(named)))) if named else named

    directory = loyalty_directory(session)
    ladders = [directory.ladder(now), *directory.ladders.values()]
    return Known(
        product_ids=there(Product, "product_ids"),
        section_ids=there(Section, "section_ids"),
        store_ids=there(Store, "store_ids"),
        channel_ids=there(Channel, "channel_ids"),
        tiers={tier.code for ladder in ladders for tier in ladder.tiers},
        segments=_live_segments(session) if any(rule.segments for rule in terms.rules) else (),
    )


def _live_segments(session: Session) -> frozenset[str]:
    return frozenset(one.key for one in list_segments(session) if one.is_live)
