"""Orders and goods for the mall, and for the manager of a channel those of his own (IDN-05, CHN-03)."""

from __future__ import annotations

from typing import Any

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor, channels_seen
from portal.blueprints.api.operations import FOR_CHANNELS, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.channels.views import CHANNEL
from portal.blueprints.api.v1.examples import AT, BOWL, NUMBER, STORE_REF, krw
from portal.blueprints.api.v1.mall_sales.schemas import (
    Assigned,
    Assignment,
    GoodsItem,
    GoodsPage,
    GoodsQuery,
    MallOrder,
    MallOrderItem,
    MallOrderPage,
    MallOrderQuery,
)
from portal.blueprints.api.v1.orders.examples import PART
from portal.blueprints.api.v1.orders.render import order_part
from portal.blueprints.api.v1.orders.views import NUMBER as NUMBER_VALUE
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.admin_orders import OrderFilter, OrderRow, list_orders
from portal.queries.api_orders import load_part_facts
from portal.queries.channel_goods import GoodsFilter, list_goods
from portal.queries.channels import ChannelView, channel_directory
from portal.rules.permissions import Permission, may
from portal.services.catalogue.assign_products import assign_products
from portal.services.catalogue.errors import CatalogueForbiddenError, ChannelUnknownError

ORDER: dict[str, Any] = {
    "number": NUMBER,
    "status": "paid",
    "channel": "kr",
    "total": krw(24_600),
    "placed_at": AT,
    "under_review": False,
    "payment_status": "captured",
    "method": "credit_card",
}
GOODS: dict[str, Any] = {
    "product_id": 12,
    "name": BOWL,
    "store": STORE_REF["name"],
    "section": {"en": "Kitchen", "ko": "주방"},
    "is_sold": True,
    "is_priced": True,
    "price_from": krw(12_000),
    "own": ["name"],
}


@operation(
    "GET",
    "/mall/orders",
    tag="Orders",
    summary="List everybody's orders",
    description="Of all channels, or of those that the key's person manages. Who bought them is not told.",
    permission=Permission.ORDER_LIST,
    within=FOR_CHANNELS,
    query=MallOrderQuery,
    answer=MallOrderPage,
    example={"items": [ORDER], "next_cursor": None, "previous_cursor": None},
    refusals=(CursorInvalidError, ChannelUnknownError),
)
def list_mall_orders(query: MallOrderQuery) -> MallOrderPage:
    place = channel_directory().channels.get(query.channel) if query.channel is not None else None
    if query.channel is not None and place is None:
        raise ChannelUnknownError
    seen = channels_seen(Permission.ORDER_LIST)
    chosen = OrderFilter(
        status=query.status,
        channel_id=place.id if place else None,
        search=query.number,
        only=None if seen is None else tuple(sorted(seen)),
    )
    with reading() as session:
        page = list_orders(session, chosen=chosen, cursor=query.cursor, rows_max=query.limit)
    return MallOrderPage.of(page, [MallOrderItem(**_order(row)) for row in page.rows])


@operation(
    "GET",
    "/mall/orders/<string:number>",
    tag="Orders",
    summary="Show anybody's order",
    description="With its parts, and without its buyer.",
    permission=Permission.ORDER_VIEW,
    within=FOR_CHANNELS,
    answer=MallOrder,
    example={**ORDER, "parts": [PART]},
    path_values={"number": NUMBER_VALUE},
    refusals=(NotFoundError,),
)
def show_mall_order(number: str) -> MallOrder:
    with reading() as session:
        found = list_orders(session, chosen=OrderFilter(search=number), cursor=None).rows if "@" not in number else ()
        row = next(iter(found), None)
        if row is None or not may(api_actor(), Permission.ORDER_VIEW, channel_id=row.channel_id):
            raise NotFoundError
        parts = load_part_facts(session, order_id=row.id)
    return MallOrder(**_order(row), parts=[order_part(one, row.currency) for one in parts])


@operation(
    "GET",
    "/channels/<int:channel_id>/goods",
    tag="Channels",
    summary="List what a channel sells, and what not",
    permission=Permission.PRODUCT_EDIT,
    within=FOR_CHANNELS,
    query=GoodsQuery,
    answer=GoodsPage,
    example={"items": [GOODS], "next_cursor": None, "previous_cursor": None},
    path_values=CHANNEL,
    refusals=(NotFoundError, CursorInvalidError),
)
def list_channel_goods(channel_id: int, query: GoodsQuery) -> GoodsPage:
    place = _place(channel_id)
    chosen = GoodsFilter(place.id, query.sold or "", None, query.q)
    with reading() as session:
        page = list_goods(session, chosen=chosen, cursor=query.cursor, rows_max=query.limit)
    return GoodsPage.of(
        page,
        [
            GoodsItem(
                product_id=row.product_id,
                name=row.name,
                store=row.store,
                section=row.section,
                is_sold=row.is_sold,
                is_priced=row.is_priced,
                price_from=Amount.maybe(row.price_from_minor, place.currency),
                own=row.own,
            )
            for row in page.rows
        ],
    )


@operation(
    "POST",
    "/channels/<int:channel_id>/goods/assignment",
    tag="Channels",
    summary="Say what a channel sells",
    description="These products from now on, or no more; what is so already stays. Prices and texts are kept.",
    permission=Permission.PRODUCT_EDIT,
    within=FOR_CHANNELS,
    body=Assignment,
    body_example={"product_ids": [12], "is_sold": True},
    answer=Assigned,
    example={"changed": 1, "unpriced": []},
    path_values=CHANNEL,
    refusals=(NotFoundError, CatalogueForbiddenError, ChannelUnknownError),
)
def assign_channel_goods(channel_id: int, body: Assignment) -> Assigned:
    place, actor, now = _place(channel_id), api_actor(), clock.now()
    done = atomically(
        lambda s: assign_products(
            s, channel_id=place.id, product_ids=body.product_ids, is_sold=body.is_sold, actor=actor, now=now
        )
    )
    return Assigned(changed=done.changed, unpriced=list(done.unpriced))


def _place(channel_id: int) -> ChannelView:
    """The channel, if the key's person has its goods in hand. Raises NotFoundError."""
    found = next((one for one in channel_directory().channels.values() if one.id == channel_id), None)
    if found is None or not may(api_actor(), Permission.PRODUCT_EDIT, channel_id=channel_id):
        raise NotFoundError
    return found


def _order(row: OrderRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "status": row.status,
        "channel": channel_directory().by_id(row.channel_id).code,
        "total": Amount.of(row.payable_minor, row.currency),
        "placed_at": row.placed_at,
        "under_review": row.under_review,
        "payment_status": row.payment_status,
        "method": row.method,
    }
