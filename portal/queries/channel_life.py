"""Channels for the desk: what is so, what is missing, and every move (CHN-02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import Channel, ChannelCheck, ChannelMove, User
from portal.queries.exchange import list_channel_rates
from portal.rules.channels import Requirement, State

_LOOKED_UP = text(
    """
    SELECT EXISTS (SELECT FROM price WHERE channel_id = :id) AS goods,
           EXISTS (SELECT FROM gateway_account WHERE enabled AND :currency = ANY (currencies)
                      AND (channel_id IS NULL OR channel_id = :id)) AS gateway
    """
)


@dataclass(frozen=True, slots=True)
class Move:
    """One move: from, to, by whom, with which note."""

    from_state: str
    to_state: str
    by: str
    note: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel in the list, and since when it is in its state."""

    id: int
    code: str
    name: Mapping[str, str]
    currency: str
    country: str
    state: str
    since: datetime


def list_all_channels(session: Session) -> Sequence[ChannelRow]:
    """Every channel, closed ones last."""
    since = (
        select(ChannelMove.at)
        .where(ChannelMove.channel_id == Channel.id)
        .order_by(ChannelMove.id.desc())
        .limit(1)
        .correlate(Channel)
        .scalar_subquery()
    )
    columns = Channel.id, Channel.code, Channel.name, Channel.currency, Channel.country, Channel.state
    statement = select(*columns, Channel.created_at, since.label("since"))
    rows = session.execute(statement.order_by(Channel.state == State.CLOSED, Channel.id))
    return [
        ChannelRow(row.id, row.code, row.name, row.currency, row.country, row.state, row.since or row.created_at)
        for row in rows
    ]


def load_channel(session: Session, channel_id: int) -> Channel | None:
    """The channel with all that it says of itself."""
    return session.execute(select(Channel).where(Channel.id == channel_id)).scalar_one_or_none()


def manager_email(session: Session, channel_id: int) -> str:
    """The address of who answers for the channel; empty while nobody does."""
    found = select(User.email).join(Channel, Channel.manager_id == User.id).where(Channel.id == channel_id)
    return session.scalar(found) or ""


def list_moves(session: Session, channel_id: int) -> Sequence[Move]:
    """What became of the channel, the newest first."""
    columns = ChannelMove.from_state, ChannelMove.to_state, ChannelMove.by, ChannelMove.note, ChannelMove.at
    rows = session.execute(
        select(*columns).where(ChannelMove.channel_id == channel_id).order_by(ChannelMove.id.desc()).limit(100)
    )
    return [Move(*row) for row in rows]


def move_of(session: Session, channel_id: int, state: State) -> str | None:
    """Who moved the channel into this state last."""
    same = ChannelMove.channel_id == channel_id, ChannelMove.to_state == state
    return session.scalar(select(ChannelMove.by).where(*same).order_by(ChannelMove.id.desc()).limit(1))


def met_requirements(session: Session, channel: Channel, *, now: datetime) -> Mapping[Requirement, str]:
    """What is so by now, each with who said it; empty for what was looked up."""
    checks = session.execute(
        select(ChannelCheck.requirement, ChannelCheck.done_by).where(ChannelCheck.channel_id == channel.id)
    )
    met = {Requirement(row.requirement): row.done_by for row in checks}
    found = session.execute(_LOOKED_UP, {"id": channel.id, "currency": channel.currency}).one()
    if found.goods:
        met[Requirement.GOODS] = ""
    if found.gateway:
        met[Requirement.GATEWAY] = ""
    closed = {one.channel_id for one in list_channel_rates(session, now=now) if not one.is_open}
    if channel.id not in closed:
        met[Requirement.RATE] = ""
    return met
