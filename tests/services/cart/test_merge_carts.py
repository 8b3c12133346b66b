"""What a visitor put into his cart is there when he signs in; and two tabs lose nothing of each other."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from portal.db import atomically, reading, transaction
from portal.kit import clock
from portal.models import Cart, OutboxEvent
from portal.queries.carts import CartView, load_cart
from portal.rules.permissions import Actor
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.cart.change import CartChange
from portal.services.cart.keep_choices import keep_choices
from portal.services.cart.merge_carts import merge_carts
from tests.factories.account import Person, make_person, make_visitor
from tests.factories.cart import Mall, make_mall, make_variant, put_into_cart, set_stock

TABS = 8


def merge(visitor: Actor, person: Person) -> CartChange | None:
    assert visitor.session_id is not None
    with transaction() as session:
        return merge_carts(session, session_id=visitor.session_id, user_id=person.id, now=clock.now())


def cart_of(actor: Actor, mall: Mall) -> CartView:
    with reading() as session:
        return load_cart(session, user_id=actor.user_id, session_id=actor.session_id, channel=mall.kr)


def quantities(actor: Actor, mall: Mall) -> dict[int, int]:
    return {line.variant_id: line.quantity for line in cart_of(actor, mall).lines}


@pytest.mark.req("CAT-02")
def test_a_newcomer_gets_the_cart_of_the_browser(mall: Mall, visitor: Actor, bea: Person) -> None:
    bowl, cup = make_variant(mall), make_variant(mall, store=1)
    put_into_cart(visitor, mall.kr, bowl, 2)
    put_into_cart(visitor, mall.kr, cup, 1)
    assert merge(visitor, bea) is not None
    assert quantities(bea.actor, mall) == {bowl: 2, cup: 1}
    assert quantities(visitor, mall) == {}
    assert number_of_carts() == 1


@pytest.mark.req("CAT-02")
def test_the_same_goods_are_added_up_within_the_stock(mall: Mall, visitor: Actor, bea: Person) -> None:
    bowl, cup = make_variant(mall), make_variant(mall, on_hand=5)
    put_into_cart(bea.actor, mall.kr, bowl, 2)
    put_into_cart(bea.actor, mall.kr, cup, 3)
    put_into_cart(visitor, mall.kr, bowl, 3)
    put_into_cart(visitor, mall.kr, cup, 4)
    merge(visitor, bea)
    assert quantities(bea.actor, mall) == {bowl: 5, cup: 5}


def test_what_sold_out_meanwhile_stays_visible(mall: Mall, visitor: Actor, bea: Person) -> None:
    bowl = make_variant(mall)
    put_into_cart(bea.actor, mall.kr, bowl, 2)
    put_into_cart(visitor, mall.kr, bowl, 3)
    set_stock(bowl, on_hand=0)
    merge(visitor, bea)
    assert quantities(bea.actor, mall) == {bowl: 3}


def test_no_sum_exceeds_9999(mall: Mall, visitor: Actor, bea: Person) -> None:
    bowl = make_variant(mall, on_hand=30_000)
    put_into_cart(bea.actor, mall.kr, bowl, 9_000)
    put_into_cart(visitor, mall.kr, bowl, 9_000)
    merge(visitor, bea)
    assert quantities(bea.actor, mall) == {bowl: 9_999}


def test_choices_are_kept_and_the_newer_win(mall: Mall, visitor: Actor, bea: Person) -> None:
    put_into_cart(bea.actor, mall.kr, make_variant(mall))
    put_into_cart(visitor, mall.kr, make_variant(mall))
    for actor, choices in (
        (bea.actor, {"method": "transfer", "note": "ring twice"}),
        (visitor, {"method": "card"}),
    ):
        with transaction() as session:
            keep_choices(session, actor=actor, choices=choices, now=clock.now())
    merge(visitor, bea)
    cart = cart_of(bea.actor, mall)
    assert cart.choices == {"method": "card", "note": "ring twice"}
    assert [line.seen_price_minor for line in cart.lines] == [12_000, 12_000]


def test_without_a_cart_there_is_nothing_to_merge(mall: Mall, visitor: Actor, bea: Person) -> None:
    put_into_cart(bea.actor, mall.kr, make_variant(mall))
    assert merge(visitor, bea) is None
    assert cart_of(bea.actor, mall).version == 1


def test_merging_twice_adds_once(mall: Mall, visitor: Actor, bea: Person) -> None:
    bowl = make_variant(mall)
    put_into_cart(visitor, mall.kr, bowl, 2)
    merge(visitor, bea)
    assert merge(visitor, bea) is None
    assert quantities(bea.actor, mall) == {bowl: 2}


def test_the_persons_other_pages_hear_of_it(mall: Mall, visitor: Actor, bea: Person) -> None:
    put_into_cart(visitor, mall.kr, make_variant(mall))
    merge(visitor, bea)
    with reading() as session:
        profiles = session.scalars(select(OutboxEvent.profile_id).where(OutboxEvent.kind == "cart.changed")).all()
    assert profiles == [bea.id]


@pytest.mark.parametrize("cart_is_there", [False, True])
def test_tabs_that_add_at_the_same_moment_lose_nothing(mall: Mall, bea: Person, *, cart_is_there: bool) -> None:
    bowl, cup = make_variant(mall), make_variant(mall)
    if cart_is_there:
        put_into_cart(bea.actor, mall.kr, cup)
    start = Barrier(TABS)

    def add(_tab: int) -> uuid.UUID:
        start.wait()
        return atomically(
            lambda session: add_to_cart(
                session, actor=bea.actor, channel_id=mall.kr.id, variant_id=bowl, quantity=2, now=clock.now()
            )
        ).cart_id

    with ThreadPoolExecutor(TABS) as tabs:
        carts = set(tabs.map(add, range(TABS)))
    assert len(carts) == 1
    assert quantities(bea.actor, mall)[bowl] == 2 * TABS
    assert cart_of(bea.actor, mall).version == TABS + cart_is_there


def test_tabs_that_want_the_last_units_get_no_more_than_there_are(mall: Mall, bea: Person) -> None:
    bowl = make_variant(mall, on_hand=5)
    start = Barrier(TABS)

    def add(_tab: int) -> bool:
        start.wait()
        try:
            put_into_cart(bea.actor, mall.kr, bowl)
        except Exception as error:  # noqa: BLE001  # Its code is what is looked at.
            return getattr(error, "code", "") != "stock_short"
        return True

    with ThreadPoolExecutor(TABS) as tabs:
        outcomes = list(tabs.map(add, range(TABS)))
    assert outcomes.count(True) == 5
    assert quantities(bea.actor, mall) == {bowl: 5}


def number_of_carts() -> int:
    with reading() as session:
        return session.execute(select(func.count()).select_from(Cart)).scalar_one()


@pytest.fixture
def mall(db: None) -> Mall:
    return make_mall()


@pytest.fixture
def bea(db: None) -> Person:
    return make_person("bea")


@pytest.fixture
def visitor(db: None) -> Actor:
    return make_visitor()
