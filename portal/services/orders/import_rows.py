"""The rows of imported orders: one INSERT per table for many orders."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import Order, OrderLine, OrderPart, PartDeadline, Payment, PaymentAttempt, Tender, TenderShare
from portal.models.order import TO_SEND
from portal.queries.channels import ChannelView
from portal.rules.imports import Fate
from portal.rules.pricing import tax_of
from portal.rules.states import Machine
from portal.services.orders.import_plan import OrderPlan, TenderPlan
from portal.services.orders.imported_gateway import IMPORTED

_VARIANTS = text(
    """
    SELECT v.id, v.sku, v.options, coalesce(v.picture, p.picture) AS picture, p.id AS product_id, p.name,
           p.section_id, s.parent_id AS section_above_id
      FROM variant v JOIN product p ON p.id = v.product_id JOIN section s ON s.id = p.section_id
     WHERE v.id = ANY(:ids)
    """
)
_COMMISSIONS = text("SELECT id, commission_basis_points FROM store WHERE id = ANY(:ids)")

Rows = list[dict[str, Any]]


class ImportedRows:
    """Collects the rows of many orders and writes them table by table."""

    def __init__(
        self, session: Session, *, channel: ChannelView, plans: Sequence[OrderPlan], account_id: int, now: datetime
    ) -> None:
        self._session = session
        self._channel = channel
        self._account_id = account_id
        self._now = now
        variants = {line.variant_id for plan in plans for _, line in plan.lines}
        stores = {part.store_id for plan in plans for part in plan.draft.parts}
        self._goods: Mapping[int, Row[Any]] = {
            row.id: row for row in session.execute(_VARIANTS, {"ids": sorted(variants)})
        }
        self.commissions: Mapping[int, int] = {
            row.id: row.commission_basis_points for row in session.execute(_COMMISSIONS, {"ids": sorted(stores)})
        }
        self._plans = plans

    def write(self) -> None:
        """Orders, parts, lines, tenders with their shares, payments and attempts."""
        self._insert(Order, (self._order(plan) for plan in self._plans))
        self._insert(OrderPart, (row for plan in self._plans for row in self._parts(plan)))
        self._insert(OrderLine, (row for plan in self._plans for row in self._lines(plan)))
        self._insert(PartDeadline, (row for plan in self._plans for row in self._missed(plan)))
        self._insert(Tender, (self._tender(plan, one) for plan in self._plans for one in plan.tenders))
        self._insert(TenderShare, (row for plan in self._plans for row in _share_rows(plan)))
        at_gateway = [(plan, one) for plan in self._plans for one in plan.tenders if one.payment_id is not None]
        self._insert(Payment, (self._payment(plan, one) for plan, one in at_gateway))
        self._insert(PaymentAttempt, (self._attempt(plan, one) for plan, one in at_gateway))

    def _insert(self, model: Any, rows: Iterable[dict[str, Any]]) -> None:
        insert_rows(self._session, model, list(rows))

    def _order(self, plan: OrderPlan) -> dict[str, Any]:
        draft = plan.draft
        shipping = sum(part.shipping_minor for part in draft.parts)
        rate = self._rate(plan)
        tax = sum(_tax(line.subtotal_minor, self._rate(plan, line.variant_id)) for _, line in plan.lines)
        tax += sum(_tax(part.shipping_minor, rate) for part in draft.parts)
        return {
            "id": plan.order_id,
            "number": plan.number,
            "checkout_id": new_id(),
            "buyer_id": draft.buyer_id,
            "channel_id": self._channel.id,
            "currency": self._channel.currency,
            "locale": self._channel.default_locale,
            "status": plan.steps[Machine.ORDER][-1].state,
            "subtotal_minor": draft.payable_minor - shipping,
            "discount_minor": 0,
            "shipping_minor": shipping,
            "tax_added_minor": 0,
            "tax_included_minor": tax,
            "shipping_tax_rate": f"{rate.normalize():f}",
            "payable_minor": draft.payable_minor,
            "contact": orjson.dumps(dict(draft.contact)).decode(),
            "address": orjson.dumps(dict(draft.address)).decode(),
            "external_ref": draft.ref,
            "placed_at": draft.dates.placed_at,
            "paid_at": (draft.dates.paid_at or plan.paid_at) if draft.fate.is_paid else None,
            "closed_at": plan.part_closed_at or (plan.ended_at if _is_over(draft.fate) else None),
            "expires_at": draft.dates.placed_at,
        }

    def _parts(self, plan: OrderPlan) -> Rows:
        draft, dates = plan.draft, plan.draft.dates
        last = plan.steps[Machine.PART][-1]
        return [
            {
                "id": part_id,
                "order_id": plan.order_id,
                "store_id": part.store_id,
                "position": position,
                "status": last.state,
                "subtotal_minor": part.subtotal_minor,
                "discount_minor": 0,
                "shipping_fee_minor": part.shipping_minor,
                "shipping_discount_minor": 0,
                "tax_added_minor": 0,
                "payable_minor": part.payable_minor,
                "commission_basis_points": self.commissions[part.store_id],
                "ship_by": part.ship_by if draft.fate.is_paid else None,
                "deliver_until": dates.estimated_at,
                "placed_at": dates.placed_at,
                "released_at": (dates.paid_at or plan.paid_at) if draft.fate.is_paid else None,
                "shipped_at": dates.shipped_at,
                "delivered_at": dates.delivered_at,
                "closed_at": last.at if last.state in {"closed", "cancelled"} else None,
                "mileage_matured_at": dates.placed_at,
            }
            for position, (part_id, part) in enumerate(zip(plan.part_ids, draft.parts, strict=True))
        ]

    def _missed(self, plan: OrderPlan) -> Rows:
        """What the history had missed by now: known from the beginning, so that nobody is told of it any more."""
        status = plan.steps[Machine.PART][-1].state
        steps = {"deliver": plan.draft.dates.estimated_at} if status in {*TO_SEND, "shipped"} else {}
        return [
            {"part_id": part_id, "step": step, "due_at": due, "missed_at": due}
            for part_id, part in zip(plan.part_ids, plan.draft.parts, strict=True)
            for step, due in (steps | ({"ship": part.ship_by} if status in TO_SEND else {})).items()
            if due is not None and due <= self._now
        ]

    def _lines(self, plan: OrderPlan) -> Rows:
        gone_back = plan.draft.fate.is_refunded
        rows = []
        for position, (line_id, (part, line)) in enumerate(zip(plan.line_ids, plan.lines, strict=True)):
            goods, rate = self._goods[line.variant_id], self._rate(plan, line.variant_id)
            rows.append(
                {
                    "id": line_id,
                    "order_id": plan.order_id,
                    "part_id": plan.part_ids[part],
                    "position": position,
                    "variant_id": line.variant_id,
                    "product_id": goods.product_id,
                    "sku": goods.sku,
                    "name": goods.name,
                    "options": goods.options,
                    "picture": goods.picture,
                    "quantity": line.quantity,
                    "unit_price_minor": line.unit_price_minor,
                    "subtotal_minor": line.subtotal_minor,
                    "discount_minor": 0,
                    "tax_rate": f"{rate.normalize():f}",
                    "tax_inclusive": True,
                    "tax_minor": _tax(line.subtotal_minor, rate),
                    "payable_minor": line.subtotal_minor,
                    "refunded_quantity": line.quantity if gone_back else 0,
                    "refunded_minor": line.subtotal_minor if gone_back else 0,
                }
            )
        return rows

    def _tender(self, plan: OrderPlan, one: TenderPlan) -> dict[str, Any]:
        paid = plan.draft.fate.is_paid
        return {
            "id": one.id,
            "order_id": plan.order_id,
            "type": "gift" if one.is_gift else "gateway",
            "currency": self._channel.currency,
            "amount_minor": one.amount_minor,
            "captured_minor": one.amount_minor if paid else 0,
            "refunded_minor": one.amount_minor if plan.draft.fate.is_refunded else 0,
            "released_minor": 0 if paid else one.amount_minor,
            "status": "captured" if paid else "released",
            "updated_at": plan.ended_at,
        }

    def _payment(self, plan: OrderPlan, one: TenderPlan) -> dict[str, Any]:
        """What the gateway took, which is not always what was owed: the tender covers the order, the payment tells."""
        taken = one.paid_minor if plan.draft.fate.is_paid else 0
        return {
            "id": one.payment_id,
            "purpose": "order",
            "order_id": plan.order_id,
            "tender_id": one.id,
            "user_id": plan.draft.buyer_id,
            "channel_id": self._channel.id,
            "method": one.method,
            "currency": self._channel.currency,
            "amount_minor": one.paid_minor,
            "authorised_minor": taken,
            "captured_minor": taken,
            "refunded_minor": taken if plan.draft.fate.is_refunded else 0,
            "status": plan.steps[Machine.PAYMENT][-1].state,
            "created_at": plan.draft.dates.placed_at,
            "completed_at": plan.steps[Machine.PAYMENT][1].at,
        }

    def _attempt(self, plan: OrderPlan, one: TenderPlan) -> dict[str, Any]:
        last = plan.steps[Machine.ATTEMPT][-1]
        return {
            "id": one.attempt_id,
            "payment_id": one.payment_id,
            "n": 1,
            "gateway_account_id": self._account_id,
            "gateway": IMPORTED,
            "op_key": f"imp_{one.attempt_id.hex}",
            "state": last.state,
            "gateway_ref": f"{plan.draft.ref}:{plan.tenders.index(one) + 1}",
            "return_url": "",
            "created_at": plan.draft.dates.placed_at,
            "sent_at": plan.paid_at if plan.draft.fate.is_paid else None,
            "answered_at": last.at,
            "due_at": last.at,
        }

    def _rate(self, plan: OrderPlan, variant_id: int | None = None) -> Decimal:
        """The rate of the order's day, of goods or of shipping."""
        taxes = self._channel.taxes(plan.draft.dates.placed_at)
        # Prices of a channel that adds tax do not say what tax was added then: nothing is made up.
        if not taxes.inclusive:
            return Decimal(0)
        if variant_id is None:
            return taxes.rate
        goods = self._goods[variant_id]
        return taxes.rate_of((goods.section_id, goods.section_above_id))


def _tax(amount_minor: int, rate: Decimal) -> int:
    return tax_of(amount_minor, rate, inclusive=True)


def _share_rows(plan: OrderPlan) -> Rows:
    lines: list[tuple[uuid.UUID | None, uuid.UUID | None]] = [(line_id, None) for line_id in plan.line_ids]
    places = lines + [(None, part_id) for part_id in plan.part_ids]
    gone_back = plan.draft.fate.is_refunded
    return [
        {
            "order_id": plan.order_id,
            "tender_id": one.id,
            "line_id": line_id,
            "part_id": part_id,
            "amount_minor": share,
            "refunded_minor": share if gone_back else 0,
        }
        for one in plan.tenders
        for (line_id, part_id), share in zip(places, one.shares, strict=True)
        if share
    ]


def _is_over(fate: Fate) -> bool:
    return fate.is_refunded or not fate.is_paid
