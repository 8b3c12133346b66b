"""Segments on the desk: tried, saved, looked at (INC-02)."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.refund import rows

pytestmark = pytest.mark.req("INC-02")
NEW = "/admin/segments/new"


def send(client: FlaskClient, do: str, **typed: str) -> Any:
    data = {"csrf_token": fields(client.get(NEW).text)["csrf_token"], "do": do, "newest": "0", "is_live": "on"} | typed
    return client.post(NEW, data=data)


def test_a_segment_is_previewed_saved_and_shown(app: APIFlask) -> None:
    make_mall()
    make_person("bea")
    client = browser(app, make_person("mia", roles=("marketing",)))
    assert "No segments yet" in client.get("/admin/segments").text
    typed = {"key": "newcomers", "title": "Who never bought", "source": "purchases = 0"}
    page = send(client, "preview", **typed)
    assert page.status_code == 200
    assert "Days with purchases is 0." in page.text
    assert "At present 1 of 1 customers." in page.text
    assert rows("SELECT count(*) FROM segment_version") == [(0,)]
    wrong = send(client, "save", **typed | {"source": "purchases = "})
    assert wrong.status_code == 422
    assert "At character" in wrong.text
    for do in ("preview", "save"):
        foreign = send(client, do, **typed | {"source": "spent > 100 USD"})
        assert (foreign.status_code, "Segments count money in KRW" in foreign.text) == (422, True), do
    saved = send(client, "save", **typed)
    assert saved.location.endswith("/admin/segments/newcomers")
    shown = client.get("/admin/segments/newcomers").text
    for said in ("Who never bought", "purchases = 0", "no coupon yet", "None of its members is in another one."):
        assert said in shown
    assert "Who never bought" in client.get("/admin/segments").text
    assert "Who never bought" in client.get(f"{NEW}?segment=newcomers").text
    again = send(client, "save", **typed)
    assert again.status_code == 409
    assert "Mia has written version 1" in again.text
    assert client.get("/admin/segments/nothing").status_code == 404
