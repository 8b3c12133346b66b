"""Figures out of their bounds are told once, seen by somebody, and kept; large redemptions at once (ANA-05)."""

from __future__ import annotations

import re
from html import unescape

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.jobs.figures import renew_figures, watch_bounds
from tests.blueprints.desks import browser, fields
from tests.factories.account import Person, make_person
from tests.factories.cart import Mall, make_mall, make_variant
from tests.factories.coupon import make_campaign
from tests.factories.order import give_mileage, make_order
from tests.factories.refund import rows
from tests.jobs.test_exports import change

pytestmark = [pytest.mark.req("ANA-05"), pytest.mark.usefixtures("books")]
SALES = {"measure": "sales", "direction": "above", "limit": "1", "days": "1", "currency": "KRW"}


@pytest.fixture
def mall() -> Mall:
    return make_mall()


@pytest.fixture
def mia() -> Person:
    return make_person("mia", roles=("marketing",))


@pytest.fixture
def as_mia(app: APIFlask, mall: Mall, mia: Person) -> FlaskClient:
    return browser(app, mia)


def watch(client: FlaskClient, **typed: str) -> int:
    token = fields(client.get("/admin/alerts").text)["csrf_token"]
    return client.post("/admin/alerts/bounds", data=SALES | typed | {"csrf_token": token}).status_code


def sell(mall: Mall, name: str = "bea") -> str:
    return make_order(make_person(name), mall, {make_variant(mall): 1}).number


def look() -> None:
    renew_figures()
    watch_bounds()


def test_a_crossing_is_told_once_by_bell_and_mail(mall: Mall, mia: Person, as_mia: FlaskClient) -> None:
    ada = make_person("ada", roles=("admin",))
    assert watch(as_mia, shared="1") == 303
    look()
    assert rows("SELECT count(*) FROM figure_alert") == [(0,)]
    sell(mall)
    for _ in range(3):
        look()
    assert rows("SELECT count(*), min(ended_at) FROM figure_alert") == [(1, None)]
    told = rows("SELECT user_id FROM notice WHERE kind = 'figure_crossed' ORDER BY 1")
    assert told == sorted([(mia.id,), (ada.id,)])
    assert rows("SELECT count(*) FROM mail WHERE template = 'figure_alert'") == [(2,)]
    page = as_mia.get("/admin/alerts?lang=en").text
    assert "Out of bounds" in page
    assert re.search(r"over 1 day\b", page)


def test_back_within_ends_it_and_the_next_crossing_is_told_anew(mall: Mall, as_mia: FlaskClient) -> None:
    watch(as_mia)
    sell(mall)
    look()
    change("UPDATE figure_bound SET limit_value = 10000000")
    look()
    assert rows("SELECT count(ended_at) FROM figure_alert") == [(1,)]
    assert "Back within" in as_mia.get("/admin/alerts?view=all").text
    change("UPDATE figure_bound SET limit_value = 1")
    look()
    assert rows("SELECT count(*), count(ended_at) FROM figure_alert") == [(2, 1)]


def test_who_looks_is_named_and_it_leaves_the_list(mall: Mall, mia: Person, as_mia: FlaskClient) -> None:
    watch(as_mia)
    sell(mall)
    look()
    [(alert_id,)] = rows("SELECT id FROM figure_alert")
    token = fields(as_mia.get("/admin/alerts").text)["csrf_token"]
    for _ in range(2):
        assert as_mia.post(f"/admin/alerts/{alert_id}/look", data={"csrf_token": token}).status_code == 303
    assert rows("SELECT seen_by FROM figure_alert") == [(mia.id,)]
    assert "Nothing to be seen" in as_mia.get("/admin/alerts").text
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'figure-alert:seen'") == [(1,)]


def test_a_bound_that_is_ended_watches_no_longer(mall: Mall, as_mia: FlaskClient) -> None:
    watch(as_mia)
    [(bound_id,)] = rows("SELECT id FROM figure_bound")
    token = fields(as_mia.get("/admin/alerts").text)["csrf_token"]
    assert as_mia.post(f"/admin/alerts/bounds/{bound_id}/end", data={"csrf_token": token}).status_code == 303
    assert as_mia.post(f"/admin/alerts/bounds/{bound_id}/end", data={"csrf_token": token}).status_code == 404
    sell(mall)
    look()
    assert rows("SELECT count(*) FROM figure_alert") == [(0,)]
    assert "Nothing is watched yet." in as_mia.get("/admin/alerts").text


def test_each_large_redemption_is_told_once_by_its_order(
    app: APIFlask, mall: Mall, mia: Person, as_mia: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than one look takes in.
    monkeypatch.setattr("portal.services.figures.look_at_bounds.AT_ONCE_MAX", 1)
    watch(as_mia, measure="one_mileage_use", limit="2000")
    watch(as_mia, measure="one_coupon_use", limit="100")
    bea, variant = make_person("bea"), make_variant(mall)
    give_mileage(bea, 10_000)
    make_order(bea, mall, {variant: 1}, mileage_points=2_000)
    large, second = (make_order(bea, mall, {variant: 1}, mileage_points=points) for points in (3_000, 2_500))
    make_campaign("code", code="TEN")
    coupon = make_order(bea, mall, {variant: 1}, codes=["TEN"])
    for _ in range(3):
        look()
    alerts = dict(rows("SELECT subject, value FROM figure_alert"))
    assert set(alerts) == {f"order:{one.number}" for one in (large, second, coupon)}
    assert alerts[f"order:{large.number}"] == 3_000
    assert len(rows("SELECT 1 FROM notice WHERE kind = 'redemption_large' AND user_id = :u", u=mia.id)) == 3
    assert large.number in as_mia.get("/admin/alerts").text
    as_ada = browser(app, make_person("ada", roles=("admin",)))
    assert f'href="/admin/orders/{large.number}"' in as_ada.get("/admin/alerts").text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"measure": "weather"}, "Choose a figure."),
        ({"direction": "sideways"}, "Choose when to tell."),
        ({"limit": "much"}, "Give a number above zero."),
        ({"limit": "-5"}, "Give a number above zero."),
        ({"days": "0"}, "Give 1 to 366 days."),
        ({"days": "9999"}, "Give 1 to 366 days."),
        ({"measure": "one_coupon_use", "direction": "below"}, "Single redemptions are watched above a limit only."),
    ],
)
def test_what_cannot_be_watched_is_said_at_its_field(
    mall: Mall, as_mia: FlaskClient, typed: dict[str, str], sentence: str
) -> None:
    token = fields(as_mia.get("/admin/alerts").text)["csrf_token"]
    answer = as_mia.post("/admin/alerts/bounds", data=SALES | typed | {"csrf_token": token})
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    assert rows("SELECT count(*) FROM figure_bound") == [(0,)]


def test_a_share_of_nothing_is_never_out_of_bounds(mall: Mall, as_mia: FlaskClient) -> None:
    watch(as_mia, measure="success_rate", direction="below", limit="98")
    watch(as_mia, measure="sales", direction="change", limit="10")
    look()
    assert rows("SELECT count(*) FROM figure_alert") == [(0,)]
