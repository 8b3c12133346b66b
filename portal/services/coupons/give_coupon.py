"""Put a coupon into somebody's wallet: the one place where wallets are filled (CPN-02)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.ids import new_id
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, label, record

# Who holds the coupon already, or had it taken away, is left as he is.
_GIVE = text(
    """
    INSERT INTO coupon_grant (id, user_id, campaign_id, source, code, granted_at, granted_by)
    SELECT id, user_id, :campaign_id, :source, CAST(:code AS text), :now, :by
      FROM unnest(CAST(:ids AS uuid[]), CAST(:user_ids AS uuid[])) AS given(id, user_id)
     ORDER BY user_id
    ON CONFLICT (user_id, campaign_id) DO NOTHING
    RETURNING id, user_id
    """
)


@dataclass(frozen=True, slots=True)
class Given:
    """A coupon that has just come into a wallet."""

    grant_id: uuid.UUID
    user_id: uuid.UUID


def give_coupon(
    session: Session,
    *,
    campaign_id: int,
    user_ids: Sequence[uuid.UUID],
    source: str,
    actor: Actor,
    now: datetime,
    code: str | None = None,
    reason: str | None = None,
) -> tuple[Given, ...]:
    """Give the coupon to those of these people who never had it. Checks no limit and no permission."""
    known = list(dict.fromkeys(user_ids))
    rows = session.execute(
        _GIVE,
        {
            "campaign_id": campaign_id,
            "source": source,
            "code": code,
            "now": now,
            "by": label(actor),
            "ids": [new_id() for _ in known],
            "user_ids": known,
        },
    )
    given = tuple(Given(row.id, row.user_id) for row in rows)
    record(
        session,
        *(
            Fact(
                AuditAction.COUPON_GRANTED,
                f"grant:{one.grant_id}",
                after={"campaign": campaign_id, "user": str(one.user_id), "source": source, "code": code},
                reason=reason,
            )
            for one in given
        ),
        actor=actor,
        now=now,
    )
    return given
