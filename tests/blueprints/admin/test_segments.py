"""Segments on the desk: tried, saved, looked at (INC-02)."""

from __future__ import annotations

from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import transaction
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.coupon import make_campaign
from tests.factories.refund import rows
from tests.reading_html import text_of, tree

pytestmark = pytest.mark.req("INC-02")
NEW = "/admin/segments/new"


def send(client: FlaskClient, do: str, **typed: str) -> Any:
    data = {"csrf_token": fields(client.get(NEW).text)["csrf_token"], "do": do, "newest": "0", "is_live": "on"} | typed
    return client.post(NEW, data=data)


def test_a_segment_is_previewed_saved_and_shown(app: APIFlask) -> None:
    make_mall()
    make_person("bea")
    campaign = make_campaign("grant")
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
    for said in ("Who never bought", "purchases = 0", "nothing yet", "None of its members is in another one."):
        assert said in shown
    assert "Who never bought" in client.get("/admin/segments").text
    assert "Who never bought" in client.get(f"{NEW}?segment=newcomers").text
    with transaction() as session:
        session.execute(
            text("""
                WITH coupon AS (UPDATE campaign SET conditions =
                         '[{"name": "segment", "params": {"any_of": ["newcomers"]}}]' RETURNING id),
                     points AS (INSERT INTO loyalty_version
                                       (kind, version, body, note, author_id, starts_at, created_at)
                         SELECT 'mileage', 900, '{"rules": [{"name": "Triple", "segments": ["newcomers"]}]}', '', id,
                                now(), now() FROM user_account LIMIT 1)
                INSERT INTO offer (title, campaign_id, segment, position, people_max, author_id, created_at)
                SELECT 'At home', :campaign, 'newcomers', 1, 10, id, now() FROM user_account LIMIT 1
            """),
            {"campaign": campaign},
        )
    used = text_of(tree(client.get("/admin/segments/newcomers").text))
    for said in ("Coupon: Ten percent off", "Chosen offer: At home", "Rule of mileage: Triple"):
        assert said in used
    again = send(client, "save", **typed)
    assert again.status_code == 409
    assert "Mia has written version 1" in again.text
    assert client.get("/admin/segments/nothing").status_code == 404
