"""What is read of past decisions, so that other rules can decide them anew (PAY-04)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from portal.db import reading, transaction
from portal.kit import clock
from portal.kit.money import Money
from portal.queries.routing_replay import Past, load_past
from portal.rules.health import Health
from tests.blueprints.checkout.checkouts import make_gateways
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import MadeOrder, make_order
from tests.factories.refund import rows

pytestmark = [pytest.mark.req("PAY-04"), pytest.mark.usefixtures("books")]


@pytest.fixture
def order(db: None) -> MadeOrder:
    """Paid without a card's token, so paylink takes it; stripe, which comes first, was passed over."""
    mall = make_mall()
    make_gateways()
    return make_order(make_person("bea"), mall, {make_variant(mall, krw=12_000): 1})


def account(name: str) -> int:
    return int(rows("SELECT id FROM gateway_account WHERE name = :name", name=name)[0][0])


def change(order: MadeOrder, what: str, **values: Any) -> None:
    with transaction() as session:
        session.execute(
            text(f"UPDATE payment_attempt SET {what} WHERE id = :id"),  # noqa: S608 - sentences of these tests
            {"id": order.attempt_id, **values},
        )


def load(since: datetime | None = None, until: datetime | None = None) -> Past:
    now = clock.now()
    with reading() as session:
        return load_past(session, since=since or now - timedelta(days=1), until=until or now + timedelta(days=1))


def test_an_attempt_is_read_with_the_facts_of_its_decision(order: MadeOrder) -> None:
    (past,) = load().attempts
    assert (past.payment_id, past.account_id) == (order.payment_id, account("paylink"))
    assert (past.channel_id, past.method, past.amount) == (1, "credit_card", Money(order.gateway_minor, "KRW"))
    assert (past.country, past.locale, past.buyer) == ("KR", "en", str(order.buyer.id))
    assert [(one.account_id, one.priority, one.is_kept) for one in past.candidates] == [
        (account("stripe"), 10, True),
        (account("paylink"), 20, True),
    ]
    assert past.unable == {account("stripe")}


def test_health_and_trial_are_read_as_they_were_stored(order: MadeOrder) -> None:
    change(
        order,
        "routing = jsonb_set(jsonb_set(routing, '{0,health}', '\"half_open\"'), '{0,score}', '70'),"
        ' decision = decision || \'{"explores": true, "has_token": true}\'',
    )
    (past,) = load().attempts
    assert [(one.health, one.score) for one in past.candidates] == [(Health.HALF_OPEN, 70), (Health.CLOSED, None)]
    assert past.explores
    assert past.unable == frozenset()


def test_after_the_first_try_nobody_can_take_the_card_in_the_page(order: MadeOrder) -> None:
    """Stripe stands behind paylink here, and would still not have been able to."""
    turned = "routing = jsonb_build_array(routing -> 1, routing -> 0)"
    change(order, turned)
    assert load().attempts[0].unable == frozenset()
    change(order, "n = 2")
    assert load().attempts[0].unable == {account("stripe")}


def test_both_ends_of_the_range(order: MadeOrder) -> None:
    (at,) = rows("SELECT created_at FROM payment")[0]
    tick = timedelta(microseconds=1)
    assert len(load(since=at, until=at + tick).attempts) == 1
    assert load(since=at - tick, until=at).attempts == ()
    assert load(since=at + tick).attempts == ()
    assert not load().is_cut
