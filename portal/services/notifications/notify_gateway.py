"""Administrators hear of gateways that do not answer, and that they work again (PAY-06)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import GatewayAccount, OutboxEvent, User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_notices import write_notices

KINDS = {"gateway.breaker_opened": NoticeKind.GATEWAY_DOWN, "gateway.breaker_closed": NoticeKind.GATEWAY_BACK}


def tell_admins_of_gateway(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """By bell, once for each turn of the breaker."""
    account_id = int(event.payload["account"])
    name = session.execute(select(GatewayAccount.name).where(GatewayAccount.id == account_id)).scalar_one()
    told = select(User.id).where(User.roles.op("&&")(["admin", "finance", "operations"]))
    write_notices(
        session,
        user_ids=session.scalars(told).all(),
        kind=KINDS[event.kind],
        params={"account": name},
        path=f"/admin/gateways/{account_id}",
        dedup_key=f"{event.kind}:{event.id}",
        now=now,
    )
    return ["admin"]
