"""Orders whose cards are charged when the goods leave: what gateways say of what they hold, and what is booked."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import text, update

from portal.db import reading, transaction
from portal.gateways.base import Approved, Voided
from portal.jobs.outbox import handle_events
from portal.kit import clock
from portal.models import GatewayAccount, OutboxEvent
from portal.queries.gateways import forget_gateways
from portal.rules.holds import HoldKind
from portal.rules.permissions import SYSTEM
from portal.services.orders.place_hold import place_hold
from portal.services.payments.find_due import AttemptToCapture, attempt_to_capture
from portal.services.payments.settle_attempt import settle_attempt
from tests.factories.account import Person
from tests.factories.order import MadeOrder, make_gateway


def charge_on(when: str) -> None:
    account_id = make_gateway()
    with transaction() as session:
        values = {"capture_on": when, "version": GatewayAccount.version + 1}
        session.execute(update(GatewayAccount).where(GatewayAccount.id == account_id).values(**values))
    forget_gateways()


def table(query: str, **values: Any) -> list[tuple[Any, ...]]:
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query), values)]


def states(order: MadeOrder) -> tuple[Any, ...]:
    """Of order, payment and its tender: with what is authorised, captured and released."""
    return table(
        "SELECT o.status, p.status, t.status, p.authorised_minor, p.captured_minor, t.captured_minor, t.released_minor"
        " FROM orders o JOIN payment p ON p.order_id = o.id JOIN tender t ON t.id = p.tender_id WHERE o.id = :id",
        id=order.id,
    )[0]


def booked(kind: str) -> int:
    found = table(
        "SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM ledger_posting p"
        " JOIN ledger_account a ON a.id = p.account_id WHERE a.kind = :kind",
        kind=kind,
    )
    return int(found[0][0])


def handle_all() -> None:
    """What the relay does with everything that was told."""
    while True:
        with reading() as session:
            waiting = session.query(OutboxEvent.id).filter(OutboxEvent.handled_at.is_(None)).order_by(OutboxEvent.id)
            ids = [row.id for row in waiting]
        if not ids:
            return
        handle_events(ids)


def claim(order: MadeOrder, now: datetime | None = None) -> AttemptToCapture | None:
    """What the worker of captures takes."""
    assert order.attempt_id is not None
    with transaction() as session:
        return attempt_to_capture(session, attempt_id=order.attempt_id, now=now or clock.now())


def taken(order: MadeOrder, amount_minor: int) -> None:
    """The gateway says that it has taken so much."""
    assert order.attempt_id is not None
    assert order.gateway_ref is not None
    said = Approved(order.gateway_ref, captured=True, amount_minor=amount_minor, currency="KRW")
    with transaction() as session:
        settle_attempt(session, attempt_id=order.attempt_id, outcome=said, actor=SYSTEM, now=clock.now())


def lapsed(order: MadeOrder) -> None:
    """The gateway says that it holds nothing any more."""
    assert order.attempt_id is not None
    assert order.gateway_ref is not None
    with transaction() as session:
        said = Voided(order.gateway_ref)
        settle_attempt(session, attempt_id=order.attempt_id, outcome=said, actor=SYSTEM, now=clock.now())


def hold(order: MadeOrder, part: int, by: Person, kind: HoldKind = HoldKind.ADMIN) -> uuid.UUID:
    with transaction() as session:
        return place_hold(
            session,
            part_id=order.part_ids[part],
            kind=kind,
            reason="other",
            note="",
            actor=by.actor,
            now=clock.now(),
        )


def ends(order: MadeOrder, at: datetime) -> None:
    with transaction() as session:
        session.execute(text("UPDATE payment SET held_until = :at WHERE id = :id"), {"at": at, "id": order.payment_id})
