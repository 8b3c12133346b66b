"""Orders of a history, written as if they had gone through the house: same books, same states, at their dates.

What a live order tells others (mails, notices, partners) is not told: nobody waits for it any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger, Integer

from portal.db import insert_rows
from portal.models import Order, StockMove
from portal.queries.channels import ChannelView
from portal.rules.commission import commission_on
from portal.rules.imports import Fate
from portal.rules.permissions import Actor
from portal.rules.posting import (
    AccountKind,
    EntryKind,
    OrderMoney,
    clearing,
    gift_granted,
    of_user,
    order_paid,
    payment_difference,
)
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.ledger.post import Entry, post_all
from portal.services.orders.import_draft import OrderDraft
from portal.services.orders.import_plan import OrderPlan, plan_order
from portal.services.orders.import_rows import ImportedRows
from portal.services.orders.imported_gateway import IMPORTED, ensure_imported_gateway
from portal.services.orders.record_refund import record_refunds
from portal.services.orders.release_part import PartRelease, release_parts

# What the history took was there before: the beginning grows with it, and what is on hand today stays as it is.
_STOCK = text(
    """
    INSERT INTO stock (variant_id, place, on_hand, initial)
    SELECT id, 'main', 0, sold FROM unnest(:ids, :sold) AS t (id, sold) ORDER BY id
    ON CONFLICT (variant_id, place) DO UPDATE SET initial = stock.initial + excluded.initial
    """
).bindparams(bindparam("ids", type_=ARRAY(BigInteger)), bindparam("sold", type_=ARRAY(Integer)))


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """An order that was taken. `difference_minor` is what was paid beyond its total, below zero what was short."""

    ref: str
    number: str
    payable_minor: int
    difference_minor: int


def known_refs(session: Session, refs: Sequence[str]) -> set[str]:
    """Those of these orders that are there already, whichever channel they were imported for."""
    found = session.scalars(select(Order.external_ref).where(Order.external_ref.in_(refs)))
    return {ref for ref in found if ref is not None}


def import_order(
    session: Session, *, draft: OrderDraft, channel: ChannelView, actor: Actor, now: datetime
) -> ImportedOrder:
    """Take one order. See import_orders()."""
    return import_orders(session, drafts=[draft], channel=channel, actor=actor, now=now)[0]


def import_orders(
    session: Session, *, drafts: Sequence[OrderDraft], channel: ChannelView, actor: Actor, now: datetime
) -> list[ImportedOrder]:
    """Write orders that are not there yet, all or none, and return them in the order of the drafts.

    Paid ones are posted with their differences named; delivered ones whose return period is over are paid out to
    their sellers; called off ones are given back. Raises ImportedOrderError for an order that cannot be taken,
    BalanceTooLowError never for what plan_order() has accepted.
    """
    plans = [plan_order(draft, prefix=channel.code.upper(), currency=channel.currency, now=now) for draft in drafts]
    if not plans:
        return []
    account_id = ensure_imported_gateway(session)
    rows = ImportedRows(session, channel=channel, plans=plans, account_id=account_id, now=now)
    rows.write()
    record_moves(session, *(move for plan in plans for move in _moves(plan)), actor=actor, now=now)
    _take_stock(session, plans)
    paid = [plan for plan in plans if plan.draft.fate.is_paid]
    money = {plan.draft.ref: _money(plan, channel) for plan in paid}
    differences = {plan.draft.ref: _difference(plan, channel) for plan in paid if plan.difference_minor}
    entries: list[Entry] = []
    for plan in paid:
        entries += _gifts(plan, channel)
        entries += [differences[plan.draft.ref]] if plan.draft.ref in differences else []
        entries.append(
            Entry(
                EntryKind.ORDER_PAID,
                f"order_paid:{plan.order_id}",
                order_paid(money[plan.draft.ref]),
                plan.paid_at,
                plan.order_id,
            )
        )
    ids = post_all(session, entries)
    record(session, *(_fact(plan) for plan in plans), actor=actor, now=now)
    record_refunds(
        session,
        plans=[plan for plan in paid if plan.draft.fate.is_refunded],
        money=money,
        differences={ref: (ids[entry.idem_key], entry) for ref, entry in differences.items()},
        actor=actor,
        now=now,
    )
    releases = [one for plan in paid for one in _releases(plan, channel, rows)]
    release_parts(session, releases=releases, actor=actor, now=now)
    return [
        ImportedOrder(plan.draft.ref, plan.number, plan.draft.payable_minor, plan.difference_minor) for plan in plans
    ]


def _moves(plan: OrderPlan) -> list[Move]:
    subjects = [(Machine.ORDER, plan.order_id)]
    subjects += [(Machine.PART, part_id) for part_id in plan.part_ids]
    for tender in plan.tenders:
        if tender.payment_id is not None:
            subjects += [(Machine.PAYMENT, tender.payment_id), (Machine.ATTEMPT, tender.attempt_id)]
    moves = []
    for machine, subject_id in subjects:
        before: str | None = None
        for step in plan.steps[machine]:
            reason = _reason(plan, step.state)
            moves.append(Move(machine, subject_id, before, step.state, plan.order_id, reason, step.at))
            before = step.state
    return moves


def _reason(plan: OrderPlan, state: str) -> str | None:
    """How the history itself called what ended the order."""
    return plan.draft.source_status or None if state in {"cancelled", "expired", "refunded", "returning"} else None


def _take_stock(session: Session, plans: Sequence[OrderPlan]) -> None:
    sold: Counter[int] = Counter()
    moves = []
    for plan in plans:
        if not plan.draft.fate.is_paid:
            continue
        back = plan.draft.fate.is_refunded
        for line_id, (_, line) in zip(plan.line_ids, plan.lines, strict=True):
            sold[line.variant_id] += 0 if back else line.quantity
            moves.append(_stock_move(line.variant_id, -line.quantity, "sale", line_id, plan.paid_at))
            if back:
                moves.append(_stock_move(line.variant_id, line.quantity, "return", line_id, plan.ended_at))
    if moves:
        ids = sorted(sold)
        session.execute(_STOCK, {"ids": ids, "sold": [sold[one] for one in ids]})
        insert_rows(session, StockMove, moves)


def _stock_move(variant_id: int, delta: int, reason: str, line_id: object, at: datetime) -> dict[str, object]:
    return {"variant_id": variant_id, "delta": delta, "reason": reason, "order_line_id": line_id, "at": at}


def _money(plan: OrderPlan, channel: ChannelView) -> OrderMoney:
    return OrderMoney(
        order_id=plan.order_id,
        user_id=plan.draft.buyer_id,
        currency=channel.currency,
        gateway=IMPORTED if plan.gateway_minor else None,
        gateway_minor=plan.gateway_minor,
        gift_minor=plan.gift_minor,
    )


def _gifts(plan: OrderPlan, channel: ChannelView) -> list[Entry]:
    """Stored value of before comes into our books just when it is spent, as much of it as was really there."""
    return [
        Entry(
            EntryKind.GIFT_GRANTED,
            f"import_gift:{plan.order_id}",
            gift_granted(user_id=plan.draft.buyer_id, currency=channel.currency, amount_minor=tender.paid_minor),
            plan.paid_at,
            plan.order_id,
            note=plan.draft.ref,
        )
        for tender in plan.tenders
        if tender.is_gift
    ]


def _difference(plan: OrderPlan, channel: ChannelView) -> Entry:
    """The entry of its own that names what was paid beyond, or short of, the total."""
    bearer = next(tender for tender in plan.tenders if tender.difference_minor)
    if bearer.is_gift:
        source = of_user(AccountKind.GIFT, plan.draft.buyer_id, channel.currency)
    else:
        source = clearing(IMPORTED, channel.currency)
    lines = payment_difference(source=source, amount_minor=bearer.difference_minor)
    key = f"payment_difference:{plan.order_id}"
    return Entry(EntryKind.PAYMENT_DIFFERENCE, key, lines, plan.paid_at, plan.order_id, note=plan.draft.ref)


def _releases(plan: OrderPlan, channel: ChannelView, rows: ImportedRows) -> list[PartRelease]:
    closed_at = plan.part_closed_at
    if plan.draft.fate is not Fate.DELIVERED or closed_at is None:
        return []
    return [
        PartRelease(
            order_id=plan.order_id,
            part_id=part_id,
            store_id=part.store_id,
            currency=channel.currency,
            amount_minor=part.payable_minor,
            commission_minor=commission_on(
                goods_minor=part.subtotal_minor,
                currency=channel.currency,
                basis_points=rows.commissions[part.store_id],
            ),
            tax_minor=0,
            at=closed_at,
        )
        for part_id, part in zip(plan.part_ids, plan.draft.parts, strict=True)
    ]


def _fact(plan: OrderPlan) -> Fact:
    draft = plan.draft
    return Fact(
        AuditAction.ORDER_IMPORTED,
        f"order:{plan.order_id}",
        after={
            "ref": draft.ref,
            "number": plan.number,
            "status": plan.steps[Machine.ORDER][-1].state,
            "status_there": draft.source_status,
            "placed_at": draft.dates.placed_at.isoformat(),
            "payable_minor": draft.payable_minor,
            "difference_minor": plan.difference_minor,
            "tenders": [[tender.method, tender.amount_minor, tender.paid_minor] for tender in plan.tenders],
        },
    )
