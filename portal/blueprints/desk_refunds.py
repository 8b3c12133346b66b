"""What the desks of stores and administrators share about refunds: queues, one refund, deciding, and giving back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal import formatting
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.identity import current_actor
from portal.blueprints.refund_words import (
    CLOSED_WORDS,
    WHY_WORDS,
    goes_to,
    leg_sentence,
    list_words,
    next_step,
    plan_rows,
    reason_word,
    reasons_for,
    side_effects,
)
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.ids import new_token
from portal.queries.refund_facts import Refundable, load_refundable
from portal.queries.refund_lists import RefundQueue
from portal.queries.refunds import RefundView
from portal.rules.refund_policy import Party
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.refunds.decide_refund import approve_refund, refuse_refund
from portal.services.refunds.plan_refund import PlannedRefund, Selection, plan_refund
from portal.services.refunds.request_refund import RefundRequest, request_refund

UNITS_MAX = 1_000_000


def queue_names() -> Mapping[RefundQueue, str]:
    return {
        RefundQueue.WAITING: _("Waiting for an answer"),
        RefundQueue.FAILED: _("Failed at the gateway"),
        RefundQueue.UNDER_WAY: _("Under way"),
        RefundQueue.BANK: _("To be paid by hand"),
        RefundQueue.LATE: _("Late"),
        RefundQueue.ALL: _("All"),
    }


def refund_values(refund: RefundView, *, store_ids: Sequence[int] | None = None) -> dict[str, Any]:
    """What the page of one refund says; with `store_ids` of those stores' lines only (ORD-001)."""
    items = [one for one in refund.items if store_ids is None or one["store_id"] in store_ids]
    return {
        "refund": refund,
        "items": items,
        "items_minor": sum(one["amount_minor"] for one in items),
        "restocking_minor": sum(one["restocking_minor"] for one in items),
        "reason": reason_word(refund.reason),
        "consents": [
            {
                "consent": one,
                "name": translated(dict(one.store_name)) if one.store_name else _("Administrator"),
                "why": _why(one.why),
            }
            for one in refund.consents
            if store_ids is None or one.store_id in store_ids
        ],
        "legs": [] if store_ids is not None else [_leg(leg) for leg in refund.legs],
    }


def _leg(leg: Any) -> dict[str, Any]:
    return {
        "leg": leg,
        "name": goes_to(leg, None),
        "sentence": leg_sentence(leg),
        "next": next_step(leg) if leg.status == "failed" and not leg.is_replaced else "",
        "may_replace": leg.status == "failed" and not leg.is_replaced,
        "reason": gettext(CLOSED_WORDS[leg.reason]) if leg.reason in CLOSED_WORDS else leg.reason,
    }


def _why(code: str) -> str:
    return str(gettext(WHY_WORDS[code])) if code in WHY_WORDS else code


def decide(refund_id: uuid.UUID, *, agrees: bool, location: str) -> ResponseReturnValue | PortalError:
    """Say yes or no, and go back; what stands against it is returned, to be shown on the page."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "")
    try:
        if agrees:
            atomically(lambda s: approve_refund(s, refund_id=refund_id, actor=actor, reason=reason, now=now))
        else:
            atomically(lambda s: refuse_refund(s, refund_id=refund_id, actor=actor, reason=reason, now=now))
    except PortalError as error:
        return error
    flash(
        _("You agreed. The money goes back.") if agrees else _("You refused. The buyer reads your reason."), "success"
    )
    return done(location=location)


def form_values(
    order_id: uuid.UUID, party: Party, *, part_id: uuid.UUID | None = None, error: PortalError | None = None
) -> dict[str, Any] | None:
    """The form with which a store or an administrator gives something back, and its plan; None for no such order."""
    given = request.values
    typed = _units(given)
    reason = given.get("reason", "out_of_stock" if party is Party.SELLER else "goodwill")
    planned = _plan(order_id, party, Selection(typed or None, part_id), reason)
    if isinstance(planned, PlannedRefund):
        order: Refundable | None = planned.order
    else:
        with reading() as session:
            order = load_refundable(session, order_id=order_id, now=clock.now())
    if order is None:
        return None
    found = planned if isinstance(planned, PlannedRefund) else None
    names = [goes_to(leg, None) for leg in found.plan.legs] if found else []
    lines = [line for line in order.facts.lines if part_id in (None, line.part_id) and line.units_left]
    chosen = {line.line_id: line.units for line in found.plan.lines} if found and not typed else typed
    return {
        "order": order.head,
        "lines": [
            {
                "line": line,
                "name": translated(dict(order.names[line.id])),
                "store": translated(dict(order.parts[line.part_id].store_name)),
                "units": chosen.get(line.id, 0),
            }
            for line in lines
        ],
        "reason": reason,
        "note": given.get("note", ""),
        "reasons": reasons_for(party),
        "plan": found.plan if found else None,
        "rows": plan_rows(found.plan, None, None) if found else [],
        "effects": side_effects(found.plan) if found else [],
        "consent": bool(found and found.consents),
        "refused": say(planned) if isinstance(planned, PortalError) else None,
        "error": say(error) if error else None,
        "total": formatting.money(found.plan.total_minor, order.head.currency) if found else "",
        "in_platform": found.in_platform if found else None,
        "to_names": list_words(names),
        "key": given.get("key") or new_token(),
    }


def give_back(order_id: uuid.UUID, party: Party) -> PortalError | str:
    """Confirm what the form showed; the refund's state, or what stands against it."""
    given = request.form
    asked = RefundRequest(
        key=given.get("key", ""),
        selection=Selection(_units(given)),
        reason=given.get("reason", ""),
        shown=given.get("shown", ""),
        note=given.get("note", ""),
    )
    actor, now = current_actor(), clock.now()
    try:
        made = atomically(
            lambda s: request_refund(s, actor=actor, party=party, order_id=order_id, request=asked, now=now)
        )
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        return error
    flash(_("It waits for an administrator.") if made.status == "requested" else _("The money goes back."), "success")
    return made.status


def _plan(order_id: uuid.UUID, party: Party, selection: Selection, reason: str) -> PlannedRefund | PortalError:
    try:
        with reading() as session:
            return plan_refund(
                session,
                actor=current_actor(),
                party=party,
                order_id=order_id,
                selection=selection,
                reason=reason,
                now=clock.now(),
            )
    except PortalError as error:
        return error


def _units(given: Mapping[str, str]) -> dict[uuid.UUID, int]:
    """Units by line, as they were typed."""
    return {
        line_id: min(int(value), UNITS_MAX) if value.isdecimal() else 0
        for name, value in given.items()
        if name.startswith("units-") and (line_id := _id(name.removeprefix("units-"))) is not None
    }


def _id(value: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except ValueError:
        return None
