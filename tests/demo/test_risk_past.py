"""The past from which the demo's model learns: played the same each time, counted from what went before (FRD-09)."""

from __future__ import annotations

import random

import numpy as np
import pytest
from apiflask import APIFlask

from portal.demo.risk_past import PATTERNS, Crowd, Play, ordinary, played_past
from portal.jobs.risk_model import learn_from_play
from portal.kit import clock
from portal.queries.risk_models import NAMES
from portal.rules.permissions import SYSTEM
from tests.blueprints.desks import browser
from tests.factories.account import make_person
from tests.factories.cart import make_mall

pytestmark = pytest.mark.req("FRD-09")


def test_it_is_played_in_order_and_the_same_each_time() -> None:
    now = clock.now()
    past, again = played_past(now=now), played_past(now=now)
    assert past.rows == again.rows
    assert np.all(np.diff(past.at_s) >= 0)
    assert past.at_s[-1] <= now.timestamp()
    assert set(past.rows[0]) <= set(NAMES)
    assert 0.05 < past.label.mean() < 0.2


def test_each_act_sees_what_went_before_it_and_nothing_later() -> None:
    past = played_past(now=clock.now())
    seen: dict[int, int] = {}
    for row, who in zip(past.rows, past.customer.tolist(), strict=True):
        if not seen.get(who):
            assert (row["paid_orders"], row["own_mean"], row["attempts_24h"], row["cards_30d"]) == (0, None, 0, 0)
        paid, age = row["paid_orders"], row["account_age"]
        assert paid is not None
        assert age is not None
        assert paid <= seen.get(who, 0)
        assert age > 0
        seen[who] = seen.get(who, 0) + 1


@pytest.mark.parametrize("play", PATTERNS, ids=lambda play: play.__name__)
def test_every_pattern_of_misuse_has_its_frauds_and_ordinary_buyers_have_none(play: Play) -> None:
    dice = random.Random(1)
    frauds = sum(act.is_fraud for act in play(dice, Crowd(dice)))
    assert (frauds == 0) is (play is ordinary)


def test_the_model_is_tried_beside_the_rules_and_its_card_says_that_it_was_a_play(books: None, app: APIFlask) -> None:
    make_mall()
    learned = learn_from_play(played_past(now=clock.now()), actor=SYSTEM)
    assert learned.place == "challenger"
    assert learned.report.average_precision is not None
    assert learned.report.average_precision > 0.9
    page = browser(app, make_person("ada", roles=("admin",))).get("/admin/risk/models?lang=en").text
    assert "Learned from a simulated past of buyers and named patterns of misuse" in page
    assert "Untrained" not in page
