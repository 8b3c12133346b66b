"""Ask for money that is no order's: the payment and its first attempt, before any gateway hears of it (PAY-07)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import RejectedError, Rejection
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Payment, PaymentAttempt
from portal.queries.channels import ChannelView
from portal.rules.invoices import METHOD as INVOICE
from portal.rules.permissions import Actor
from portal.rules.purposes import PaymentPurpose
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.checkout.exchange import fx_columns, quote_rate
from portal.services.checkout.means import Means
from portal.services.checkout.route_payment import route_payment
from portal.services.history import Move, record_moves

# Whoever is led to a gateway's page has so long to come back; an account number lasts as long as the gateway says.
PAY_WITHIN = timedelta(minutes=30)

NOT_ON_INVOICE = Rejection("NOT_ON_INVOICE", N_("Only orders can be bought on invoice. Choose another way of paying."))


@dataclass(frozen=True, slots=True)
class Begun:
    """A payment that a worker can ask for. `is_repeat` says that it was begun under the same key before."""

    payment_id: uuid.UUID
    attempt_id: uuid.UUID | None
    is_repeat: bool = False


def begin_payment(
    session: Session,
    *,
    payment_id: uuid.UUID,
    purpose: PaymentPurpose,
    actor: Actor,
    owner_id: uuid.UUID,
    channel: ChannelView,
    amount_minor: int,
    means: Means,
    locale: str,
    return_url: str,
    now: datetime,
) -> Begun:
    """Write payment and attempt for `amount_minor` of the channel's currency; `{payment_id}` in the address is filled.

    It is `owner_id`'s payment, whoever begins it. Raises RejectedError and TryAgainLaterError when no account takes
    it, RateMissingError and RateStaleError where the platform's currency is another one and has no rate.
    """
    if means.method == INVOICE:
        raise RejectedError(NOT_ON_INVOICE)
    quoted = quote_rate(session, channel=channel, now=now)
    if quoted is not None and quoted.fault is not None:
        raise quoted.fault
    route = route_payment(
        session,
        channel=channel,
        means=means,
        amount_minor=amount_minor,
        country=channel.country,
        locale=locale,
        user_id=owner_id,
        subject_id=payment_id,
        now=now,
    )
    attempt_id = new_id()
    payment = {
        "id": payment_id,
        "purpose": purpose.value,
        "user_id": owner_id,
        "channel_id": channel.id,
        "method": route.method,
        "currency": channel.currency,
        "amount_minor": amount_minor,
        **fx_columns(amount_minor, channel.currency, quoted.rate if quoted else None),
        "status": "pending",
        "created_at": now,
        "expires_at": now + PAY_WITHIN,
    }
    attempt = {
        "id": attempt_id,
        "payment_id": payment_id,
        "n": 1,
        "gateway_account_id": route.account_id,
        "gateway": route.gateway,
        "op_key": f"att_{attempt_id.hex}",
        "state": "created",
        "source": None if means.saved_method_id else means.source_token,
        "saved_method_id": means.saved_method_id,
        "return_url": return_url.format(payment_id=payment_id),
        "routing": route.considered,
        "decision": route.decision,
        "created_at": now,
        "due_at": now,
    }
    insert_rows(session, Payment, [payment])
    insert_rows(session, PaymentAttempt, [attempt])
    record_moves(
        session,
        Move(Machine.PAYMENT, payment_id, None, "pending"),
        Move(Machine.ATTEMPT, attempt_id, None, "created"),
        actor=actor,
        now=now,
    )
    after = {"purpose": purpose.value, "amount_minor": amount_minor, "currency": channel.currency}
    told = after | {"method": route.method, "gateway": route.gateway, "for": str(owner_id)}
    record(session, Fact(AuditAction.PAYMENT_BEGUN, f"payment:{payment_id}", after=told), actor=actor, now=now)
    return Begun(payment_id, attempt_id)
