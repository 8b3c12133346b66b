"""Experiments side by side on the desk: what they added, or a sentence (INC-05, CPN-13)."""

from __future__ import annotations

import re

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.bench.shoppers import fill_shoppers
from portal.config import Settings
from portal.db import transaction
from portal.kit import clock
from portal.services.incentives.learn_offers import learn_offers
from tests.blueprints.desks import browser
from tests.factories.account import make_person
from tests.factories.cart import make_mall
from tests.factories.coupon import make_campaign

CHOSEN = text(
    """
    INSERT INTO offer_choice (user_id, channel_id, place, arm, candidates, probability, context, told_by, reasons,
                              chosen_at, stands_until, window_days, currency, reward_minor, cost_minor, rewarded_at)
    SELECT u.id, 1, 'home', CASE WHEN n % 20 = 0 THEN 'holdout' ELSE 'chosen' END, '[["none", 1]]', 1,
           ARRAY[1, 1, 0, 0, 0, 0.5, 0, 0, 1], 'rule', '{}', now() - interval '20 days', now(), 14, 'KRW',
           CASE WHEN n % 20 = 0 THEN 1000 ELSE 9000 + n END, CASE WHEN n % 20 = 0 THEN 0 ELSE 500 END, now()
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM user_account) u
    """
)


@pytest.mark.req("INC-05", "CPN-13")
def test_experiments_stand_side_by_side_and_coupons_without_control_get_a_sentence(
    app: APIFlask, settings: Settings
) -> None:
    make_mall()
    client = browser(app, make_person("ada", roles=("admin",)))
    blank = client.get("/admin/experiments").text
    assert "No experiments yet" in blank
    assert "There are none." in blank
    make_campaign("claim")
    make_campaign("grant", name={"en": "Given by hand"})
    fill_shoppers(settings.database_owner_url, customers=500)
    with transaction() as session:
        session.execute(text("INSERT INTO incentive_house VALUES (1, 's', 500, now())"))
        session.execute(CHOSEN)
    said = client.get("/admin/experiments").text
    assert "Nobody was drawn to go without these, so what they added cannot be said, and nothing suggested" in said
    assert "Ten percent off" in said
    assert "Make one like it that is given to people" in said
    # Twenty people without an offer are too few for a suggestion, and that is said.
    assert "Suggests nothing before 100 people of each group have been followed." in said
    drawn = re.search(r'href="(/admin/automations/new[^"]+)">Let an automation draw who gets it', said)
    assert drawn is not None
    assert re.search(r"<option [^>]*selected[^>]*>Given by hand", client.get(drawn[1]).text)
    assert "Chosen offers, against the permanent control group" in said
    assert re.search(r"ROII.*?[0-9]", said)
    assert not re.search(r"\bnan\b", re.sub(r"<[^>]*>", " ", said), re.IGNORECASE)
    # Choices of nothing but none teach nothing that would fail.
    with transaction() as session:
        assert learn_offers(session, now=clock.now()) == 1
