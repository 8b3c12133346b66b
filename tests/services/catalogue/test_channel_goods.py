"""What a channel sells: prices for a time, sales switched, texts of its own, units set aside (CHN-03)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from portal.db import reading, transaction
from portal.kit import clock
from portal.models import PriceWindow
from portal.queries.carts import CartLineView, load_cart
from portal.queries.catalogue import Filters, Sort, list_products
from portal.queries.channels import ChannelView
from portal.queries.products import find_product
from portal.rules.channel_goods import Field
from portal.rules.permissions import SYSTEM, Actor, Role
from portal.services.cart.add_to_cart import add_to_cart
from portal.services.cart.errors import NotSoldHereError
from portal.services.catalogue.assign_products import assign_products
from portal.services.catalogue.errors import CatalogueForbiddenError
from portal.services.catalogue.local_product import LocalTexts, LocalTextsChangedError, save_local_texts
from portal.services.catalogue.note_catalogue import note_master_change
from portal.services.catalogue.price_windows import (
    NotPricedHereError,
    WindowOverlapsError,
    WindowUnfitError,
    end_window,
    save_window,
    turn_prices,
)
from portal.services.catalogue.refresh_listings import refresh_listings
from portal.services.checkout.place_order import ChangedSinceShownError
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_variant, put_into_cart
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.services.catalogue.mall import product_of

pytestmark = [pytest.mark.req("CHN-03"), pytest.mark.usefixtures("books")]
HOUR = timedelta(hours=1)


def reduce(variant: int, channel: ChannelView, amount: int, *, begins: timedelta, ends: timedelta) -> int:
    now = clock.now()
    with transaction() as session:
        return save_window(
            session,
            variant_id=variant,
            channel_id=channel.id,
            amount_minor=amount,
            valid_from=now + begins,
            valid_until=now + ends,
            actor=SYSTEM,
            now=now,
        )


def move_window(window: int, by: timedelta) -> None:
    """As if so much time had passed since it was set."""
    with transaction() as session:
        row = session.get_one(PriceWindow, window)
        row.valid_from, row.valid_until = row.valid_from - by, row.valid_until - by


def line_of(person: Person, channel: ChannelView) -> CartLineView:
    with reading() as session:
        return load_cart(session, user_id=person.id, session_id=None, channel=channel).lines[0]


def page_price(variant: int, channel: ChannelView) -> tuple[int, int | None]:
    with reading() as session:
        slug = session.scalar(text("SELECT slug FROM product WHERE id = :id"), {"id": product_of(variant)})
        assert slug is not None
        product = find_product(session, channel_id=channel.id, slug=slug)
    assert product is not None
    return product.variants[0].amount_minor, product.variants[0].compare_at_minor


def card_prices(channel: ChannelView) -> list[int]:
    with reading() as session:
        page = list_products(session, channel_id=channel.id, filters=Filters(), sort=Sort.NEW, locale="en")
    return [card.price_from_minor for card in page.rows]


def test_a_price_for_a_time_is_the_one_of_page_list_and_cart_on_its_channel_only(
    mall: Mall, bea: Person, bowl: int
) -> None:
    put_into_cart(bea.actor, mall.kr, bowl)
    reduce(bowl, mall.kr, 9_000, begins=-HOUR, ends=HOUR)
    assert page_price(bowl, mall.kr) == (9_000, 12_000)
    assert card_prices(mall.kr) == [9_000]
    line = line_of(bea, mall.kr)
    assert (line.unit_price_minor, line.price_changed) == (9_000, True)
    assert page_price(bowl, mall.us)[0] == 1_000


def test_before_it_begins_and_from_its_end_on_the_usual_price_holds(mall: Mall, bea: Person, bowl: int) -> None:
    window = reduce(bowl, mall.kr, 9_000, begins=HOUR, ends=2 * HOUR)
    assert page_price(bowl, mall.kr) == (12_000, None)
    move_window(window, HOUR)
    assert page_price(bowl, mall.kr)[0] == 9_000
    with transaction() as session:
        assert turn_prices(session, now=clock.now()) == 1
    assert card_prices(mall.kr) == [9_000]
    move_window(window, HOUR)
    assert page_price(bowl, mall.kr) == (12_000, None)
    with transaction() as session:
        assert turn_prices(session, now=clock.now()) == 1
        assert turn_prices(session, now=clock.now()) == 0
    assert card_prices(mall.kr) == [12_000]


def test_a_clock_that_is_ahead_turns_no_price_before_the_database_does(mall: Mall, bowl: int) -> None:
    reduce(bowl, mall.kr, 9_000, begins=HOUR, ends=2 * HOUR)
    with transaction() as session:
        assert turn_prices(session, now=clock.now() + HOUR) == 0
    assert card_prices(mall.kr) == [12_000]


def test_a_buyer_whose_price_ended_is_shown_the_new_one_and_pays_nothing_before(
    mall: Mall, bea: Person, bowl: int
) -> None:
    window = reduce(bowl, mall.kr, 9_000, begins=-HOUR, ends=HOUR)
    press = ready_to_buy(bea, mall.kr, {bowl: 1})
    move_window(window, 2 * HOUR)
    with transaction() as session:
        turn_prices(session, now=clock.now())
    assert rows("SELECT count(*) FROM outbox_event WHERE kind = 'cart.changed' AND priority = 'high'")[0][0] == 1
    with pytest.raises(ChangedSinceShownError):
        press()
    line = line_of(bea, mall.kr)
    assert (line.seen_price_minor, line.unit_price_minor) == (9_000, 12_000)


def test_two_prices_for_one_time_are_refused_by_a_sentence_and_by_the_database(mall: Mall, bowl: int) -> None:
    reduce(bowl, mall.kr, 9_000, begins=HOUR, ends=3 * HOUR)
    with pytest.raises(WindowOverlapsError, match="another price holds"):
        reduce(bowl, mall.kr, 8_000, begins=2 * HOUR, ends=4 * HOUR)
    assert rows("SELECT count(*) FROM price_window")[0][0] == 1
    # One that begins when the other ends does not overlap, nor does another channel's.
    reduce(bowl, mall.us, 900, begins=2 * HOUR, ends=4 * HOUR)
    with pytest.raises(IntegrityError, match="ex_price_window_times"), transaction() as session:
        session.execute(
            text(
                "INSERT INTO price_window (variant_id, channel_id, currency, amount_minor, valid_from, valid_until,"
                " made_by, made_at) SELECT variant_id, channel_id, currency, 1, valid_from, valid_until, 'x', now()"
                " FROM price_window"
            )
        )


@pytest.mark.parametrize(
    ("amount", "begins", "ends", "says"),
    [
        (-1, HOUR, 2 * HOUR, "zero or more"),
        (9_000, 2 * HOUR, HOUR, "end comes after"),
        (9_000, -2 * HOUR, -HOUR, "over already"),
        (9_000, HOUR, timedelta(days=400), "at most a year"),
    ],
)
def test_a_price_or_a_time_that_cannot_be_is_refused_with_the_reason(
    mall: Mall, bowl: int, amount: int, begins: timedelta, ends: timedelta, says: str
) -> None:
    with pytest.raises(WindowUnfitError) as refused:
        reduce(bowl, mall.kr, amount, begins=begins, ends=ends)
    assert says in str(refused.value)


def test_goods_without_a_usual_price_get_none_for_a_time(mall: Mall) -> None:
    with pytest.raises(NotPricedHereError):
        reduce(make_variant(mall, usd=None), mall.us, 900, begins=HOUR, ends=2 * HOUR)


def test_a_price_that_holds_can_be_ended_and_one_to_come_taken_back(mall: Mall, bowl: int) -> None:
    holds = reduce(bowl, mall.kr, 9_000, begins=-HOUR, ends=HOUR)
    comes = reduce(bowl, mall.kr, 8_000, begins=2 * HOUR, ends=3 * HOUR)
    for one in (holds, comes):
        with transaction() as session:
            end_window(session, window_id=one, product_id=product_of(bowl), actor=SYSTEM, now=clock.now())
    assert page_price(bowl, mall.kr)[0] == 12_000
    assert card_prices(mall.kr) == [12_000]
    assert rows(f"SELECT id FROM price_window WHERE valid_until > now() OR id = {comes}") == []  # noqa: S608  # Ours.


def test_a_sale_that_ends_on_one_channel_goes_on_on_the_others_and_is_noted(mall: Mall, bea: Person, bowl: int) -> None:
    product = product_of(bowl)

    def switch(is_sold: bool) -> None:
        with transaction() as session:
            assign_products(
                session, channel_id=mall.kr.id, product_ids=[product], is_sold=is_sold, actor=SYSTEM, now=clock.now()
            )

    put_into_cart(bea.actor, mall.kr, bowl)
    switch(False)
    assert (card_prices(mall.kr), card_prices(mall.us)) == ([], [1_000])
    assert line_of(bea, mall.kr).unit_price_minor is None
    with pytest.raises(NotSoldHereError), transaction() as session:
        add_to_cart(session, actor=bea.actor, channel_id=mall.kr.id, variant_id=bowl, quantity=1, now=clock.now())
    switch(True)
    switch(True)
    assert card_prices(mall.kr) == [12_000]
    assert rows("SELECT what, outcome FROM catalogue_note ORDER BY id") == [
        ("not_sold", "applied"),
        ("sold", "applied"),
    ]


def test_what_has_no_price_on_a_channel_is_told_and_not_sold_there(mall: Mall) -> None:
    product = product_of(make_variant(mall, usd=None))
    with transaction() as session:
        done = assign_products(
            session, channel_id=mall.us.id, product_ids=[product], is_sold=True, actor=SYSTEM, now=clock.now()
        )
    assert (done.changed, done.unpriced) == (0, (product,))
    assert rows("SELECT outcome, detail ->> 'why' FROM catalogue_note") == [("not_here", "no_price")]


def test_a_store_switches_its_own_goods_only(mall: Mall, bowl: int) -> None:
    stranger = Actor(
        user_id=make_person("sue").id, roles=frozenset({Role.SELLER}), store_ids=frozenset({mall.store_ids[1]})
    )
    with pytest.raises(CatalogueForbiddenError), transaction() as session:
        assign_products(
            session,
            channel_id=mall.kr.id,
            product_ids=[product_of(bowl)],
            is_sold=False,
            actor=stranger,
            now=clock.now(),
        )


def texts(session: object, product: int, channel: ChannelView, version: int | None, local: LocalTexts) -> None:
    save_local_texts(
        session,  # type: ignore[arg-type]  # A session; named shortly here.
        product_id=product,
        channel_id=channel.id,
        version=version,
        texts=local,
        why="Buyers there say so",
        actor=SYSTEM,
        now=clock.now(),
    )


def test_a_channel_keeps_its_own_title_and_one_that_follows_by_hand_waits(mall: Mall, bowl: int) -> None:
    product = product_of(bowl)
    with transaction() as session:
        texts(session, product, mall.us, None, LocalTexts({"en": "Soup bowl"}, {}))
        texts(session, product, mall.kr, None, LocalTexts({}, {}, is_manual=True))
    with transaction() as session:
        session.execute(text('UPDATE product SET name = \'{"en": "Dish"}\', version = version + 1'))
        refresh_listings(session, product_ids=[product])
        note_master_change(session, product_id=product, fields=[Field.NAME], version=2, actor=SYSTEM, now=clock.now())

    def names() -> dict[str, str]:
        with reading() as session:
            pages = {
                place.code: list_products(
                    session, channel_id=place.id, filters=Filters(), sort=Sort.NAME, locale="en"
                ).rows
                for place in (mall.kr, mall.us)
            }
        return {code: cards[0].name["en"] for code, cards in pages.items()}

    assert names() == {"kr": "Rice bowl", "us": "Soup bowl"}
    latest = "SELECT channel_id, outcome FROM catalogue_note WHERE what = 'name' ORDER BY id DESC LIMIT 2"
    assert dict(map(tuple, rows(latest))) == {mall.kr.id: "waits", mall.us.id: "kept"}
    with transaction() as session:
        texts(session, product, mall.kr, 1, LocalTexts({}, {}, is_manual=True))
    assert names()["kr"] == "Dish"
    with pytest.raises(LocalTextsChangedError), transaction() as session:
        texts(session, product, mall.kr, 1, LocalTexts({"en": "Late"}, {}))
