"""What was paid for the store's parts of orders: the list with its days, and the file (PAY-13)."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.access import NotFoundError
from portal.blueprints.desk import requires_in
from portal.blueprints.payment_history import asked, chips, description, history_file, method_word, state_options
from portal.blueprints.seller.desk import around, open_desk
from portal.db import reading
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.queries.payment_history import list_store_payments
from portal.rules.permissions import Permission, Scope
from portal.rules.states import Machine, states

STATES = [state for state in states(Machine.PART) if state != "held"]


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/payments", "payments", index)
    bp.add_url_rule("/payments.csv", "payments_file", file)


@requires_in(Permission.PAYMENT_VIEW, Scope.STORE)
def index() -> ResponseReturnValue:
    """The list, the newest first; how one was paid stands on the page of its order."""
    chosen, days = asked(STATES)
    with reading() as session:
        desk = open_desk(session, clock.now())
        if desk is None:
            return render_template("seller/no_store.html", **around(None, "seller.payments"))
        found = list_store_payments(session, store_id=desk.store.id, chosen=chosen, cursor=request.args.get("cursor"))
    return page_or_partial(
        "seller/payments/index.html",
        {"payments": "seller/payments/_list.html"},
        found=found,
        chosen=chosen,
        days=days,
        chips=chips(chosen, days, "part", "seller.payments"),
        clear_href=url_for("seller.payments", store=desk.store_arg),
        states=state_options(STATES, "part"),
        description=description,
        method_word=method_word,
        **around(desk, "seller.payments"),
    )


@requires_in(Permission.PAYMENT_VIEW, Scope.STORE)
def file() -> ResponseReturnValue:
    """The same list as a file."""
    chosen, _days = asked(STATES)
    with reading() as session:
        desk = open_desk(session, clock.now())
    if desk is None:
        raise NotFoundError
    store_id = desk.store.id
    return history_file(
        f"payments-{desk.store.slug}.csv",
        "part",
        lambda session, cursor, rows: list_store_payments(
            session, store_id=store_id, chosen=chosen, cursor=cursor, rows_max=rows, is_counted=False
        ),
    )
