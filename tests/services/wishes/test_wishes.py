"""Wishlists: one for each person, told of what is better, moved into the cart once (CAT-03)."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from portal.db import reading, transaction
from portal.jobs.outbox import handle_events
from portal.jobs.talk import watch_wishes
from portal.kit import clock
from portal.models import CartLine, Notice, OutboxEvent, Price, Stock, Wish
from portal.services.cart.errors import NotOnSaleError, SoldOutError
from portal.services.wishes import keep_wish as module
from portal.services.wishes.keep_wish import WishlistFullError, drop_wish, keep_wish, move_wish_to_cart
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant

pytestmark = pytest.mark.req("CAT-03")


def wish(person: Person, mall: Mall, variant_id: int) -> None:
    with transaction() as session:
        keep_wish(session, variant_id=variant_id, channel_id=mall.kr.id, actor=person.actor, now=clock.now())


def told(person: Person) -> list[str]:
    watch_wishes()
    watch_wishes()
    with reading() as session:
        ids = list(session.scalars(select(OutboxEvent.id).where(OutboxEvent.handled_at.is_(None))))
    handle_events(ids)
    with reading() as session:
        statement = select(Notice.kind).where(Notice.user_id == person.id).order_by(Notice.created_at, Notice.id)
        return list(session.scalars(statement))


def set_price(variant_id: int, mall: Mall, minor: int) -> None:
    with transaction() as session:
        session.execute(
            update(Price)
            .where(Price.variant_id == variant_id, Price.channel_id == mall.kr.id)
            .values(amount_minor=minor, compare_at_minor=None)
        )


def set_safety(variant_id: int, safety: int) -> None:
    """All units kept back is as good as sold out."""
    with transaction() as session:
        session.execute(update(Stock).where(Stock.variant_id == variant_id).values(safety=safety))


def test_what_is_there_again_or_cheaper_is_told_once(db: None) -> None:
    mall = make_mall()
    bea, variant_id = make_person("bea"), make_variant(mall, krw=10_000)
    wish(bea, mall, variant_id)
    wish(bea, mall, variant_id)
    assert told(bea) == []
    set_price(variant_id, mall, 12_000)
    assert told(bea) == []
    set_price(variant_id, mall, 11_000)
    assert told(bea) == ["wish_cheaper"]
    set_safety(variant_id, 1_000_000)
    assert told(bea) == ["wish_cheaper"]
    set_price(variant_id, mall, 9_000)
    assert told(bea) == ["wish_cheaper"]  # Nobody can buy it.
    set_safety(variant_id, 0)
    assert told(bea) == ["wish_cheaper", "wish_in_stock"]


def test_it_moves_into_the_cart_once_or_stays_on_the_list(db: None) -> None:
    mall = make_mall()
    bea, variant_id = make_person("bea"), make_variant(mall)
    wish(bea, mall, variant_id)
    set_safety(variant_id, 1_000_000)

    def move() -> None:
        with transaction() as session:
            move_wish_to_cart(session, variant_id=variant_id, channel_id=mall.kr.id, actor=bea.actor, now=clock.now())

    with pytest.raises(SoldOutError):
        move()
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Wish)) == 1
    set_safety(variant_id, 0)
    move()
    move()  # A double click.
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Wish)) == 0
        assert session.scalars(select(CartLine.quantity)).all() == [1]


def test_nobody_reaches_anothers_list_and_a_list_has_an_end(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    mall = make_mall()
    bea, other = make_person("bea"), make_person("max")
    first, second = make_variant(mall), make_variant(mall)
    wish(bea, mall, first)
    with transaction() as session:
        assert not drop_wish(session, variant_id=first, actor=other.actor, now=clock.now())
    monkeypatch.setattr(module, "WISHES_MAX", 1)
    wish(bea, mall, first)
    with pytest.raises(WishlistFullError):
        wish(bea, mall, second)
    with pytest.raises(NotOnSaleError):
        wish(bea, mall, 999_999)


def test_other_open_pages_of_the_person_hear_of_each_change_of_the_list_once(db: None) -> None:
    mall = make_mall()
    bea, variant_id = make_person("bea"), make_variant(mall)
    wish(bea, mall, variant_id)
    wish(bea, mall, variant_id)  # It is there already.
    with transaction() as session:
        drop_wish(session, variant_id=variant_id, actor=bea.actor, now=clock.now())
        drop_wish(session, variant_id=variant_id, actor=bea.actor, now=clock.now())
    with reading() as session:
        heard = session.scalars(select(OutboxEvent.profile_id).where(OutboxEvent.kind == "wish.changed")).all()
    assert heard == [bea.id, bea.id]
