"""The lists of the desks find their rows by index: looked at on a large table, not measured."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.crypto import person_marks
from portal.db import database, reading, transaction
from portal.kit import clock
from portal.queries.admin_home import load_today
from portal.queries.admin_orders import OrderFilter, list_orders
from portal.queries.finding.everything import MALL, STORE, find_everything
from portal.queries.finding.words import Words
from portal.queries.keyset import COUNT_MAX, FEW, PAGE_ROWS
from portal.queries.payments import PaymentFilter, list_payments
from portal.queries.pipeline import carrier_figures, load_stages, troubled_parcels
from portal.queries.routing_replay import ATTEMPTS_MAX, load_past
from portal.queries.store_counts import count_store_orders
from portal.queries.store_orders import DUE, StoreOrderFilter, StoreView, list_store_orders
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.order import LONG_AGO, make_order

ORDERS = 20_000
COMMON = "Yuna Kim"  # Every fourth order is hers, or that of another one of her name.
BIG = ("orders", "order_part", "order_line", "payment", "payment_attempt", "shipment", "shipping_label")

# One real order, copied: 20,000 of it over 100 days, most of them done with, a few waiting.
COPY = """
CREATE TEMP TABLE copied ON COMMIT DROP AS
SELECT n, gen_random_uuid() AS order_id, gen_random_uuid() AS part_id, gen_random_uuid() AS payment_id,
       now() - n * interval '7 minutes' AS at FROM generate_series(1, :orders) n;
INSERT INTO orders SELECT r.* FROM orders o, copied c, LATERAL jsonb_populate_record(o, jsonb_build_object(
       'id', c.order_id, 'number', 'KR-X' || c.n, 'checkout_id', gen_random_uuid(), 'placed_at', c.at,
       'marks', jsonb_build_array('m' || c.n, CASE WHEN c.n % 4 = 0 THEN :common END),
       'status', (ARRAY['paid', 'failed', 'failed', 'delivered'])[least(1 + c.n % 10, 4)])) r;
INSERT INTO order_part SELECT r.* FROM order_part p, copied c, LATERAL jsonb_populate_record(p, jsonb_build_object(
       'id', c.part_id, 'order_id', c.order_id, 'store_id', 1 + c.n % 2, 'placed_at', c.at,
       'accept_by', c.at, 'ship_by', c.at, 'deliver_until', c.at, 'status', CASE WHEN c.n % 50 = 0 THEN 'released'
       WHEN c.n % 20 = 2 THEN 'accepted' ELSE 'closed' END)) r;
INSERT INTO order_line SELECT r.* FROM order_line l, copied c, LATERAL jsonb_populate_record(l, jsonb_build_object(
       'id', gen_random_uuid(), 'order_id', c.order_id, 'part_id', c.part_id)) r;
INSERT INTO shipment SELECT gen_random_uuid(), c.order_id, c.part_id, 1 + c.n % 2, 'own', 'OD' || c.n, 'delivered',
       'page', 'system', c.at, NULL, NULL, c.at, NULL, NULL, 0, NULL FROM copied c;
INSERT INTO shipping_label (id, order_id, part_id, store_id, carrier, units, status, tracking_number, made_by, made_at,
       bought_at) SELECT gen_random_uuid(), c.order_id, c.part_id, 1 + c.n % 2, 'cj', '{}', 'bought', 'CJ' || c.n,
       'system', c.at, c.at FROM copied c;
INSERT INTO payment SELECT r.* FROM payment y, copied c, LATERAL jsonb_populate_record(y, jsonb_build_object(
       'id', c.payment_id, 'order_id', c.order_id, 'created_at', c.at)) r;
INSERT INTO payment_attempt SELECT r.* FROM payment_attempt a, copied c,
       LATERAL jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'payment_id', c.payment_id,
       'op_key', 'key_' || c.n, 'gateway_ref', 'ref_' || c.n)) r;
"""

Query = Callable[[Session], Any]
NOW = clock.now


def _inbox(view: StoreView, *, cursor: str | None = None, **more: Any) -> Query:
    def run(session: Session) -> Any:
        chosen = StoreOrderFilter(store_id=1, view=view, now=NOW(), **more)
        return list_store_orders(session, chosen=chosen, cursor=cursor)

    return run


def _orders(sort: str) -> Query:
    return lambda s: list_orders(s, chosen=OrderFilter(sort=sort), cursor=None)


def _search(typed: str, store_ids: tuple[int, ...] | None = None) -> Query:
    finders = MALL if store_ids is None else STORE
    return lambda s: find_everything(s, words=Words(typed, store_ids), finders=finders, may=lambda _: True)


SOUGHT = ("KR-X77", "010-1234-5678", "김베아", "ref_77", str(uuid.uuid4()))
QUERIES: dict[str, Query] = {
    "inbox": _inbox(StoreView.ACTION),
    "inbox, to send": _inbox(StoreView.TO_SEND),
    "inbox, overdue": _inbox(StoreView.OVERDUE),
    "inbox, all": _inbox(StoreView.ALL),
    "inbox, by a common name": _inbox(StoreView.ALL, search=COMMON),
    "inbox, by number": _inbox(StoreView.ALL, search="KR-X77"),
    "inbox, shipped": _inbox(StoreView.SHIPPED),
    "inbox, cancelled": _inbox(StoreView.CANCELLED),
    "inbox, of a channel": _inbox(StoreView.ALL, channel_id=1),
    "inbox, nothing found": _inbox(StoreView.ALL, search="KR-2222222222"),
    "inbox, by product": _inbox(StoreView.ALL, search="none is named so"),
    **{
        f"inbox, by {sign}{sort}": _inbox(StoreView.ALL, sort=sign + sort)
        for sort in ("placed", "deliver", "amount")
        for sign in ("", "-")
    },
    "counts": lambda s: count_store_orders(s, store_id=1, now=NOW()),
    "orders": lambda s: list_orders(s, chosen=OrderFilter(), cursor=None),
    **{f"orders, by {sort}": _orders(sort) for sort in ("placed", "amount", "-amount")},
    "orders, paid": lambda s: list_orders(s, chosen=OrderFilter(status="paid"), cursor=None),
    "orders, held": lambda s: list_orders(s, chosen=OrderFilter(held=True), cursor=None),
    "orders, by number": lambda s: list_orders(s, chosen=OrderFilter(search="kr-x77"), cursor=None),
    "payments": lambda s: list_payments(s, chosen=PaymentFilter(), cursor=None),
    "payments, oldest first": lambda s: list_payments(s, chosen=PaymentFilter(sort="created"), cursor=None),
    "payments, unknown": lambda s: list_payments(s, chosen=PaymentFilter(unknown=True), cursor=None),
    "payments, by reference": lambda s: list_payments(s, chosen=PaymentFilter(search="ref_77"), cursor=None),
    **{f"search for {words}": _search(words) for words in SOUGHT},
    "search of a store": _search("김베아", (1,)),
    "inbox, by phone": _inbox(StoreView.ALL, search="010-1234-0000"),
    "replay": lambda s: load_past(s, since=NOW() - timedelta(days=50), until=NOW()),
    "pipeline": lambda s: load_stages(s, now=NOW()),
    "parcels in trouble": lambda s: troubled_parcels(s, now=NOW()),
    "carriers": lambda s: carrier_figures(s, now=NOW()),
    "today": lambda s: load_today(s, start=NOW() - timedelta(hours=9), now=NOW()),
}


@pytest.mark.req("PRF-05", "PAY-04")
@pytest.mark.slow
def test_a_large_table_is_read_by_its_indexes(large: uuid.UUID) -> None:
    # One test, as the rows take far longer to make than to look at.
    read: dict[str, list[str]] = {}
    for name, query in QUERIES.items():
        with reading() as session, _plans() as scanned:
            query(session)
        if scanned:
            read[name] = scanned
    assert read == {}
    with reading() as session:
        _deep_pages_are_found_as_the_first_one(session)
        _of_a_common_name_only_few_are_counted(session)
        _orders_of_a_state_are_read_in_the_order_of_their_amounts(session)
        _what_waits_for_a_store_is_read_in_the_order_of_its_deadlines(session)
        _a_replay_reads_the_newest_and_says_that_there_are_more(session)


def _deep_pages_are_found_as_the_first_one(session: Session) -> None:
    page = list_orders(session, chosen=OrderFilter(), cursor=None)
    for _ in range(4):
        page = list_orders(session, chosen=OrderFilter(), cursor=page.next_cursor)
    assert len(page.rows) == PAGE_ROWS
    assert page.total == COUNT_MAX
    assert page.total_is_capped
    back = list_orders(session, chosen=OrderFilter(), cursor=page.previous_cursor)
    again = list_orders(session, chosen=OrderFilter(), cursor=back.next_cursor)
    assert [row.id for row in again.rows] == [row.id for row in page.rows]
    with _plans() as scanned:
        list_orders(session, chosen=OrderFilter(), cursor=page.next_cursor)
    assert scanned == []


def _orders_of_a_state_are_read_in_the_order_of_their_amounts(session: Session) -> None:
    with _explained() as plans:
        list_orders(session, chosen=OrderFilter(status="paid", sort="-amount"), cursor=None)
    assert any("ix_orders_state_amount" in str(plan) and "Sort" not in str(plan) for _, plan in plans)


def _what_waits_for_a_store_is_read_in_the_order_of_its_deadlines(session: Session) -> None:
    for view, index in (
        (StoreView.ACTION, "ix_order_part_store_accept"),
        (StoreView.TO_SEND, "ix_order_part_store_send"),
        (StoreView.OVERDUE, "ix_order_part_store_send"),
    ):
        page = _inbox(view)(session)
        assert page.next_cursor, view
        for chosen, cursor in ((None, page.next_cursor), (f"-{DUE[view]}", None)):
            with _explained() as plans:
                _inbox(view, sort=chosen, cursor=cursor)(session)
            taken = [set(_main_way(plan)) for _, plan in plans]
            assert any(index in way and not way & {"Sort", "Incremental Sort"} for way in taken), (view, chosen, taken)


def _main_way(node: dict[str, Any]) -> Iterator[str]:
    """The kinds of nodes and the indexes that bring the rows, without what is looked up for each of them."""
    yield node["Node Type"]
    yield node.get("Index Name", "")
    for child in node.get("Plans", ()):
        if child["Parent Relationship"] != "SubPlan":
            yield from _main_way(child)


def _of_a_common_name_only_few_are_counted(session: Session) -> None:
    chosen = StoreOrderFilter(store_id=1, view=StoreView.ALL, now=NOW(), search=COMMON)
    page = list_store_orders(session, chosen=chosen, cursor=None)
    assert (len(page.rows), page.total, page.total_is_capped) == (PAGE_ROWS, FEW, True)


def _a_replay_reads_the_newest_and_says_that_there_are_more(session: Session) -> None:
    past = load_past(session, since=LONG_AGO, until=NOW() + timedelta(days=1))
    assert len(past.attempts) == ATTEMPTS_MAX
    assert past.is_cut
    days = load_past(session, since=NOW() - timedelta(days=9), until=NOW() + timedelta(days=1))
    assert 0 < len(days.attempts) < ATTEMPTS_MAX
    assert not days.is_cut


@contextmanager
def _plans() -> Iterator[list[str]]:
    """Every sequential scan of a large table that the block's statements would do. Counts that are capped may scan."""
    scanned: list[str] = []
    with _explained() as plans:
        yield scanned
    for statement, plan in plans:
        scanned.extend(f"{node['Relation Name']}: {statement[:60]}" for node in _nodes(plan, under_limit=False))


@contextmanager
def _explained() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The block's statements with their plans."""
    plans: list[tuple[str, dict[str, Any]]] = []
    busy: list[int] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if busy or not statement.lstrip().upper().startswith(("SELECT", "WITH")):
            return
        busy.append(1)
        cursor.execute("EXPLAIN (FORMAT JSON) " + statement, parameters)
        plans.append((statement, cursor.fetchone()[0][0]["Plan"]))
        busy.clear()

    event.listen(database.engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)


def _nodes(node: dict[str, Any], *, under_limit: bool) -> Iterator[dict[str, Any]]:
    """Sequential scans of large tables, but for those that a limit stops before they have read much."""
    # A capped count reads at most COUNT_MAX rows, whichever way it takes.
    under_limit = under_limit or (node["Node Type"] == "Limit" and node["Plan Rows"] > PAGE_ROWS + 1)
    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in BIG and not under_limit:
        yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child, under_limit=under_limit)


@pytest.fixture
def mall(db: None) -> Mall:
    return make_mall()


@pytest.fixture
def large(mall: Mall, settings: Settings) -> uuid.UUID:
    """A mall with many orders, and statistics that know of them."""
    order = make_order(make_person("bea", now=LONG_AGO), mall, {make_variant(mall): 1})
    with transaction() as session:
        for statement in COPY.split(";\n"):
            if statement.strip():
                values = {"orders": ORDERS, "common": person_marks(names=[COMMON])[0]}
                session.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
    # Only the owner of the tables may gather statistics.
    owner = create_engine(settings.database_owner_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        for table in BIG:
            connection.execute(text(f"ANALYZE {table}"))
    owner.dispose()
    return order.id
