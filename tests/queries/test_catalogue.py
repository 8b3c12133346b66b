from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.paging import CursorInvalidError
from portal.queries.catalogue import Filters, Sort, list_products, long_enough, search_words
from portal.queries.products import find_product, find_store, list_stores, shelves, stores_of_sections
from portal.rules.permissions import SYSTEM
from portal.services.catalogue.drafts import PriceDraft, VariantDraft
from portal.services.catalogue.save_products import save_products
from tests.services.catalogue.mall import NOW, Mall, build, cup


@pytest.fixture
def mall(session: Session) -> Mall:
    return build(session)


@pytest.fixture
def cups(session: Session, mall: Mall) -> Mall:
    """Seven cups at 11,000 to 17,000; the last is sold out, the fourth costs what the third does."""
    prices = (11000, 12000, 13000, 13000, 15000, 16000, 17000)
    drafts = [
        cup(mall, number, price=price, on_hand=0 if number == 7 else 10) for number, price in enumerate(prices, 1)
    ]
    save_products(session, actor=SYSTEM, drafts=drafts, now=NOW)
    return mall


def slugs(session: Session, mall: Mall, sort: Sort = Sort.NEW, **filters: object) -> list[str]:
    page = list_products(session, channel_id=mall.kr, filters=Filters(**filters), sort=sort, locale="en")  # type: ignore[arg-type]  # Tests give any filter by name.
    assert page.total == len(page.rows)
    return [card.slug for card in page.rows]


@pytest.mark.req("CAT-01")
@pytest.mark.parametrize(
    ("sort", "expected"),
    [(Sort.NEW, "7654321"), (Sort.PRICE_UP, "1234567"), (Sort.PRICE_DOWN, "7654321"), (Sort.NAME, "1234567")],
)
def test_lists_are_sorted(session: Session, cups: Mall, sort: Sort, expected: str) -> None:
    assert slugs(session, cups, sort) == [f"cup-{number}" for number in expected]


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_by_key_show_everything_once_and_lead_back(session: Session, cups: Mall, sort: Sort, limit: int) -> None:
    filters = Filters(words=("cup",))
    values = {"channel_id": cups.kr, "filters": filters, "sort": sort, "locale": "ko", "limit": limit}
    pages = [list_products(session, **values)]  # type: ignore[arg-type]  # Tests give any filter by name.
    while pages[-1].next_cursor:
        pages.append(list_products(session, cursor=pages[-1].next_cursor, **values))  # type: ignore[arg-type]  # Tests give any filter by name.
    cards = [card for page in pages for card in page.rows]
    assert len({card.id for card in cards}) == len(cards) == 7
    assert [card.number for card in cards] == list(range(1, 8))
    for earlier, later in pairwise(pages):
        back = list_products(session, cursor=later.previous_cursor, **values)  # type: ignore[arg-type]  # Tests give any filter by name.
        assert back.rows == earlier.rows
        assert [card.number for card in back.rows] == [card.number for card in earlier.rows]


def test_a_cursor_of_another_list_is_refused(session: Session, cups: Mall) -> None:
    first = list_products(session, channel_id=cups.kr, filters=Filters(), sort=Sort.NEW, locale="en", limit=2)
    with pytest.raises(CursorInvalidError):
        list_products(
            session, channel_id=cups.us, filters=Filters(), sort=Sort.NEW, locale="en", cursor=first.next_cursor
        )


def test_prices_bound_a_list_on_both_sides(session: Session, cups: Mall) -> None:
    assert slugs(session, cups, Sort.PRICE_UP, price_min=12000, price_max=13000) == ["cup-2", "cup-3", "cup-4"]


def test_only_what_is_in_stock(session: Session, cups: Mall) -> None:
    assert "cup-7" not in slugs(session, cups, in_stock=True)
    session.execute(text("UPDATE stock SET reserved = on_hand"))
    assert slugs(session, cups, in_stock=True) == []


def test_what_a_channel_does_not_price_it_does_not_list(session: Session, mall: Mall) -> None:
    only_us = VariantDraft("ONLY-US", prices=(PriceDraft(mall.us, 900),), on_hand=1)
    save_products(session, actor=SYSTEM, drafts=[cup(mall, variants=(only_us,))], now=NOW)
    assert slugs(session, mall) == []
    assert find_product(session, channel_id=mall.kr, slug="cup-1") is None
    found = find_product(session, channel_id=mall.us, slug="cup-1")
    assert found is not None
    assert [variant.sku for variant in found.variants] == ["ONLY-US"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("quiet", True), ("QUIET cup", True), ("머그", True), ("그컵", True), ("컵", True), ("샘의", True),
        ("cup-1-sage", True), ("ＱＵＩＥＴ", True), ("quiet lamp", False), ("100%", False),
        ("q_iet", False), ("\\", False),
    ],
)  # fmt: skip
@pytest.mark.req("CAT-01")
def test_search_finds_parts_of_words_in_both_languages(session: Session, mall: Mall, query: str, found: bool) -> None:
    save_products(session, actor=SYSTEM, drafts=[cup(mall)], now=NOW)
    assert slugs(session, mall, Sort.MATCH, words=search_words(query)) == (["cup-1"] if found else [])


def test_hangul_typed_in_pieces_is_found(session: Session, mall: Mall) -> None:
    import unicodedata

    save_products(session, actor=SYSTEM, drafts=[cup(mall)], now=NOW)
    assert slugs(session, mall, Sort.MATCH, words=search_words(unicodedata.normalize("NFD", "머그컵"))) == ["cup-1"]


def test_matches_in_names_come_before_others(session: Session, mall: Mall) -> None:
    drafts = [
        replace(cup(mall, 1), name={"en": "Sam's own", "ko": "샘의 것"}),
        replace(cup(mall, 2), name={"en": "Tall Glass", "ko": "긴 잔"}),
    ]
    save_products(session, actor=SYSTEM, drafts=drafts, now=NOW)
    assert slugs(session, mall, Sort.MATCH, words=("샘의",)) == ["cup-1", "cup-2"]


@pytest.mark.parametrize(
    ("query", "enough"), [("", False), ("a", False), ("ab", True), ("컵", True), ("ㅋ", False), ("a b", False)]
)
def test_how_short_a_search_may_be(query: str, enough: bool) -> None:
    assert long_enough(search_words(query)) is enough


def test_a_store_and_a_section_know_what_they_hold(session: Session, cups: Mall) -> None:
    store = find_store(session, channel_id=cups.kr, slug="sams-cups")
    assert store is not None
    assert store.products == 7
    assert [one.slug for one in list_stores(session, channel_id=cups.kr, limit=10)] == ["sams-cups"]
    assert [(one.slug, one.products) for one in shelves(session, channel_id=cups.kr)] == [("cups", 7), ("lamps", 0)]
    found = stores_of_sections(session, channel_id=cups.kr, section_ids=[cups.cups])
    assert [(one.slug, one.products) for one in found] == [("sams-cups", 7)]


def test_what_is_left_is_without_reserved_and_safety(session: Session, cups: Mall) -> None:
    session.execute(text("UPDATE stock SET reserved = 3, safety = 4 WHERE on_hand > 0"))
    found = find_product(session, channel_id=cups.kr, slug="cup-1")
    assert found is not None
    assert [(variant.left, variant.state) for variant in found.variants] == [(3, "low_stock"), (3, "low_stock")]
