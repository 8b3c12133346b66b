"""What conditions look at is filled from what is known of the buyer when he orders (CPN-03)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from portal.blueprints.checkout.words import say
from portal.db import reading, transaction
from portal.kit import clock
from portal.models import Product, Section
from portal.queries.carts import load_cart
from portal.services.checkout.choices import Choices
from portal.services.checkout.quote import CheckoutQuote, quote_cart
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.loyalty import TIERS, write_version
from tests.factories.order import make_coupon, make_order
from tests.factories.purchase import ready_to_buy


def quoted(mall: Mall, buyer: Person, *, method: str | None = None) -> CheckoutQuote:
    with reading() as session:
        cart = load_cart(session, user_id=buyer.id, session_id=None, channel=mall.kr)
        return quote_cart(
            session,
            cart=cart,
            user_id=buyer.id,
            channel=mall.kr,
            choices=Choices(codes=("C",), method=method),
            locale="en",
            now=clock.now(),
        )


def code_of(quote: CheckoutQuote) -> str | None:
    (offer,) = quote.coupons
    assert offer.is_applied is (offer.rejection is None)
    return offer.rejection.code if offer.rejection else None


def limited(name: str, **params: Any) -> None:
    make_coupon("C", conditions=[{"name": name, "params": params}])


@pytest.mark.req("CPN-03", "BAL-08")
@pytest.mark.parametrize(("tiers", "code"), [(["bronze"], None), (["gold"], "COUPON_WRONG_TIER")])
def test_who_was_never_looked_at_has_the_lowest_tier(db: None, tiers: list[str], code: str | None) -> None:
    mall, bea = make_mall(), make_person("bea")
    write_version(bea, "tiers", TIERS)
    limited("tier", any_of=tiers)
    ready_to_buy(bea, mall.kr, {make_variant(mall): 1})
    assert code_of(quoted(mall, bea)) == code


@pytest.mark.req("CPN-03")
def test_a_segment_follows_the_orders(books: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    limited("segment", any_of=["new"])
    goods = {make_variant(mall): 1}
    ready_to_buy(bea, mall.kr, goods)
    assert code_of(quoted(mall, bea)) is None
    make_order(make_person("cem"), mall, goods)
    make_order(bea, mall, {})
    ready_to_buy(bea, mall.kr, goods)
    assert code_of(quoted(mall, bea)) == "COUPON_WRONG_SEGMENT"


@pytest.mark.req("CPN-03", "CPN-08")
def test_the_way_of_paying_is_judged_anew_when_it_changes(db: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    limited("payment_method", methods=["bank_transfer"])
    ready_to_buy(bea, mall.kr, {make_variant(mall): 1})
    assert [code_of(quoted(mall, bea, method=method)) for method in (None, "credit_card", "bank_transfer")] == [
        "COUPON_WRONG_METHOD",
        "COUPON_WRONG_METHOD",
        None,
    ]


@pytest.mark.req("CPN-03")
def test_a_section_covers_the_shelves_below_it(db: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    with transaction() as session:
        shelf = Section(slug="bowls", name={"en": "Bowls"}, parent_id=mall.section_id)
        session.add(shelf)
        session.flush()
        below = shelf.id
    variant = make_variant(mall)
    with transaction() as session:
        session.execute(update(Product).values(section_id=below))
    limited("section", included=[mall.section_id])
    ready_to_buy(bea, mall.kr, {variant: 1})
    assert code_of(quoted(mall, bea)) is None


@pytest.mark.req("CPN-07")
def test_a_refusal_names_the_store_where_it_would_work(app: Any) -> None:
    mall, bea = make_mall(), make_person("bea")
    limited("store", store_ids=[mall.store_ids[1]])
    ready_to_buy(bea, mall.kr, {make_variant(mall): 1})
    (offer,) = quoted(mall, bea).coupons
    assert offer.rejection is not None
    with app.test_request_context():
        said = say(offer.rejection)
    assert said.startswith("This coupon is valid at another store. It is valid at ")
    assert "#" not in said
