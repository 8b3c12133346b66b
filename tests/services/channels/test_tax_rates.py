"""Rates of tax by channel and section, from a moment on: in orders, refunds, documents and books (ORD-13)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import atomically, reading, transaction
from portal.jobs.documents import issue_documents
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.models import Section
from portal.queries.sections import forget_sections
from portal.queries.taxes import tax_sums
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.refund_policy import Party
from portal.services.channels.write_tax_rate import (
    START_AFTER,
    TaxForbiddenError,
    TaxMomentTakenError,
    TaxPlaceUnknownError,
    TaxRateBegunError,
    TaxRateUnfitError,
    TaxRateUnknownError,
    TaxStartError,
    set_tax_rate,
    withdraw_tax_rate,
)
from portal.services.figures.renew_figures import Stretch, renew
from portal.services.orders.release_part import release_part
from tests.factories.account import ADDRESS_US, Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.refund import answer_legs, ask_refund, lines_of, rows
from tests.factories.taxes import give_tax_rate
from tests.services.documents.test_documents import content, handle_all
from tests.services.refunds.test_decisions import move_part
from tests.services.refunds.test_hard_cases import balance

pytestmark = pytest.mark.req("ORD-13")


@dataclass(frozen=True)
class Shop:
    """Bowls of the kitchen at the channel's rate, books on a shelf below it at one of their own."""

    mall: Mall
    ada: Person
    bowl: int
    book: int
    books_section: int


@pytest.fixture
def shop(books: None) -> Shop:
    mall, ada = make_mall(), make_person("ada", roles=("admin",))
    bowl, book = make_variant(mall, usd=1_000), make_variant(mall, usd=1_999, name="Book")
    with transaction() as session:
        section = Section(parent_id=mall.section_id, slug="books", name={"en": "Books"})
        session.add(section)
        session.flush()
        session.execute(
            text("UPDATE product SET section_id = :id WHERE id = (SELECT product_id FROM variant WHERE id = :variant)"),
            {"id": section.id, "variant": book},
        )
        books_section = section.id
    forget_sections()
    return Shop(mall, ada, bowl, book, books_section)


def buy(shop: Shop, mall: Mall, who: str = "bea", units: int = 2) -> MadeOrder:
    goods = {shop.bowl: units, shop.book: units}
    return make_order(make_person(who), mall, goods, channel=mall.us, address=ADDRESS_US)


def order_row() -> tuple[Any, ...]:
    return rows("SELECT tax_added_minor, tax_included_minor, shipping_tax_rate, payable_minor FROM orders")[0]


def set_rate(shop: Shop, percent: str, **more: Any) -> int:
    wanted = {
        "channel_id": shop.mall.us.id,
        "section_id": None,
        "inclusive": False,
        "valid_from": None,
        "note": "",
        "actor": shop.ada.actor,
        "now": clock.now(),
    } | more
    return atomically(lambda session: set_tax_rate(session, percent=Decimal(percent), **wanted))


def test_each_line_bears_the_rate_of_its_section_and_shipping_that_of_the_channel(shop: Shop) -> None:
    mall = give_tax_rate(shop.mall, shop.ada, "10", section_id=shop.mall.section_id)
    mall = give_tax_rate(mall, shop.ada, "0.5", section_id=shop.books_section)
    buy(shop, mall)
    # 10 % of 20.00, 0.5 % of 39.98, and of 5.00 for shipping the channel's 8 %.
    assert rows("SELECT tax_rate, tax_minor FROM order_line ORDER BY position") == [("0.1", 200), ("0.005", 20)]
    assert order_row() == (260, 0, "0.08", 2_000 + 3_998 + 500 + 260)


def test_prices_that_hold_the_tax_from_a_moment_on(shop: Shop) -> None:
    mall = give_tax_rate(shop.mall, shop.ada, "25", inclusive=True)
    buy(shop, mall)
    assert order_row() == (0, 400 + 800 + 100, "0.25", 2_000 + 3_998 + 500)


def test_every_document_follows_the_rates_of_the_day_of_the_order(shop: Shop) -> None:
    mall = give_tax_rate(shop.mall, shop.ada, "0", section_id=shop.books_section)
    order = buy(shop, mall)
    handle_all()
    issue_documents()
    give_tax_rate(mall, shop.ada, "20")
    give_tax_rate(mall, shop.ada, "20", section_id=shop.books_section)
    [(label,)] = rows("SELECT label FROM document")
    assert content(label)["taxes"] == [{"rate": "0.08", "inclusive": False, "amount_minor": 160 + 40}]
    bowl, book = lines_of(order)
    asked = ask_refund(order, {bowl: 1, book: 1}, actor=shop.ada.actor, party=Party.ADMIN, reason="goodwill")
    assert answer_legs(asked.refund_id) == "succeeded"
    handle_all()
    issue_documents()
    [(note, total)] = rows("SELECT label, total_minor FROM document WHERE kind = 'credit_note'")
    assert content(note)["taxes"] == [{"rate": "0.08", "inclusive": False, "amount_minor": 80}]
    assert total == 1_080 + 1_999
    # The rest of the part: one bowl with its tax, an untaxed book, and shipping with its tax.
    move_part(order, "shipped", "delivered")
    atomically(lambda s: release_part(s, part_id=order.part_ids[0], actor=SYSTEM, now=clock.now()))
    assert (balance("tax_payable"), balance("order_escrow")) == (80 + 40, 0)


def test_shipping_alone_is_credited_at_its_own_rate(shop: Shop) -> None:
    mall = give_tax_rate(shop.mall, shop.ada, "25", section_id=shop.mall.section_id)
    order = buy(shop, mall)
    handle_all()
    issue_documents()
    bowl, book = lines_of(order)
    asked = ask_refund(order, {bowl: 2, book: 2}, actor=shop.ada.actor, party=Party.ADMIN, reason="cannot_deliver")
    assert answer_legs(asked.refund_id) == "succeeded"
    handle_all()
    issue_documents()
    [(receipt, note)] = rows(
        "SELECT r.label, n.label FROM document r JOIN document n ON n.corrects_id = r.id WHERE r.kind = 'receipt'"
    )
    assert content(note)["taxes"] == content(receipt)["taxes"]
    assert {one["rate"]: one["amount_minor"] for one in content(note)["taxes"]} == {"0.25": 500 + 1_000, "0.08": 40}


def test_figures_add_tax_up_by_rate(shop: Shop) -> None:
    mall = give_tax_rate(shop.mall, shop.ada, "0.5", section_id=shop.books_section)
    buy(shop, mall)
    today = clock.now().date()
    first, last = today - timedelta(days=1), today + timedelta(days=1)
    atomically(lambda session: renew(session, Stretch(first, last), now=clock.now()))
    with reading() as session:
        found = tax_sums(session, first=first, last=last)
    assert [(one.rate, one.base_minor, one.tax_minor) for one in found] == [
        (Decimal("0.005"), 3_998, 20),
        (Decimal("0.08"), 2_500, 200),
    ]


def test_what_refunds_give_back_of_a_tax_is_told_beside_it(shop: Shop) -> None:
    mall = give_tax_rate(shop.mall, shop.ada, "0.5", section_id=shop.books_section)
    order = buy(shop, mall)
    bowl, book = lines_of(order)
    ask_refund(order, {bowl: 1, book: 1}, actor=shop.ada.actor, party=Party.ADMIN, reason="goodwill")

    def told() -> list[tuple[Any, ...]]:
        today = clock.now().date()
        first, last = today - timedelta(days=1), today + timedelta(days=1)
        atomically(lambda session: renew(session, Stretch(first, last), now=clock.now()))
        with reading() as session:
            found = tax_sums(session, first=first, last=last)
        return [(one.rate, one.tax_minor, one.base_back_minor, one.tax_back_minor, one.net_minor) for one in found]

    # Of two bowls and two books one each; shipping has not come back.
    assert told() == [(Decimal("0.005"), 20, 1_999, 10, 10), (Decimal("0.08"), 200, 1_000, 80, 120)]
    ask_refund(order, {bowl: 1, book: 1}, actor=shop.ada.actor, party=Party.ADMIN, reason="cannot_deliver")
    assert told() == [(Decimal("0.005"), 20, 3_998, 20, 0), (Decimal("0.08"), 200, 2_500, 200, 0)]


@pytest.mark.parametrize(
    ("percent", "more", "error"),
    [
        ("-1", {}, TaxRateUnfitError),
        ("100.1", {}, TaxRateUnfitError),
        ("8.12345", {}, TaxRateUnfitError),
        ("NaN", {}, TaxRateUnfitError),
        ("8", {"channel_id": 99}, TaxPlaceUnknownError),
        ("8", {"section_id": 99}, TaxPlaceUnknownError),
        ("8", {"valid_from": timedelta(seconds=-1)}, TaxStartError),
        ("8", {"valid_from": timedelta(days=2_000)}, TaxStartError),
        ("8", {"actor": Actor()}, TaxForbiddenError),
    ],
)
def test_what_cannot_be_a_rate_is_refused_and_changes_nothing(
    shop: Shop, percent: str, more: dict[str, Any], error: type[PortalError]
) -> None:
    now = clock.now()
    if isinstance(ahead := more.get("valid_from"), timedelta):
        more = more | {"valid_from": now + ahead}
    with pytest.raises(error):
        set_rate(shop, percent, now=now, **more)
    assert rows("SELECT count(*) FROM tax_rate") == [(0,)]


def test_two_rates_for_the_same_goods_never_begin_together(shop: Shop) -> None:
    moment, start = clock.now() + timedelta(days=1), Barrier(2)

    def race(percent: str) -> bool:
        start.wait(timeout=10)
        try:
            set_rate(shop, percent, valid_from=moment)
        except TaxMomentTakenError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(race, ("8", "9"))) == [False, True]
    set_rate(shop, "8", valid_from=moment, section_id=shop.books_section)
    assert rows("SELECT count(*) FROM tax_rate") == [(2,)]


def test_a_rate_can_be_withdrawn_until_it_begins(shop: Shop) -> None:
    now = clock.now()
    made = set_rate(shop, "9", valid_from=now + timedelta(hours=1), now=now)

    def withdraw(tax_rate_id: int, at: timedelta) -> None:
        atomically(
            lambda session: withdraw_tax_rate(session, tax_rate_id=tax_rate_id, actor=shop.ada.actor, now=now + at)
        )

    with pytest.raises(TaxRateBegunError):
        withdraw(made, timedelta(hours=1) - START_AFTER / 2)
    withdraw(made, timedelta())
    with pytest.raises(TaxRateBegunError):
        withdraw(made, timedelta())
    with pytest.raises(TaxRateUnknownError):
        withdraw(made + 1, timedelta())
    # Its moment is free again.
    set_rate(shop, "7", valid_from=now + timedelta(hours=1), now=now)
