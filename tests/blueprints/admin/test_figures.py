"""The figures equal the rows behind them, and every sight of them is told apart (ANA-01, ANA-02)."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.blueprints.figures import shown
from portal.db import reading, transaction
from portal.gateways.base import DeclineReason
from portal.jobs.figures import prove_figures, renew_all, renew_figures
from portal.kit import clock
from portal.queries.figures import Scope, load_figures, load_points
from portal.rules.figures import Period
from portal.rules.measures import BOARDS, MEASURES, STORE_BOARD
from tests.blueprints.desks import browser
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.coupon import give, make_campaign, type_code
from tests.factories.order import answer, give_deposit, make_order
from tests.factories.refund import answer_legs, ask_refund, lines_of, rows
from tests.reading_html import by_id, links, text_of, tree

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


def sell(mall: Mall, bea: Person, outcome: str = "captured", quantity: int = 1) -> int:
    """A thing of each store; returns what was to pay."""
    goods = {make_variant(mall): quantity, make_variant(mall, store=1): 1}
    order = make_order(bea, mall, goods, outcome=outcome)  # type: ignore[arg-type]  # One of the answers.
    return int(rows(f"SELECT payable_minor FROM orders WHERE number = '{order.number}'")[0][0])  # noqa: S608  # Ours.


def formatted(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def show_offers(mall: Mall, person: Person, many: int) -> None:
    """So many offers that were shown five days ago, and as many choices to show nothing."""
    with transaction() as session:
        session.execute(
            text("""
                WITH made AS (INSERT INTO offer (title, campaign_id, position, people_max, author_id, created_at)
                              VALUES ('Ten percent', :campaign, 1, 10, :person, now()) RETURNING id)
                INSERT INTO offer_choice (user_id, channel_id, place, arm, offer_id, candidates, probability, context,
                                          told_by, reasons, chosen_at, stands_until, window_days)
                SELECT :person, :channel, 'home', 'chosen', CASE WHEN n % 2 = 0 THEN made.id END, '[]', 0.5, '{}',
                       'draw', '{}', now() - interval '5 days', now(), 14 FROM made, generate_series(1, 2 * :many) n
            """),
            {"campaign": make_campaign(), "person": person.id, "channel": mall.kr.id, "many": many},
        )


def figure(name: str, *, currency: str = "KRW", days: int = 1) -> int | None:
    today = clock.now().date()
    period = Period(today - timedelta(days=days), today + timedelta(days=1))
    with reading() as session:
        measures = [MEASURES[name]]
        return load_figures(session, measures=measures, scope=Scope(currency), period=period, beside=None)[0].now


def test_figures_are_the_sums_of_the_rows_and_follow_what_happens(mall: Mall, bea: Person) -> None:
    first = sell(mall, bea)
    renew_figures()
    assert (figure("sales"), figure("orders_placed"), figure("orders_paid")) == (first, 1, 1)
    second = sell(mall, bea, quantity=2)
    sell(mall, bea, "declined")
    renew_figures()
    assert (figure("sales"), figure("orders_placed"), figure("orders_paid")) == (first + second, 3, 2)
    assert figure("average_order") == (2 * (first + second) + 2) // 4
    assert (figure("paid_share"), figure("success_rate"), figure("declined")) == (6667, 6667, 1)
    assert figure("store_sales") == first + second
    assert figure("store_orders") == 4


def test_failures_of_gateways_stand_apart_from_payment_success(mall: Mall, bea: Person) -> None:
    """An attempt that nobody could decide says nothing of buyers and banks; one that was given up says nothing."""
    sell(mall, bea)
    sell(mall, bea, "declined")
    for reason in (DeclineReason.ISSUER_UNAVAILABLE, DeclineReason.CANCELLED_BY_BUYER):
        order = make_order(bea, mall, {make_variant(mall): 1}, outcome=None)
        answer(order, "declined", reason=reason)
    renew_figures()
    assert (figure("attempts"), figure("success_rate"), figure("declined")) == (2, 5_000, 1)
    assert figure("gateway_failures") == 3_333, "one of three that ended"


def test_refund_time_is_the_mean_of_those_that_are_complete(mall: Mall, bea: Person) -> None:
    orders = [make_order(bea, mall, {make_variant(mall): 1}) for _ in range(3)]
    asked = [ask_refund(order, dict.fromkeys(lines_of(order), 1)).refund_id for order in orders]
    renew_figures()
    assert figure("refund_time") is None, "nothing has been given back"
    for refund, hours in zip(asked[:2], (2, 5), strict=True):
        assert answer_legs(refund) == "succeeded"
        with transaction() as session:
            session.execute(
                text("UPDATE refund SET completed_at = requested_at + make_interval(hours => :hours) WHERE id = :id"),
                {"hours": hours, "id": refund},
            )
    renew_figures()
    assert figure("refund_time") == 35 * 3_600, "three hours and a half, in tenths of a second"


def test_coupons_redeemed_are_of_those_that_were_given_whenever_they_are_used(mall: Mall, bea: Person) -> None:
    make_campaign("code", code="TENOFF")
    type_code("TENOFF", bea)
    give(make_campaign(), make_person("max"))
    with transaction() as session:
        session.execute(text("UPDATE coupon_grant SET granted_at = granted_at - interval '9 days'"))
    renew_all()
    assert (figure("coupons_given"), figure("coupons_given", days=9), figure("redemption_rate", days=9)) == (0, 2, 0)
    make_order(bea, mall, {make_variant(mall): 1}, codes=("TENOFF",), outcome="declined")
    make_order(bea, mall, {make_variant(mall): 1}, codes=("TENOFF",))
    renew_figures()
    assert figure("redemption_rate", days=9) == 5_000
    assert figure("redemption_rate") is None, "nothing was given on the day of the order"


def test_offers_taken_are_of_those_that_were_shown(mall: Mall, bea: Person) -> None:
    show_offers(mall, bea, 3)
    renew_all()
    assert figure("offers_taken", days=9) == 0
    with transaction() as session:
        session.execute(text("UPDATE offer_choice SET taken_at = now() WHERE id = (SELECT max(id) FROM offer_choice)"))
    renew_figures()
    assert (figure("offers_taken", days=9), figure("offers_taken", days=9, currency="USD")) == (3_333, None)


def test_what_stands_at_the_end_is_the_balance_of_the_books(mall: Mall, bea: Person) -> None:
    give_deposit(bea, 70_000)
    renew_figures()
    [(owed,)] = rows(
        "SELECT sum(balance_minor)::bigint FROM ledger_account WHERE kind = 'deposit' AND currency = 'KRW'"
    )
    assert figure("deposit_owed") == owed == 70_000
    today = clock.now().date()
    with reading() as session:
        period = Period(today - timedelta(days=3), today + timedelta(days=1))
        points = load_points(session, measure=MEASURES["deposit_owed"], scope=Scope("KRW"), period=period)
    assert (points[0].value, points[-1].value) == (0, 70_000)


def test_renewing_day_by_day_and_all_at_once_is_the_same(mall: Mall, bea: Person) -> None:
    sell(mall, bea)
    give_deposit(bea, 5_000)
    renew_figures()
    sell(mall, bea, quantity=3)
    renew_figures()
    before = rows("SELECT * FROM figure_day ORDER BY 1, 2, 3, 4, 5, 6")
    assert renew_all() == 0
    assert rows("SELECT * FROM figure_day ORDER BY 1, 2, 3, 4, 5, 6") == before


def test_the_proof_of_the_night_mends_and_tells_what_was_not_right(mall: Mall, bea: Person, ada: FlaskClient) -> None:
    sell(mall, bea)
    renew_figures()
    with transaction() as session:
        session.execute(text("UPDATE figure_day SET day = day - 40 WHERE fact IN ('sales', 'orders_paid')"))
    with clock.frozen(clock.now() + timedelta(days=2)):
        prove_figures()
        assert rows("SELECT proved_differences FROM figure_state") == [(2,)]
        assert "facts were not right and have been mended" in ada.get("/admin/figures").text
        with transaction() as session:
            session.execute(text("UPDATE figure_day SET value = 1 WHERE fact = 'orders_paid'"))
        prove_figures()
        assert rows("SELECT proved_differences FROM figure_state") == [(2,)], "once a day is enough"


def test_what_has_moved_since_the_last_renewal_was_not_wrong(mall: Mall, bea: Person) -> None:
    then = clock.now()
    sell(mall, bea)
    with clock.frozen(then + timedelta(days=3)):
        renew_figures()
    with clock.frozen(then):
        sell(mall, bea)
    with clock.frozen(then + timedelta(days=3, seconds=5)):
        assert renew_all() == 0
    assert rows("SELECT value FROM figure_day WHERE fact = 'orders_paid'") == [(2,)]


@pytest.mark.ux("A20")
def test_a_figure_opens_the_rows_that_make_it(mall: Mall, bea: Person, ada: FlaskClient) -> None:
    sell(mall, bea)
    sell(mall, bea, "declined")
    renew_figures()
    page = ada.get("/admin/figures?period=7d").text
    links = [link.replace("&amp;", "&") for link in re.findall(r'<a class="tile" href="([^"]+)"', page)]
    orders = [link for link in links if link.startswith("/admin/orders?")]
    counts = [ada.get(link).text.count("<tr data-row") for link in orders]
    assert counts == [1, 2, 1]  # Sales, orders placed, orders paid.


@pytest.mark.ux("A18", "A22", "A24", "A25")
def test_a_board_asks_compares_and_gives_its_numbers(mall: Mall, bea: Person, ada: FlaskClient) -> None:
    now = clock.now()
    with clock.frozen(now - timedelta(days=7)):
        small = sell(mall, bea)
    with transaction() as session:  # Those of a week ago have long been told of.
        session.execute(text("UPDATE outbox_event SET handled_at = created_at, told_at = created_at"))
    large = sell(mall, bea, quantity=3)
    renew_all()
    page = tree(ada.get("/admin/figures?period=7d&compare=weekday&channel=kr").text)
    heading = text_of(next(page.iter("h1")))
    assert heading.endswith("?")
    words = text_of(by_id(page, "figures"))
    assert "The last day is still under way." in words
    today = now.astimezone(ZoneInfo("Asia/Seoul")).date()
    first, last = (formatted(today - timedelta(days=days)) for days in (13, 7))
    assert f"Compared with {first} to {last}." in words  # The same weekdays of the week before.
    tile = by_id(page, "measure-sales")
    share = (large - small) * 100 / small
    assert f"+₩{large - small:,} (+{share:.2f}".rstrip("0").rstrip(".") in text_of(tile)
    assert "better" in text_of(tile)
    assert next(tile.iter("svg")) is not None
    assert f"before: ₩{small:,}" in text_of(tile)
    missing = by_id(page, "measure-sent_in_time")
    assert ("data-missing" in missing.attrib, "no data" in text_of(missing)) == (True, True)  # And that is not nought.
    tabs = [href for said, href in links(page).items() if "board=payments" in href]
    assert all(one in tabs[0] for one in ("period=7d", "compare=weekday", "channel=kr"))
    for board, names in BOARDS.items():
        assert len(names) <= 8
        shown = tree(ada.get(f"/admin/figures?board={board.value}&period=7d").text)
        assert text_of(next(shown.iter("h1"))).endswith("?")
        for chart in (one for one in shown.iter("div") if "data-chart" in one.attrib):
            assert list(by_id(shown, chart.get("data-chart", "")).iter("td"))
            file = next(href for href in links(shown).values() if f"measure={chart.get('data-chart', '')[5:]}" in href)
            assert len(ada.get(file).data.splitlines()) == 8  # The head and seven days.
            assert ada.get(file).data.splitlines()[0].count(b",") == 1


@pytest.mark.ux("A21")
def test_page_and_file_say_the_same(mall: Mall, bea: Person, ada: FlaskClient) -> None:
    paid = sell(mall, bea)
    renew_figures()
    answer = ada.get("/admin/figures.csv?period=7d")
    table = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(table) == 7
    assert sum(int(line["Sales (KRW)"]) for line in table) == paid
    assert f'data-y="{paid}"' in ada.get("/admin/figures?period=7d").text
    assert "KRW-" in answer.headers["Content-Disposition"]


@pytest.mark.req("ANA-02")
def test_a_store_sees_its_own_figures_only(app: APIFlask, mall: Mall, bea: Person) -> None:
    sell(mall, bea)
    renew_figures()
    sam, sue = (
        make_person(name, roles=("seller",), store_ids=(store_id,))
        for name, store_id in zip(("sam", "sue"), mall.store_ids, strict=True)
    )
    parts = f"SELECT sum(payable_minor)::bigint FROM order_part WHERE store_id = {mall.store_ids[0]}"  # noqa: S608  # Ours.
    own = rows(parts)[0][0]
    page = browser(app, sam).get("/seller/figures?period=7d").text
    assert f'data-y="{own}"' in page
    everything = rows("SELECT sum(payable_minor)::bigint FROM orders")[0][0]
    assert f'data-y="{everything}"' not in page
    file = browser(app, sue).get("/seller/figures.csv?period=7d")
    assert len(file.data.splitlines()) == 8
    assert len(STORE_BOARD) == len(file.data.splitlines()[0].split(b",")) - 1


def test_buyers_and_visitors_see_none(app: APIFlask, mall: Mall, bea: Person) -> None:
    for path in ("/admin/figures", "/admin/figures.csv", "/seller/figures", "/seller/figures.csv"):
        assert browser(app, bea).get(path).status_code == 403
        assert browser(app).get(path).status_code == 303


def test_a_mean_time_is_in_seconds_below_two_hours_and_in_hours_from_there(app: APIFlask) -> None:
    with app.test_request_context("/?lang=en"):
        said = [shown(MEASURES["paid_seconds"], tenths, "KRW") for tenths in (24, 71_999, 72_000, 393_063)]
    assert said == ["2.4 s", "7,199.9 s", "2 h", "10.9 h"]


def test_tiles_ask_for_themselves_alone(mall: Mall, bea: Person, ada: FlaskClient) -> None:
    sell(mall, bea)
    renew_all()
    asked = {"HX-Request": "true", "HX-Target": "figure-tiles"}
    part = ada.get("/admin/figures?board=sales&period=7d", headers=asked).text.strip()
    assert part.startswith("{# ") is False
    assert 'id="figure-tiles"' in part
    assert "<h1" not in part
    assert 'id="definition-sales"' not in part, "what is open stays open"


def test_parts_without_a_deadline_are_neither_in_time_nor_late(mall: Mall, bea: Person) -> None:
    sell(mall, bea)
    with transaction() as session:
        session.execute(text("UPDATE order_part SET shipped_at = now(), ship_by = NULL"))
    renew_all()
    assert figure("sent_in_time") is None
