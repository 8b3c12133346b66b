"""The administrators' page of taxes: a rate is set, refused beside its field, shown with who set it (ORD-13)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from portal.kit import clock
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import Mall, make_mall
from tests.factories.refund import rows

pytestmark = pytest.mark.req("ORD-13")

PAGE = "/admin/taxes"


@pytest.fixture
def mall(app: APIFlask) -> Mall:
    return make_mall()


@pytest.fixture
def client(app: APIFlask, mall: Mall) -> FlaskClient:
    return browser(app, make_person("ada", roles=("admin",)))


def send(client: FlaskClient, mall: Mall, path: str = PAGE, **more: Any) -> Any:
    token = fields(client.get(PAGE).text)["csrf_token"]
    return client.post(path, data={"csrf_token": token, "channel": mall.us.id, "percent": "8.25"} | more)


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_rate_is_set_for_a_category_and_shown_with_who_set_it(client: FlaskClient, mall: Mall) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    answered = send(client, mall, section=mall.section_id, percent="8,25 %", valid_from=tomorrow, note="New law")
    assert (answered.status_code, answered.location) == (303, "/admin/taxes")
    page = client.get(PAGE).text
    history = plain(page[page.index('id="history"') :])
    assert "Kitchen 8.25%" in history
    assert "New law" in history
    assert "ada" in history.lower()
    (made,) = rows("SELECT id FROM tax_rate")[0]
    assert send(client, mall, f"{PAGE}/{made}/withdrawal").status_code == 303
    again = send(client, mall, f"{PAGE}/{made}/withdrawal")
    assert (again.status_code, "This rate has begun or was called off before" in again.text) == (409, True)


def test_what_is_typed_wrong_is_said_at_its_field_and_kept(client: FlaskClient, mall: Mall) -> None:
    for percent in ("-1", "100.5", "eight", ""):
        refused = send(client, mall, percent=percent, note="kept")
        assert (refused.status_code, 'id="percent-error"' in refused.text) == (422, True)
        assert 'value="kept"' in refused.text
    for moment in ("2020-01-01T00:00", "tomorrow", "9999-12-31T23:59"):
        refused = send(client, mall, valid_from=moment)
        assert (refused.status_code, 'id="valid_from-error"' in refused.text) == (422, True)
    for field, value in (("channel", "99"), ("channel", "x"), ("section", "99"), ("section", "1" * 30)):
        refused = send(client, mall, **{field: value})
        assert (refused.status_code, 'id="channel-error"' in refused.text) == (422, True)
    assert rows("SELECT count(*) FROM tax_rate") == [(0,)]


def test_a_new_rate_leaves_the_way_of_prices_as_it_is_unless_it_is_chosen(client: FlaskClient, mall: Mall) -> None:
    for channel, way in ((mall.us.id, {}), (mall.kr.id, {}), (mall.kr.id, {"inclusive": "0"})):
        days = timedelta(days=len(rows("SELECT id FROM tax_rate")) + 1)
        start = (clock.now() + days).strftime("%Y-%m-%dT%H:%M")
        assert send(client, mall, channel=channel, valid_from=start, **way).status_code == 303
    assert rows("SELECT inclusive FROM tax_rate ORDER BY id") == [(False,), (True,), (False,)]
