"""Invoices as programs read and pay them (PAY-17)."""

from __future__ import annotations

import uuid
from typing import Literal

from pydantic import Field

from portal.blueprints.api.schemas import Amount, Instant, Minor, Out, PageOf, Paging
from portal.blueprints.api.v1.orders.schemas import NextAction
from portal.blueprints.api.v1.paying import PaymentChoice

InvoiceState = Literal["open", "partly_paid", "overdue", "paid", "credited", "written_off"]


class InvoiceQuery(Paging):
    """Which invoices; the newest come first."""

    status: Literal["unpaid"] | InvoiceState | None = Field(
        default=None, description="`unpaid` is open, partly paid or overdue."
    )


class Invoice(Out):
    """What is owed for an order that was bought on invoice."""

    number: str
    order_number: str
    status: InvoiceState
    total: Amount
    paid: Amount
    lowered: Amount = Field(description="By refunds of the order.")
    left: Amount
    issued_at: Instant
    due_at: Instant


class InvoicePage(PageOf[Invoice]):
    """A page of invoices."""


class InvoicePaymentRequest(PaymentChoice):
    """Pay an invoice in part or whole."""

    amount_minor: Minor = Field(description="At most what is left.", examples=[15_000])


class InvoicePayment(Out):
    """A payment for an invoice. With the deposit it is paid at once and has no id; else ask for the invoice."""

    payment_id: uuid.UUID | None
    next_action: NextAction
    invoice: Invoice
