"""What an exchange for something dearer costs, in one place: it is paid, or goes back with its goods (ORD-005)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.commission import commission_on
from portal.rules.exchange_posting import exchange_given_back, exchange_paid
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.posting import AccountRef, EntryKind
from portal.services.audit import AuditAction, Fact, record
from portal.services.ledger.post import post
from portal.services.outbox import Event, emit


@dataclass(frozen=True, slots=True)
class LockedExchange:
    """An exchange under its lock; amounts of the units that were taken, in minor units of `currency`."""

    id: uuid.UUID
    code: str
    order_id: uuid.UUID
    number: str
    part_id: uuid.UUID
    store_id: int
    user_id: uuid.UUID
    channel_id: int
    currency: str
    commission_basis_points: int
    waits: bool
    amount_minor: int
    tax_minor: int


_LOCK = text("SELECT id FROM goods_return WHERE id = :id FOR UPDATE")
_ONE = text(
    """
    SELECT g.id, g.number AS code, g.order_id, o.number, g.part_id, g.store_id, g.buyer_id, o.channel_id, o.currency,
           p.commission_basis_points,
           g.status = 'inspected' AND g.wish = 'exchange' AND g.pay_by IS NOT NULL AND g.more_entry_id IS NULL AS waits,
           u.amount, u.tax
      FROM goods_return g JOIN orders o ON o.id = g.order_id JOIN order_part p ON p.id = g.part_id
      JOIN LATERAL (SELECT coalesce(sum(x.more_minor), 0)::bigint AS amount,
                           coalesce(sum(x.more_tax_minor), 0)::bigint AS tax
                      FROM return_unit x WHERE x.return_id = g.id AND x.state = 'accepted') u ON true
     WHERE g.id = :id
    """
)
_PAID = text("UPDATE goods_return SET more_entry_id = :entry_id, version = version + 1 WHERE id = :id")


def lock_exchange(session: Session, return_id: uuid.UUID) -> LockedExchange | None:
    if session.execute(_LOCK, {"id": return_id}).one_or_none() is None:
        return None
    return LockedExchange(*session.execute(_ONE, {"id": return_id}).one())


def settle_more(
    session: Session,
    *,
    exchange: LockedExchange,
    source: AccountRef,
    idem_key: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Post the difference of a locked exchange that waits for it; what goes out in exchange can be sent from now on."""
    assert exchange.waits
    entry_id, _ = post(
        session,
        kind=EntryKind.EXCHANGE_PAID,
        idem_key=idem_key,
        lines=exchange_paid(
            source=source,
            store_id=exchange.store_id,
            currency=exchange.currency,
            amount_minor=exchange.amount_minor,
            commission_minor=_commission(exchange, exchange.amount_minor, exchange.tax_minor),
            tax_minor=exchange.tax_minor,
        ),
        order_id=exchange.order_id,
        now=now,
    )
    session.execute(_PAID, {"id": exchange.id, "entry_id": entry_id})
    after = {"return": exchange.code, "amount_minor": exchange.amount_minor}
    facts = [
        Fact(AuditAction.EXCHANGE_PAID, ref, after=after) for ref in (f"entry:{entry_id}", f"return:{exchange.id}")
    ]
    record(session, *facts, actor=actor, now=now)
    emit(
        session,
        Event(
            "return.paid",
            f"order:{exchange.order_id}",
            {
                "return": str(exchange.id),
                "return_number": exchange.code,
                "number": exchange.number,
                "store": exchange.store_id,
                "part": str(exchange.part_id),
            },
            channel_id=exchange.channel_id,
            profile_id=exchange.user_id,
        ),
        now=now,
    )


# Units of lines that were exchanged for dearer ones, the latest first, with how many of them are no longer kept.
_GONE = text(
    """
    SELECT u.id, u.return_id, u.more_minor, u.more_tax_minor
      FROM (SELECT x.id, x.return_id, x.more_minor, x.more_tax_minor,
                   row_number() OVER (PARTITION BY x.line_id ORDER BY g.requested_at DESC, x.n DESC)
                     AS place,
                   count(*) OVER (PARTITION BY x.line_id) - (l.quantity - l.refunded_quantity) AS gone
              FROM return_unit x JOIN goods_return g ON g.id = x.return_id JOIN order_line l ON l.id = x.line_id
             WHERE g.order_id = :order_id AND g.more_entry_id IS NOT NULL AND x.state = 'accepted'
               AND x.more_minor > 0 AND x.more_back_at IS NULL) u
     WHERE u.place <= u.gone ORDER BY u.return_id, u.id
    """
)
_BACK = text("UPDATE return_unit SET more_back_at = :now WHERE id = :id AND more_back_at IS NULL")
_LOCK_ORDER = text("SELECT id FROM orders WHERE id = :id FOR UPDATE")


def give_back_more(session: Session, *, order_id: uuid.UUID, now: datetime) -> Sequence[uuid.UUID]:
    """Give the difference back to the deposit for units that were exchanged and are refunded now; safe to run again.

    A refund of the order gives back what was paid with it; this is what was paid besides. Returns the units.
    """
    session.execute(_LOCK_ORDER, {"id": order_id})
    gone = session.execute(_GONE, {"order_id": order_id}).all()
    for unit in gone:
        exchange = lock_exchange(session, unit.return_id)
        assert exchange is not None
        entry_id, _ = post(
            session,
            kind=EntryKind.EXCHANGE_GIVEN_BACK,
            idem_key=f"exchange_back:{unit.id}",
            lines=exchange_given_back(
                user_id=exchange.user_id,
                store_id=exchange.store_id,
                currency=exchange.currency,
                amount_minor=unit.more_minor,
                commission_minor=_commission(exchange, unit.more_minor, unit.more_tax_minor),
                tax_minor=unit.more_tax_minor,
            ),
            order_id=order_id,
            now=now,
        )
        session.execute(_BACK, {"id": unit.id, "now": now})
        after = {"return": exchange.code, "amount_minor": unit.more_minor}
        record(session, Fact(AuditAction.EXCHANGE_GIVEN_BACK, f"entry:{entry_id}", after=after), actor=SYSTEM, now=now)
    return [unit.id for unit in gone]


def _commission(exchange: LockedExchange, amount_minor: int, tax_minor: int) -> int:
    return commission_on(
        goods_minor=amount_minor - tax_minor,
        currency=exchange.currency,
        basis_points=exchange.commission_basis_points,
    )
