"""Lists as files from the desk: asked for under the list, followed, downloaded; balances and uses as lists (ANA-03)."""

from __future__ import annotations

import re
from html import unescape

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.jobs.exports import make_list
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.coupon import make_campaign
from tests.factories.order import give_deposit, make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("ANA-03"), pytest.mark.usefixtures("books")]


@pytest.fixture
def mall() -> Mall:
    return make_mall()


@pytest.fixture
def as_ada(app: APIFlask) -> FlaskClient:
    return browser(app, make_person("ada", roles=("admin",)))


def press(client: FlaskClient, page: str, kind: str) -> str:
    """Press a format under a list; returns where that leads."""
    form = re.search(r'<form[^>]*action="/admin/exports".*?</form>', client.get(page).text, re.DOTALL)
    assert form is not None
    sent = {name: unescape(value) for name, value in fields(form.group(0)).items()}
    answer = client.post("/admin/exports", data=sent | {"format": kind})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


@pytest.mark.ux("A27")
def test_a_list_is_asked_for_followed_and_taken(app: APIFlask, mall: Mall, as_ada: FlaskClient) -> None:
    bea, variant = make_person("bea"), make_variant(mall)
    orders = [make_order(bea, mall, {variant: 1}) for _ in range(2)]
    there = press(as_ada, f"/admin/orders?status=paid&q={orders[0].number}", "csv")
    page = as_ada.get(there).text
    assert "It begins in a moment." in page
    assert as_ada.get(f"{there}/file").status_code == 404
    make_list(there.rpartition("/")[2])
    page = as_ada.get(there).text
    assert "Download" in page
    answer = as_ada.get(f"{there}/file")
    assert orders[0].number in answer.text
    assert orders[1].number not in answer.text
    name = re.search(r'filename="([^"]+)"', answer.headers["Content-Disposition"])
    assert name is not None
    assert re.fullmatch(r"orders-paid-\d{4}-\d\d-\d\d\.csv", name.group(1))
    signature = as_ada.get(f"{there}/signature").get_json()
    assert (signature["rows"], signature["name"]) == (1, name.group(1))
    assert name.group(1) in as_ada.get("/admin/exports").text


def test_a_format_that_there_is_not_changes_nothing(mall: Mall, as_ada: FlaskClient) -> None:
    make_order(make_person("bea"), mall, {make_variant(mall): 1})
    token = fields(as_ada.get("/admin/orders").text)
    kept = {"csrf_token": token["csrf_token"], "query": "status=paid"}
    answer = as_ada.post("/admin/exports", data=kept | {"list": "orders", "format": "docx"})
    assert answer.headers["Location"] == "/admin/orders?status=paid"
    assert as_ada.post("/admin/exports", data=kept | {"list": "secrets", "format": "csv"}).status_code == 404
    assert rows("SELECT count(*) FROM list_export") == [(0,)]


def test_who_may_not_have_the_list_sees_neither_form_nor_file(app: APIFlask, mall: Mall, as_ada: FlaskClient) -> None:
    make_order(make_person("bea"), mall, {make_variant(mall): 1})
    there = press(as_ada, "/admin/orders", "csv")
    make_list(there.rpartition("/")[2])
    as_rik = browser(app, make_person("rik", roles=("risk",)))
    assert 'action="/admin/exports"' not in as_rik.get("/admin/orders").text
    as_mia = browser(app, make_person("mia", roles=("marketing",)))
    assert as_mia.get(there).status_code == 404
    assert as_mia.get(f"{there}/file").status_code == 404
    assert there not in as_mia.get("/admin/exports").text


def test_balances_are_listed_with_filters_and_each_look_is_recorded(mall: Mall, as_ada: FlaskClient) -> None:
    bea, max_ = make_person("bea"), make_person("max")
    give_deposit(bea, 5_000)
    give_deposit(max_, 7_000)
    page = as_ada.get("/admin/balances?kind=deposit&open=1").text
    assert "5,000" in page
    assert "7,000" in page
    page = as_ada.get(f"/admin/balances?q={bea.email}").text
    assert "7,000" not in page
    seen = rows("SELECT DISTINCT ref FROM audit_row WHERE action = 'balance:viewed' ORDER BY 1")
    assert seen == sorted([(f"user:{bea.id}",), (f"user:{max_.id}",)])
    assert "No balance matches" in as_ada.get("/admin/balances?frozen=1").text


def test_uses_of_all_coupons_are_an_empty_list_with_a_sentence(mall: Mall, as_ada: FlaskClient) -> None:
    assert "Not used yet" in as_ada.get("/admin/redemptions").text
    assert "No use matches" in as_ada.get("/admin/redemptions?status=redeemed&campaign=999999999999999").text


@pytest.mark.ux("A27")
def test_a_list_of_one_campaign_is_named_after_it(mall: Mall, as_ada: FlaskClient) -> None:
    campaign = make_campaign("claim", code="TENOFF")
    make_order(make_person("bea"), mall, {make_variant(mall): 1}, codes=("TENOFF",))
    press(as_ada, f"/admin/redemptions?campaign={campaign}&status=redeemed", "csv")
    [(name,)] = rows("SELECT name FROM list_export")
    assert re.fullmatch(r"redemptions-redeemed-ten-percent-off-[0-9-]{10}\.csv", name)
