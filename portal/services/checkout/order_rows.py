"""The rows of a priced order, as pure functions of its quote; write_order stores them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.queries.carts import CartLineView, CartView
from portal.queries.channels import ChannelView
from portal.rules.fraud import Decision, Outcome
from portal.rules.fx import FxRate, exchange
from portal.rules.holds import HIGH_RISK, HoldKind
from portal.rules.permissions import Actor
from portal.rules.quote import FrozenItem
from portal.rules.split import TenderKind
from portal.rules.taxes import Taxes
from portal.services.checkout.exchange import fx_columns
from portal.services.checkout.quote import CheckoutQuote

if TYPE_CHECKING:
    from portal.services.checkout.place_order import Submission

# A store that says nothing of its delivery is taken to need this long.
DAYS_UNSAID = (2, 5)


@dataclass(frozen=True, slots=True)
class Draft:
    """The ids of an order's rows, made before they are written so that each table takes one statement."""

    order_id: uuid.UUID
    part_ids: Mapping[int, uuid.UUID]
    line_ids: Mapping[str, uuid.UUID]
    tender_ids: Mapping[TenderKind, uuid.UUID]


def order_row(
    draft: Draft,
    number: str,
    actor: Actor,
    channel: ChannelView,
    quoted: CheckoutQuote,
    submission: Submission,
    rate: FxRate | None,
    risk: Decision,
    expires_at: datetime,
    now: datetime,
) -> dict[str, Any]:
    """The row of the order itself."""
    priced = quoted.quote.priced
    line_discount = sum(item.discount_minor for item in priced.lines)
    shipping = sum(item.gross_minor - item.discount_minor for item in priced.shipping)
    return {
        "id": draft.order_id,
        "number": number,
        "checkout_id": new_id(),
        "buyer_id": actor.user_id,
        "channel_id": channel.id,
        "currency": channel.currency,
        "locale": submission.locale,
        "status": "pending",
        "subtotal_minor": priced.gross_minor,
        "discount_minor": line_discount,
        "shipping_minor": shipping,
        "tax_added_minor": 0 if priced.tax_inclusive else priced.tax_minor,
        "tax_included_minor": priced.tax_minor if priced.tax_inclusive else 0,
        "shipping_tax_rate": _rate(quoted.taxes.rate),
        "payable_minor": quoted.quote.total_minor,
        **fx_columns(quoted.quote.total_minor, channel.currency, rate),
        "mileage_promised": quoted.earning.total,
        "loyalty": quoted.earning.as_json(),
        "contact": orjson.dumps(dict(submission.contact)).decode(),
        "address": orjson.dumps(dict(submission.address)).decode(),
        "deliver_to": submission.address["country"],
        "cart": {
            "lines": [[line.variant_id, line.quantity] for line in quoted.lines],
            "choices": submission.choices.to_json(),
        },
        "risk_score": risk.score,
        "fraud_hold": risk.outcome is Outcome.REVIEW,
        "session_id": actor.session_id,
        "placed_at": now,
        "expires_at": expires_at,
    }


def part_rows(
    draft: Draft, cart: CartView, quoted: CheckoutQuote, rate: FxRate | None, now: datetime
) -> list[dict[str, Any]]:
    """A row for each store, in the order of the quote."""
    rows = []
    for position, fee in enumerate(quoted.quote.shipping):
        store_id = fee.price.store_id
        store = cart.store(store_id)
        first, last = store.days or DAYS_UNSAID
        mine = [item.price for item in quoted.quote.lines if item.price.store_id == store_id]
        tax = 0 if quoted.taxes.inclusive else sum(i.tax_minor for i in mine) + fee.price.tax_minor
        payable = sum(i.to_pay_minor for i in mine) + fee.price.to_pay_minor
        rows.append(
            {
                "id": draft.part_ids[store_id],
                "order_id": draft.order_id,
                "store_id": store_id,
                "position": position,
                "status": "held",
                "subtotal_minor": sum(i.gross_minor for i in mine),
                "discount_minor": sum(i.discount_minor for i in mine),
                "shipping_fee_minor": fee.price.gross_minor,
                "shipping_discount_minor": fee.price.discount_minor,
                "tax_added_minor": tax,
                "payable_minor": payable,
                "platform_minor": exchange(Money(payable, rate.source), rate).amount.minor if rate else None,
                "commission_basis_points": store.commission_basis_points,
                "deliver_from": now + timedelta(days=first),
                "deliver_until": now + timedelta(days=last),
                "placed_at": now,
            }
        )
    return rows


def line_rows(draft: Draft, quoted: CheckoutQuote) -> list[dict[str, Any]]:
    """A row for each line, with the points that it promises."""
    lines = zip(quoted.lines, quoted.quote.lines, quoted.earning.earned.points, strict=True)
    return [
        _line_row(draft, quoted.taxes, line, item, position, promised)
        for position, (line, item, promised) in enumerate(lines)
    ]


def _line_row(
    draft: Draft, taxes: Taxes, line: CartLineView, item: FrozenItem, position: int, promised: int
) -> dict[str, Any]:
    return {
        "id": draft.line_ids[item.key],
        "order_id": draft.order_id,
        "part_id": draft.part_ids[line.store_id],
        "position": position,
        "variant_id": line.variant_id,
        "product_id": line.product_id,
        "sku": line.sku,
        "name": dict(line.name),
        "options": list(line.options),
        "picture": line.picture,
        "quantity": line.quantity,
        "unit_price_minor": line.unit_price_minor,
        "subtotal_minor": item.price.gross_minor,
        "discount_minor": item.price.discount_minor,
        "tax_rate": _rate(taxes.rate_of(line.lineage)),
        "tax_inclusive": taxes.inclusive,
        "tax_minor": item.price.tax_minor,
        "payable_minor": item.price.to_pay_minor,
        "mileage_promised": promised,
    }


def _rate(rate: Decimal) -> str:
    return f"{rate.normalize():f}"


def _places(draft: Draft, quoted: CheckoutQuote) -> list[tuple[FrozenItem, dict[str, Any]]]:
    """Every line and shipping fee with the columns that name it."""
    lines = [(item, {"line_id": draft.line_ids[item.key], "part_id": None}) for item in quoted.quote.lines]
    fees = [(item, {"line_id": None, "part_id": draft.part_ids[item.price.store_id]}) for item in quoted.quote.shipping]
    return lines + fees


def discount_rows(draft: Draft, quoted: CheckoutQuote, uses: Mapping[str, uuid.UUID]) -> list[dict[str, Any]]:
    """What each coupon gives to each line and shipping fee, and what of it is the platform's."""
    funding = {offer.coupon.terms.key: offer.coupon.funding for offer in quoted.coupons}
    return [
        {
            "order_id": draft.order_id,
            "coupon_use_id": uses[key],
            "amount_minor": amount,
            "platform_minor": funding[key].platform_minor(amount, item.price.store_id),
            **place,
        }
        for item, place in _places(draft, quoted)
        for key, amount in item.discounts
    ]


def tender_share_rows(draft: Draft, quoted: CheckoutQuote) -> list[dict[str, Any]]:
    """What each tender covers of each line and shipping fee."""
    return [
        {"order_id": draft.order_id, "tender_id": draft.tender_ids[kind], "amount_minor": amount, **place}
        for item, place in _places(draft, quoted)
        for kind, amount in item.tenders
    ]


def hold_row(order_id: uuid.UUID, part_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """A part that waits for a review."""
    return {
        "id": new_id(),
        "order_id": order_id,
        "part_id": part_id,
        "kind": HoldKind.FRAUD.value,
        "reason": HIGH_RISK,
        "placed_by": "system",
        "placed_at": now,
    }


def consent_rows(
    order_id: uuid.UUID, user_id: uuid.UUID, submission: Submission, now: datetime
) -> list[dict[str, Any]]:
    """What the buyer has agreed to, in the versions that he saw."""
    return [
        {
            "id": new_id(),
            "user_id": user_id,
            "order_id": order_id,
            "kind": kind,
            "version": version,
            "accepted_at": now,
        }
        for kind, version in submission.consents.items()
    ]
