"""Who hears of a payment that is no order's: its owner, by bell, and by mail once the money is in (BAL-02)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal import site
from portal.models import OutboxEvent, User
from portal.queries.exchange import exchange_kept
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

_PAYMENT = text(
    """
    SELECT y.id, y.purpose, y.method, y.currency, y.amount_minor, y.completed_at, y.user_id, y.platform_currency,
           y.platform_minor, y.fx_rate, y.fx_source, y.fx_as_of, u.email, u.name, u.locale, c.code, c.brand,
           c.name AS channel_name, c.time_zone, a.gateway_ref,
           (SELECT l.balance_minor FROM ledger_account l
             WHERE l.kind = 'deposit' AND l.owner = 'user:' || y.user_id AND l.currency = y.currency) AS deposit_minor
      FROM payment y
      JOIN user_account u ON u.id = y.user_id
      JOIN channel c ON c.id = y.channel_id
      JOIN LATERAL (SELECT gateway_ref FROM payment_attempt WHERE payment_id = y.id ORDER BY n DESC LIMIT 1) a ON true
     WHERE y.id = :payment_id
    """
).columns(email=User.email.type, name=User.name.type)


def tell_owner_of_payment(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """A line behind the owner's bell for every end of a payment; nothing for one that he gave up himself."""
    payment_id = uuid.UUID(event.subject.partition(":")[2])
    kind = NoticeKind(event.kind.replace(".", "_"))
    assert event.profile_id is not None  # Every payment is somebody's.
    write_notices(
        session,
        user_ids=[event.profile_id],
        kind=kind,
        params={"amount_minor": event.payload["amount_minor"], "currency": event.payload["currency"]},
        path=f"/account/paying/{payment_id}",
        dedup_key=f"{kind}:{payment_id}",
        now=now,
    )
    return ["admin"]


def mail_top_up(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """What was credited, from where, and the gateway's name of it: the owner's proof of it."""
    payment = session.execute(_PAYMENT, {"payment_id": uuid.UUID(event.subject.partition(":")[2])}).one()
    write_mail(
        session,
        template="top_up",
        dedup_key=f"top_up:{payment.id}",
        recipient=payment.email,
        user_id=payment.user_id,
        locale=payment.locale or "en",
        now=now,
        payment=payment,
        in_platform=exchange_kept(payment),
        link=site.address(f"/account/paying/{payment.id}", channel=payment.code),
    )
    return ()
