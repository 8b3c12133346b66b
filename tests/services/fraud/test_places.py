"""Where events are: told with the decision, usable by rules, and not known rather than nothing (FRD-10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import transaction
from portal.kit import clock
from portal.rules.fraud import Outcome
from portal.rules.permissions import SYSTEM, Actor
from portal.services.fraud.keep_ip_table import keep_ip_table
from portal.services.fraud.renew_shares import renew_shares
from portal.services.fraud.score_event import RiskEvent, score_event
from tests.factories.account import ADDRESS_KR, ADDRESS_US, Person, make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.ip_table import BUSAN, DATACENTER, NEW_YORK, SEOUL, SOMEWHERE_US, UNKNOWN, load_ip_tables
from tests.factories.order import make_order
from tests.factories.refund import rows
from tests.services.fraud.rules import make_reviewer, place, write

pytestmark = pytest.mark.req("FRD-10")

PLACES = ("ip_country", "delivery_distance", "travel_distance", "travel_speed", "datacenter")


@pytest.fixture
def bea(db: None) -> Person:
    return make_person("bea", now=clock.now() - timedelta(days=30))


def score(
    person: Person, ip: str | None, *, at: datetime | None = None, address: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    event = RiskEvent("order", currency="KRW", amount_minor=900, ip=ip, address=address or ADDRESS_KR, **more)
    with transaction() as session:
        decision = score_event(session, event=event, actor=Actor(user_id=person.id), now=at or clock.now())
    assert decision.row is not None
    features = decision.row["features"]
    assert isinstance(features, dict)
    return features


def test_without_tables_everything_about_places_is_not_known(bea: Person) -> None:
    features = score(bea, SEOUL)
    assert {name: features[name] for name in PLACES} == dict.fromkeys(PLACES)


def test_what_stands_in_no_table_is_not_known_and_no_zero(bea: Person) -> None:
    load_ip_tables()
    for ip in (UNKNOWN, "not an address", None):
        features = score(bea, ip)
        told = None if ip != UNKNOWN else False
        assert {name: features[name] for name in PLACES} == {**dict.fromkeys(PLACES), "datacenter": told}
    assert rows("SELECT count(*) FROM risk_decision WHERE place IS NOT NULL") == [(0,)]


def test_distances_and_speed_are_those_of_the_moment_and_are_kept(bea: Person) -> None:
    load_ip_tables()
    noon = clock.now()
    first = score(bea, SEOUL, at=noon)
    assert (first["ip_country"], first["delivery_distance"], first["travel_distance"]) == ("KR", 0, None)
    second = score(bea, NEW_YORK, at=noon + timedelta(hours=2))
    assert second["ip_country"] == "US"
    assert 10_900 < second["delivery_distance"] < 11_200
    assert second["travel_distance"] == second["delivery_distance"]
    assert second["travel_speed"] == pytest.approx(second["travel_distance"] / 2, abs=1)
    # Within a minute it is as if a minute had passed.
    third = score(bea, NEW_YORK, at=noon + timedelta(hours=2))
    assert (third["travel_distance"], third["travel_speed"]) == (0, 0)
    assert rows("SELECT place->>'country', place->>'city' FROM risk_decision ORDER BY decided_at LIMIT 2") == [
        ("KR", "Seoul"),
        ("US", "New York City"),
    ]
    assert rows("SELECT features->'travel_distance' FROM risk_decision ORDER BY decided_at LIMIT 1") == [(None,)]


def test_a_country_alone_tells_the_distance_to_another_country_only(bea: Person) -> None:
    load_ip_tables()
    assert score(bea, SOMEWHERE_US, address=ADDRESS_US)["delivery_distance"] is None
    assert score(bea, SOMEWHERE_US)["delivery_distance"] > 9_000
    assert 300 < score(bea, BUSAN)["delivery_distance"] < 350
    assert score(bea, "2001:db8::9")["ip_country"] == "KR"


def test_a_rule_may_ask_about_data_centres_and_flights(bea: Person) -> None:
    rita = make_reviewer()
    load_ip_tables()
    write(rita, 'datacenter and country = "KR"', mode="review")
    place(rita, 1)
    write(rita, "travel_speed > 1_000 and travel_distance > 500", name="flight", mode="step_up")
    place(rita, 1, name="flight")
    with transaction() as session:
        event = RiskEvent("order", currency="KRW", amount_minor=900, ip=DATACENTER, address=ADDRESS_KR)
        assert score_event(session, event=event, actor=bea.actor, now=clock.now()).outcome is Outcome.REVIEW
    score(bea, SEOUL)
    with transaction() as session:
        event = RiskEvent("order", currency="KRW", amount_minor=900, ip=NEW_YORK, address=ADDRESS_KR)
        assert score_event(session, event=event, actor=bea.actor, now=clock.now()).outcome is Outcome.STEP_UP


def test_a_new_table_takes_the_place_of_the_one_before_as_a_whole(bea: Person) -> None:
    load_ip_tables()
    load_ip_tables()
    assert rows("SELECT kind, count(*) FROM ip_range GROUP BY 1 ORDER BY 1") == [("datacenter", 1), ("place", 5)]
    with transaction() as session:
        keep_ip_table(session, kind="place", ranges=[], source="nothing", sha256="", actor=SYSTEM, now=clock.now())
    assert score(bea, SEOUL)["ip_country"] is None
    assert score(bea, DATACENTER)["datacenter"] is True
    assert rows("SELECT payload FROM audit_row WHERE action = 'ip-table:loaded' ORDER BY id DESC LIMIT 1")[0][0]


def test_the_share_of_fraud_counts_older_orders_only_and_is_not_known_of_few(bea: Person) -> None:
    mall = make_mall()
    variant = make_variant(mall)
    buyers = [make_person(name) for name in ("ann", "ben", "cem", "dan")]
    orders = [make_order(buyer, mall, {variant: 1}) for buyer in buyers for _n in range(5)]
    [(store,)] = rows("SELECT DISTINCT store_id FROM order_part")
    now = clock.now()
    with transaction() as session:
        renew_shares(session, now=now)
    assert score(bea, None, stores=[store])["store_fraud_share"] is None

    with transaction() as session:
        session.execute(text("UPDATE orders SET placed_at = placed_at - interval '40 days'"))
        session.execute(
            text(
                """INSERT INTO transition (subject, subject_id, order_id, to_state, actor, reason, at)
                   VALUES ('order', CAST(:id AS text), :id, 'cancelled', 'system', 'risk_refused', now())"""
            ),
            {"id": orders[0].id},
        )
        renew_shares(session, now=now)
        renew_shares(session, now=now)
    assert score(bea, None, stores=[store])["store_fraud_share"] == Decimal(5)
    assert score(bea, None, stores=[store + 1])["store_fraud_share"] is None
    assert score(bea, None)["coupon_fraud_share"] is None
