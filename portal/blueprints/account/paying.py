"""Paying for something that is no order: how it is chosen, and the page that tells until the money is in.

The same for every purpose; what is paid for has its own page, which shows pay_page() and begins the payment.
"""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.access import NotFoundError, requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.orders.views import FORWARDED_KEY
from portal.blueprints.account.own import own_id
from portal.blueprints.account.paying_words import purpose_words, stage_of, story_of
from portal.blueprints.checkout.method_names import method_name
from portal.blueprints.identity import current_actor
from portal.blueprints.payment_history import card_word
from portal.db import atomically, reading
from portal.gateways.base import TellingGateway
from portal.htmx import leave_for, page_or_partial
from portal.jobs.queue import enqueue_lookup, enqueue_reversal
from portal.kit import clock
from portal.queries.gateways import gateway_directory
from portal.queries.paying import PayingView, load_paying, load_paying_moves
from portal.rules.permissions import Permission
from portal.services.checkout.cancel_payment import cancel_payment
from portal.services.payments.note_return import note_return


@bp.get("/account/paying/<uuid:payment_id>")
@requires(Permission.PAYMENT_VIEW)
def paying(payment_id: uuid.UUID) -> ResponseReturnValue:
    """Where a payment stands. It goes on telling by itself until the money is in, or will not come."""
    found = _own(payment_id)
    values = _values(found)
    values["forward_to"] = _forward(found)
    return render_template("account/paying.html", **values)


@bp.get("/account/paying/<uuid:payment_id>/state")
@requires(Permission.PAYMENT_VIEW)
def paying_state(payment_id: uuid.UUID) -> ResponseReturnValue:
    """The part of the page that moves; nothing when the page that asks has it already."""
    found = _own(payment_id)
    if request.args.get("mark") == _mark(found):
        return Response(status=204)
    address = _forward(found)
    if address is not None:
        return leave_for(address)
    values = _values(found)
    return page_or_partial("account/paying.html", {"paying": "account/_paying.html"}, **values, forward_to=None)


@bp.get("/account/paying/<uuid:payment_id>/return")
@requires(Permission.PAYMENT_VIEW)
def paying_return(payment_id: uuid.UUID) -> ResponseReturnValue:
    """Back from a gateway's page: a worker asks how it ended, whatever the address says."""
    found = _own(payment_id)
    if found.is_open:
        configured = gateway_directory().get(found.attempt.gateway_account_id)
        if configured is not None and isinstance(configured.gateway, TellingGateway) and request.args:
            returned = request.args.to_dict()
            atomically(lambda opened: note_return(opened, attempt_id=found.attempt.id, returned=returned))
        enqueue_lookup(found.attempt.id)
    return redirect(url_for(".paying", payment_id=payment_id), code=303)


@bp.post("/account/paying/<uuid:payment_id>/cancellation")
@requires(Permission.PAYMENT_INITIATE)
def cancel_paying(payment_id: uuid.UUID) -> ResponseReturnValue:
    """Give up a payment whose money has not come."""
    actor, now = current_actor(), clock.now()
    to_void = atomically(lambda opened: cancel_payment(opened, actor=actor, payment_id=payment_id, now=now))
    for attempt_id in to_void:
        enqueue_reversal(attempt_id)
    return leave_for(url_for(".paying", payment_id=payment_id))


def _own(payment_id: uuid.UUID) -> PayingView:
    with reading() as opened:
        found = load_paying(opened, user_id=own_id(), payment_id=payment_id)
    if found is None:
        raise NotFoundError
    return found


def _mark(found: PayingView) -> str:
    stage = stage_of(found, clock.now())
    return f"{found.mark}{'s' if stage.name == 'slow' else ''}"


def _forward(found: PayingView) -> str | None:
    """Where the buyer is led by itself, once per attempt."""
    if not found.is_open or found.attempt.action.get("kind") != "redirect":
        return None
    known = session.get(FORWARDED_KEY, [])
    if found.attempt.id.hex in known:
        return None
    session[FORWARDED_KEY] = [*known[-4:], found.attempt.id.hex]
    address: str | None = found.attempt.action.get("url")
    return address


def _values(found: PayingView) -> dict[str, Any]:
    with reading() as opened:
        moves = load_paying_moves(opened, payment_id=found.id)
    configured = gateway_directory().get(found.attempt.gateway_account_id)
    stage = stage_of(found, clock.now())
    return {
        "payment": found,
        "stage": stage,
        "mark": _mark(found),
        "events": story_of(moves),
        "words": purpose_words(found),
        "method": method_name(found.method),
        "card": card_word(found.attempt.card),
        "element": configured.gateway.element if configured and stage.name == "confirm" else None,
    }
