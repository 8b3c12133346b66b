"""Who hears of a withdrawal: its owner by bell at each step, whoever decides when it waits (REF-08)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import OutboxEvent, User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_notices import write_notices


def ask_about_withdrawal(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """A withdrawal that a rule holds waits for somebody who may decide."""
    withdrawal_id = event.payload["withdrawal"]
    write_notices(
        session,
        user_ids=session.scalars(select(User.id).where(User.roles.op("&&")(["admin", "finance"]))).all(),
        kind=NoticeKind.WITHDRAWAL_WANTED,
        params={},
        path=f"/admin/withdrawals/{withdrawal_id}",
        dedup_key=f"withdrawal_wanted:{withdrawal_id}",
        now=now,
    )
    return ["admin"]


def tell_owner_of_withdrawal(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The owner hears that it goes out, that it was paid, or that it was refused."""
    step = event.kind.partition(".")[2]
    if event.profile_id is not None:
        write_notices(
            session,
            user_ids=[event.profile_id],
            kind=NoticeKind(f"withdrawal_{step}"),
            params={},
            path="/account/deposit",
            dedup_key=f"withdrawal_{step}:{event.payload['withdrawal']}",
            now=now,
        )
    return ["admin"]
