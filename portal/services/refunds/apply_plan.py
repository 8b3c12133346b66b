"""A refund is decided: lines, parts, coupons, mileage, books, legs and stock move together, once (REF-02)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import Destination, Payout, RefundLeg
from portal.queries.refund_facts import Refundable
from portal.rules.permissions import Actor
from portal.rules.planned_refund import RefundPlan
from portal.rules.posting import EntryKind, OrderMoney, order_refunded, part_taken_back
from portal.rules.refund_policy import BEFORE_SHIPMENT
from portal.rules.restocking_posting import restocking_kept
from portal.rules.states import Machine
from portal.services.accounts.bank_details import keep_bank
from portal.services.audit import label
from portal.services.coupons.claim_uses import return_uses
from portal.services.fulfilment.follow_part import follow_part
from portal.services.history import Move, record_moves
from portal.services.ledger.post import Entry, post_all
from portal.services.mileage.return_lots import return_lots
from portal.services.mileage.take_back import take_back
from portal.services.orders.part_holds import end_holds_of
from portal.services.orders.release_part import PartRelease, worth_of
from portal.services.stock.put_back import put_back

_COUNT = text(
    """
    WITH s AS (
        SELECT * FROM unnest(CAST(:shares AS bigint[]), CAST(:amounts AS bigint[]), CAST(:held AS bigint[]),
                             CAST(:less AS bigint[]), CAST(:fees AS bigint[])) AS s (id, amount, held, less, fee)
    ), shares AS (
        UPDATE tender_share t SET refunded_minor = t.refunded_minor + s.amount, held_minor = t.held_minor + s.held,
                                  less_minor = t.less_minor + s.less,
                                  restocking_minor = t.restocking_minor + s.fee
          FROM s WHERE t.id = s.id
    ), asked AS (
        UPDATE discount_share d SET asked_minor = d.asked_minor + a.amount,
                                    asked_platform_minor = d.asked_platform_minor + a.platform
          FROM unnest(CAST(:asked AS bigint[]), CAST(:asked_minors AS bigint[]), CAST(:asked_platform AS bigint[]))
               AS a (id, amount, platform) WHERE d.id = a.id
    )
    UPDATE order_line l SET refunded_quantity = l.refunded_quantity + w.units,
                            refunded_minor = l.refunded_minor + w.minor,
                            tax_less_minor = l.tax_less_minor + w.tax,
                            platform_less_minor = l.platform_less_minor + w.platform
      FROM unnest(CAST(:lines AS uuid[]), CAST(:units AS integer[]), CAST(:minors AS bigint[]),
                  CAST(:taxes AS bigint[]), CAST(:platform AS bigint[])) AS w (id, units, minor, tax, platform)
     WHERE l.id = w.id
    """
)
_CANCEL = text(
    """
    UPDATE order_part p SET status = 'cancelled', closed_at = :now, version = version + 1
     WHERE p.id = ANY(:part_ids) AND p.status = ANY(:before)
       AND NOT EXISTS (SELECT FROM order_line l WHERE l.part_id = p.id
                          AND (l.refunded_quantity < l.quantity OR l.shipped_quantity > 0))
    RETURNING p.id
    """
)
_APPROVE = text("UPDATE refund SET status = 'approved', approved_at = :now WHERE id = :refund_id")
_TOUCH = text("UPDATE order_part SET version = version + 1 WHERE id = ANY(:part_ids)")


def apply_plan(
    session: Session,
    *,
    refund_id: uuid.UUID,
    order: Row[Any],
    known: Refundable,
    plan: RefundPlan,
    bank: Mapping[str, str] | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Carry a decided plan out, except for what gateways and banks have to do: their legs are written to be sent.

    The caller holds the order's lock and has written the refund as requested, with its lines. Coupons before
    balances, stock last.
    """
    worth_less_or_more = {*plan.part_ids, *(line.part_id for line in plan.lines), *(one.part_id for one in plan.asked)}
    closed = [one.id for one in known.facts.parts if one.id in worth_less_or_more and one.status == "closed"]
    # What a part is worth is asked before and after the refund counts.
    worth = {one: worth_of(session, part_id=one, currency=plan.currency, now=now) for one in closed}
    session.execute(_APPROVE, {"refund_id": refund_id, "now": now})
    record_moves(session, Move(Machine.REFUND, refund_id, "requested", "approved", order.id), actor=actor, now=now)
    _count(session, plan)
    return_uses(session, use_ids=[one.use_id for one in plan.coupons if one.comes_back], now=now)
    _post(session, refund_id, order, known, plan, worth, now)
    for leg in plan.legs:
        return_lots(session, tender_id=leg.tender_id, points=leg.points or 0, now=now)
    if plan.points_matured:
        take_back(
            session,
            user_id=order.buyer_id,
            points=plan.points_matured,
            order_id=order.id,
            idem_key=f"refund:{refund_id}:mileage",
            now=now,
        )
    _write_legs(session, refund_id, order, known, plan, bank, actor, now)
    _cancel_parts(session, order, known, plan, actor, now)
    put_back(
        session, units={line.line_id: line.restock for line in plan.lines if line.line_id and line.restock}, now=now
    )


def _count(session: Session, plan: RefundPlan) -> None:
    shares = [pair for line in plan.lines for pair in line.shares]
    held = {share_id: amount for line in plan.lines for share_id, amount in line.held}
    fees = {share_id: amount for line in plan.lines for share_id, amount in line.restocking}
    less = {share_id: amount for line in plan.lines if line.is_less for share_id, amount in line.shares}
    lines = [line for line in plan.lines if line.line_id is not None]
    session.execute(
        _COUNT,
        {
            "shares": [share_id for share_id, _ in shares],
            "amounts": [amount for _, amount in shares],
            "held": [held.get(share_id, 0) for share_id, _ in shares],
            "less": [less.get(share_id, 0) for share_id, _ in shares],
            "fees": [fees.get(share_id, 0) for share_id, _ in shares],
            "asked": [one.id for one in plan.asked],
            "asked_minors": [one.amount_minor for one in plan.asked],
            "asked_platform": [one.platform_minor for one in plan.asked],
            "lines": [line.line_id for line in lines],
            "units": [line.units for line in lines],
            "minors": [line.amount_minor for line in lines],
            "taxes": [line.tax_minor for line in lines],
            "platform": [line.platform_minor if line.is_less else 0 for line in lines],
        },
    )


def _post(
    session: Session,
    refund_id: uuid.UUID,
    order: Row[Any],
    known: Refundable,
    plan: RefundPlan,
    worth: Mapping[uuid.UUID, PartRelease],
    now: datetime,
) -> None:
    """What comes back at once: own balances, points, the platform's part of coupons, and what sellers had got."""
    entries = [_taken_back(session, refund_id, before, now) for before in worth.values()]
    sums = {leg.type: leg for leg in plan.legs}
    # What a gateway cannot take back may become deposit at once (REF-03).
    moved = sum(one.amount_minor for one in plan.legs if one.destination == Destination.DEPOSIT)
    let_go = sum(one.amount_minor for one in plan.legs if one.destination == Destination.RELEASE)

    def minor(kind: str) -> int:
        return sums[kind].amount_minor if kind in sums else 0

    money = OrderMoney(
        order_id=order.id,
        user_id=order.buyer_id,
        currency=plan.currency,
        deposit_minor=minor("deposit") + moved,
        gift_minor=minor("gift"),
        refund_credit_minor=minor("refund_credit"),
        mileage_minor=minor("mileage"),
        mileage_points=plan.points_back,
        platform_discount_minor=plan.platform_minor,
        mileage_promised=plan.points_taken - plan.points_matured,
        gateway=known.head.gateway if let_go else None,
        gateway_minor=let_go,
        is_held=True,
    )
    entries.append(Entry(EntryKind.ORDER_REFUNDED, f"refund:{refund_id}", order_refunded(money), now, order.id))
    entries += _fees_kept(refund_id, order, known, plan, now)
    post_all(session, entries)


def _fees_kept(
    refund_id: uuid.UUID, order: Row[Any], known: Refundable, plan: RefundPlan, now: datetime
) -> list[Entry]:
    """What the store of each part keeps of the goods."""
    kept: dict[uuid.UUID, int] = {}
    for line in plan.lines:
        kept[line.part_id] = kept.get(line.part_id, 0) + line.restocking_minor
    return [
        Entry(
            EntryKind.RESTOCKING_KEPT,
            f"refund:{refund_id}:fee:{part_id}",
            restocking_kept(
                order_id=order.id,
                store_id=known.parts[part_id].store_id,
                currency=plan.currency,
                amount_minor=amount,
            ),
            now,
            order.id,
        )
        for part_id, amount in kept.items()
        if amount
    ]


def _taken_back(session: Session, refund_id: uuid.UUID, before: PartRelease, now: datetime) -> Entry:
    """The difference between what a closed part brought its seller and what it brings now."""
    after = worth_of(session, part_id=before.part_id, currency=before.currency, now=now)
    lines = part_taken_back(
        order_id=before.order_id,
        store_id=before.store_id,
        currency=before.currency,
        amount_minor=before.amount_minor - after.amount_minor,
        commission_minor=before.commission_minor - after.commission_minor,
        tax_minor=before.tax_minor - after.tax_minor,
    )
    key = f"refund:{refund_id}:part:{before.part_id}"
    return Entry(EntryKind.PART_TAKEN_BACK, key, lines, now, before.order_id)


def _write_legs(
    session: Session,
    refund_id: uuid.UUID,
    order: Row[Any],
    known: Refundable,
    plan: RefundPlan,
    bank: Mapping[str, str] | None,
    actor: Actor,
    now: datetime,
) -> None:
    for planned in plan.legs:
        leg_id = new_id()
        to_gateway = planned.type == "gateway" and planned.destination == Destination.ORIGINAL
        to_bank = planned.destination == Destination.BANK
        status = "approved" if to_gateway or to_bank else "succeeded"
        insert_rows(
            session,
            RefundLeg,
            [
                {
                    "id": leg_id,
                    "refund_id": refund_id,
                    "tender_id": planned.tender_id,
                    "amount_minor": planned.amount_minor,
                    "points": planned.points,
                    "op_key": f"ref_{leg_id.hex}",
                    "status": status,
                    "updated_at": now,
                    "destination": planned.destination,
                    "attempt_id": known.head.attempt_id if to_gateway else None,
                    "reason": planned.closed,
                    "due_at": now if to_gateway else None,
                }
            ],
        )
        record_moves(session, Move(Machine.REFUND_LEG, leg_id, None, status, order.id), actor=actor, now=now)
        if to_bank:
            amount = planned.amount_minor
            write_payout(session, leg_id=leg_id, amount_minor=amount, order=order, bank=bank or {}, now=now)


def write_payout(
    session: Session, *, leg_id: uuid.UUID, amount_minor: int, order: Row[Any], bank: Mapping[str, str], now: datetime
) -> None:
    """A payment to a bank account that an administrator makes by hand and marks as made."""
    row = {
        "id": new_id(),
        "user_id": order.buyer_id,
        "refund_leg_id": leg_id,
        "currency": order.currency,
        "amount_minor": amount_minor,
        "bank": keep_bank(bank),
        "state": "waiting",
        "requested_at": now,
    }
    session.add(Payout(**row))
    session.flush()


def _cancel_parts(
    session: Session, order: Row[Any], known: Refundable, plan: RefundPlan, actor: Actor, now: datetime
) -> None:
    part_ids = list(plan.part_ids)
    values = {"part_ids": part_ids, "before": sorted(BEFORE_SHIPMENT), "now": now}
    gone = session.scalars(_CANCEL, values).all()
    # Whoever has the parcel's page open must see that its units changed.
    session.execute(_TOUCH, {"part_ids": [one for one in part_ids if one not in gone]})
    end_holds_of(session, part_ids=gone, by=label(actor), now=now)
    moves = [Move(Machine.PART, one, known.parts[one].status, "cancelled", order.id, "refunded") for one in gone]
    record_moves(session, *moves, actor=actor, now=now)
    # What was left to send may have gone back: then the parcels that left are all of it.
    for part_id in part_ids:
        if part_id not in gone:
            follow_part(session, part_id=part_id, actor=actor, now=now)
