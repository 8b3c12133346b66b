"""Money that came in besides: the facts, and the two things that can be done about it (PAY-16)."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done
from portal.jobs.queue import enqueue_surplus
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.exceptions import load_surplus
from portal.rules.permissions import Permission
from portal.services.accounts.bank_details import FIELDS
from portal.services.refunds.decide_surplus import keep_surplus, return_surplus


def hang(bp: Blueprint) -> None:
    path = "/exceptions/surpluses/<uuid:surplus_id>"
    bp.add_url_rule(path, "exception_surplus", show)
    bp.add_url_rule(f"{path}/deposit", "exception_surplus_deposit", keep, methods=["POST"])
    bp.add_url_rule(f"{path}/return", "exception_surplus_return", give_back, methods=["POST"])


@requires_all(Permission.PAYMENT_VIEW)
def show(surplus_id: uuid.UUID) -> ResponseReturnValue:
    """What is known of it, and what can be done."""
    return _page(surplus_id)


@requires_all(Permission.REFUND_APPROVE)
def keep(surplus_id: uuid.UUID) -> ResponseReturnValue:
    """Make it the buyer's deposit."""
    actor, now = current_actor(), clock.now()
    return _act(surplus_id, lambda s: keep_surplus(s, surplus_id=surplus_id, actor=actor, now=now))


@requires_all(Permission.REFUND_APPROVE)
def give_back(surplus_id: uuid.UUID) -> ResponseReturnValue:
    """Let a worker send it to an account."""
    actor, now = current_actor(), clock.now()
    bank = {name: request.form.get(name, "") for name in FIELDS}
    return _act(
        surplus_id,
        lambda s: return_surplus(s, surplus_id=surplus_id, bank=bank, actor=actor, now=now),
        then=lambda: enqueue_surplus(surplus_id),
    )


def _act(
    surplus_id: uuid.UUID, work: Callable[[Session], None], *, then: Callable[[], None] | None = None
) -> ResponseReturnValue:
    try:
        atomically(work)
    except PortalError as error:
        return _page(surplus_id, error)
    if then is not None:
        then()
    flash(_("Decided. It stands in the record of the payment."), "success")
    return done(location=url_for("admin.exception_surplus", surplus_id=surplus_id))


def _page(surplus_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        found = load_surplus(session, surplus_id=surplus_id)
        if found is None:
            raise NotFoundError
        frame = around(session, "admin.exceptions")
    page = render_template(
        "admin/exceptions/surplus.html",
        surplus=found,
        bank={name: request.form.get(name, "") for name in FIELDS},
        problem=say(error) if error else None,
        may_act=may_all(Permission.REFUND_APPROVE),
        **frame,
    )
    return page, error.status if error else 200
