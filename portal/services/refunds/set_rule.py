"""Set a rule of refunds and returns from a moment on, and withdraw one that has not begun (REF-01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, RefundRule, Section
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.refund_policy import REASONS, Party
from portal.services.audit import AuditAction, Fact, record

NOTE_LENGTH_MAX = 200
WINDOW_DAYS_MAX = 365
# In basis points.
WHOLE = 10_000
AHEAD_MAX = timedelta(days=3 * 366)
BUYERS_REASONS = tuple(code for code, (parties, _) in REASONS.items() if Party.BUYER in parties)


class RefundRuleForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not change the rules of refunds and returns.")


class RefundRulePlaceError(PortalError):
    code = "refund_rule_place_unknown"
    sentence = N_("Choose a channel and a category from the list.")
    field = "channel"


class RefundRuleWindowError(PortalError):
    code = "refund_rule_window_unfit"
    sentence = N_("Goods can be sent back for 0 to 365 days.")
    field = "window_days"


class RefundRuleReasonsError(PortalError):
    code = "refund_rule_reasons_unfit"
    sentence = N_("Choose at least one reason from the list, and pictures only for reasons that are taken.")
    field = "reasons"


class RefundRuleLimitError(PortalError):
    """A limit is of one currency: that of the channel."""

    code = "refund_rule_limit_unfit"
    sentence = N_("A limit is an amount of one channel: choose the channel, and write its amount.")
    field = "approve_above"


class RefundRuleFeeError(PortalError):
    code = "refund_rule_fee_unfit"
    sentence = N_("A restocking fee is 0 to 100 percent, with at most two decimals.")
    field = "restocking"


class RefundRuleStartError(PortalError):
    code = "refund_rule_start_unfit"
    sentence = N_("A rule holds from now or a later moment on, within three years: never for orders that were placed.")
    field = "valid_from"


class RefundRuleTakenError(PortalError):
    """Two rules for the same goods from the same moment."""

    code = "refund_rule_moment_taken"
    status = 409
    sentence = N_("Another rule for the same goods begins at this moment. Call it off first, or choose another moment.")
    field = "valid_from"


class RefundRuleBegunError(PortalError):
    """What has begun stays: orders were placed at it. So does what was withdrawn before."""

    code = "refund_rule_begun"
    status = 409
    sentence = N_("This rule has begun or was called off before. Set a new one instead.")


class RefundRuleUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """What a rule says; None leaves the question to the less specific rule. `approve_above` in minor units."""

    window_days: int | None = None
    returnable: bool | None = None
    exchangeable: bool | None = None
    way_back: str | None = None
    return_reasons: Sequence[str] | None = None
    picture_reasons: Sequence[str] | None = None
    approve_above: Mapping[str, int] | None = None
    restocking_basis_points: int | None = None


def set_refund_rule(
    session: Session,
    *,
    channel_id: int | None,
    section_id: int | None,
    terms: RuleTerms,
    valid_from: datetime | None,
    note: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Let a rule hold for goods of a section of a channel that are ordered from a moment on; returns its id.

    It takes the place of the one before it for the same goods: what it leaves open, the rule above says. Orders keep
    the rule of their day. Raises RefundRuleForbiddenError, RefundRulePlaceError, RefundRuleWindowError,
    RefundRuleReasonsError, RefundRuleLimitError, RefundRuleFeeError, RefundRuleStartError, RefundRuleTakenError.
    """
    user_id = actor.user_id
    if user_id is None or Scope.ALL not in scopes_of(actor, Permission.CHANNEL_CONFIGURE):
        raise RefundRuleForbiddenError
    currency = _currency(session, channel_id)
    if section_id is not None and session.get(Section, section_id) is None:
        raise RefundRulePlaceError
    _check(terms, currency)
    if valid_from is not None and not now <= valid_from <= now + AHEAD_MAX:
        raise RefundRuleStartError
    row = RefundRule(
        channel_id=channel_id,
        section_id=section_id,
        **asdict(terms),
        valid_from=valid_from or now,
        note=note.strip()[:NOTE_LENGTH_MAX],
        set_by=user_id,
        set_at=now,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise RefundRuleTakenError from None
    after = {
        "channel": channel_id,
        "section": section_id,
        **{name: value for name, value in asdict(terms).items() if value is not None},
        "valid_from": row.valid_from,
        "note": row.note,
    }
    record(session, Fact(AuditAction.REFUND_RULE_SET, f"refund_rule:{row.id}", after=after), actor=actor, now=now)
    return row.id


def withdraw_refund_rule(session: Session, *, rule_id: int, actor: Actor, now: datetime) -> None:
    """Call a rule off before it begins.

    Raises RefundRuleForbiddenError, RefundRuleUnknownError, RefundRuleBegunError.
    """
    if actor.user_id is None or Scope.ALL not in scopes_of(actor, Permission.CHANNEL_CONFIGURE):
        raise RefundRuleForbiddenError
    row = session.execute(select(RefundRule).where(RefundRule.id == rule_id).with_for_update()).scalar_one_or_none()
    if row is None:
        raise RefundRuleUnknownError
    if row.withdrawn_at is not None or row.valid_from <= now:
        raise RefundRuleBegunError
    row.withdrawn_at, row.withdrawn_by = now, actor.user_id
    before = {"valid_from": row.valid_from, "window_days": row.window_days}
    record(session, Fact(AuditAction.REFUND_RULE_WITHDRAWN, f"refund_rule:{row.id}", before), actor=actor, now=now)


def _currency(session: Session, channel_id: int | None) -> str | None:
    if channel_id is None:
        return None
    found = session.scalar(select(Channel.currency).where(Channel.id == channel_id))
    if found is None:
        raise RefundRulePlaceError
    return found


def _check(terms: RuleTerms, currency: str | None) -> None:
    assert terms.way_back in {None, "buyer", "store"}
    if terms.window_days is not None and not 0 <= terms.window_days <= WINDOW_DAYS_MAX:
        raise RefundRuleWindowError
    if terms.restocking_basis_points is not None and not 0 <= terms.restocking_basis_points <= WHOLE:
        raise RefundRuleFeeError
    taken = BUYERS_REASONS if terms.return_reasons is None else tuple(terms.return_reasons)
    pictured = tuple(terms.picture_reasons or ())
    if not taken or not set(taken) <= set(BUYERS_REASONS) or not set(pictured) <= set(taken):
        raise RefundRuleReasonsError
    if terms.approve_above is not None and (
        set(terms.approve_above) != {currency} or min(terms.approve_above.values()) < 0
    ):
        raise RefundRuleLimitError
