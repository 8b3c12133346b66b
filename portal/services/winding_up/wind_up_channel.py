"""Save what a channel has, hand over what is open, and end what was only its own, before it is closed (CHN-02)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.currency import POINTS
from portal.kit.errors import PortalError
from portal.kit.tables import Format
from portal.kit.text import N_
from portal.models import Channel, ChannelWindUp
from portal.queries.admin_orders import OrderFilter
from portal.queries.listings.channels import ChannelFilter
from portal.queries.winding_up import count_left, list_successors
from portal.rules.channels import ENDING
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.channels.save_channel import ChannelUnknownError, lock_channel
from portal.services.exports.ask_export import ask_export, may_take

# The lists that are saved of a channel.
SAVED = ("orders", "channel-customers", "channel-balances", "channel-goods")

# A matter goes back to the queue of whoever answers for the successor.
_TICKETS = text(
    """
    UPDATE ticket SET channel_id = coalesce(:successor, channel_id), assignee_id = NULL, version = version + 1
     WHERE channel_id = :id AND state <> 'closed' RETURNING id
    """
)
# Offers are made in points or in a currency: where the successor sells in another one, they end.
_AUTOMATIONS = text(
    """
    UPDATE automation SET version = version + 1,
           channel_id = CASE WHEN currency = ANY(:currencies) THEN :successor ELSE channel_id END,
           state = CASE WHEN currency = ANY(:currencies) THEN state ELSE 'ended' END
     WHERE channel_id = :id AND state <> 'ended' RETURNING id, state
    """
)
_KEYS = text("UPDATE api_client SET revoked_at = :now WHERE channel_id = :id AND revoked_at IS NULL RETURNING id")
_WEBHOOKS = text(
    """
    UPDATE webhook_endpoint SET state = 'off', stopped_at = :now, failures = 0, failing_since = NULL,
           version = version + 1
     WHERE channel_id = :id AND state IN ('on', 'failed') RETURNING id
    """
)


class WindUpForbiddenError(PortalError):
    """It takes all of a channel's lists, so whoever does it may take each of them."""

    code = "permission_missing"
    status = 403
    sentence = N_("Orders, people, balances and goods are saved with it: you need the right to take all of them.")


class WindUpUntimelyError(PortalError):
    code = "channel_wind_up_untimely"
    status = 409
    sentence = N_("A channel is wound up once, after its end was announced and before it is closed.")


class SuccessorUnfitError(PortalError):
    code = "channel_successor_unfit"
    sentence = N_("Choose an open channel that takes over.")
    field = "successor"


def wind_up_channel(
    session: Session,
    *,
    channel_id: int,
    version: int | None,
    successor_id: int | None,
    locale: str,
    actor: Actor,
    now: datetime,
) -> Sequence[uuid.UUID]:
    """Ask for the channel's files, hand over tickets, automations and its manager's duty, end keys and webhooks.

    Returns the ids of the exports. Returns, claims and orders stay with their stores and the mall; their pages are
    found by the successor's addresses once the channel is closed. A successor is needed while there is any. Raises
    ChannelUnknownError, ChannelChangedError, WindUpForbiddenError, WindUpUntimelyError, SuccessorUnfitError,
    TooManyListExportsError.
    """
    if Scope.ALL not in scopes_of(actor, Permission.CHANNEL_CONFIGURE):
        raise ChannelUnknownError
    row = lock_channel(session, channel_id, version, actor)
    if not all(may_take(actor, one) for one in SAVED):
        raise WindUpForbiddenError
    if row.state not in ENDING or session.get(ChannelWindUp, channel_id) is not None:
        raise WindUpUntimelyError
    open_ones = {one.id for one in list_successors(session, channel_id=channel_id)}
    if successor_id not in open_ones and (successor_id is not None or open_ones):
        raise SuccessorUnfitError
    handed = dict(count_left(session, channel_id=channel_id))
    exports = [
        ask_export(
            session,
            listing=one,
            chosen=OrderFilter(channel_id=channel_id) if one == "orders" else ChannelFilter(channel_id),
            kind=Format.CSV,
            locale=locale,
            actor=actor,
            now=now,
        )
        for one in SAVED
    ]
    _hand_over(session, row, successor_id, handed, actor, now)
    session.add(
        ChannelWindUp(
            channel_id=channel_id,
            successor_id=successor_id,
            handed=handed,
            exports=[str(one) for one in exports],
            done_by=label(actor),
            done_at=now,
        )
    )
    row.version += 1
    session.flush()
    after = {"successor": successor_id, "handed": handed, "exports": [str(one) for one in exports]}
    record(session, Fact(AuditAction.CHANNEL_WOUND_UP, f"channel:{channel_id}", after=after), actor=actor, now=now)
    return exports


def _hand_over(
    session: Session, row: Channel, successor_id: int | None, handed: dict[str, Any], actor: Actor, now: datetime
) -> None:
    next_one = session.get(Channel, successor_id) if successor_id is not None else None
    values = {"id": row.id, "successor": successor_id, "now": now}
    session.execute(_TICKETS, values)
    moved = session.execute(
        _AUTOMATIONS, values | {"currencies": [next_one.currency, POINTS] if next_one else []}
    ).all()
    handed["automations_ended"] = sum(one.state == "ended" for one in moved)
    keys = session.scalars(_KEYS, values).all()
    hooks = session.scalars(_WEBHOOKS, values).all()
    before = str(row.manager_id or "")
    row.manager_id = next_one.manager_id if next_one else None
    why = f"channel {row.code} ends"
    facts = [Fact(AuditAction.API_CLIENT_REVOKED, f"api-client:{one}", reason=why) for one in keys]
    facts += [Fact(AuditAction.WEBHOOK_SWITCHED, f"webhook:{one}", after={"state": "off"}, reason=why) for one in hooks]
    facts += [
        Fact(
            AuditAction.AUTOMATION_MOVED,
            f"automation:{one.id}",
            {"channel": row.id},
            {"channel": successor_id if one.state != "ended" else row.id, "state": one.state},
            why,
        )
        for one in moved
    ]
    if before:
        manager = {"manager_id": before}, {"manager_id": str(row.manager_id or "")}
        facts.append(Fact(AuditAction.CHANNEL_SAVED, f"channel:{row.id}", *manager, why))
    record(session, *facts, actor=actor, now=now)
