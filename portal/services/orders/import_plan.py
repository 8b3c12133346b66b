"""What an imported order will be: ids, amounts and steps, decided before anything is written."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.kit.ids import new_id, new_number
from portal.kit.money import MAX_MINOR, Money
from portal.kit.text import N_
from portal.rules.imports import (
    GIFT,
    Fate,
    ImportedOrderError,
    NoLinesError,
    NoPaymentError,
    Step,
    cover,
    path,
    shares,
)
from portal.rules.states import Machine
from portal.services.orders.import_draft import LineDraft, OrderDraft, PartDraft, PaymentDraft
from portal.services.orders.release_part import RETURN_PERIOD

MACHINES = (Machine.ORDER, Machine.PART, Machine.PAYMENT, Machine.ATTEMPT)


class AmountsOutOfRangeError(ImportedOrderError):
    code = "import_amounts_out_of_range"
    sentence = N_("The amounts or quantities of the order are out of range.")


@dataclass(frozen=True, slots=True)
class TenderPlan:
    """A tender with what it bears of lines, then of shipping fees. `paid_minor` is what was really paid with it."""

    id: uuid.UUID
    method: str
    amount_minor: int
    paid_minor: int
    shares: tuple[int, ...]
    payment_id: uuid.UUID | None
    attempt_id: uuid.UUID

    @property
    def is_gift(self) -> bool:
        return self.method == GIFT

    @property
    def difference_minor(self) -> int:
        return self.paid_minor - self.amount_minor


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """An order with the ids of all its rows. `lines` are (part, line), in the order in which tenders are allocated."""

    draft: OrderDraft
    order_id: uuid.UUID
    number: str
    part_ids: tuple[uuid.UUID, ...]
    lines: tuple[tuple[int, LineDraft], ...]
    line_ids: tuple[uuid.UUID, ...]
    tenders: tuple[TenderPlan, ...]
    steps: dict[Machine, tuple[Step, ...]]

    @property
    def fees(self) -> list[tuple[uuid.UUID, int]]:
        """Shipping fees by part, in the order of the parts."""
        return [(i, p.shipping_minor) for i, p in zip(self.part_ids, self.draft.parts, strict=True)]

    @property
    def paid_at(self) -> datetime:
        """When it became paid, as its moves say."""
        return self.steps[Machine.ORDER][1].at

    @property
    def ended_at(self) -> datetime:
        """When it came to where it is."""
        return self.steps[Machine.ORDER][-1].at

    @property
    def part_closed_at(self) -> datetime | None:
        """When its parts were closed with the goods at the buyer."""
        last = self.steps[Machine.PART][-1]
        return last.at if last.state == "closed" and self.draft.fate is Fate.DELIVERED else None

    @property
    def difference_minor(self) -> int:
        """What was paid beyond the total; 0 when nothing was paid."""
        return sum(tender.difference_minor for tender in self.tenders) if self.draft.fate.is_paid else 0

    @property
    def gift_minor(self) -> int:
        return sum(tender.amount_minor for tender in self.tenders if tender.is_gift)

    @property
    def gateway_minor(self) -> int:
        return sum(tender.amount_minor for tender in self.tenders if not tender.is_gift)


def plan_order(draft: OrderDraft, *, prefix: str, currency: str, now: datetime) -> OrderPlan:
    """Decide everything about one order. Raises ImportedOrderError; writes and asks nothing."""
    if not draft.parts or any(not part.lines for part in draft.parts):
        raise NoLinesError
    _check_amounts(draft)
    lines = tuple((i, line) for i, part in enumerate(draft.parts) for line in part.lines)
    to_pay = [line.subtotal_minor for _, line in lines] + [part.shipping_minor for part in draft.parts]
    return OrderPlan(
        draft=draft,
        order_id=new_id(),
        number=new_number(prefix),
        part_ids=tuple(new_id() for _ in draft.parts),
        lines=lines,
        line_ids=tuple(new_id() for _ in lines),
        tenders=_tenders(draft, to_pay, currency),
        steps={
            machine: path(machine, draft.fate, draft.dates, closes_after=RETURN_PERIOD, now=now) for machine in MACHINES
        },
    )


def _check_amounts(draft: OrderDraft) -> None:
    """Database columns hold more, but nothing of ours counts beyond this exactly."""
    parts: Sequence[PartDraft] = draft.parts
    quantities = [line.quantity for part in parts for line in part.lines]
    amounts = [line.unit_price_minor for part in parts for line in part.lines]
    amounts += [part.shipping_minor for part in parts] + [payment.amount_minor for payment in draft.payments]
    total = max(draft.payable_minor, sum(payment.amount_minor for payment in draft.payments))
    if min(quantities) < 1 or max(quantities) > 9999 or min(amounts) < 0 or total > MAX_MINOR:
        raise AmountsOutOfRangeError


def _tenders(draft: OrderDraft, to_pay: Sequence[int], currency: str) -> tuple[TenderPlan, ...]:
    owed = sum(to_pay)
    paid = _merged(draft.payments)
    if owed and not paid:
        if draft.fate.is_paid:
            raise NoPaymentError(owed=Money(owed, currency))
        # Nobody ever tried to pay: the tender that was wanted is released.
        amounts: tuple[int, ...] = (owed,)
        paid = [PaymentDraft("", 0)]
    else:
        known = [(one.method, one.amount_minor) for one in paid]
        amounts = cover(currency=currency, owed_minor=owed, paid=known).amounts
    return tuple(
        TenderPlan(
            id=new_id(),
            method=one.method,
            amount_minor=amount,
            paid_minor=one.amount_minor,
            shares=tuple(share),
            payment_id=new_id() if one.method not in {GIFT, ""} else None,
            attempt_id=new_id(),
        )
        for one, amount, share in zip(paid, amounts, shares(amounts, to_pay), strict=True)
    )


def _merged(payments: Sequence[PaymentDraft]) -> list[PaymentDraft]:
    """Stored value first, as one tender, since it is one balance; then each payment at a gateway. Nothings are out."""
    gift = sum(one.amount_minor for one in payments if one.method == GIFT)
    found = [PaymentDraft(GIFT, gift)] if gift else []
    return found + [one for one in payments if one.method != GIFT and one.amount_minor]
