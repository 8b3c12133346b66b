"""How many pages somebody saw before he paid, and for how long he looked: kept with the decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask

from portal.broker import broker
from portal.db import atomically, transaction
from portal.kit import clock
from portal.rules.permissions import Actor
from portal.services.cases.open_cases import open_cases
from portal.services.fraud.score_event import RiskEvent, score_event
from tests.blueprints.desks import browser
from tests.factories.account import ADDRESS_KR, Person, make_person
from tests.factories.cart import make_mall
from tests.factories.order import LONG_AGO, REVIEWED_KRW
from tests.factories.refund import rows

pytestmark = pytest.mark.req("FRD-06", "FRD-10")


def scored(person: Person) -> tuple[object, object]:
    [(session_id,)] = rows("SELECT id FROM web_session WHERE user_id = :id", id=person.id)
    event = RiskEvent("order", currency="KRW", amount_minor=REVIEWED_KRW, address=ADDRESS_KR)
    actor = Actor(user_id=person.id, session_id=session_id)
    with transaction() as session:
        row = score_event(session, event=event, actor=actor, now=clock.now() + timedelta(minutes=5)).row
    assert row is not None
    features: Any = row["features"]
    return features["pages_seen"], features["session_age"]


@pytest.mark.ux("A05")
def test_pages_and_session_are_kept_with_the_decision_and_shown(app: APIFlask) -> None:
    make_mall()
    bea = make_person("bea", now=LONG_AGO)
    client = browser(app, bea)
    for path in ("/", "/cart", "/"):
        assert client.get(path).status_code == 200
    # Neither a part of a page nor what is not there is a page that was seen.
    client.get("/cart", headers={"HX-Request": "true"})
    assert client.get("/nowhere").status_code == 404
    pages, age = scored(bea)
    assert pages == 3
    assert isinstance(age, int)
    assert age >= 300

    atomically(lambda s: open_cases(s, now=clock.now() + timedelta(minutes=6)))
    [(case_id,)] = rows("SELECT id FROM risk_case")
    page = browser(app, make_person("rita", roles=("risk",))).get(f"/admin/cases/{case_id}").text
    assert "pages seen in this session: 3" in page

    broker.client.flushdb()
    assert scored(bea)[0] is None
