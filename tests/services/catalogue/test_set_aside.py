"""Units that a store keeps for one channel, and what a channel leaves on the shelf (CHN-03)."""

from __future__ import annotations

import pytest

from portal.db import transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.channels import ChannelView
from portal.rules.permissions import SYSTEM
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.cart.errors import StockShortError
from portal.services.checkout.place_order import Blocked, ChangedSinceShownError
from portal.services.stock.end_reservations import release_stock
from portal.services.stock.reserve_stock import OutOfStockError
from portal.services.stock.set_aside_stock import SetAsideTooMuchError, set_aside_stock
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("CHN-03"), pytest.mark.usefixtures("books")]


def set_aside(variant: int, channel: ChannelView, kept: int, floor: int = 0) -> None:
    with transaction() as session:
        set_aside_stock(
            session, variant_id=variant, channel_id=channel.id, kept=kept, floor=floor, actor=SYSTEM, now=clock.now()
        )


def kept(variant: int, channel: ChannelView) -> int:
    found = rows(f"SELECT set_aside -> '{channel.id}' ->> 'kept' FROM stock WHERE variant_id = {variant}")  # noqa: S608  # Ours.
    return int(found[0][0])


def test_units_set_aside_are_sold_on_their_channel_only_and_come_back_when_an_order_is_given_up(
    mall: Mall, bea: Person, bowl: int
) -> None:
    set_aside(bowl, mall.us, 8)
    with pytest.raises(StockShortError), transaction() as session:
        add_to_cart(session, actor=bea.actor, channel_id=mall.kr.id, variant_id=bowl, quantity=3, now=clock.now())
    # Nine on the channel whose eight they are: its own go first, and one that all share.
    press = ready_to_buy(bea, mall.us, {bowl: 9})
    placed = press()
    assert not isinstance(placed, Blocked)
    assert (kept(bowl, mall.us), rows("SELECT quantity, set_aside FROM reservation")) == (0, [(9, 8)])
    with transaction() as session:
        release_stock(session, order_id=placed.order_id, now=clock.now(), status="expired")
    assert kept(bowl, mall.us) == 8
    # What its store says meanwhile is the last word: the others are everybody's.
    again = ready_to_buy(make_person("cho"), mall.us, {bowl: 9})()
    assert not isinstance(again, Blocked)
    set_aside(bowl, mall.us, 1)
    with transaction() as session:
        release_stock(session, order_id=again.order_id, now=clock.now(), status="expired")
    assert kept(bowl, mall.us) == 1


def test_a_channel_stops_at_what_it_leaves_on_the_shelf(mall: Mall, bea: Person, bowl: int) -> None:
    press = ready_to_buy(bea, mall.kr, {bowl: 8})
    set_aside(bowl, mall.kr, 0, floor=4)
    with pytest.raises((OutOfStockError, ChangedSinceShownError)):
        press()
    set_aside(bowl, mall.kr, 0, floor=2)
    assert not isinstance(ready_to_buy(make_person("cho"), mall.kr, {bowl: 8})(), Blocked)


def test_no_more_can_be_set_aside_than_is_free(mall: Mall, bowl: int) -> None:
    set_aside(bowl, mall.us, 6)
    with pytest.raises(SetAsideTooMuchError, match="Only 4 units"):
        set_aside(bowl, mall.kr, 5)
    with pytest.raises(PortalError):
        set_aside(bowl, mall.kr, -1)
