"""Invoices of the key's person, through the services that the pages use (PAY-17)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import current_app

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor, current_client, own_key
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.invoices import examples
from portal.blueprints.api.v1.invoices.schemas import (
    Invoice,
    InvoicePage,
    InvoicePayment,
    InvoicePaymentRequest,
    InvoiceQuery,
)
from portal.blueprints.api.v1.paying import go_on, return_url
from portal.config import Settings
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.kit.paging import CursorInvalidError
from portal.queries.channels import channel_directory
from portal.queries.invoices import InvoiceRow, list_invoices, load_own_invoice
from portal.rules.permissions import Permission
from portal.services.accounts.may_spend import AccountFrozenError
from portal.services.checkout.begin_payment import NOT_ON_INVOICE
from portal.services.checkout.pay_invoice import InvoicePaymentWish, pay_invoice
from portal.services.checkout.routing import METHOD_MISSING, SAVED_CARD_UNUSABLE, TryAgainLaterError
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.invoices.write_off import InvoiceClosedError
from portal.services.ledger.holds import BalanceTooLowError

TAG = "Invoices"
NUMBER = PathValue("The invoice's number.", {"type": "string", "minLength": 1}, examples.INVOICE_NUMBER)


@operation(
    "GET",
    "/invoices",
    tag=TAG,
    summary="List invoices",
    description="Those of the key's person on all channels, the newest first.",
    permission=Permission.INVOICE_VIEW,
    query=InvoiceQuery,
    answer=InvoicePage,
    example=examples.PAGE,
    refusals=(CursorInvalidError,),
)
def list_own_invoices(query: InvoiceQuery) -> InvoicePage:
    actor = api_actor()
    assert actor.user_id is not None
    with reading() as session:
        page = list_invoices(
            session, user_id=actor.user_id, state=query.status, cursor=query.cursor, rows_max=query.limit
        )
    return InvoicePage.of(page, [_as_invoice(row) for row in page.rows])


@operation(
    "GET",
    "/invoices/<string:number>",
    tag=TAG,
    summary="Show an invoice",
    description="Payments for it are among the payments.",
    permission=Permission.INVOICE_VIEW,
    answer=Invoice,
    example=examples.INVOICE,
    path_values={"number": NUMBER},
    refusals=(NotFoundError,),
)
def show_invoice(number: str) -> Invoice:
    return _as_invoice(load_own(number))


@operation(
    "POST",
    "/invoices/<string:number>/payments",
    tag=TAG,
    summary="Pay an invoice",
    description=(
        "In part or whole. With `deposit` it is paid at once; any other way begins a payment, and `next_action` says "
        "how it goes on: ask for the invoice until it is paid. Money that comes when less is left goes back by itself."
    ),
    permission=Permission.INVOICE_PAY,
    body=InvoicePaymentRequest,
    body_example=examples.REQUEST,
    answer=InvoicePayment,
    status=201,
    answer_text="The payment is begun, or made.",
    example=examples.PAID,
    path_values={"number": NUMBER},
    refusals=(
        NotFoundError,
        InvoiceClosedError,
        BalanceTooLowError,
        AccountFrozenError,
        RejectedError(METHOD_MISSING),
        RejectedError(SAVED_CARD_UNUSABLE),
        RejectedError(NOT_ON_INVOICE),
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        TryAgainLaterError(datetime(2026, 11, 21, 4, 48, tzinfo=UTC), datetime(2026, 11, 21, 4, 43, tzinfo=UTC)),
    ),
    is_idempotent=True,
    headers={"Idempotent-Replayed": "`true` if this is the answer to an earlier request with the same key."},
)
def pay_own_invoice(number: str, body: InvoicePaymentRequest, key: str) -> Reply:
    settings: Settings = current_app.config["PORTAL"]
    actor, now, row = api_actor(), clock.now(), load_own(number)
    channel = channel_directory().by_id(row.channel_id)
    wish = InvoicePaymentWish(
        key=own_key(key),
        amount_minor=body.amount_minor,
        means=body.means,
        locale=body.locale or current_client().locale or channel.default_locale,
        return_url=return_url(body.return_url, channel=channel.code),
    )
    begun = atomically(
        lambda s: pay_invoice(
            s,
            actor=actor,
            invoice_id=row.id,
            channel=channel,
            wish=wish,
            key_lifetime=timedelta(hours=settings.idempotency_hours),
            now=now,
        )
    )
    step = go_on(begun)
    shown = InvoicePayment(
        payment_id=begun.payment_id if begun is not None else None,
        next_action=step,
        invoice=_as_invoice(load_own(number)),
    )
    headers = {"Idempotent-Replayed": "true"} if begun is not None and begun.is_repeat else {}
    return Reply(shown.model_dump_json().encode(), 201, headers)


def load_own(number: str) -> InvoiceRow:
    actor = api_actor()
    assert actor.user_id is not None
    with reading() as session:
        row = load_own_invoice(session, user_id=actor.user_id, number=number)
    if row is None:
        raise NotFoundError
    return row


def _as_invoice(row: InvoiceRow) -> Invoice:
    return Invoice(
        number=row.number,
        order_number=row.order_number,
        status=row.state,  # type: ignore[arg-type]  # The state machine has these and no others.
        total=Amount.of(row.total_minor, row.currency),
        paid=Amount.of(row.paid_minor, row.currency),
        lowered=Amount.of(row.lowered_minor, row.currency),
        left=Amount.of(row.left_minor, row.currency),
        issued_at=row.issued_at,
        due_at=row.due_at,
    )
