"""Keep the limits and terms of a channel (BAL-02, BAL-06, IDN-04)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.channel_policy import read_typed, with_terms
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record
from portal.services.channels.save_channel import ChannelUnfitError, lock_channel


def save_policy(
    session: Session, *, channel_id: int, version: int | None, typed: Mapping[str, str], actor: Actor, now: datetime
) -> None:
    """Put what was typed in place of the terms that the channel has, in force everywhere within two seconds.

    Raises ChannelUnknownError, ChannelChangedError, ChannelUnfitError.
    """
    row = lock_channel(session, channel_id, version)
    values, faults = read_typed(typed, row.currency)
    if faults:
        raise ChannelUnfitError(faults)
    before, row.policy = row.policy, with_terms(row.policy, values, row.currency)
    row.version += 1
    fact = Fact(AuditAction.CHANNEL_SAVED, f"channel:{row.id}", {"policy": before}, {"policy": row.policy})
    record(session, fact, actor=actor, now=now)
