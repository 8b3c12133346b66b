"""Cancel or give back: one page that shows what comes back before the last click (B27, REF-01, S16)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal import formatting
from portal.blueprints.access import requires
from portal.blueprints.account.orders.views import bp, own_order
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.identity import current_actor
from portal.blueprints.refund_words import goes_to, list_words, plan_rows, reasons_for, side_effects
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError, Rejection
from portal.kit.ids import new_token
from portal.queries.orders import OrderPartView, OrderView, load_parts
from portal.rules.permissions import Permission
from portal.rules.refund_policy import AFTER_SHIPMENT, BEFORE_SHIPMENT, REASONS, Party
from portal.services.accounts.bank_details import FIELDS, BankDetailsError
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.refunds.decide_refund import withdraw_refund
from portal.services.refunds.plan_refund import PlannedRefund, Selection, plan_refund
from portal.services.refunds.replace_leg import replace_leg
from portal.services.refunds.request_refund import RefundRequest, request_refund

UNITS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form asks for, as it was typed. `units` None is the whole order (or `part_id`)."""

    units: Mapping[uuid.UUID, int] | None
    part_id: uuid.UUID | None
    reason: str
    otherwise: str
    bank: Mapping[str, str]
    note: str

    @property
    def selection(self) -> Selection:
        return Selection(self.units, self.part_id)


@bp.get("/orders/<number>/refund")
@requires(Permission.REFUND_HANDLE)
def refund(number: str) -> ResponseReturnValue:
    """What would come back, and why not; a change of the form asks anew."""
    order = own_order(number)
    wish = _wish(request.args)
    return page_or_partial("orders/refund.html", {"refund-plan": "orders/_refund_plan.html"}, **_page(order, wish))


@bp.post("/orders/<number>/refunds")
@requires(Permission.REFUND_HANDLE)
def create_refund(number: str) -> ResponseReturnValue:
    """Confirm what was shown; what is not the same any more is shown anew."""
    order = own_order(number)
    wish = _wish(request.form)
    actor, now = current_actor(), clock.now()
    asked = RefundRequest(
        key=request.form.get("key", ""),
        selection=wish.selection,
        reason=wish.reason,
        shown=request.form.get("shown", ""),
        note=wish.note,
        otherwise=wish.otherwise,
        bank=wish.bank,
    )
    try:
        made = atomically(
            lambda s: request_refund(s, actor=actor, party=Party.BUYER, order_id=order.id, request=asked, now=now)
        )
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        values = _page(order, wish, error=error)
        return render_template("orders/refund.html", **values), error.status
    if not made.is_repeat:
        flash(_done(made.status), "success")
    return done(location=url_for(".show", number=order.number))


@bp.post("/orders/<number>/refunds/<uuid:refund_id>/withdrawal")
@requires(Permission.REFUND_HANDLE)
def withdraw(number: str, refund_id: uuid.UUID) -> ResponseReturnValue:
    """Take a request back that nobody has decided."""
    order = own_order(number)
    atomically(lambda s: withdraw_refund(s, refund_id=refund_id, actor=current_actor(), now=clock.now()))
    return done(location=url_for(".show", number=order.number))


@bp.post("/orders/<number>/refund-legs/<uuid:leg_id>/settlement")
@requires(Permission.REFUND_HANDLE)
def settle_otherwise(number: str, leg_id: uuid.UUID) -> ResponseReturnValue:
    """Say where money goes whose own way is closed (REF-03)."""
    order = own_order(number)
    actor, now = current_actor(), clock.now()
    destination = request.form.get("destination", "")
    bank = {name: request.form.get(f"bank_{name}", "") for name in FIELDS}
    try:
        atomically(lambda s: replace_leg(s, leg_id=leg_id, destination=destination, bank=bank, actor=actor, now=now))
    except BankDetailsError as error:
        flash(say(error), "error")
    return done(location=url_for(".show", number=order.number))


def _done(status: str) -> str:
    if status == "requested":
        return str(gettext("Your request was sent. You hear as soon as it is decided."))
    return str(gettext("Done. This page shows how far your money is."))


def _wish(given: MultiDict[str, str]) -> Wish:
    units: dict[uuid.UUID, int] = {}
    for name, value in given.items():
        line_id = _id(name.removeprefix("units-")) if name.startswith("units-") else None
        if line_id is not None:
            units[line_id] = min(int(value), UNITS_MAX) if value.isdecimal() else 0
    return Wish(
        units=units or None,
        part_id=_id(given.get("part", "")),
        reason=given.get("reason", "changed_mind"),
        otherwise=given.get("otherwise", "deposit"),
        bank={name: given.get(f"bank_{name}", "") for name in FIELDS},
        note=given.get("note", ""),
    )


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _plan(order: OrderView, wish: Wish) -> PlannedRefund | PortalError:
    try:
        with reading() as session:
            return plan_refund(
                session,
                actor=current_actor(),
                party=Party.BUYER,
                order_id=order.id,
                selection=wish.selection,
                reason=wish.reason,
                otherwise=wish.otherwise,
                now=clock.now(),
            )
    except PortalError as error:
        return error


def _page(order: OrderView, wish: Wish, *, error: PortalError | None = None) -> dict[str, Any]:
    with reading() as session:
        parts = load_parts(session, order_id=order.id)
    if wish.units is None and wish.part_id is None:
        wish = replace(wish, units=_not_sent(parts))
    planned = _plan(order, wish)
    found = planned if isinstance(planned, PlannedRefund) else None
    refused = say(planned) if isinstance(planned, PortalError) else None
    card = order.attempt.card if order.attempt else None
    is_cancellation = all(part.status in BEFORE_SHIPMENT | {"cancelled"} for part in parts)
    total = formatting.money(found.plan.total_minor, order.currency) if found else ""
    names = [goes_to(leg, order.method, card) for leg in found.plan.legs] if found else []
    return {
        "order": order,
        "wish": wish,
        "groups": [_group(part, wish, found) for part in parts if any(line.left for line in part.lines)],
        # Of what was never sent nobody can say that it came damaged.
        "reasons": [one for one in reasons_for(Party.BUYER) if not (is_cancellation and REASONS[one[0]][1])],
        "planned": found,
        "plan": found.plan if found else None,
        "rows": plan_rows(found.plan, order.method, card) if found else [],
        "effects": side_effects(found.plan) if found else [],
        "closed": found is not None and any(leg.closed for leg in found.plan.legs),
        "consent": found is not None and bool(found.consents),
        "step_up": found is not None and found.step_up,
        "refused": refused,
        "error": say(error) if error else None,
        "total": total,
        "in_platform": found.in_platform if found else None,
        "goes_to": list_words(names),
        "is_cancellation": is_cancellation,
        "is_partly_sent": _not_sent(parts) is not None,
        "key": request.form.get("key") or new_token(),
    }


def _not_sent(parts: Sequence[OrderPartView]) -> dict[uuid.UUID, int] | None:
    """Where a part of the order has left: the units that are still with their stores, which are asked back first."""
    still = [line for part in parts if part.status in BEFORE_SHIPMENT for line in part.lines]
    is_partly = any(part.has_left or part.status in AFTER_SHIPMENT for part in parts)
    units = {line.id: line.to_send for line in still if line.to_send}
    return units if is_partly and units else None


def _group(part: OrderPartView, wish: Wish, planned: PlannedRefund | None) -> dict[str, Any]:
    """A store's lines with how many of each are asked back, and what keeps others from it."""
    chosen = {line.line_id: line.units for line in planned.plan.lines if line.line_id} if planned else {}
    refused: Mapping[uuid.UUID, Rejection] = planned.refused if planned else {}
    return {
        "name": translated(dict(part.store_name)),
        "status": part.status,
        "lines": [
            {
                "line": line,
                "units": wish.units.get(line.id, 0) if wish.units else chosen.get(line.id, 0),
                "refused": say(refused[line.id]) if line.id in refused else None,
                "sent": min(line.left, line.shipped_quantity) if part.status in BEFORE_SHIPMENT else 0,
            }
            for line in part.lines
            if line.left
        ],
    }
