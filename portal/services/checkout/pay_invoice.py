"""Pay an invoice, in part or whole: through a gateway, or at once from the deposit (PAY-17)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import RejectedError, Rejection
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import InvoicePayment
from portal.queries.channels import ChannelView
from portal.rules.permissions import Actor, Permission, may
from portal.rules.posting import AccountKind, of_user
from portal.rules.purposes import PaymentPurpose
from portal.services.accounts.may_spend import check_may_spend
from portal.services.checkout.begin_payment import Begun, begin_payment
from portal.services.checkout.means import Means
from portal.services.idempotency import claim_key, fingerprint
from portal.services.invoices.settle_invoice import LockedInvoice, MoveKind, lock_invoice, settle_invoice
from portal.services.invoices.write_off import InvoiceClosedError, InvoiceUnknownError

DEPOSIT = "deposit"


@dataclass(frozen=True, slots=True)
class InvoicePaymentWish:
    """What somebody sends: how much in minor units of the invoice's currency, and how. `deposit` is a method here."""

    key: str
    amount_minor: int
    means: Means
    locale: str
    return_url: str


def pay_invoice(
    session: Session,
    *,
    actor: Actor,
    invoice_id: uuid.UUID,
    channel: ChannelView,
    wish: InvoicePaymentWish,
    key_lifetime: timedelta,
    now: datetime,
) -> Begun | None:
    """Begin a payment for the actor's own invoice; None where the deposit has paid it already.

    `channel` is the invoice's. Raises InvoiceUnknownError, InvoiceClosedError, RejectedError for an amount or a method,
    BalanceTooLowError, AccountFrozenError, TryAgainLaterError, and the errors of rates and of idempotency keys.
    """
    invoice = lock_invoice(session, invoice_id)
    if invoice is None or actor.user_id is None or invoice.user_id != actor.user_id:
        raise InvoiceUnknownError
    if not may(actor, Permission.INVOICE_PAY, owner_id=invoice.user_id):
        raise InvoiceUnknownError
    check_may_spend(session, user_id=actor.user_id)
    payment_id = new_id()
    means = wish.means
    mark = fingerprint([str(invoice_id), wish.amount_minor, means.method, str(means.saved_method_id)])
    known = claim_key(
        session,
        scope=f"invoice:{actor.user_id}",
        key=wish.key,
        mark=mark,
        now=now,
        lifetime=key_lifetime,
        subject_id=None if means.method == DEPOSIT else payment_id,
    )
    if known is not None:
        return Begun(known.subject_id, None, is_repeat=True) if known.subject_id is not None else None
    _check_amount(invoice, wish.amount_minor)
    if means.method == DEPOSIT:
        settle_invoice(
            session,
            invoice=invoice,
            kind=MoveKind.DEPOSIT,
            amount_minor=wish.amount_minor,
            idem_key=f"invoice:{invoice.id}:deposit:{payment_id}",
            source=of_user(AccountKind.DEPOSIT, invoice.user_id, invoice.currency),
            actor=actor,
            now=now,
        )
        return None
    begun = begin_payment(
        session,
        payment_id=payment_id,
        purpose=PaymentPurpose.INVOICE,
        actor=actor,
        owner_id=invoice.user_id,
        channel=channel,
        amount_minor=wish.amount_minor,
        means=means,
        locale=wish.locale,
        return_url=wish.return_url,
        now=now,
    )
    insert_rows(session, InvoicePayment, [{"payment_id": payment_id, "invoice_id": invoice.id}])
    return begun


def _check_amount(invoice: LockedInvoice, amount_minor: int) -> None:
    if not invoice.left_minor:
        raise InvoiceClosedError
    if not 0 < amount_minor <= invoice.left_minor:
        left = Money(invoice.left_minor, invoice.currency)
        raise RejectedError(
            Rejection(
                "INVOICE_AMOUNT",
                N_("Pay more than nothing and at most %(left)s: that is what is left."),
                {"left": left},
            )
        )
