"""The rows behind figures, their tiles and their splits: each sums to its figure (ANA-01, ANA-02)."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.db import reading
from portal.gateways.base import DeclineReason
from portal.jobs.figures import renew_all, renew_figures
from portal.kit import clock
from portal.queries.figure_rows import load_figure_rows
from portal.queries.figures import Scope, load_figures, load_slices
from portal.rules.figures import Period
from portal.rules.measures import MEASURES, STORE_BOARD
from tests.blueprints.admin.test_figures import sell, show_offers
from tests.blueprints.desks import browser
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.coupon import give, make_campaign
from tests.factories.order import answer, give_deposit, make_order
from tests.factories.refund import answer_legs, ask_refund, lines_of, rows
from tests.reading_html import links, text_of, tree

pytestmark = [pytest.mark.req("ANA-01"), pytest.mark.usefixtures("books")]


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def bea(mall: Mall) -> Person:
    return make_person("bea")


@pytest.fixture
def ada(app: APIFlask, mall: Mall) -> FlaskClient:
    return browser(app, make_person("ada", roles=("admin",)))


def test_the_rows_behind_each_figure_sum_to_it(app: APIFlask, mall: Mall, bea: Person, ada: FlaskClient) -> None:
    """Whatever a tile of a board says, the rows that it leads to say the same."""
    sell(mall, bea)
    sell(mall, bea, "declined")
    lost, returned = (make_order(bea, mall, {make_variant(mall): 1}, outcome=one) for one in (None, "captured"))
    answer(lost, "declined", reason=DeclineReason.PROCESSING_ERROR)
    answer_legs(ask_refund(returned, dict.fromkeys(lines_of(returned), 1)).refund_id)
    give_deposit(bea, 70_000)
    give(make_campaign(), bea)
    show_offers(mall, bea, 1)
    renew_figures()
    now = clock.now()
    period = Period(now.date() - timedelta(days=9), now.date() + timedelta(days=1))
    compared = {}
    with reading() as session:
        for measure in MEASURES.values():
            of_store = measure.name in {*STORE_BOARD, "section_sales"}
            for scope in [Scope("KRW")] + [Scope("KRW", None, store) for store in mall.store_ids if of_store]:
                found = load_figure_rows(session, measure=measure, scope=scope, period=period, cursor=None, now=now)
                [figure] = load_figures(session, measures=[measure], scope=scope, period=period, beside=None)
                compared[measure.name, scope.store_id] = (found and found.value, figure.now)
    assert {name: pair for name, pair in compared.items() if pair[0] != pair[1]} == {}
    assert all(found for (name, _store), (found, _now) in compared.items() if name in {"store_sales", "section_sales"})
    page = tree(ada.get("/admin/figures?board=payments&lang=en").text)
    [href] = {one for one in links(page).values() if "of=captured" in one and "key=" not in one}
    assert "2 rows ·" in text_of(tree(ada.get(href).text))
    assert "3 rows ·" in text_of(tree(ada.get(href.replace("captured", "success_rate")).text))
    assert ada.get(href.replace("captured", "nothing")).status_code == 404
    assert ada.get(f"{href}&store={mall.store_ids[0]}").status_code == 404, "payments belong to no store"
    stranger = browser(app, make_person("mia", roles=("marketing",)))
    assert stranger.get(href).status_code in {403, 404}


@pytest.mark.req("ANA-02")
@pytest.mark.ux("A20")
def test_sections_stores_and_their_tiles_open_the_rows_that_make_them(
    app: APIFlask, mall: Mall, bea: Person, ada: FlaskClient
) -> None:
    sell(mall, bea)
    sell(mall, bea, quantity=2)
    renew_figures()
    board = links(tree(ada.get("/admin/figures?board=sales&lang=en").text))
    [store] = {href for href in board.values() if "of=store_sales" in href and f"store={mall.store_ids[0]}" in href}
    [section] = {href for href in board.values() if "of=section_sales" in href}
    own, both = (
        rows(f"SELECT sum(payable_minor)::bigint FROM {table}")[0][0]  # noqa: S608  # Ours.
        for table in (f"order_part WHERE store_id = {mall.store_ids[0]}", "order_line")
    )
    assert f"2 rows · together ₩{own:,}" in text_of(tree(ada.get(store).text))
    assert f"4 rows · together ₩{both:,}" in text_of(tree(ada.get(section).text))
    sam = browser(app, make_person("sam", roles=("seller",), store_ids=(mall.store_ids[0],)))
    desk = links(tree(sam.get("/seller/figures?lang=en").text))
    tiles = {href for href in desk.values() if "/seller/figures/rows?of=" in href}
    assert {f"of={name}&" in " ".join(tiles) for name in (*STORE_BOARD, "section_sales")} == {True}
    [sales] = {href for href in tiles if "of=store_sales&" in href and "channel=" not in href}
    page = tree(sam.get(sales).text)
    assert f"₩{own:,} · 2 rows" in text_of(page)
    [order, _other] = [href for href in links(page).values() if href.startswith("/seller/orders/")]
    assert sam.get(order).status_code == 200
    assert sam.get(sales.replace("store_sales", "sales")).status_code == 404, "the mall's, not the store's"


def test_a_split_counts_what_it_does_not_show_and_nothing_is_a_nought(mall: Mall, bea: Person) -> None:
    sell(mall, bea)
    renew_all()
    measures = [MEASURES[name] for name in ("store_sales", "store_orders", "store_discount", "store_sent_in_time")]
    today = clock.now().astimezone(ZoneInfo("Asia/Seoul")).date()
    with reading() as session:
        found = load_slices(
            session, measures=measures, by="store", scope=Scope("KRW"), period=Period(today, today), limit=1
        )
    assert found.count == 2
    ((sales, orders, discount, in_time),) = [one.values for one in found.largest]
    assert sales
    assert (orders, discount, in_time) == (1, 0, None)
