"""Note that a campaign began or ended, on each channel that it is meant for, and what stands against it there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import Campaign, CampaignTurn
from portal.queries.campaigns import draft_of
from portal.queries.channels import channel_directory
from portal.rules.channels import OPEN_STATES
from portal.rules.coupons.life import last_use
from portal.rules.coupons.turns import Turn, is_meant_for, problem_on

TURNS = {"campaign.opened": Turn.START, "campaign.ended": Turn.END}


def note_turn(session: Session, *, campaign_id: int, turn: Turn, now: datetime) -> None:
    """Write a row for each open channel, once for each instant."""
    campaign = session.execute(select(Campaign).where(Campaign.id == campaign_id)).scalar_one()
    draft = draft_of(campaign)
    ends_at = last_use(campaign.valid_until, campaign.grace_hours)
    rows = [
        {
            "campaign_id": campaign_id,
            "channel_id": view.id,
            "turn": turn.value,
            "due_at": campaign.valid_from if turn is Turn.START else ends_at,
            "noted_at": now,
            "problem": problem_on(draft, state=view.state, currency=view.currency) if turn is Turn.START else None,
        }
        for view in channel_directory(session).channels.values()
        if view.state in OPEN_STATES and is_meant_for(draft, view.id)
    ]
    insert_rows(session, CampaignTurn, rows, once=("campaign_id", "channel_id", "turn", "due_at"))
