"""What a channel that ends would leave, and what became of it (CHN-02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import Channel, ChannelWindUp, ListExport
from portal.rules.channels import State

_LEFT = text(
    """
    SELECT (SELECT count(*) FROM ticket WHERE channel_id = :id AND state <> 'closed') AS tickets,
           (SELECT count(*) FROM goods_return g JOIN orders o ON o.id = g.order_id
             WHERE o.channel_id = :id AND g.closed_at IS NULL AND g.kind <> 'claim') AS returns,
           (SELECT count(*) FROM goods_return g JOIN orders o ON o.id = g.order_id
             WHERE o.channel_id = :id AND g.closed_at IS NULL AND g.kind = 'claim') AS claims,
           (SELECT count(*) FROM automation WHERE channel_id = :id AND state <> 'ended') AS automations,
           (SELECT count(*) FROM api_client WHERE channel_id = :id AND revoked_at IS NULL) AS keys,
           (SELECT count(*) FROM webhook_endpoint WHERE channel_id = :id AND state IN ('on', 'failed')) AS webhooks,
           (SELECT count(*) FROM channel WHERE id = :id AND manager_id IS NOT NULL) AS managers
    """
)


@dataclass(frozen=True, slots=True)
class Successor:
    """A channel that can take over."""

    id: int
    code: str
    name: Mapping[str, str]
    currency: str


@dataclass(frozen=True, slots=True)
class WoundUp:
    """What was handed over, by whom and to whom, with the files that were made."""

    successor_id: int | None
    handed: Mapping[str, int]
    exports: Sequence[ListExport]
    done_by: str
    done_at: datetime


def count_left(session: Session, *, channel_id: int) -> Mapping[str, int]:
    """How many matters, keys and people a channel would leave just now, by kind."""
    return dict(session.execute(_LEFT, {"id": channel_id}).mappings().one())


def list_successors(session: Session, *, channel_id: int) -> Sequence[Successor]:
    """The other channels that take orders, or will again."""
    found = select(Channel.id, Channel.code, Channel.name, Channel.currency).where(
        Channel.id != channel_id, Channel.state.in_((State.LIVE, State.MAINTENANCE))
    )
    return [Successor(*row) for row in session.execute(found.order_by(Channel.id))]


def load_wind_up(session: Session, *, channel_id: int) -> WoundUp | None:
    """The record; None while there is none."""
    row = session.get(ChannelWindUp, channel_id)
    if row is None:
        return None
    files = session.scalars(select(ListExport).where(ListExport.id.in_(row.exports)).order_by(ListExport.listing)).all()
    return WoundUp(row.successor_id, row.handed, files, row.done_by, row.done_at)
