"""A campaign on each channel: its instants by the channel's own clock, and what stands against it (CHN-07)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import CampaignTurn
from portal.queries.campaigns import CampaignRow
from portal.queries.channels import ChannelView, channel_directory
from portal.rules.channels import OPEN_STATES
from portal.rules.coupons.life import last_use
from portal.rules.coupons.turns import Turn, is_meant_for, problem_on


@dataclass(frozen=True, slots=True)
class ChannelTurn:
    """A campaign on one channel. `began_at` and `ended_at` are when it was noted there; `problem` is that of now."""

    view: ChannelView
    zone: ZoneInfo
    starts_at: datetime
    ends_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    problem: str | None


def turns_of(session: Session, row: CampaignRow) -> Sequence[ChannelTurn]:
    """The open channels for which a campaign is meant."""
    draft = row.draft
    ends_at = last_use(draft.valid_until, draft.grace_hours)
    found = session.execute(
        select(CampaignTurn.channel_id, CampaignTurn.turn, CampaignTurn.noted_at).where(
            CampaignTurn.campaign_id == row.id, CampaignTurn.due_at.in_((draft.valid_from, ends_at))
        )
    )
    noted = {(one.channel_id, one.turn): one.noted_at for one in found}
    return [
        ChannelTurn(
            view,
            ZoneInfo(view.time_zone),
            draft.valid_from,
            ends_at,
            noted.get((view.id, Turn.START)),
            noted.get((view.id, Turn.END)),
            problem_on(draft, state=view.state, currency=view.currency),
        )
        for view in channel_directory(session).channels.values()
        if view.state in OPEN_STATES and is_meant_for(draft, view.id)
    ]
