"""Refunds of a history: an order that was paid and called off got everything back, tender by tender (REF-02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import Refund, RefundLeg, RefundLine
from portal.rules.permissions import Actor
from portal.rules.posting import EntryKind, OrderMoney, order_refunded
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.ledger.post import Entry, post_all
from portal.services.orders.import_plan import OrderPlan


def record_refunds(
    session: Session,
    *,
    plans: Sequence[OrderPlan],
    money: Mapping[str, OrderMoney],
    differences: Mapping[str, tuple[int, Entry]],
    actor: Actor,
    now: datetime,
) -> None:
    """Write that paid orders were given back in full, as it happened. Calls no gateway; states are the caller's.

    `money` is what was posted when each was paid, by its ref; `differences` the entry of what was paid beside it,
    which is reversed, because a gateway gives back what it took and no more.
    """
    if not plans:
        return
    refund_ids = {plan.draft.ref: new_id() for plan in plans}
    insert_rows(
        session,
        Refund,
        [
            {
                "id": refund_ids[plan.draft.ref],
                "order_id": plan.order_id,
                "kind": "full",
                "idem_key": f"import_refund:{plan.order_id}",
                "reason": plan.draft.source_status or "cancelled",
                "currency": money[plan.draft.ref].currency,
                "total_minor": plan.draft.payable_minor,
                "status": "succeeded",
                "requested_by": label(actor),
                "requested_at": plan.ended_at,
                "completed_at": plan.ended_at,
            }
            for plan in plans
        ],
    )
    insert_rows(session, RefundLine, [row for plan in plans for row in _lines(plan, refund_ids[plan.draft.ref])])
    insert_rows(
        session,
        RefundLeg,
        [
            {
                "id": new_id(),
                "refund_id": refund_ids[plan.draft.ref],
                "tender_id": tender.id,
                "amount_minor": tender.amount_minor,
                "op_key": f"imp_ref_{tender.id.hex}",
                "status": "succeeded",
                "updated_at": plan.ended_at,
            }
            for plan in plans
            for tender in plan.tenders
        ],
    )
    entries = [
        Entry(
            EntryKind.ORDER_REFUNDED,
            f"order_refunded:{plan.order_id}",
            order_refunded(money[plan.draft.ref]),
            plan.ended_at,
            plan.order_id,
        )
        for plan in plans
    ]
    entries += [_reversed(plan, *differences[plan.draft.ref]) for plan in plans if plan.draft.ref in differences]
    ids = post_all(session, entries)
    facts = [
        Fact(
            AuditAction.ORDER_REFUNDED,
            f"order:{plan.order_id}",
            after={
                "refund": str(refund_ids[plan.draft.ref]),
                "total_minor": plan.draft.payable_minor,
                "entry": ids.get(f"order_refunded:{plan.order_id}"),
            },
        )
        for plan in plans
    ]
    record(session, *facts, actor=actor, now=now)


def _lines(plan: OrderPlan, refund_id: object) -> list[dict[str, Any]]:
    rows = [
        {
            "id": new_id(),
            "refund_id": refund_id,
            "line_id": line_id,
            "part_id": None,
            "quantity": line.quantity,
            "amount_minor": line.subtotal_minor,
        }
        for line_id, (_, line) in zip(plan.line_ids, plan.lines, strict=True)
    ]
    rows += [
        {
            "id": new_id(),
            "refund_id": refund_id,
            "line_id": None,
            "part_id": part_id,
            "quantity": 0,
            "amount_minor": fee,
        }
        for part_id, fee in plan.fees
        if fee
    ]
    return rows


def _reversed(plan: OrderPlan, entry_id: int, entry: Entry) -> Entry:
    lines = [type(line)(line.account, -line.amount_minor) for line in entry.lines]
    return Entry(entry.kind, f"{entry.idem_key}:reversed", lines, plan.ended_at, plan.order_id, reverses=entry_id)
