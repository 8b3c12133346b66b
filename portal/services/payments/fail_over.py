"""Go on at the next gateway, once the one that was asked certainly holds no charge (PAY-06)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText
from portal.db import insert_rows
from portal.gateways.base import Flow, Method
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.models import PaymentAttempt
from portal.queries.gateways import gateway_directory
from portal.queries.routing_rules import in_force
from portal.rules.permissions import SYSTEM
from portal.rules.routing import Route, RouteRequest, route
from portal.rules.states import Machine
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit
from portal.services.payments.end_payment import OPEN
from portal.services.payments.locked_payment import subject_of
from portal.services.payments.tell_route import told_accounts, told_decision

# For one press of the button gateways are called so often, over all attempts; then the buyer is told to wait.
SENDS_MAX = 3

# States of an attempt whose buyer has not been led anywhere yet.
_UNSEEN = ("sent", "unknown")
_LOCK = text(
    """
    SELECT a.id, a.n, a.state, a.source, a.saved_method_id, a.gateway_ref, a.return_url, p.id AS payment_id, p.method,
           p.currency, p.amount_minor, p.channel_id, p.user_id, p.status, o.id AS order_id, o.number,
           o.status AS order_status, o.address, coalesce(o.locale, u.locale) AS locale,
           (SELECT c.country FROM channel c WHERE c.id = p.channel_id) AS channel_country,
           (SELECT sum(x.sends) FROM payment_attempt x WHERE x.payment_id = p.id)::bigint AS sends,
           ARRAY(SELECT x.gateway_account_id FROM payment_attempt x WHERE x.payment_id = p.id) AS tried
      FROM payment_attempt a JOIN payment p ON p.id = a.payment_id JOIN user_account u ON u.id = p.user_id
      LEFT JOIN orders o ON o.id = p.order_id
     WHERE a.id = :attempt_id FOR UPDATE OF a, p
    """
).columns(source=PaymentAttempt.source.type, address=EncryptedText("orders.address"))
_END = text(
    """
    UPDATE payment_attempt SET state = 'declined', reason = 'not_executed', gateway_code = :code, answered_at = :now
     WHERE id = :attempt_id
    """
)


def fail_over(session: Session, *, attempt_id: uuid.UUID, code: str, now: datetime) -> uuid.UUID | None:
    """End an attempt that holds no charge, and begin one at the next account that routing names; returns the new one.

    None, with nothing changed, where nobody may go on silently: a card's token is of no use elsewhere, the buyer was
    led to the gateway already, gateways were called often enough, or no other account takes it. `code` says why.
    """
    old = session.execute(_LOCK, {"attempt_id": attempt_id}).one()
    has_card = old.source is not None or old.saved_method_id is not None
    may_go_on = not has_card and old.gateway_ref is None and old.state in _UNSEEN and old.sends < SENDS_MAX
    if not may_go_on or old.status not in OPEN or old.order_status not in (None, "pending"):
        return None
    account_id, request, decision = _next(session, old)
    if account_id is None:
        return None
    session.execute(_END, {"attempt_id": attempt_id, "code": code[:200], "now": now})
    fresh = new_id()
    row = {
        "id": fresh,
        "payment_id": old.payment_id,
        "n": old.n + 1,
        "gateway_account_id": account_id,
        "gateway": gateway_directory(session)[account_id].account.gateway,
        "op_key": f"att_{fresh.hex}",
        "state": "created",
        "return_url": old.return_url,
        "routing": told_accounts(decision),
        "decision": told_decision(decision, request, has_token=False),
        "created_at": now,
        "due_at": now,
    }
    insert_rows(session, PaymentAttempt, [row])
    record_moves(
        session,
        Move(Machine.ATTEMPT, attempt_id, old.state, "declined", old.order_id, "not_executed"),
        Move(Machine.ATTEMPT, fresh, None, "created", old.order_id, "failed_over"),
        actor=SYSTEM,
        now=now,
    )
    event = Event(
        "payment.failed_over",
        subject_of(old.payment_id, old.order_id),
        {"number": old.number, "attempt": str(fresh), "from": str(attempt_id)},
        channel_id=old.channel_id,
        profile_id=old.user_id,
        priority="high",
    )
    emit(session, event, now=now)
    return fresh


def _next(session: Session, old: Row[Any]) -> tuple[int | None, RouteRequest, Route]:
    """The account to go on with, what was asked of the router, and what it said."""
    current = in_force(session)
    directory = gateway_directory(session, stamp=current.accounts_stamp)
    country = orjson.loads(old.address).get("country") if old.address else old.channel_country
    amount = Money(old.amount_minor, old.currency)
    request = RouteRequest(
        old.channel_id,
        old.method,
        amount,
        country,
        tried=frozenset(old.tried),
        locale=old.locale,
        buyer=str(old.user_id),
    )
    decision = route(request, [one.account for one in directory.values()], current.rules)
    for account_id in decision.account_ids:
        capability = directory[account_id].gateway.capabilities.of(Method(old.method))
        if capability is not None and capability.flow is not Flow.ELEMENT:
            return account_id, request, decision
    return None, request, decision
