"""On a shop of 10,000 products the lists walk indexes (CAT-01, design.md section 10)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from portal.db import database, transaction
from portal.queries.catalogue import Filters, Sort, list_products
from portal.rules.permissions import SYSTEM
from portal.services.catalogue.save_sections import SectionDraft, save_sections
from portal.services.catalogue.set_price import PriceChange, set_prices
from tests.services.catalogue.mall import NOW, Mall, build

PRODUCTS = 10_000
SECTIONS = 10


@pytest.fixture
def large(db: None) -> Mall:
    """Ten thousand products in ten sections, listed by the service itself."""
    with transaction() as session:
        mall = build(session)
        drafts = [SectionDraft(f"s{n}", {"en": f"Section {n}"}, n) for n in range(SECTIONS)]
        sections = list(save_sections(session, actor=SYSTEM, drafts=drafts).values())
        values = {"sections": sections, "stores": [mall.sams, mall.sues], "many": PRODUCTS, "now": NOW}
        session.execute(
            text(
                """
                INSERT INTO product (store_id, section_id, slug, name, created_at, updated_at)
                SELECT (CAST(:stores AS bigint[]))[1 + n % 2], (CAST(:sections AS bigint[]))[1 + n % 10], 'p' || n,
                       jsonb_build_object('en', 'Thing ' || md5(n::text), 'ko', '물건 ' || n), :now, :now
                  FROM generate_series(1, :many) AS n
                """
            ),
            values,
        )
        session.execute(text("INSERT INTO variant (product_id, sku) SELECT id, 'sku-' || id FROM product"))
        session.execute(text("INSERT INTO stock (variant_id, on_hand, initial) SELECT id, id % 5, id % 5 FROM variant"))
        ids = session.scalars(text("SELECT id FROM variant")).all()
        changes = [PriceChange(one, mall.kr, 1000 + one * 7919 % 90_000) for one in ids]
        set_prices(session, actor=SYSTEM, changes=changes)
    # As the database does by itself after a while: statistics, and what waits for the search index.
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("SET ROLE NONE"))
        connection.execute(text("VACUUM ANALYZE product, variant, price, stock, listing, store, section"))
        connection.invalidate()
    return Mall(mall.kr, mall.us, mall.sams, mall.sues, sections[0], sections[1])


class Recorder:
    """The statements that a block sends, with their values."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def __call__(self, conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        self.sent.append((statement, parameters))


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    event.listen(database.engine, "before_cursor_execute", recorder)
    yield recorder
    event.remove(database.engine, "before_cursor_execute", recorder)


def plan_nodes(session: Session, statement: str, values: Any) -> list[dict[str, Any]]:
    raw = session.connection().connection.cursor()
    raw.execute("EXPLAIN (FORMAT JSON) " + statement, values)
    row = raw.fetchone()
    assert row is not None
    found = row[0]
    plan = json.loads(found) if isinstance(found, str) else found

    def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for child in node.get("Plans", []):
            yield from walk(child)

    return list(walk(plan[0]["Plan"]))


@pytest.mark.req("CAT-01")
@pytest.mark.slow
def test_lists_of_a_large_shop_use_their_indexes_on_deep_pages_too(large: Mall, recorder: Recorder) -> None:
    # One test, because filling the shop takes longer than all that is asked of it.
    _look_at_first_pages(large, recorder)
    _look_at_a_deep_page(large, recorder)


def _look_at_first_pages(large: Mall, recorder: Recorder) -> None:
    cases = {
        "section": (Filters(section_ids=(large.cups,)), Sort.NEW, {"ix_listing_channel_section"}),
        "store": (Filters(store_id=large.sams), Sort.NEW, {"ix_listing_channel_store", "pk_listing"}),
        "price": (Filters(), Sort.PRICE_UP, {"ix_listing_channel_price"}),
        "price down": (Filters(), Sort.PRICE_DOWN, {"ix_listing_channel_price"}),
        "bounds": (Filters(price_min=2000, price_max=2500), Sort.PRICE_UP, {"ix_listing_channel_price"}),
        "search": (Filters(words=("c4ca4238",)), Sort.MATCH, {"ix_listing_search"}),
    }
    with transaction() as session:
        for name, (filters, sort, indexes) in cases.items():
            recorder.sent.clear()
            page = list_products(session, channel_id=large.kr, filters=filters, sort=sort, locale="ko")
            assert page.rows, name
            statement, values = recorder.sent[0]
            nodes = plan_nodes(session, statement, values)
            used = {node.get("Index Name") for node in nodes}
            assert used & indexes, f"{name}: {used}"
            scanned = {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}
            assert not scanned & {"listing", "product", "variant", "price", "stock"}, f"{name}: {scanned}"


def _look_at_a_deep_page(large: Mall, recorder: Recorder) -> None:
    """It reads no more than the first."""
    values: dict[str, Any] = {"channel_id": large.kr, "filters": Filters(), "sort": Sort.PRICE_UP, "locale": "ko"}
    with transaction() as session:
        page = list_products(session, limit=3000, count=False, **values)
        for _ in range(2):
            page = list_products(session, limit=3000, count=False, cursor=page.next_cursor, **values)
        recorder.sent.clear()
        deep = list_products(session, limit=48, count=False, cursor=page.next_cursor, **values)
        assert deep.rows[0].number == 9001
        nodes = plan_nodes(session, *recorder.sent[0])
    condition = next(n["Index Cond"] for n in nodes if n.get("Index Name") == "ix_listing_channel_price")
    assert "price_from_minor" in condition


def test_the_list_counts_up_to_a_limit(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.queries import catalogue
    from portal.services.catalogue.save_products import save_products
    from tests.services.catalogue.mall import cup

    mall = build(session)
    save_products(session, actor=SYSTEM, drafts=[cup(mall, n) for n in range(4)], now=NOW)
    monkeypatch.setattr(catalogue, "COUNT_MAX", 3)
    page = list_products(session, channel_id=mall.kr, filters=Filters(), sort=Sort.NEW, locale="ko", limit=2)
    assert (page.total, page.total_is_capped) == (3, True)
