from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.models import Listing, Price, Product, Stock, Variant
from portal.rules.permissions import SYSTEM, Actor, Role
from portal.services.catalogue.drafts import PriceDraft, VariantDraft
from portal.services.catalogue.errors import CatalogueForbiddenError, PriceInvalidError, SkuTakenError
from portal.services.catalogue.save_products import save_product, save_products
from portal.services.catalogue.set_price import PriceChange, set_price
from tests.services.catalogue.mall import NOW, Mall, build, cup


@pytest.fixture
def mall(session: Session) -> Mall:
    return build(session)


def listings(session: Session) -> dict[tuple[int, int], Listing]:
    session.expire_all()
    return {(row.channel_id, row.product_id): row for row in session.query(Listing)}


@pytest.mark.req("CAT-01")
def test_a_product_is_listed_on_each_channel_that_prices_it(session: Session, mall: Mall) -> None:
    saved = save_product(session, actor=SYSTEM, draft=cup(mall), now=NOW)
    product_id = saved.product_ids["cup-1"]
    listed = listings(session)[mall.kr, product_id]
    assert (listed.price_from_minor, listed.price_to_minor) == (12000, 13000)
    assert listings(session)[mall.us, product_id].price_from_minor == 1200
    assert listed.search_text.splitlines()[0] == "quiet cup 1 조용한 머그컵 1"
    for word in ("sam's cups", "샘의 컵", "컵", "cup-1-sage"):
        assert word in listed.search_text


def test_saving_the_same_again_changes_and_doubles_nothing(session: Session, mall: Mall) -> None:
    first = save_product(session, actor=SYSTEM, draft=cup(mall), now=NOW)
    second = save_product(session, actor=SYSTEM, draft=cup(mall), now=NOW)
    assert (first.made, second.made) == (1, 0)
    assert first.variant_ids == second.variant_ids
    counts = [session.query(table).count() for table in (Product, Variant, Price, Stock)]
    assert counts == [1, 2, 4, 2]
    assert session.execute(text("SELECT count(*) FROM stock_move")).scalar_one() == 0


def test_a_known_product_keeps_its_slug_when_renamed(session: Session, mall: Mall) -> None:
    save_product(session, actor=SYSTEM, draft=cup(mall), now=NOW)
    renamed = replace(cup(mall), slug="loud-cup", name={"en": "Loud Cup", "ko": "시끄러운 컵"})
    saved = save_product(session, actor=SYSTEM, draft=renamed, now=NOW)
    product = session.get_one(Product, saved.product_ids["cup-1"], populate_existing=True)
    assert (product.slug, product.name["en"]) == ("cup-1", "Loud Cup")
    assert "시끄러운 컵" in listings(session)[mall.kr, product.id].search_text


def test_a_slug_that_another_product_has_gets_a_mark(session: Session, mall: Mall) -> None:
    drafts = [replace(cup(mall, 1), slug="cup"), replace(cup(mall, 2), slug="cup")]
    save_products(session, actor=SYSTEM, drafts=drafts, now=NOW)
    save_product(session, actor=SYSTEM, draft=replace(cup(mall, 3), slug="cup"), now=NOW)
    slugs = sorted(session.scalars(text("SELECT slug FROM product")))
    assert len(set(slugs)) == 3
    assert slugs[0] == "cup"
    assert all(slug.startswith("cup") for slug in slugs)


def test_a_sku_of_another_product_is_refused(session: Session, mall: Mall) -> None:
    save_product(session, actor=SYSTEM, draft=cup(mall, 1), now=NOW)
    thief = replace(cup(mall, 2), variants=cup(mall, 1).variants)
    with pytest.raises(SkuTakenError):
        save_product(session, actor=SYSTEM, draft=thief, now=NOW)


def test_two_products_cannot_share_a_new_sku(session: Session, mall: Mall) -> None:
    drafts = [cup(mall, 1), replace(cup(mall, 2), variants=cup(mall, 1).variants)]
    with pytest.raises(SkuTakenError):
        save_products(session, actor=SYSTEM, drafts=drafts, now=NOW)


@pytest.mark.parametrize("price", [(-1, None), (1000, 1000), (1000, 999)])
def test_a_price_that_makes_no_sense_is_refused(session: Session, mall: Mall, price: tuple[int, int | None]) -> None:
    variant = VariantDraft("CUP-X", prices=(PriceDraft(mall.kr, *price),))
    with pytest.raises(PriceInvalidError):
        save_product(session, actor=SYSTEM, draft=cup(mall, variants=(variant,)), now=NOW)


@pytest.mark.req("IDN-02")
def test_a_seller_saves_products_of_his_own_store_only(session: Session, mall: Mall) -> None:
    sam = Actor(roles=frozenset({Role.BUYER, Role.SELLER}), store_ids=frozenset({mall.sams}))
    save_product(session, actor=sam, draft=cup(mall), now=NOW)
    with pytest.raises(CatalogueForbiddenError):
        save_product(session, actor=sam, draft=cup(mall, 2, store_id=mall.sues), now=NOW)
    # Nor may a product be taken over from another store by its ref.
    sue = Actor(roles=frozenset({Role.BUYER, Role.SELLER}), store_ids=frozenset({mall.sues}))
    with pytest.raises(CatalogueForbiddenError):
        save_product(session, actor=sue, draft=cup(mall, store_id=mall.sues), now=NOW)


@pytest.mark.req("IDN-02")
@pytest.mark.parametrize("role", [Role.VISITOR, Role.BUYER, Role.AUDITOR])
def test_others_save_nothing(session: Session, mall: Mall, role: Role) -> None:
    with pytest.raises(CatalogueForbiddenError):
        save_product(session, actor=Actor(roles=frozenset({role})), draft=cup(mall), now=NOW)
    assert session.query(Product).count() == 0


def test_a_new_price_shows_in_the_listing(session: Session, mall: Mall) -> None:
    saved = save_product(session, actor=SYSTEM, draft=cup(mall), now=NOW)
    sage = saved.variant_ids["CUP-1-SAGE"]
    set_price(session, actor=SYSTEM, change=PriceChange(sage, mall.kr, 9900, 12000))
    listed = listings(session)[mall.kr, saved.product_ids["cup-1"]]
    assert (listed.price_from_minor, listed.compare_at_minor) == (9900, 12000)


def test_a_product_without_prices_on_a_channel_leaves_it(session: Session, mall: Mall) -> None:
    saved = save_product(session, actor=SYSTEM, draft=cup(mall), now=NOW)
    for variant_id in saved.variant_ids.values():
        set_price(session, actor=SYSTEM, change=PriceChange(variant_id, mall.us, None))
    assert set(listings(session)) == {(mall.kr, saved.product_ids["cup-1"])}


def test_a_price_on_a_channel_that_is_not_there_is_refused(session: Session, mall: Mall) -> None:
    saved = save_product(session, actor=SYSTEM, draft=cup(mall), now=NOW)
    with pytest.raises(PortalError, match="no such channel"):
        set_price(session, actor=SYSTEM, change=PriceChange(saved.variant_ids["CUP-1-SAGE"], 999, 100))
