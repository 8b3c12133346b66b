"""The beginning and the end of a campaign: the same instant on each channel, and what stands against it (CHN-07).

Terms hold by their instants, which no channel has of its own; a turn notes that one came, and where it does nothing.
"""

from __future__ import annotations

from enum import StrEnum

from portal.rules.channels import State
from portal.rules.coupons.conditions.channel import CHANNELS
from portal.rules.coupons.draft import CampaignDraft
from portal.rules.pricing import Kind


class Turn(StrEnum):
    START = "start"
    END = "end"


class TurnProblem(StrEnum):
    """Why a campaign does nothing on a channel that it is meant for."""

    NOT_LIVE = "not_live"
    NO_AMOUNT = "no_amount"


def is_meant_for(draft: CampaignDraft, channel_id: int) -> bool:
    """Whether its conditions let the campaign work on this channel at all."""
    named = [one.params.get(CHANNELS.name) for one in draft.conditions if one.name == "channel"]
    return all(channel_id in {int(one) for one in ids or ()} for ids in named)


def problem_on(draft: CampaignDraft, *, state: str, currency: str) -> TurnProblem | None:
    """What keeps it from working on a channel in this state, with this currency."""
    if state != State.LIVE:
        return TurnProblem.NOT_LIVE
    if draft.kind is Kind.FIXED and currency not in draft.amounts:
        return TurnProblem.NO_AMOUNT
    return None
