"""Orders of the key's person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.v1.orders import examples
from portal.blueprints.api.v1.orders.placing import place
from portal.blueprints.api.v1.orders.render import as_item, as_order
from portal.blueprints.api.v1.orders.schemas import Order, OrderPage, OrderQuery, OrderRequest, PlacedOrder
from portal.db import atomically, reading
from portal.jobs.queue import enqueue_charge, enqueue_reversal
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.kit.money import Money
from portal.kit.paging import CursorInvalidError
from portal.queries.api_orders import load_part_facts
from portal.queries.order_list import list_orders
from portal.queries.orders import load_moves, load_order
from portal.rules.addresses import AddressUnfitError
from portal.rules.borders import (
    DataStaysError,
    GoodsBarredError,
    PersonalCodeMissingError,
    PersonalCodeUnfitError,
    ShipmentTooValuableError,
)
from portal.rules.coupons.words import Named
from portal.rules.fx import RateMissingError, RateStaleError
from portal.rules.permissions import Permission
from portal.rules.pricing import TotalTooLargeError
from portal.services.accounts.may_spend import AccountFrozenError
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.accounts.throttle import TooOftenError
from portal.services.checkout.cancel_pending_order import (
    NotPendingError,
    OrderUnknownError,
    cancel_pending_order,
)
from portal.services.checkout.place_order import CartEmptyError, ChangedSinceShownError, ChannelClosedError
from portal.services.checkout.routing import METHOD_MISSING, SAVED_CARD_UNUSABLE, TryAgainLaterError
from portal.services.fraud.score_payment import PaymentBlockedError
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.ledger.holds import BalanceTooLowError
from portal.services.stock.reserve_stock import OutOfStockError

TAG = "Orders"
_KOREA = Named("country", ("KR",))
NUMBER = PathValue("The order's public number.", {"type": "string", "minLength": 1}, "KR-7F3K9Q2MXA")


@operation(
    "POST",
    "/orders",
    tag=TAG,
    summary="Place an order",
    description=(
        "Turns the cart into an order at the amounts of a quote, reserves all it needs, and has the provider asked for "
        "what is left to pay. `next_action` says how it goes on; ask for the order until it is paid.\n\n"
        "Send an `Idempotency-Key` of your own with every order, and the same one when you send it again: the answer "
        "is then that of the first time, marked by `Idempotent-Replayed: true`, for 24 hours. A refusal does not use "
        "the key up, except `payment_blocked`. If something has changed since the quote, the answer is 409 "
        "`changed_since_shown` with the new `quote`, and nothing was done."
    ),
    permission=Permission.PAYMENT_INITIATE,
    body=OrderRequest,
    body_example=examples.REQUEST,
    answer=PlacedOrder,
    status=201,
    answer_text="The order is placed.",
    example=examples.PLACED,
    refusals=(
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        ChangedSinceShownError,
        ChannelClosedError,
        RateMissingError(source="KRW", target="USD"),
        RateStaleError(source="KRW", target="USD"),
        CartEmptyError,
        OutOfStockError(sku="MOA-BOWL-SAGE", available=1),
        BalanceTooLowError,
        PaymentBlockedError,
        AccountFrozenError,
        AddressUnfitError,
        GoodsBarredError(goods="Sage tea", country=_KOREA),
        ShipmentTooValuableError(
            store="Hanok", country=_KOREA, value=Money(260_000, "KRW"), limit=Money(200_000, "KRW")
        ),
        PersonalCodeMissingError(store="Hanok", country=_KOREA, limit=Money(200_000, "KRW")),
        PersonalCodeUnfitError,
        DataStaysError(store="Hanok", country=_KOREA),
        TotalTooLargeError,
        StepUpNeededError,
        RejectedError(SAVED_CARD_UNUSABLE),
        RejectedError(METHOD_MISSING),
        TooOftenError(timedelta(minutes=15)),
        TryAgainLaterError(datetime(2026, 11, 21, 4, 48, tzinfo=UTC), datetime(2026, 11, 21, 4, 43, tzinfo=UTC)),
    ),
    is_idempotent=True,
    headers={
        "Location": "The address of the order.",
        "Idempotent-Replayed": "`true` if this is the answer of an earlier request with the same key.",
    },
)
def place_order(body: OrderRequest, key: str) -> Reply:
    answered = place(body, key)
    if answered.attempt_id is not None:
        enqueue_charge(answered.attempt_id)
    headers = {"Location": answered.location} if answered.location else {}
    if answered.is_repeat:
        headers["Idempotent-Replayed"] = "true"
    return Reply(answered.raw, answered.status, headers)


@operation(
    "GET",
    "/orders",
    tag=TAG,
    summary="List orders",
    description="Those of the key's person on all channels, the newest first.",
    permission=Permission.ORDER_LIST,
    query=OrderQuery,
    answer=OrderPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError,),
)
def list_own_orders(query: OrderQuery) -> OrderPage:
    actor = api_actor()
    assert actor.user_id is not None
    with reading() as session:
        page = list_orders(
            session,
            buyer_id=actor.user_id,
            group=query.status,
            number=query.number,
            cursor=query.cursor,
            length=query.limit,
        )
    return OrderPage.of(page, [as_item(row) for row in page.rows])


@operation(
    "GET",
    "/orders/<string:number>",
    tag=TAG,
    summary="Show an order",
    description="With its parts, lines, tenders, payment and history. `next_action` says what is left to do.",
    permission=Permission.ORDER_VIEW,
    answer=Order,
    example=examples.ORDER,
    path_values={"number": NUMBER},
    refusals=(OrderUnknownError,),
)
def show_order(number: str) -> Order:
    return _load(number)


@operation(
    "POST",
    "/orders/<string:number>/cancellation",
    tag=TAG,
    summary="Give up an order that is not paid",
    description=(
        "Stock, coupons, deposit and mileage are free again, and the cart is back. What the provider still takes "
        "for it goes back by itself. A paid order is not cancelled here."
    ),
    permission=Permission.ORDER_EDIT,
    answer=Order,
    answer_text="The order, cancelled.",
    example=examples.CANCELLED,
    path_values={"number": NUMBER},
    refusals=(OrderUnknownError, NotPendingError),
)
def cancel_order(number: str) -> Order:
    actor, now = api_actor(), clock.now()
    given_up = atomically(lambda s: cancel_pending_order(s, actor=actor, number=number, now=now))
    for attempt_id in given_up.to_void:
        enqueue_reversal(attempt_id)
    return _load(number)


def _load(number: str) -> Order:
    actor = api_actor()
    assert actor.user_id is not None
    with reading() as session:
        order = load_order(session, buyer_id=actor.user_id, number=number)
        if order is None:
            raise OrderUnknownError
        parts = load_part_facts(session, order_id=order.id)
        moves = load_moves(session, order_id=order.id)
    return as_order(order, parts, moves)
