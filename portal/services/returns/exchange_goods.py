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
from portal.queries.exchange_options import OptionView, given_back_by_exchanges, options_of_lines, tax_of_lines
from portal.queries.refund_facts import Refundable, load_refundable
from portal.rules.higher_price import PAY_WITHIN, more_of
from portal.rules.lower_price import Swap, plan_less, refusal_of_less, refusal_of_swaps
from portal.rules.permissions import Actor
from portal.rules.refund_policy import Party
from portal.rules.returns import not_exchangeable
from portal.services.refunds.plan_refund import PlannedRefund, Selection, refuse_unsettled
from portal.services.refunds.request_refund import RefundRequest, carry_out
from portal.services.returns.take_return import Taken


class ExchangeOptionError(PortalError):
    """Neither another option of the same product nor something of the same store and section."""

    code = "exchange_option"
    sentence = N_("Choose another option of the same product, or other goods of this store of the same kind.")


def choose_options(
    session: Session,
    known: Refundable,
    *,
    units: Mapping[uuid.UUID, int],
    variants: Mapping[uuid.UUID, int],
    otherwise: str,
) -> dict[uuid.UUID, OptionView]:
    """What goes out for units of lines, by line, at the prices of this moment: another option, or other goods of the
    store in the same section.

    Raises ExchangeOptionError; RejectedError for goods that are not exchanged, for dearer and cheaper ones at once, or
    for a difference that is too large to go back without a second look, with all that exchanges of the order gave back.
    """
    refusal = not_exchangeable([known.policies[one] for one in units])
    if refusal is not None:
        raise RejectedError(refusal)
    options = options_of_lines(session, line_ids=list(units), any_price=True, others_named=list(variants.values()))
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
        plan_less(known.facts, swaps, otherwise=otherwise),
        known.policies,
        before_minor=given_back_by_exchanges(session, order_id=known.head.id),
    )
    if refusal is not None:
        raise RejectedError(refusal)
    return chosen


def ask_for_more(session: Session, *, taken: Taken, units: Sequence[ReturnUnit], now: datetime) -> bool:
    """Ask for what other goods cost more than these units did, at the prices of the request; False where nothing is.

    What goes out is kept for its buyer until then, and what he sent is not on the shelf yet.
    """
    rates = tax_of_lines(session, line_ids=list({one.line_id for one in units}))
    for one in units:
        if one.was_minor is None or one.is_minor is None or one.is_minor <= one.was_minor:
            continue
        rate, is_inclusive = rates[one.line_id]
        more = more_of(Swap(1, one.was_minor, one.is_minor), tax_rate=rate, tax_inclusive=is_inclusive)
        one.more_minor, one.more_tax_minor = more.amount_minor, more.tax_minor
    if not any(one.more_minor for one in units):
        return False
    taken.case.pay_by = now + PAY_WITHIN
    session.flush()
    return True


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
