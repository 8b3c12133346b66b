"""An exchange whose difference is not paid becomes a return: its goods stay, their money goes back (ORD-005)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.refund_policy import Party
from portal.rules.returns import Wish
from portal.services.audit import AuditAction, Fact, record
from portal.services.returns.inspect_return import refund_waits, restock_units, settle_if_done
from portal.services.returns.refund_units import refund_units
from portal.services.returns.take_return import Taken, take_return, tell
from portal.services.stock.move_return_units import move_return_units

BATCH = 100

# Whose payment is under way is waited for until it ends.
_UNPAID = text(
    """
    SELECT g.id FROM goods_return g
     WHERE g.pay_by <= :now AND g.more_entry_id IS NULL AND g.status = 'inspected'
       AND NOT EXISTS (SELECT FROM return_payment r JOIN payment y ON y.id = r.payment_id
                        WHERE r.return_id = g.id AND y.status IN ('pending', 'requires_action', 'authorised')
                          AND y.expires_at > :now)
     ORDER BY g.pay_by LIMIT :limit
    """
)


class NotWaitingForPaymentError(PortalError):
    code = "exchange_not_waiting"
    status = 409
    sentence = N_("This exchange does not wait for a payment (any more).")


def unpaid_exchanges(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Exchanges whose difference was not paid in time."""
    return list(session.scalars(_UNPAID, {"now": now, "limit": BATCH}))


def end_unpaid_exchange(session: Session, *, return_id: uuid.UUID, now: datetime) -> bool:
    """Make a return of an exchange whose time to pay is over; False when it was paid meanwhile."""
    taken = take_return(session, return_id=return_id, actor=SYSTEM, party=Party.ADMIN)
    case = taken.case
    if not _waits(taken) or case.pay_by is None or case.pay_by > now:
        return False
    _turn(session, taken, SYSTEM, now, "unpaid")
    return True


def take_money_instead(session: Session, *, return_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """The buyer has his money back instead of paying more. Raises ReturnUnknownError, NotWaitingForPaymentError."""
    taken = take_return(session, return_id=return_id, actor=actor, party=Party.BUYER)
    if not _waits(taken):
        raise NotWaitingForPaymentError
    _turn(session, taken, actor, now, "buyer_wants_money")


def _waits(taken: Taken) -> bool:
    case = taken.case
    is_open = case.status == "inspected" and case.wish == Wish.EXCHANGE
    return is_open and case.pay_by is not None and case.more_entry_id is None


def _turn(session: Session, taken: Taken, actor: Actor, now: datetime, why: str) -> None:
    """What was kept for him stands on the shelf again, and what he sent is refunded as any return."""
    case, units = taken.case, taken.in_state("accepted")
    case.wish, case.pay_by = Wish.REFUND.value, None
    for one in units:
        one.more_minor = one.more_tax_minor = None
    session.flush()
    # Money before stock, as orders take them.
    case.refund_id = refund_units(session, taken=taken, units=units, actor=actor, now=now)
    case.version += 1
    session.flush()
    move_return_units(session, unit_ids=[one.id for one in units], reason="exchange_undone", now=now)
    if not refund_waits(session, taken):
        restock_units(session, units, now=now)
    fact = Fact(AuditAction.RETURN_DECIDED, f"return:{case.id}", {"wish": "exchange"}, {"wish": case.wish}, why)
    record(session, fact, actor=actor, now=now)
    tell(session, case, taken.order, now=now)
    settle_if_done(session, taken, actor=actor, now=now)
