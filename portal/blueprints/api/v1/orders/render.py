"""Orders of the queries as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal import site
from portal.blueprints.api.schemas import Amount, OptionChoice, PlatformAmount, StoreRef
from portal.blueprints.api.v1.catalogue.views import picture_address
from portal.blueprints.api.v1.orders.schemas import (
    AccountToPay,
    Card,
    DocumentRef,
    Move,
    NextAction,
    Order,
    OrderAddress,
    OrderContact,
    OrderItem,
    OrderLine,
    OrderPart,
    PaymentState,
    PlacedOrder,
    Tender,
)
from portal.blueprints.api.v1.quote.schemas import AmountRow
from portal.blueprints.context import translated
from portal.queries.api_orders import PartFacts
from portal.queries.channels import channel_directory
from portal.queries.gateways import gateway_directory
from portal.queries.order_list import OrderRow
from portal.queries.orders import AttemptView, MoveView, OrderView
from portal.rules.quote import RowKind
from portal.rules.states import Machine, is_final

POLL_AFTER_MS = 500
# Attempts are told as the buyer knows them; which worker has one is nobody's business.
_MACHINES_TOLD = frozenset({Machine.ORDER, Machine.PART, Machine.PAYMENT, Machine.REFUND})


def placed(order: OrderView) -> PlacedOrder:
    """The order just after it was placed."""
    return PlacedOrder(**_head(order))


def _head(order: OrderView) -> dict[str, Any]:
    return {
        "number": order.number,
        "status": order.status,
        "total": Amount.of(order.payable_minor, order.currency),
        "total_in_platform": PlatformAmount.of(order.in_platform),
        "to_pay_now": Amount.of(order.gateway_minor, order.currency),
        "placed_at": order.placed_at,
        "expires_at": order.expires_at,
        "next_action": next_action(order),
    }


def next_action(order: OrderView) -> NextAction:
    """What is left to do so that the order gets paid."""
    attempt = order.attempt
    if attempt is None or (order.fraud_hold and order.payment_status == "authorised"):
        return NextAction(type="none")
    return next_step(attempt, is_open=order.is_pending)


def next_step(attempt: AttemptView, *, is_open: bool) -> NextAction:
    """What is left to do so that the attempt brings its money."""
    if not is_open:
        return NextAction(type="none")
    kind = attempt.action.get("kind")
    if kind == "account":
        facts = {name: attempt.action[name] for name in AccountToPay.model_fields}
        return NextAction(type="transfer", account=AccountToPay(**facts))
    if attempt.state == "requires_action" and kind == "redirect":
        return NextAction(type="redirect", url=attempt.action.get("url"))
    if attempt.state == "requires_action" and kind == "client":
        configured = gateway_directory().get(attempt.gateway_account_id)
        element = configured.gateway.element if configured else None
        return NextAction(
            type="client_secret",
            client_secret=attempt.action.get("client_secret"),
            publishable_key=element.publishable_key if element else None,
        )
    return NextAction(type="wait", poll_after_ms=POLL_AFTER_MS)


def as_order(order: OrderView, parts: Sequence[PartFacts], moves: Sequence[MoveView]) -> Order:
    """The whole order."""
    currency = order.currency
    channel = channel_directory().by_id(order.channel_id).code
    return Order(
        **_head(order),
        id=order.id,
        channel=channel,
        currency=currency,
        paid_at=order.paid_at,
        is_under_review=order.fraud_hold and not is_final(Machine.ORDER, order.status),
        amounts=_amounts(order, parts),
        mileage_promised=order.mileage_promised,
        payment=_payment(order),
        tenders=[
            Tender(
                type=one.type,
                status=one.status,
                amount=Amount.of(one.amount_minor, currency),
                points=one.points,
                refunded=Amount.of(one.refunded_minor, currency),
            )
            for one in order.tenders
        ],
        parts=[order_part(one, currency) for one in parts],
        contact=OrderContact(**texts_of(order.contact, OrderContact.model_fields)),
        address=OrderAddress(**texts_of(order.address, OrderAddress.model_fields)),
        documents=[
            DocumentRef(
                kind=one.kind,  # type: ignore[arg-type]  # One of the kinds.
                label=one.label,
                address=site.address(f"/orders/{order.number}/documents/{one.label}", channel=channel),
            )
            for one in order.documents
        ],
        history=[
            Move(at=one.at, subject=one.subject, subject_id=str(one.subject_id), state=one.state, reason=one.reason)
            for one in moves
            if one.subject in _MACHINES_TOLD
        ],
    )


def as_item(row: OrderRow) -> OrderItem:
    """An order in a list."""
    return OrderItem(
        number=row.number,
        status=row.status,  # type: ignore[arg-type]  # One of the machine's states.
        total=Amount.of(row.payable_minor, row.currency),
        placed_at=row.placed_at,
        first_item=row.first_name,
        lines=row.lines,
    )


def texts_of(kept: Mapping[str, str], names: Mapping[str, object]) -> dict[str, str]:
    """Erased and imported orders may lack some; a text is never null."""
    return {name: kept.get(name) or "" for name in names}


def _amounts(order: OrderView, parts: Sequence[PartFacts]) -> list[AmountRow]:
    """The rows of the quote, as the order froze them."""
    rows = [_row(order, RowKind.ITEMS, order.subtotal_minor)]
    rows += [
        _row(order, RowKind.DISCOUNT, -one.amount_minor, name=translated(dict(one.names))) for one in order.coupons
    ]
    rows.append(_row(order, RowKind.SHIPPING, sum(part.shipping_fee_minor for part in parts)))
    if order.tax_added_minor:
        rows.append(_row(order, RowKind.TAX, order.tax_added_minor))
    elif order.tax_included_minor:
        rows.append(_row(order, RowKind.TAX, order.tax_included_minor, included=True))
    rows += [_row(order, RowKind(one.type), -one.amount_minor) for one in order.tenders if one.type != "gateway"]
    rows.append(_row(order, RowKind.TO_PAY_NOW, order.gateway_minor))
    return rows


def _row(order: OrderView, kind: RowKind, amount_minor: int, *, name: str = "", included: bool = False) -> AmountRow:
    return AmountRow(kind=kind, name=name, coupon="", amount=Amount.of(amount_minor, order.currency), included=included)


def _payment(order: OrderView) -> PaymentState | None:
    if order.payment_status is None:
        return None
    attempt = order.attempt
    card = attempt.card if attempt else {}
    return PaymentState(
        status=order.payment_status,
        method=order.method or "",
        attempt=attempt.state if attempt else None,
        reason=attempt.reason if attempt else None,
        card=Card(brand=card.get("brand"), last4=card.get("last4")) if card else None,
    )


def order_part(part: PartFacts, currency: str) -> OrderPart:
    """A part of an order with its lines."""
    return OrderPart(
        id=part.id,
        status=part.status,
        store=StoreRef(slug=part.store_slug, name=part.store_name),
        shipping_fee=Amount.of(part.shipping_fee_minor, currency),
        shipping_discount=Amount.of(part.shipping_discount_minor, currency),
        to_pay=Amount.of(part.payable_minor, currency),
        deliver_from=part.deliver_from,
        deliver_until=part.deliver_until,
        lines=[
            OrderLine(
                id=line.id,
                variant_id=line.variant_id,
                sku=line.sku,
                name=line.name,
                options=[OptionChoice(name=one["name"], value=one["value"]) for one in line.options],
                picture=picture_address(line.picture),
                quantity=line.quantity,
                refunded_quantity=line.refunded_quantity,
                unit_price=Amount.of(line.unit_price_minor, currency),
                subtotal=Amount.of(line.subtotal_minor, currency),
                discount=Amount.of(line.discount_minor, currency),
                tax=Amount.of(line.tax_minor, currency),
                to_pay=Amount.of(line.payable_minor, currency),
            )
            for line in part.lines
        ],
    )
