"""Pay what goods cost more that go out in exchange: through a gateway, or at once from the deposit (ORD-005)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import ReturnPayment
from portal.queries.channels import ChannelView
from portal.rules.permissions import Actor, Permission, may
from portal.rules.posting import AccountKind, of_user
from portal.rules.purposes import PaymentPurpose
from portal.services.accounts.may_spend import check_may_spend
from portal.services.checkout.begin_payment import Begun, begin_payment
from portal.services.checkout.means import Means
from portal.services.exchanges.settle_more import lock_exchange, settle_more
from portal.services.idempotency import claim_key, fingerprint
from portal.services.returns.take_return import ReturnUnknownError

DEPOSIT = "deposit"


class NothingMoreToPayError(PortalError):
    code = "exchange_nothing_to_pay"
    status = 409
    sentence = N_("There is nothing to pay for this exchange (any more).")


@dataclass(frozen=True, slots=True)
class ExchangePaymentWish:
    """How somebody pays. The amount is that of the exchange; `deposit` is a method here."""

    key: str
    means: Means
    locale: str
    return_url: str


def pay_exchange(
    session: Session,
    *,
    actor: Actor,
    return_id: uuid.UUID,
    channel: ChannelView,
    wish: ExchangePaymentWish,
    key_lifetime: timedelta,
    now: datetime,
) -> Begun | None:
    """Begin the payment of the actor's own exchange; None where the deposit has paid it already.

    `channel` is the order's. Raises ReturnUnknownError, NothingMoreToPayError, RejectedError for a method,
    BalanceTooLowError, AccountFrozenError, TryAgainLaterError, and the errors of rates and of idempotency keys.
    """
    exchange = lock_exchange(session, return_id)
    if exchange is None or actor.user_id is None or exchange.user_id != actor.user_id:
        raise ReturnUnknownError
    if not may(actor, Permission.PAYMENT_INITIATE, owner_id=exchange.user_id):
        raise ReturnUnknownError
    check_may_spend(session, user_id=actor.user_id)
    payment_id, means = new_id(), wish.means
    known = claim_key(
        session,
        scope=f"exchange:{actor.user_id}",
        key=wish.key,
        mark=fingerprint([str(return_id), means.method, str(means.saved_method_id)]),
        now=now,
        lifetime=key_lifetime,
        subject_id=None if means.method == DEPOSIT else payment_id,
    )
    if known is not None:
        return Begun(known.subject_id, None, is_repeat=True) if known.subject_id is not None else None
    if not exchange.waits:
        raise NothingMoreToPayError
    if means.method == DEPOSIT:
        settle_more(
            session,
            exchange=exchange,
            source=of_user(AccountKind.DEPOSIT, exchange.user_id, exchange.currency),
            idem_key=f"exchange:{exchange.id}:deposit",
            actor=actor,
            now=now,
        )
        return None
    begun = begin_payment(
        session,
        payment_id=payment_id,
        purpose=PaymentPurpose.EXCHANGE,
        actor=actor,
        owner_id=exchange.user_id,
        channel=channel,
        amount_minor=exchange.amount_minor,
        means=means,
        locale=wish.locale,
        return_url=wish.return_url,
        now=now,
    )
    insert_rows(session, ReturnPayment, [{"payment_id": payment_id, "return_id": exchange.id}])
    return begun
