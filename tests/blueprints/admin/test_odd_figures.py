"""Boards with nothing to show, with one order, and at addresses that make no sense: a sentence, never NaN (ANA-02)."""

from __future__ import annotations

import re

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.jobs.figures import renew_all, renew_figures
from portal.rules.measures import BOARDS
from tests.blueprints.admin.test_figures import sell
from tests.blueprints.desks import browser
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall

pytestmark = [pytest.mark.req("ANA-01"), pytest.mark.usefixtures("books")]

NO_NUMBER = re.compile(r"\b(nan|inf|infinity|null|undefined|None)\b")
ODD = {
    "a period in the future": "from=2036-01-01&until=2036-01-31",
    "days the wrong way round": "from=2026-11-29&until=2026-11-01",
    "no dates": "from=yesterday&until=2026-13-45",
    "a night in which clocks go back": "from=2026-11-01&until=2026-11-01&compare=year",
    "a currency that nobody sells in": "currency=CHF",
    "a channel that there is not": "channel=moon",
    "the first day there is": "from=1970-01-01&until=1970-01-01",
    "all days there are": "from=0001-01-01&until=9999-12-31",
    "a period without a name": "period=fortnight",
}
# What is not taken as it stands in the address is said.
REMARKS = {
    "a period in the future": "These days are still to come: nothing can have happened in them.",
    "days the wrong way round": "The first day came after the last: they have changed places.",
    "no dates": "2026-13-45 is no day of the calendar from 1970 on: it was left out.",
    "a currency that nobody sells in": "Nothing is sold in CHF here: amounts are in KRW.",
    "a channel that there is not": "There is no choice named moon here: it was left out.",
    "all days there are": "9999-12-31 is no day of the calendar from 1970 on: it was left out.",
    "a period without a name": "There is no choice named fortnight here: it was left out.",
}


@pytest.fixture
def mall(books: None) -> Mall:
    return make_mall()


@pytest.fixture
def bea(mall: Mall) -> Person:
    return make_person("bea")


@pytest.fixture
def ada(app: APIFlask, mall: Mall) -> FlaskClient:
    return browser(app, make_person("ada", roles=("admin",)))


@pytest.mark.parametrize("extra", ["", "&period=365d&compare=year", "&from=2030-01-01&until=2030-03-01", "&channel=us"])
def test_every_board_opens_whatever_there_is(mall: Mall, bea: Person, ada: FlaskClient, extra: str) -> None:
    for board in BOARDS:
        assert ada.get(f"/admin/figures?board={board.value}{extra}").status_code == 200, f"an empty house: {board}"
    sell(mall, bea)
    renew_figures()
    for board in BOARDS:
        page = ada.get(f"/admin/figures?board={board.value}{extra}")
        assert page.status_code == 200, board
        assert not re.search(r"(?<![\w-])NaN(?![\w-])", page.text), board  # A token of a form may hold it.
        assert "None" not in re.sub(r"<[^>]+>", " ", page.text), board


@pytest.mark.parametrize("odd", list(ODD))
def test_no_board_shows_what_is_no_number(mall: Mall, ada: FlaskClient, odd: str) -> None:
    for board in BOARDS:
        answer = ada.get(f"/admin/figures?board={board.value}&{ODD[odd]}")
        assert answer.status_code == 200, board
        shown = re.sub(r"<[^>]+>", " ", answer.text.partition('id="figures"')[2].partition("<template")[0])
        assert NO_NUMBER.search(shown) is None, board
        assert "Nothing happened in this period." in shown, board
        assert not (remark := REMARKS.get(odd)) or remark in shown, board


@pytest.mark.parametrize("odd", list(ODD))
def test_neither_the_rows_behind_figures_nor_a_store_show_what_is_no_number(
    app: APIFlask, mall: Mall, ada: FlaskClient, odd: str
) -> None:
    sam = browser(app, make_person("sam", roles=("seller",), store_ids=(mall.store_ids[0],)))
    pages = [ada.get(f"/admin/figures/rows?of={name}&{ODD[odd]}") for name in ("tax", "success_rate", "deposit_owed")]
    of_store = sam.get(f"/seller/figures?{ODD[odd]}&store=atlantis")
    assert "There is no choice named atlantis here: it was left out." in of_store.text
    for page in (*pages, of_store):
        assert page.status_code == 200
        shown = re.sub(r"<[^>]+>", " ", page.text.partition("<h1")[2].partition("<template")[0])
        assert NO_NUMBER.search(shown) is None
        assert "Nothing happened in this period." in shown


def test_one_order_is_a_board_without_a_base_to_compare_with(mall: Mall, bea: Person, ada: FlaskClient) -> None:
    sell(mall, bea)
    renew_all()
    for board in BOARDS:
        page = ada.get(f"/admin/figures?board={board.value}&period=7d").text.partition('id="figures"')[2]
        assert NO_NUMBER.search(re.sub(r"<[^>]+>", " ", page.partition("<template")[0])) is None, board
