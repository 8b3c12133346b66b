"""The wishes of the key's person, the same list on every channel (CAT-03)."""

from __future__ import annotations

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import Reply, operation
from portal.blueprints.api.schemas import Amount, OptionChoice
from portal.blueprints.api.v1.cart.views import VARIANT_ID
from portal.blueprints.api.v1.catalogue.views import picture_address
from portal.blueprints.api.v1.wishes import examples
from portal.blueprints.api.v1.wishes.schemas import Wish, Wishes
from portal.blueprints.identity import current_channel
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.wishes import list_wishes
from portal.rules.permissions import Permission
from portal.services.cart.errors import (
    LINES_MAX,
    CartFullError,
    NotOnSaleError,
    NotSoldHereError,
    SoldOutError,
    StockShortError,
    StorePausedError,
)
from portal.services.wishes.keep_wish import WISHES_MAX, WishlistFullError, drop_wish, keep_wish, move_wish_to_cart

TAG = "Wishes"
PATH = {"variant_id": VARIANT_ID}


@operation(
    "GET",
    "/wishes",
    tag=TAG,
    summary="List wishes",
    description="With prices and stock of the key's channel at this moment.",
    permission=Permission.WISH_KEEP,
    answer=Wishes,
    example=examples.LIST,
)
def list_own_wishes() -> Wishes:
    actor, channel = api_actor(), current_channel()
    assert actor.user_id is not None  # A key is a person's.
    with reading() as session:
        rows = list_wishes(session, user_id=actor.user_id, channel_id=channel.id)
    return Wishes(
        items=[
            Wish(
                variant_id=row.variant_id,
                product=row.slug,
                name=row.name,
                options=[OptionChoice(name=one["name"], value=one["value"]) for one in row.options],
                picture=picture_address(row.picture),
                store=row.store_name,
                price=Amount.maybe(row.amount_minor, channel.currency),
                in_stock=row.is_in_stock,
                added_at=row.added_at,
            )
            for row in rows
        ]
    )


@operation(
    "PUT",
    "/wishes/<int:variant_id>",
    tag=TAG,
    summary="Wish for a variant",
    description="It may be sent again: what is on the list stays there.",
    permission=Permission.WISH_KEEP,
    answer=None,
    status=204,
    answer_text="It is on the list.",
    path_values=PATH,
    refusals=(NotOnSaleError, WishlistFullError(maximum=WISHES_MAX)),
)
def put_wish(variant_id: int) -> Reply:
    actor, now, channel_id = api_actor(), clock.now(), current_channel().id
    atomically(lambda s: keep_wish(s, variant_id=variant_id, channel_id=channel_id, actor=actor, now=now))
    return Reply(None, 204)


@operation(
    "DELETE",
    "/wishes/<int:variant_id>",
    tag=TAG,
    summary="Take a variant off the list",
    description="It may be sent again: what is gone stays gone.",
    permission=Permission.WISH_KEEP,
    answer=None,
    status=204,
    answer_text="It is not on the list.",
    path_values=PATH,
)
def delete_wish(variant_id: int) -> Reply:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: drop_wish(s, variant_id=variant_id, actor=actor, now=now))
    return Reply(None, 204)


@operation(
    "POST",
    "/wishes/<int:variant_id>/move",
    tag=TAG,
    summary="Move a wish into the cart",
    description="One unit goes into the cart and off the list, both or neither; sent again it finds nothing to move.",
    permission=Permission.WISH_KEEP,
    answer=None,
    status=204,
    answer_text="It is in the cart.",
    path_values=PATH,
    refusals=(
        NotOnSaleError,
        NotSoldHereError,
        SoldOutError,
        StorePausedError,
        StockShortError(available=3, held=1),
        CartFullError(maximum=LINES_MAX),
    ),
)
def move_own_wish(variant_id: int) -> Reply:
    actor, now, channel_id = api_actor(), clock.now(), current_channel().id
    atomically(lambda s: move_wish_to_cart(s, variant_id=variant_id, channel_id=channel_id, actor=actor, now=now))
    return Reply(None, 204)
