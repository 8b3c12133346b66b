"""The cart's changes, one by one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from portal.db import reading, transaction
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.models import OutboxEvent
from portal.queries.carts import CartView, load_cart
from portal.queries.channels import ChannelView
from portal.rules.permissions import Actor, Role
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.cart.change_quantity import change_quantity
from portal.services.cart.clear import clear
from portal.services.cart.errors import LINES_MAX
from portal.services.cart.keep_choices import keep_choices
from portal.services.cart.remove_line import remove_line
from tests.factories.account import Person, make_person, make_session, make_visitor
from tests.factories.cart import Mall, make_mall, make_variant, put_into_cart, set_price, set_stock
from tests.factories.refund import rows


def cart_of(actor: Actor, channel: ChannelView) -> CartView:
    with reading() as session:
        return load_cart(session, user_id=actor.user_id, session_id=actor.session_id, channel=channel)


def quantities(actor: Actor, mall: Mall) -> dict[int, int]:
    return {line.variant_id: line.quantity for line in cart_of(actor, mall.kr).lines}


def change(actor: Actor, mall: Mall, variant_id: int, quantity: int) -> None:
    with transaction() as session:
        change_quantity(
            session,
            actor=actor,
            channel_id=mall.kr.id,
            variant_id=variant_id,
            quantity=quantity,
            now=clock.now(),
        )


def test_adding_twice_adds_up(mall: Mall, bea: Person) -> None:
    bowl = make_variant(mall)
    first = put_into_cart(bea.actor, mall.kr, bowl, 2)
    assert put_into_cart(bea.actor, mall.kr, bowl, 3) == first
    assert quantities(bea.actor, mall) == {bowl: 5}
    assert cart_of(bea.actor, mall.kr).version == 2


def test_a_visitor_has_a_cart_of_his_browser(mall: Mall) -> None:
    visitor, other = make_visitor(), make_visitor()
    bowl = make_variant(mall)
    put_into_cart(visitor, mall.kr, bowl)
    assert quantities(visitor, mall) == {bowl: 1}
    assert quantities(other, mall) == {}


@pytest.mark.req("CAT-02")
def test_the_cart_of_a_person_is_the_same_on_every_channel(mall: Mall, bea: Person) -> None:
    bowl, only_korea = make_variant(mall), make_variant(mall, usd=None)
    put_into_cart(bea.actor, mall.us, bowl, 2)
    put_into_cart(bea.actor, mall.kr, only_korea)
    korea, america = cart_of(bea.actor, mall.kr), cart_of(bea.actor, mall.us)
    assert [(line.variant_id, line.unit_price_minor) for line in korea.lines] == [(bowl, 12_000), (only_korea, 12_000)]
    assert [(line.variant_id, line.unit_price_minor) for line in america.lines] == [(bowl, 1_000), (only_korea, None)]
    assert [line.can_be_bought for line in america.lines] == [True, False]
    assert korea.id == america.id


@pytest.mark.parametrize("quantity", [0, -1, 10_000, 10**9, True, 1.5])
@pytest.mark.req("CAT-02")
def test_a_quantity_that_is_none_changes_nothing(mall: Mall, bea: Person, quantity: int) -> None:
    bowl = make_variant(mall, on_hand=20_000)
    assert refusal(mall, bea.actor, bowl, quantity) == "quantity_out_of_range"
    assert cart_of(bea.actor, mall.kr).id is None


def test_9999_units_are_a_quantity_and_one_more_is_not(mall: Mall, bea: Person) -> None:
    bowl = make_variant(mall, on_hand=20_000)
    put_into_cart(bea.actor, mall.kr, bowl, 9_999)
    assert refusal(mall, bea.actor, bowl, 1) == "quantity_out_of_range"
    assert quantities(bea.actor, mall) == {bowl: 9_999}


@pytest.mark.parametrize("variant_id", [0, -5, 999_999, 2**63, True])
def test_an_unknown_variant_changes_nothing(mall: Mall, bea: Person, variant_id: int) -> None:
    assert refusal(mall, bea.actor, variant_id, 1) == "variant_not_on_sale"
    assert cart_of(bea.actor, mall.kr).id is None


def test_what_is_not_for_sale_stays_out(mall: Mall, bea: Person) -> None:
    assert refusal(mall, bea.actor, make_variant(mall, state="archived"), 1) == "variant_not_on_sale"
    assert refusal(mall, bea.actor, make_variant(mall, krw=None), 1) == "variant_not_sold_here"
    assert refusal(mall, bea.actor, make_variant(mall, on_hand=0), 1) == "sold_out"
    assert cart_of(bea.actor, mall.kr).id is None


def test_the_last_unit_goes_in_and_one_more_does_not(mall: Mall, bea: Person) -> None:
    bowl = make_variant(mall, on_hand=3)
    put_into_cart(bea.actor, mall.kr, bowl, 2)
    put_into_cart(bea.actor, mall.kr, bowl, 1)
    version = cart_of(bea.actor, mall.kr).version
    with pytest.raises(PortalError) as caught:
        put_into_cart(bea.actor, mall.kr, bowl, 1)
    assert caught.value.code == "stock_short"
    assert caught.value.params == {"available": 3, "held": 3}
    assert quantities(bea.actor, mall) == {bowl: 3}
    assert cart_of(bea.actor, mall.kr).version == version


def test_a_cart_has_room_for_so_many_lines(mall: Mall, bea: Person) -> None:
    variants = [make_variant(mall) for _ in range(LINES_MAX + 1)]
    for variant_id in variants[:LINES_MAX]:
        put_into_cart(bea.actor, mall.kr, variant_id)
    assert refusal(mall, bea.actor, variants[LINES_MAX], 1) == "cart_full"
    put_into_cart(bea.actor, mall.kr, variants[0], 1)
    assert len(quantities(bea.actor, mall)) == LINES_MAX


def test_a_role_that_does_not_buy_has_no_cart(mall: Mall) -> None:
    bowl = make_variant(mall)
    finance = make_person("fin", roles=("finance",))
    assert refusal(mall, finance.actor, bowl, 1) == "cart_forbidden"
    assert refusal(mall, Actor(roles=frozenset({Role.VISITOR})), bowl, 1) == "cart_forbidden"


def test_setting_a_quantity_sets_it(mall: Mall, bea: Person) -> None:
    bowl = make_variant(mall, on_hand=10)
    put_into_cart(bea.actor, mall.kr, bowl, 2)
    change(bea.actor, mall, bowl, 7)
    assert quantities(bea.actor, mall) == {bowl: 7}
    change(bea.actor, mall, bowl, 10)
    with pytest.raises(PortalError, match="10") as caught:
        change(bea.actor, mall, bowl, 11)
    assert caught.value.code == "stock_short"
    assert quantities(bea.actor, mall) == {bowl: 10}


def test_zero_removes(mall: Mall, bea: Person) -> None:
    bowl, cup = make_variant(mall), make_variant(mall)
    put_into_cart(bea.actor, mall.kr, bowl)
    put_into_cart(bea.actor, mall.kr, cup)
    change(bea.actor, mall, bowl, 0)
    assert quantities(bea.actor, mall) == {cup: 1}


def test_a_line_that_is_gone_cannot_be_set(mall: Mall, bea: Person) -> None:
    bowl = make_variant(mall)
    with pytest.raises(PortalError) as caught:
        change(bea.actor, mall, bowl, 2)
    assert caught.value.code == "cart_line_missing"
    put_into_cart(bea.actor, mall.kr, make_variant(mall))
    with pytest.raises(PortalError) as caught:
        change(bea.actor, mall, bowl, 2)
    assert caught.value.code == "cart_line_missing"


def test_nobody_changes_the_cart_of_another(mall: Mall, bea: Person) -> None:
    stranger = make_person("max")
    bowl = make_variant(mall)
    put_into_cart(bea.actor, mall.kr, bowl, 2)
    with pytest.raises(PortalError):
        change(stranger.actor, mall, bowl, 1)
    with transaction() as session:
        assert (
            remove_line(session, actor=stranger.actor, channel_id=mall.kr.id, variant_id=bowl, now=clock.now()) is None
        )
        assert clear(session, actor=stranger.actor, now=clock.now()) is None
    assert quantities(bea.actor, mall) == {bowl: 2}


def test_removing_twice_is_no_mistake(mall: Mall, bea: Person) -> None:
    bowl = make_variant(mall)
    put_into_cart(bea.actor, mall.kr, bowl)
    for expected in (2, None):
        with transaction() as session:
            removed = remove_line(session, actor=bea.actor, channel_id=mall.kr.id, variant_id=bowl, now=clock.now())
        assert (removed.version if removed else None) == expected
    assert cart_of(bea.actor, mall.kr).is_empty


def test_clearing_takes_lines_and_choices(mall: Mall, bea: Person) -> None:
    put_into_cart(bea.actor, mall.kr, make_variant(mall))
    with transaction() as session:
        assert keep_choices(session, actor=bea.actor, choices={"method": "card"}, now=clock.now())
    assert cart_of(bea.actor, mall.kr).choices == {"method": "card"}
    with transaction() as session:
        assert clear(session, actor=bea.actor, now=clock.now()) is not None
    cart = cart_of(bea.actor, mall.kr)
    assert cart.is_empty
    assert cart.choices == {}


def test_only_a_profile_hears_of_its_cart(mall: Mall, bea: Person) -> None:
    bowl = make_variant(mall)
    put_into_cart(make_visitor(), mall.kr, bowl)
    put_into_cart(bea.actor, mall.kr, bowl)
    change(bea.actor, mall, bowl, 2)
    with reading() as session:
        events = session.execute(
            select(OutboxEvent.profile_id, OutboxEvent.payload).where(OutboxEvent.kind == "cart.changed")
        ).all()
    assert [tuple(event) for event in events] == [(bea.id, {"version": 1}), (bea.id, {"version": 2})]


def test_the_view_holds_what_pages_and_checkout_need(mall: Mall, bea: Person) -> None:
    bowl = make_variant(mall, on_hand=9)
    spoon = make_variant(mall, store=1, krw=500)
    cup = make_variant(mall)
    for variant_id in (bowl, spoon, cup):
        put_into_cart(bea.actor, mall.kr, variant_id)
    cart = cart_of(bea.actor, mall.kr)
    assert [line.variant_id for line in cart.lines] == [bowl, cup, spoon]
    assert [store.id for store in cart.stores] == list(mall.store_ids)
    store = cart.stores[0]
    assert (store.fee_minor, store.free_over_minor, store.days) == (3_000, 50_000, (1, 3))
    assert [line.variant_id for line in cart.lines_of(store.id)] == [bowl, cup]
    line = cart.lines[0]
    assert (line.unit_price_minor, line.available, line.section_id, line.name) == (
        12_000,
        9,
        mall.section_id,
        {"en": "Rice bowl"},
    )
    assert line.options == [{"name": {"en": "Colour"}, "value": {"en": "Sage"}}]
    assert cart.count == 3
    assert mall.kr.taxes(clock.now()).rate == Decimal("0.1")


@pytest.mark.req("CPN-08")
def test_a_price_that_changed_since_is_known(mall: Mall, bea: Person) -> None:
    bowl, cup = make_variant(mall), make_variant(mall)
    put_into_cart(bea.actor, mall.kr, bowl)
    put_into_cart(bea.actor, mall.kr, cup)
    set_price(bowl, mall.kr, 13_500)
    lines = {line.variant_id: line for line in cart_of(bea.actor, mall.kr).lines}
    assert (lines[bowl].seen_price_minor, lines[bowl].unit_price_minor, lines[bowl].price_changed) == (
        12_000,
        13_500,
        True,
    )
    assert not lines[cup].price_changed
    # On another channel no price was seen, so none has changed.
    assert not any(line.price_changed for line in cart_of(bea.actor, mall.us).lines)
    change(bea.actor, mall, bowl, 2)
    assert not any(line.price_changed for line in cart_of(bea.actor, mall.kr).lines)


def test_stock_that_ran_short_is_known(mall: Mall, bea: Person) -> None:
    bowl = make_variant(mall, on_hand=5)
    put_into_cart(bea.actor, mall.kr, bowl, 4)
    set_stock(bowl, on_hand=3)
    line = cart_of(bea.actor, mall.kr).lines[0]
    assert (line.available, line.quantity, line.can_be_bought) == (3, 4, False)
    assert cart_of(bea.actor, mall.kr).buyable_lines == ()


def refusal(mall: Mall, actor: Actor, variant_id: int, quantity: int) -> str:
    """The code with which adding is refused."""
    with pytest.raises(PortalError) as caught, transaction() as session:
        add_to_cart(
            session,
            actor=actor,
            channel_id=mall.kr.id,
            variant_id=variant_id,
            quantity=quantity,
            now=clock.now(),
        )
    return caught.value.code


@pytest.fixture
def mall(db: None) -> Mall:
    return make_mall()


@pytest.fixture
def bea(db: None) -> Person:
    return make_person("bea")


@pytest.mark.req("CHN-10", "CAT-02")
def test_of_two_devices_the_last_holds_with_evidence_and_is_told_what_it_overruled(mall: Mall, bea: Person) -> None:
    bowl = make_variant(mall)
    put_into_cart(bea.actor, mall.kr, bowl)
    phone, laptop = (replace(bea.actor, session_id=make_session(bea)[1]) for _ in range(2))

    def set_to(actor: Actor, channel: ChannelView, quantity: int, shown: int) -> int | None:
        with transaction() as session:
            made = change_quantity(
                session,
                actor=actor,
                channel_id=channel.id,
                variant_id=bowl,
                quantity=quantity,
                shown=shown,
                now=clock.now(),
            )
        assert made is not None
        return made.overruled

    assert set_to(laptop, mall.us, 3, 1) is None
    # Two quick clicks of one browser, the second of which did not wait for the first, are no collision.
    assert set_to(laptop, mall.us, 4, 1) is None
    assert set_to(phone, mall.kr, 2, 1) == 4
    assert quantities(bea.actor, mall) == {bowl: 2}
    # Who takes out what another device has just set is told of it, too.
    assert set_to(laptop, mall.us, 0, 4) == 2
    assert quantities(bea.actor, mall) == {}
    evidence = "payload::jsonb #>> '{before,found}', payload::jsonb #>> '{after,kept}'"
    kept = rows(f"SELECT {evidence} FROM audit_row WHERE action = 'cart:collided' ORDER BY id")  # noqa: S608  # Ours.
    assert kept == [("4", "2"), ("2", "0")]
