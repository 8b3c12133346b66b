"""Set a rule of a channel's borders from a moment on, and end one (CHN-09)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import BorderRule, Channel, Section
from portal.rules.addresses import is_country
from portal.rules.borders import ANYWHERE, CUSTOMS_CODE, DUTY_RATE_MAX, LIMITS, OF_GOODS, BorderKind
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.channels.save_channel import ChannelUnfitError, ChannelUnknownError
from portal.services.channels.write_tax_rate import AHEAD_MAX
from portal.services.overrides import note_overrides

WORDS_MAX, NOTE_MAX = 300, 300


class BorderStartError(PortalError):
    code = "border_rule_start_unfit"
    sentence = N_("A rule holds from now or a later moment on, within three years: never for what was before.")
    field = "valid_from"


class BorderRuleOverError(PortalError):
    code = "border_rule_over"
    status = 409
    sentence = N_("Somebody has ended this rule already.")


@dataclass(frozen=True, slots=True)
class BorderTerms:
    """What was typed of a rule.

    `limit_minor` is None where what was typed is no amount of the channel's currency, and `rate_basis_points` where it
    is no percentage.
    """

    kind: str
    country: str
    section_id: int | None = None
    customs_code: str = ""
    limit_minor: int | None = None
    rate_basis_points: int | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


def set_border_rule(
    session: Session, *, channel_id: int, terms: BorderTerms, valid_from: datetime | None, actor: Actor, now: datetime
) -> int:
    """Let a rule hold from a moment on, at once without one; returns its id. In force everywhere within two seconds.

    It is a decision with its `note`, kept beside those on the channel's terms. Raises ChannelUnknownError,
    ChannelUnfitError with the faults by field, BorderStartError.
    """
    channel = _locked(session, channel_id, actor)
    if valid_from is not None and not now <= valid_from <= now + AHEAD_MAX:
        raise BorderStartError
    faults = _faults(session, terms, own=channel.country)
    if faults:
        raise ChannelUnfitError(faults)
    rule = BorderRule(
        channel_id=channel.id,
        kind=terms.kind,
        country=terms.country,
        section_id=terms.section_id,
        customs_code=terms.customs_code or None,
        limit_minor=terms.limit_minor if terms.kind in LIMITS else None,
        rate_basis_points=terms.rate_basis_points if terms.kind == BorderKind.DUTY_RATE else None,
        words={locale: text for locale, text in terms.words.items() if text},
        note=terms.note,
        valid_from=valid_from or now,
        set_by=label(actor),
        set_at=now,
    )
    session.add(rule)
    session.flush()
    fact = Fact(AuditAction.BORDER_RULE_SET, f"channel:{channel.id}", None, _told(rule), terms.note)
    record(session, fact, actor=actor, now=now)
    _note(session, rule, None, _in_short(rule), terms.note, actor, now)
    return rule.id


def end_border_rule(session: Session, *, channel_id: int, rule_id: int, note: str, actor: Actor, now: datetime) -> None:
    """End a rule, in force everywhere within two seconds; orders keep what was declared by it.

    Raises ChannelUnknownError, ChannelUnfitError without a note, BorderRuleOverError.
    """
    channel = _locked(session, channel_id, actor)
    rule = session.scalar(
        select(BorderRule).where(BorderRule.id == rule_id, BorderRule.channel_id == channel.id).with_for_update()
    )
    if rule is None:
        raise ChannelUnknownError
    if rule.withdrawn_at is not None:
        raise BorderRuleOverError
    why = note.strip()[:NOTE_MAX]
    if not why:
        raise ChannelUnfitError({f"end-{rule_id}": N_("Say why the rule ends.")})
    rule.withdrawn_at, rule.withdrawn_by = now, label(actor)
    fact = Fact(AuditAction.BORDER_RULE_ENDED, f"channel:{channel.id}", _told(rule), None, why)
    record(session, fact, actor=actor, now=now)
    _note(session, rule, _in_short(rule), None, why, actor, now)


def _locked(session: Session, channel_id: int, actor: Actor) -> Channel:
    if not may(actor, Permission.CHANNEL_CONFIGURE, channel_id=channel_id):
        raise ChannelUnknownError
    row = session.scalar(select(Channel).where(Channel.id == channel_id).with_for_update())
    if row is None:
        raise ChannelUnknownError
    return row


def _faults(session: Session, terms: BorderTerms, *, own: str) -> dict[str, str]:
    faults: dict[str, str] = {}
    if terms.kind not in set(BorderKind):
        faults["kind"] = N_("Choose what the rule is about.")
    if terms.country != ANYWHERE and not is_country(terms.country):
        faults["country"] = N_("Write the country as two letters, such as KR, or * for all others than the channel's.")
    elif terms.kind == BorderKind.DELIVERS and terms.country in (ANYWHERE, own):
        faults["country"] = N_("Name one other country: the channel's own is always delivered to.")
    elif terms.kind == BorderKind.DATA_STAYS and terms.country == own:
        faults["country"] = N_("Partners in the channel's own country need what is delivered: name another.")
    if terms.kind in LIMITS and terms.limit_minor is None:
        faults["limit"] = N_("Write the amount in the channel's currency.")
    rate = terms.rate_basis_points
    if terms.kind == BorderKind.DUTY_RATE and (rate is None or not 0 <= rate <= DUTY_RATE_MAX):
        faults["rate"] = N_("Write a percentage with at most two decimals, such as 8 or 6.5.")
    faults |= _goods_faults(session, terms)
    for locale, text in terms.words.items():
        if len(text) > WORDS_MAX:
            faults[f"words-{locale}"] = N_("Say it in at most 300 characters.")
    if not 0 < len(terms.note) <= NOTE_MAX:
        faults["note"] = N_("Say why, in at most 300 characters.")
    return faults


def _goods_faults(session: Session, terms: BorderTerms) -> dict[str, str]:
    faults: dict[str, str] = {}
    if terms.section_id is not None and terms.customs_code:
        faults["customs_code"] = N_("Name a category or a customs code, not both.")
    elif terms.kind not in OF_GOODS and (terms.section_id is not None or terms.customs_code):
        faults["customs_code"] = N_("Only rules about goods have a category or a customs code.")
    elif terms.customs_code and not CUSTOMS_CODE.fullmatch(terms.customs_code):
        faults["customs_code"] = N_("A customs code has 4 to 10 digits; its first digits stand for all that begin so.")
    elif terms.section_id is not None and session.get(Section, terms.section_id) is None:
        faults["section"] = N_("Choose a category from the list.")
    return faults


def _note(
    session: Session, rule: BorderRule, before: str | None, after: str | None, why: str, actor: Actor, now: datetime
) -> None:
    term = f"border-{rule.kind}"
    note_overrides(
        session,
        channel_id=rule.channel_id,
        before={term: before or ""},
        after={term: after or ""},
        why=why,
        actor=actor,
        now=now,
    )


def _in_short(rule: BorderRule) -> str:
    rate = None if rule.rate_basis_points is None else f"{rule.rate_basis_points} bp"
    about = [rule.section_id and f"section {rule.section_id}", rule.customs_code, rule.limit_minor, rate]
    return " ".join([rule.country, *(str(one) for one in about if one is not None)])


def _told(rule: BorderRule) -> dict[str, object]:
    return {
        "rule": rule.id,
        "kind": rule.kind,
        "country": rule.country,
        "section": rule.section_id,
        "customs_code": rule.customs_code,
        "limit_minor": rule.limit_minor,
        "rate_basis_points": rule.rate_basis_points,
        "valid_from": rule.valid_from,
    }
