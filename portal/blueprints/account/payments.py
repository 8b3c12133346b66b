"""What one has paid, looked back at: the list with its days, one payment, the file (PAY-13)."""

from __future__ import annotations

import uuid

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.access import NotFoundError, requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.desk_words import word
from portal.blueprints.payment_history import (
    asked,
    card_word,
    chips,
    description,
    history_file,
    method_word,
    state_options,
)
from portal.db import reading
from portal.htmx import page_or_partial
from portal.queries.payment_history import list_own_payments, load_own_payment
from portal.rules.permissions import Permission
from portal.rules.states import Machine, states

STATES = states(Machine.PAYMENT)


@bp.get("/account/payments")
@requires(Permission.PAYMENT_VIEW)
def payments() -> ResponseReturnValue:
    """The list, the newest first."""
    chosen, days = asked(STATES)
    with reading() as session:
        found = list_own_payments(session, user_id=own_id(), chosen=chosen, cursor=request.args.get("cursor"))
    return page_or_partial(
        "account/payments.html",
        {"payments": "account/_payments.html"},
        found=found,
        chosen=chosen,
        days=days,
        chips=chips(chosen, days, "payment", "account.payments"),
        clear_href=url_for(".payments"),
        states=state_options(STATES, "payment"),
        description=description,
        method_word=method_word,
    )


@bp.get("/account/payments.csv")
@requires(Permission.PAYMENT_VIEW)
def payments_file() -> Response:
    """The same list as a file."""
    chosen, _days = asked(STATES)
    user_id = own_id()
    return history_file(
        "payments.csv",
        "payment",
        lambda session, cursor, rows: list_own_payments(
            session, user_id=user_id, chosen=chosen, cursor=cursor, rows_max=rows, is_counted=False
        ),
    )


@bp.get("/account/payments/<uuid:payment_id>")
@requires(Permission.PAYMENT_VIEW)
def payment(payment_id: uuid.UUID) -> ResponseReturnValue:
    """One payment with its receipt and the gateway's name of it."""
    with reading() as session:
        found = load_own_payment(session, user_id=own_id(), payment_id=payment_id)
    if found is None:
        raise NotFoundError
    return render_template(
        "account/payment.html",
        payment=found,
        row=found.row,
        what=description(found.row),
        method=method_word(found.row.method),
        card=card_word(found.card),
        word=word,
    )
