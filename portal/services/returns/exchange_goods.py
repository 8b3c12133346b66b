"""Goods are exchanged for another option: whether they may, and what comes back of a lower price (ORD-005)."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError, RejectedError
from portal.kit.text import N_
from portal.models import ReturnUnit
from portal.queries.refund_facts import Refundable, load_refundable
from portal.queries.returns import OptionView, options_of_lines
from portal.rules.lower_price import Swap, plan_less, refusal_of_less, refusal_of_swaps
from portal.rules.permissions import Actor
from portal.rules.refund_policy import Party
from portal.rules.returns import not_exchangeable
from portal.services.refunds.plan_refund import PlannedRefund, Selection, refuse_unsettled
from portal.services.refunds.request_refund import RefundRequest, carry_out
from portal.services.returns.take_return import Taken


class ExchangeOptionError(PortalError):
    """Not another option of the same product."""

    code = "exchange_option"
    sentence = N_("Choose another option of the same product.")


def choose_options(
    session: Session,
    known: Refundable,
    *,
    units: Mapping[uuid.UUID, int],
    variants: Mapping[uuid.UUID, int],
    otherwise: str,
) -> dict[uuid.UUID, OptionView]:
    """The options that go out for units of lines, by line, at the prices of this moment.

    Raises ExchangeOptionError; RejectedError for goods that are not exchanged, an option that costs more, or a
    difference that is too large to go back without a second look.
    """
    refusal = not_exchangeable([known.policies[one] for one in units])
    if refusal is not None:
        raise RejectedError(refusal)
    options = options_of_lines(session, line_ids=list(units), any_price=True)
    chosen = {
        line_id: option
        for line_id in units
        for option in options.get(line_id, ())
        if option.variant_id == variants.get(line_id)
    }
    if chosen.keys() != units.keys():
        raise ExchangeOptionError
    swaps = {line_id: Swap(units[line_id], one.was_minor, one.is_minor) for line_id, one in chosen.items()}
    refusal = refusal_of_swaps(list(swaps.values())) or refusal_of_less(
        plan_less(known.facts, swaps, otherwise=otherwise), known.policies
    )
    if refusal is not None:
        raise RejectedError(refusal)
    return chosen


def give_back_less(
    session: Session, *, taken: Taken, units: Sequence[ReturnUnit], actor: Actor, now: datetime
) -> uuid.UUID | None:
    """Give back what other goods cost less than these units did, at the prices of the request; None where nothing is.

    Raises RejectedError for what is disputed.
    """
    case = taken.case
    counts = Counter(one.line_id for one in units)
    swaps = {
        one.line_id: Swap(counts[one.line_id], one.was_minor, one.is_minor)
        for one in units
        if one.was_minor is not None and one.is_minor is not None
    }
    if not any(one.is_cheaper for one in swaps.values()):
        return None
    known = load_refundable(session, order_id=case.order_id, now=now)
    assert known is not None
    refuse_unsettled(known.head)
    plan = plan_less(known.facts, swaps, otherwise=case.otherwise)
    if not plan.lines:
        return None
    made = carry_out(
        session,
        order=taken.order,
        planned=PlannedRefund(order=known, plan=plan, consents=(), step_up=False, refused={}),
        request=RefundRequest(
            key=str(case.id),
            selection=Selection({}),
            reason=case.reason,
            shown=plan.mark,
            note=case.number,
            otherwise=case.otherwise,
        ),
        party=Party.BUYER,
        idem_key=f"return:{case.id}",
        bank=None,
        actor=actor,
        now=now,
    )
    return made.refund_id
