"""Where an order goes and which option it is, changed before a store has packed it (ORD-06).

Fewer pieces, or none, are a refund: it is quoted first, and then asked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, operation
from portal.blueprints.api.schemas import OptionChoice
from portal.blueprints.api.v1.order_changes import examples
from portal.blueprints.api.v1.order_changes.schemas import (
    AddressChange,
    ChangeableLine,
    OptionChange,
    OrderChange,
    OtherOption,
)
from portal.blueprints.api.v1.orders.render import texts_of
from portal.blueprints.api.v1.orders.schemas import OrderAddress
from portal.blueprints.api.v1.orders.views import NUMBER, TAG
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.amending import Amendable, load_amendable
from portal.rules.addresses import AddressUnfitError
from portal.rules.permissions import Permission, Scope, scopes_of
from portal.services.orders.amend_order import (
    AmendReasonError,
    CountryFixedError,
    OptionUnfitError,
    OrderChangedError,
    OrderUnknownError,
    TooLateToAmendError,
    change_address,
    change_option,
)
from portal.services.stock.reserve_stock import OutOfStockError

REFUSALS = (OrderUnknownError, TooLateToAmendError, AmendReasonError)


@operation(
    "GET",
    "/orders/<string:number>/change",
    tag=TAG,
    summary="Show what of an order can be changed",
    description=(
        "Until a store has packed something of it, or somebody looks at it. Fewer pieces, or none, are a refund: "
        "quote it, and ask for it."
    ),
    permission=Permission.ORDER_EDIT,
    answer=OrderChange,
    example=examples.CHANGE,
    path_values={"number": NUMBER},
    refusals=(OrderUnknownError,),
)
def show_order_change(number: str) -> OrderChange:
    return _shown(_order(number))


@operation(
    "PUT",
    "/orders/<string:number>/address",
    tag=TAG,
    summary="Send an order to another address",
    description=(
        "In the same country, until a store has packed something of it. The stores are told. Sending it where it goes "
        "already changes nothing. `If-Match` takes the `ETag` of what can be changed."
    ),
    permission=Permission.ORDER_EDIT,
    body=AddressChange,
    body_example=examples.TO_ADDRESS,
    answer=OrderChange,
    example=examples.CHANGE,
    path_values={"number": NUMBER},
    refusals=(*REFUSALS, AddressUnfitError, CountryFixedError),
    changed=(OrderChangedError,),
)
def put_order_address(number: str, body: AddressChange, seen: int | None) -> OrderChange:
    order, actor, now, ip = _order(number), api_actor(), clock.now(), request.remote_addr
    given = body.address.model_dump()
    fields = given | {"country": given["country"] or order.address.get("country")}
    atomically(
        lambda s: change_address(
            s, order_id=order.id, fields=fields, actor=actor, now=now, reason=body.reason, version=seen, ip=ip
        )
    )
    return _shown(_order(number))


@operation(
    "PUT",
    "/orders/<string:number>/lines/<uuid:line_id>/option",
    tag=TAG,
    summary="Take another option",
    description=(
        "Of the same product at the same price, for all pieces of the line, until the store has packed something. "
        "`If-Match` takes the `ETag` of what can be changed."
    ),
    permission=Permission.ORDER_EDIT,
    body=OptionChange,
    body_example=examples.TO_OPTION,
    answer=OrderChange,
    example=examples.CHANGE,
    path_values={
        "number": NUMBER,
        "line_id": PathValue(
            "The id of the order's line.", {"type": "string", "format": "uuid"}, examples.CHANGE["lines"][0]["line_id"]
        ),
    },
    refusals=(*REFUSALS, OptionUnfitError, OutOfStockError(sku="MOA-BOWL-SAGE", available=1)),
    changed=(OrderChangedError,),
)
def put_line_option(number: str, line_id: uuid.UUID, body: OptionChange, seen: int | None) -> OrderChange:
    order, actor, now = _order(number), api_actor(), clock.now()
    atomically(
        lambda s: change_option(
            s,
            order_id=order.id,
            line_id=line_id,
            variant_id=body.variant_id,
            actor=actor,
            now=now,
            reason=body.reason,
            version=seen,
        )
    )
    return _shown(_order(number))


def _order(number: str) -> Amendable:
    """One's own order as its buyer may change it, or any as the mall may. Raises OrderUnknownError."""
    with reading() as session:
        order = load_amendable(session, number=number, for_mall=False)
        if order is not None and order.buyer_id != api_actor().user_id:
            is_mall = Scope.ALL in scopes_of(api_actor(), Permission.ORDER_EDIT)
            order = load_amendable(session, number=number, for_mall=True) if is_mall else None
    if order is None:
        raise OrderUnknownError
    return order


def _shown(order: Amendable) -> OrderChange:
    is_own = order.buyer_id == api_actor().user_id
    return OrderChange(
        number=order.number,
        version=order.version,
        address=OrderAddress(**texts_of(order.address, OrderAddress.model_fields)) if is_own else None,
        address_open=order.address_open,
        lines=[
            ChangeableLine(
                line_id=line.id,
                name=dict(line.name),
                options=_options(line.options),
                units=line.units,
                choices=[
                    OtherOption(variant_id=one.variant_id, options=_options(one.options), left=one.left)
                    for one in line.choices
                ],
            )
            for line in order.lines
        ],
    )


def _options(options: Sequence[Mapping[str, Any]]) -> list[OptionChoice]:
    return [OptionChoice(name=one["name"], value=one["value"]) for one in options]
