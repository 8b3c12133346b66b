"""Keep the limits and terms of a channel (BAL-02, BAL-06, IDN-04)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.text import N_
from portal.queries.house_rules import fixed_terms
from portal.rules.channel_policy import read_typed, typed_of, with_terms
from portal.rules.overrides import changed_terms, why_faults
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record
from portal.services.channels.save_channel import ChannelUnfitError, lock_channel
from portal.services.overrides import note_overrides


def save_policy(
    session: Session,
    *,
    channel_id: int,
    version: int | None,
    typed: Mapping[str, str],
    why: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Put what was typed in place of the terms that the channel has, in force everywhere within two seconds.

    Each term that changes is a decision with its `why`; in those that the mall has fixed no channel may differ.

    Raises ChannelUnknownError, ChannelChangedError, ChannelUnfitError.
    """
    row = lock_channel(session, channel_id, version, actor)
    values, faults = read_typed(typed, row.currency)
    made = with_terms(row.policy, values, row.currency)
    was, will = typed_of(row.policy, row.currency), typed_of(made, row.currency)
    fixed = fixed_terms(session)
    same = N_("The mall keeps this the same on every channel.")
    faults |= {name: same for name in changed_terms(was, will) if will[name] and name in fixed}
    faults |= why_faults(was, will, why)
    if faults:
        raise ChannelUnfitError(faults)
    before, row.policy = row.policy, made
    row.version += 1
    reason = why.strip() or None
    fact = Fact(AuditAction.CHANNEL_SAVED, f"channel:{row.id}", {"policy": before}, {"policy": row.policy}, reason)
    record(session, fact, actor=actor, now=now)
    note_overrides(session, channel_id=row.id, before=was, after=will, why=why, actor=actor, now=now)
