"""What one has bought on invoice: the list with what is left of the limit, one invoice, and paying it (PAY-17)."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, current_app, flash, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal import formatting
from portal.blueprints.access import NotFoundError, requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.account.pay_choice import offer_pay, read_means, return_url
from portal.blueprints.checkout.words import say
from portal.blueprints.documents import pdf_answer
from portal.blueprints.identity import current_actor, current_channel, current_locale
from portal.blueprints.invoice_pdf import invoice_pdf
from portal.config import Settings
from portal.db import atomically, reading
from portal.htmx import leave_for, page_or_partial
from portal.jobs.queue import enqueue_charge
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_token
from portal.kit.money import as_decimal, parse_minor
from portal.queries.benefits import load_balances
from portal.queries.channels import channel_directory
from portal.queries.credit import load_credit
from portal.queries.invoices import InvoiceRow, list_invoices, load_invoice_moves, load_own_invoice
from portal.rules.permissions import Permission
from portal.services.checkout.pay_invoice import DEPOSIT, InvoicePaymentWish, pay_invoice


@bp.get("/account/invoices")
@requires(Permission.INVOICE_VIEW)
def invoices() -> ResponseReturnValue:
    """The list, the newest first."""
    user_id, currency = own_id(), current_channel().currency
    with reading() as session:
        found = list_invoices(session, user_id=user_id, cursor=request.args.get("cursor"))
        credit = load_credit(session, user_id=user_id, currency=currency)
    return page_or_partial(
        "account/invoices.html", {"invoices": "account/_invoices.html"}, found=found, credit=credit, currency=currency
    )


@bp.get("/account/invoices/<number>")
@requires(Permission.INVOICE_VIEW)
def invoice(number: str) -> ResponseReturnValue:
    """One, with what was paid of it; `?pay=` opens the ways of paying an amount."""
    row = _own(number)
    return _page(row, typed=request.args.get("pay"))


@bp.get("/account/invoices/<number>/invoice.pdf")
@requires(Permission.INVOICE_VIEW)
def invoice_file(number: str) -> Response:
    """The same on paper, for one's own books."""
    return pdf_answer(*invoice_pdf(_own(number)))


@bp.get("/account/invoices/<number>/payments")
@requires(Permission.INVOICE_VIEW)
def back_to_invoice(number: str) -> ResponseReturnValue:
    """The address of a page that answered the form: opened anew it is the invoice."""
    return leave_for(url_for(".invoice", number=number))


@bp.post("/account/invoices/<number>/payments")
@requires(Permission.INVOICE_PAY)
def pay_own_invoice(number: str) -> ResponseReturnValue:
    """Pay it, in part or whole."""
    row, typed = _own(number), request.form.get("amount", "")
    settings: Settings = current_app.config["PORTAL"]
    actor, now = current_actor(), clock.now()
    channel = channel_directory().by_id(row.channel_id)
    try:
        wish = InvoicePaymentWish(
            key=request.form.get("idempotency_key", ""),
            amount_minor=parse_minor(typed, row.currency),
            means=read_means(),
            locale=current_locale(),
            return_url=return_url(),
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
    except PortalError as refused:
        return _page(row, typed=None if request.form.get("method") == DEPOSIT else typed, error=refused)
    if begun is None:
        flash(gettext("%(amount)s was paid from your deposit.", amount=_money(wish.amount_minor, row)), "success")
        return leave_for(url_for(".invoice", number=number))
    if begun.attempt_id is not None:
        enqueue_charge(begun.attempt_id)
    return leave_for(url_for(".paying", payment_id=begun.payment_id))


def _money(minor: int, row: InvoiceRow) -> str:
    return formatting.money(minor, row.currency)


def _own(number: str) -> InvoiceRow:
    with reading() as session:
        row = load_own_invoice(session, user_id=own_id(), number=number.upper())
    if row is None:
        raise NotFoundError
    return row


def _page(row: InvoiceRow, *, typed: str | None, error: PortalError | None = None) -> Response:
    pay = None
    if typed is not None and row.is_open:
        try:
            amount = parse_minor(typed, row.currency)
        except PortalError as wrong:
            error = error or wrong
        else:
            if 0 < amount <= row.left_minor:
                pay = offer_pay(amount, channel_directory().by_id(row.channel_id))
    with reading() as session:
        moves = load_invoice_moves(session, invoice_id=row.id)
        deposit = load_balances(session, user_id=own_id(), currency=row.currency).deposit_usable_minor
    usable = min(deposit, row.left_minor)
    answer = make_response(
        render_template(
            "account/invoice.html",
            row=row,
            moves=moves,
            pay=pay,
            typed=typed,
            left_plain=as_decimal(row.left_minor, row.currency),
            deposit_minor=deposit,
            usable_minor=usable,
            usable_plain=as_decimal(usable, row.currency),
            problem=say(error) if error else None,
            deposit_key=request.form.get("idempotency_key") or new_token(),
        ),
        error.status if error else 200,
    )
    if error is not None:
        answer.headers["X-Error-Code"] = error.code
    return answer
