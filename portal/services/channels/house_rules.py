"""Ask something of every channel, confirm that a channel is so, and tell who runs the house of those that are not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, ChannelConfirmation, HouseRule
from portal.rules.channel_policy import read_typed, typed_of, with_terms
from portal.rules.house_rules import NOTE_MAX, RuleKind, rule_faults
from portal.rules.permissions import SYSTEM, Actor, Permission, Scope, scopes_of
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.channels.save_channel import ChannelUnfitError, ChannelUnknownError
from portal.services.notifications.notify_channel import tell_of_block
from portal.services.overrides import note_overrides

_BLOCK = text(
    """
    INSERT INTO channel_block (channel_id, rule_id, began_at)
    SELECT c.id, r.id, :now FROM channel c CROSS JOIN house_rule r
     WHERE c.state NOT IN ('draft', 'closed') AND r.due_at <= :now
       AND r.version = (SELECT max(n.version) FROM house_rule n WHERE n.kind = r.kind)
       AND NOT EXISTS (SELECT FROM channel_confirmation f WHERE f.channel_id = c.id AND f.rule_id = r.id)
    ON CONFLICT DO NOTHING RETURNING channel_id, rule_id
    """
)
_MENDED = text(
    "UPDATE channel_block SET ended_at = :now"
    " WHERE channel_id = :channel_id AND rule_id = :rule_id AND ended_at IS NULL"
)


class RuleOutdatedError(PortalError):
    """A newer version has been written, or it is confirmed already."""

    code = "house_rule_outdated"
    status = 409
    sentence = N_("There is a newer version of this rule, or somebody has confirmed it already. Look at it anew.")


class HouseRuleForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("Rules of the house are written and confirmed by who runs every channel.")


def write_rule(
    session: Session,
    *,
    kind: str,
    words: Mapping[str, str],
    features: Collection[str],
    fixed: Collection[str],
    due_at: datetime,
    actor: Actor,
    now: datetime,
) -> int:
    """Write the next version of a kind; channels that differ in a term that is fixed now follow the mall at once.

    Returns the version. Raises HouseRuleForbiddenError, ChannelUnfitError with the faults by field, RuleOutdatedError.
    """
    _check_runs_all(actor)
    faults = rule_faults(kind=kind, words=words, features=features, fixed=fixed)
    if faults:
        raise ChannelUnfitError(faults)
    newest = session.scalar(select(func.max(HouseRule.version)).where(HouseRule.kind == kind)) or 0
    held = sorted(set(fixed)) if kind == RuleKind.POLICY else []
    rule = HouseRule(
        kind=kind,
        version=newest + 1,
        words=dict(words),
        features=sorted(set(features)),
        fixed=held,
        due_at=max(due_at, now),
        written_by=label(actor),
        written_at=now,
    )
    session.add(rule)
    try:
        session.flush()
    except IntegrityError as error:  # Two who wrote at once.
        raise RuleOutdatedError from error
    after = {"kind": kind, "version": rule.version, "features": rule.features, "fixed": held, "due": due_at.isoformat()}
    record(session, Fact(AuditAction.HOUSE_RULE_WRITTEN, f"house-rule:{rule.id}", after=after), actor=actor, now=now)
    if held:
        _follow(session, held, f"{kind} {rule.version}", actor, now)
    return rule.version


def _check_runs_all(actor: Actor) -> None:
    """A channel's manager is bound by these rules: he neither writes nor confirms them."""
    if Scope.ALL not in scopes_of(actor, Permission.CHANNEL_CONFIGURE):
        raise HouseRuleForbiddenError


def _follow(session: Session, fixed: Collection[str], why: str, actor: Actor, now: datetime) -> None:
    """Take back what channels have of their own in these terms."""
    for row in session.scalars(select(Channel).order_by(Channel.id).with_for_update()):
        typed = typed_of(row.policy, row.currency)
        lost = {name: text for name, text in typed.items() if text and name in fixed}
        if not lost:
            continue
        values, _faults = read_typed({name: text for name, text in typed.items() if name not in lost}, row.currency)
        before, row.policy = row.policy, with_terms(row.policy, values, row.currency)
        row.version += 1
        fact = Fact(AuditAction.CHANNEL_SAVED, f"channel:{row.id}", {"policy": before}, {"policy": row.policy}, why)
        record(session, fact, actor=actor, now=now)
        note_overrides(session, channel_id=row.id, before=lost, after={}, why=why, actor=actor, now=now)


def confirm_rule(session: Session, *, channel_id: int, rule_id: int, note: str, actor: Actor, now: datetime) -> None:
    """Say that the channel is as the newest version asks; its features are there again.

    Raises HouseRuleForbiddenError, ChannelUnknownError, ChannelUnfitError without a note, RuleOutdatedError.
    """
    _check_runs_all(actor)
    kept = note.strip()[:NOTE_MAX]
    if session.scalar(select(Channel.id).where(Channel.id == channel_id)) is None:
        raise ChannelUnknownError
    if not kept:
        raise ChannelUnfitError({f"note-{rule_id}-{channel_id}": N_("Say how it was seen to.")})
    rule = session.scalar(select(HouseRule).where(HouseRule.id == rule_id))
    newest = select(func.max(HouseRule.version)).where(HouseRule.kind == rule.kind) if rule else None
    if rule is None or newest is None or session.scalar(newest) != rule.version:
        raise RuleOutdatedError
    session.add(ChannelConfirmation(channel_id=channel_id, rule_id=rule_id, note=kept, by=label(actor), at=now))
    try:
        session.flush()
    except IntegrityError as error:
        raise RuleOutdatedError from error
    session.execute(_MENDED, {"channel_id": channel_id, "rule_id": rule_id, "now": now})
    after = {"kind": rule.kind, "version": rule.version}
    fact = Fact(AuditAction.HOUSE_RULE_CONFIRMED, f"channel:{channel_id}", after=after, reason=kept)
    record(session, fact, actor=actor, now=now)


def watch_rules(session: Session, *, now: datetime) -> int:
    """Note which channels have lost features, and tell who runs the house, once each; how many there were."""
    found = session.execute(_BLOCK, {"now": now}).all()
    for row in found:
        channel = session.get_one(Channel, row.channel_id)
        rule = session.get_one(HouseRule, row.rule_id)
        after = {"kind": rule.kind, "version": rule.version, "features": list(rule.features)}
        fact = Fact(AuditAction.CHANNEL_BLOCKED, f"channel:{channel.id}", after=after)
        record(session, fact, actor=SYSTEM, now=now)
        tell_of_block(session, channel_id=channel.id, code=channel.code, rule_id=rule.id, kind=rule.kind, now=now)
    return len(found)
