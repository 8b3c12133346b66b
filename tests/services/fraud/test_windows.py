"""Counts and sums over windows come from the books: neither a restart nor an emptied Redis loses any (FRD-05)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import text

from portal.broker import broker
from portal.config import Settings
from portal.db import transaction
from portal.kit import clock
from portal.rules.fraud_features import to_json
from portal.rules.permissions import Actor
from portal.services.fraud.score_features import load_features
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import make_order

pytestmark = [pytest.mark.req("FRD-05", "FRD-10"), pytest.mark.usefixtures("books")]

AGES = (timedelta(minutes=30), timedelta(hours=5), timedelta(days=3), timedelta(days=20), timedelta(days=40))
WINDOWS = ("1h", "24h", "7d", "30d")
# What another process of the portal does that has only just begun.
FRESH = """
import json, os, sys, uuid
from portal.config import Settings
from portal.db import transaction
from portal.kit import clock
from portal.process import start
from portal.rules.fraud_features import to_json
from portal.rules.permissions import Actor
from portal.services.fraud.score_features import load_features
start(Settings.from_environment(os.environ), name="fresh", connections=1)
with transaction() as session:
    known = load_features(session, actor=Actor(user_id=uuid.UUID(sys.argv[1])), currency="KRW", ip=None, address=None,
                          device_id=None, now=clock.now())
print(json.dumps(to_json(known.values)))
"""


def test_every_window_counts_the_same_in_a_process_that_has_just_begun(settings: Settings) -> None:
    mall, bea = make_mall(), make_person("bea")
    variant = make_variant(mall)
    orders = [make_order(bea, mall, {variant: 1}) for _ in AGES]
    with transaction() as session:
        for order, age in zip(orders, AGES, strict=True):
            session.execute(
                text("UPDATE orders SET placed_at = :at WHERE id = :id"), {"at": clock.now() - age, "id": order.id}
            )
    with transaction() as session:
        known = load_features(
            session,
            actor=Actor(user_id=bea.id),
            currency="KRW",
            ip=None,
            address=None,
            device_id=None,
            now=clock.now(),
        )
    here = to_json(known.values)
    assert [here[f"orders_{window}"] for window in WINDOWS] == [1, 2, 3, 4]
    each = here["spent_1h"]
    assert isinstance(each, int)
    assert [here[f"spent_{window}"] for window in WINDOWS] == [n * each for n in (1, 2, 3, 4)]

    broker.client.flushdb()
    environment = {"PORTAL_ENV": "test", "DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH, str(bea.id)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    there = json.loads(fresh.stdout.splitlines()[-1])
    counted = [name for name in here if name.startswith(("orders_", "spent_", "attempts_", "declines_", "cards_"))]
    assert {name: there[name] for name in counted} == {name: here[name] for name in counted}
