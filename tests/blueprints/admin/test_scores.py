"""Scores on the page of a customer, with their reasons, version and time (INC-01)."""

from __future__ import annotations

import pytest
from apiflask import APIFlask

from portal.bench.shoppers import fill_shoppers
from portal.config import Settings
from portal.jobs.incentives import score_everybody
from tests.blueprints.desks import browser
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order

pytestmark = pytest.mark.req("INC-01")


def test_the_page_says_what_is_foretold_and_why(app: APIFlask, settings: Settings) -> None:
    mall, ada, bea, max_ = make_mall(), make_person("ada", roles=("admin",)), make_person("bea"), make_person("max")
    fill_shoppers(settings.database_owner_url, customers=120)
    make_order(bea, mall, {make_variant(mall, krw=30_000): 1})
    score_everybody()
    client = browser(app, ada)
    page = client.get(f"/admin/users/{bea.id}").text
    for said in ("Expected purchases", "within 90 days", "Churn risk", "Has bought once only", "₩30,000", "Version 1"):
        assert said in page
    assert "too few were, so far" in page
    korean = client.get(f"/admin/users/{bea.id}", headers={"Accept-Language": "ko"}).text
    assert "Churn risk" in korean or "이탈" in korean
    assert "No scores yet" in client.get(f"/admin/users/{max_.id}").text
    # Who may look at people, and not at figures, sees none.
    oli = make_person("oli", roles=("risk",))
    assert browser(app, oli).get(f"/admin/users/{bea.id}").status_code == 200
