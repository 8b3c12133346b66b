"""Scores kept per customer: by night, after an order, after it was given back (INC-01)."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from portal.bench.shoppers import fill_shoppers
from portal.config import Settings
from portal.db import reading, transaction
from portal.jobs.incentives import renew_scores, score_everybody
from portal.kit import clock
from portal.queries.purchases import load_score
from portal.services.incentives.score_customers import score_changed
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows

pytestmark = pytest.mark.req("INC-01")


def test_everybody_who_bought_is_scored_and_the_next_order_counts_at_once(db: None, settings: Settings) -> None:
    mall = make_mall()
    fill_shoppers(settings.database_owner_url, customers=300)
    assert score_everybody() == 300
    assert rows("SELECT count(*) FROM customer_score WHERE churn_bp IS NULL OR expected_minor IS NULL") == [(0,)]
    bea = make_person("bea")
    make_order(bea, mall, {make_variant(mall, krw=30_000): 1})
    with transaction() as session:
        assert bea.id in score_changed(session, now=clock.now())
    with reading() as session:
        score = load_score(session, user_id=bea.id)
    assert score is not None
    assert (score.purchases, score.spent_minor, score.recency, score.version) == (1, 30_000, 5, 1)
    assert score.expected_milli is not None
    assert score.expected_milli > 0
    with transaction() as session:
        assert score_changed(session, now=clock.now()) == []


def test_everybody_is_scored_whose_orders_moved_however_many_they_are(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    mall, people = make_mall(), [make_person("bea"), make_person("max")]
    renew_scores()
    for one in people:
        make_order(one, mall, {make_variant(mall, krw=30_000): 1})
    monkeypatch.setattr("portal.services.incentives.score_customers.AT_ONCE", 1)
    renew_scores()
    assert rows("SELECT count(*) FROM customer_score") == [(2,)]


def test_what_was_given_back_is_no_purchase(db: None) -> None:
    mall, bea = make_mall(), make_person("bea")
    order = make_order(bea, mall, {make_variant(mall, krw=30_000): 1})
    renew_scores()
    assert rows("SELECT purchases, churn_bp FROM customer_score") == [(1, None)]
    with transaction() as session:
        session.execute(text("UPDATE order_line SET refunded_minor = payable_minor, refunded_quantity = quantity"))
        session.execute(
            text("""INSERT INTO transition (subject, subject_id, order_id, from_state, to_state, actor, at)
                    VALUES ('refund', 'x', :id, 'approved', 'succeeded', 'system', now())"""),
            {"id": order.id},
        )
    renew_scores()
    assert rows("SELECT count(*) FROM customer_score") == [(0,)]


def test_an_empty_mall_is_scored_without_a_model(db: None) -> None:
    make_mall()
    assert score_everybody() == 0
    assert rows("SELECT customers, reason FROM score_version") == [(0, "fewer than 20 customers came again")]
