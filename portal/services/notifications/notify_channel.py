"""Stores and administrators hear that a channel opens, stops or ends (CHN-02); buyers read it on every page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.models import OutboxEvent
from portal.rules.channels import OPEN_STATES, TELLING, State
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_notices import write_notices

KINDS = {
    State.LIVE: NoticeKind.CHANNEL_OPEN,
    State.MAINTENANCE: NoticeKind.CHANNEL_STOPPED,
    State.SUNSET: NoticeKind.CHANNEL_ENDS,
    State.OFFBOARDING: NoticeKind.CHANNEL_ENDED,
}
_ADMINS = text("SELECT id FROM user_account WHERE roles && ARRAY['admin', 'operations']")
_MESSAGE = text("SELECT notices FROM channel WHERE id = :channel")
_SELLERS = text(
    "SELECT DISTINCT m.user_id FROM store_member m"
    " WHERE EXISTS (SELECT FROM product p JOIN variant v ON v.product_id = p.id JOIN price r ON r.variant_id = v.id"
    " WHERE p.store_id = m.store_id AND r.channel_id = :channel)"
)


def tell_of_block(session: Session, *, channel_id: int, code: str, rule_id: int, kind: str, now: datetime) -> None:
    """Who runs the house hears by bell that a channel has lost features, once for each rule."""
    write_notices(
        session,
        user_ids=session.scalars(_ADMINS).all(),
        kind=NoticeKind.CHANNEL_BLOCKED,
        params={"code": code, "rule": kind},
        path="/admin/house-rules",
        dedup_key=f"house-rule:{rule_id}:{channel_id}",
        now=now,
    )


def tell_of_channel(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """By bell, with what buyers read: the stores that sell there, and who runs the house. Open pages hear of it."""
    new = State(event.payload["to"])
    if new not in OPEN_STATES:
        return ["admin"]
    params: dict[str, Any] = {"code": event.payload["code"]}
    if new in TELLING:
        params["buyers_read"] = session.scalars(_MESSAGE, {"channel": event.channel_id}).one()
    told = (
        (session.scalars(_ADMINS).all(), f"/admin/channels/{event.channel_id}"),
        (session.scalars(_SELLERS, {"channel": event.channel_id}).all(), "/seller/"),
    )
    for user_ids, path in told:
        key = f"{event.kind}:{event.id}:{path}"
        write_notices(session, user_ids=user_ids, kind=KINDS[new], params=params, path=path, dedup_key=key, now=now)
    return ["admin"]
