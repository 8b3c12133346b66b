"""The model of the mall's own decisions: learned from labels, tried beside the rules, placed and refused (FRD-09)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from apiflask import APIFlask
from sqlalchemy import create_engine, text

from portal.blueprints.risk_words import models_of
from portal.config import Settings
from portal.db import insert_rows, reading, transaction
from portal.jobs.risk_model import learn_from_decisions, learn_risk
from portal.kit import clock
from portal.kit.ids import new_id
from portal.learning.boosting import TooFewError, _loaded
from portal.learning.decisions import drift
from portal.models import RiskDecision
from portal.queries.risk_models import NAMES, forget_models, list_models, load_recent, models_in_place
from portal.rules.fraud import Outcome
from portal.rules.permissions import SYSTEM, Actor
from portal.services.audit import AuditAction
from portal.services.fraud.place_model import ModelForbiddenError, ModelVersionUnknownError, place_model
from portal.services.fraud.score_models import get_ready
from portal.stack.processes import wait_until
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.jobs.killed_worker import worker
from tests.jobs.test_interruptions import held, somebody_waits
from tests.services.fraud.rules import make_reviewer, place, write
from tests.services.fraud.test_rules import score

pytestmark = pytest.mark.req("FRD-09")

COUNT = 900
TRAINED = {"trained": AuditAction.FRAUD_MODEL_TRAINED, "placed": AuditAction.RISK_MODEL_PLACED}


@pytest.fixture
def rita(db: None) -> Actor:
    return make_reviewer()


def keep_past(count: int = COUNT) -> None:
    """Decisions of long ago, one in ten refused in review as a fraud: those with many declines and a new device."""
    rng = np.random.default_rng(7)
    now, kept, refused = clock.now(), [], []
    for n in range(count):
        fraud = rng.random() < 0.1
        order_id = uuid.UUID(int=n + 1)
        features = {
            "event": "order",
            "amount": int(rng.integers(9_000, 90_000)),
            "own_mean": 30_000,
            "declines_1h": int(rng.poisson(4 if fraud else 0.2)),
            "device_age": int(rng.integers(60, 3_600) if fraud else rng.integers(3_600, 9_000_000)),
            "orders_24h": int(rng.integers(0, 3)),
        }
        at = now - timedelta(days=90) + timedelta(minutes=90 * n)
        kept.append(
            {
                "id": new_id(),
                "event": "order",
                "order_id": order_id,
                "user_id": uuid.UUID(int=n % 200),
                "score": 0,
                "outcome": "review" if fraud else "allow",
                "features": features,
                "fired": [],
                "unsure": [],
                "versions": {},
                "decided_at": at,
                "currency": "KRW",
            }
        )
        if fraud:
            refused.append({"id": str(order_id), "at": at + timedelta(hours=2)})
    with transaction() as session:
        insert_rows(session, RiskDecision, kept)
        session.execute(
            text(
                """
                INSERT INTO transition (subject, subject_id, order_id, from_state, to_state, actor, reason, at)
                SELECT 'order', x.id, x.id::uuid, 'pending', 'cancelled', 'user:1', 'risk_refused', :at
                  FROM (SELECT CAST(:id AS text) AS id) x
                """
            ),
            refused,
        )


def test_a_fresh_mall_is_untrained_and_rules_stand_alone(rita: Actor) -> None:
    learn_risk()
    with pytest.raises(TooFewError, match="0 decisions have a label"):
        learn_from_decisions(actor=SYSTEM)
    write(rita, "model_risk > 50")
    place(rita, 1)
    assert score(make_person("bea")).outcome is Outcome.ALLOW
    assert rows("SELECT unsure->0->>'rule', unsure->0->'missing'->>0, contributions FROM risk_decision") == [
        ("cheap", "model_risk", None)
    ]


def test_a_model_is_learned_tried_promoted_and_taken_back(rita: Actor) -> None:
    keep_past()
    first = learn_from_decisions(actor=SYSTEM)
    assert (first.version, first.place) == (1, "challenger")
    assert first.report.average_precision is not None
    assert first.report.average_precision > 0.8
    write(rita, "model_risk >= 0 and anomaly >= 0")
    place(rita, 1)
    bea = make_person("bea")
    # A challenger is kept beside the decision and decides nothing.
    assert score(bea).outcome is Outcome.ALLOW
    (kept,) = rows(
        "SELECT contributions->'challenger'->>'version', features->>'model_risk' FROM risk_decision"
        " WHERE event = 'top_up'"
    )
    assert kept == ("1", None)

    with transaction() as session:
        place_model(session, actor=rita, place="champion", version=1, reason="Good figures", now=clock.now())
    assert score(bea).outcome is Outcome.BLOCK
    said = rows("SELECT contributions->'champion'->'parts' FROM risk_decision ORDER BY decided_at DESC LIMIT 1")[0][0]
    assert "device_age" in said or "declines_1h" in said

    with transaction() as session:
        place_model(session, actor=rita, place="champion", version=None, reason="Not yet", now=clock.now())
    assert score(bea).outcome is Outcome.ALLOW
    # What is as good as the champion of before does not take its place by itself; where there is none it does.
    assert learn_from_decisions(actor=SYSTEM, promotes=True).place == "champion"
    assert learn_from_decisions(actor=SYSTEM, promotes=True).place == "challenger"
    with transaction() as session:
        assert [(row.version, row.place) for row in list_models(session)] == [
            (3, "challenger"),
            (2, "champion"),
            (1, None),
        ]
        rows_now, currencies = load_recent(session, since=clock.now() - timedelta(days=1))
        moved = drift(models_in_place(session).models["champion"].model, rows_now, currencies)
    assert moved
    assert set(moved) <= set(NAMES)


def test_a_training_that_is_killed_leaves_nothing_and_the_next_one_is_whole(
    rita: Actor, environment: dict[str, str], settings: Settings
) -> None:
    keep_past(400)
    # It has learned and written the model, and waits to put it in its place.
    with held(settings, "LOCK TABLE fraud_model_place IN SHARE MODE"), worker(environment, None, "learn_risk"):
        assert wait_until(somebody_waits, timeout_s=120)
    with reading() as session:
        assert (list_models(session), models_in_place(session).models) == ([], {})
    assert rows("SELECT count(*) FROM audit_row WHERE action IN (:trained, :placed)", **TRAINED) == [(0,)]

    learn_risk()
    with reading() as session:
        assert [(one.version, one.place) for one in list_models(session)] == [(1, "challenger")]
    assert rows("SELECT count(*) FROM audit_row WHERE action IN (:trained, :placed)", **TRAINED) == [(2,)]


def test_models_are_ready_before_somebody_buys(rita: Actor) -> None:
    with reading() as session:
        get_ready(session)  # Without a model there is nothing to do.
    keep_past()
    learn_from_decisions(actor=SYSTEM)
    _loaded.cache_clear()
    with reading() as session:
        get_ready(session)
    made_ready = _loaded.cache_info().misses
    score(make_person("bea"))
    assert _loaded.cache_info().misses == made_ready == 1


def test_who_may_not_and_what_is_not_there_is_refused(rita: Actor) -> None:
    bea = Actor(user_id=make_person("bea").id)
    for actor, version, error in ((bea, None, ModelForbiddenError), (rita, 7, ModelVersionUnknownError)):
        with transaction() as session, pytest.raises(error):
            place_model(session, actor=actor, place="champion", version=version, reason="Now", now=clock.now())


def test_a_model_that_was_altered_is_not_asked_and_the_decision_says_so(
    app: APIFlask, rita: Actor, settings: Any
) -> None:
    keep_past()
    learn_from_decisions(actor=SYSTEM, promotes=True)
    owner = create_engine(settings.database_owner_url)
    with owner.begin() as connection:
        connection.execute(text("UPDATE fraud_model SET kept = jsonb_set(kept, '{usual,KRW}', '1')"))
    owner.dispose()
    forget_models()
    assert score(make_person("bea")).outcome is Outcome.ALLOW
    [(kept,)] = rows("SELECT contributions FROM risk_decision WHERE event = 'top_up'")
    assert kept == {"champion": {"version": 1, "is_silent": True}}
    with app.test_request_context("/?lang=en"):
        [said] = models_of(kept, {}, "KRW")
    assert (said.version, said.risk) == (1, None)


def test_the_page_shows_the_card_and_places_the_model(app: APIFlask, rita: Actor) -> None:
    make_mall()
    client = browser(app, make_person("rex", roles=("risk",)))
    assert "Untrained" in client.get("/admin/risk/models").text
    keep_past()
    learned = learn_from_decisions(actor=SYSTEM)
    page = client.get("/admin/risk/models").text
    assert "Challenger" in page
    assert f"{learned.report.average_precision:.3f}" in page
    sent = {"csrf_token": fields(page)["csrf_token"], "do": "champion"}
    assert client.post("/admin/risk/models/1/place", data=sent).status_code == 422
    assert client.post("/admin/risk/models/1/place", data=sent | {"reason": "Good figures"}).status_code == 303
    score(make_person("bea"))
    page = client.get("/admin/risk/models").text
    assert "Champion: Version 1" in page
    assert "Drift of the champion" in page
    assert client.post("/admin/risk/models/9/place", data=sent | {"reason": "x"}).status_code == 404
    auditor = browser(app, make_person("aud", roles=("auditor",)))
    assert "Train now" not in auditor.get("/admin/risk/models").text


def test_the_order_page_says_what_moved_the_model(app: APIFlask, rita: Actor) -> None:
    mall = make_mall()
    keep_past()
    learn_from_decisions(actor=SYSTEM, promotes=True)
    order = make_order(make_person("bea"), mall, {make_variant(mall): 1})
    page = browser(app, make_person("ada", roles=("admin",))).get(f"/admin/orders/{order.number}").text
    assert "Champion model, version 1: risk" in page
    assert "raises it" in page or "lowers it" in page
