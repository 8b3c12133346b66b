"""Cards that buyers keep: saved, used, forgotten, with the vendor's stand-in over HTTP (PAY-14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from portal.db import atomically, transaction
from portal.jobs.methods import forget_method, run_setup
from portal.jobs.payments import charge_attempt, look_up_attempt
from portal.kit import clock
from portal.kit.errors import RejectedError
from portal.models import SavedMethod
from portal.queries.gateways import forget_gateways
from portal.services.checkout.place_order import Placed
from portal.services.methods.begin_setup import TooManySetupsError, begin_setup, setups_due
from portal.services.methods.change_methods import MethodUnknownError, make_default, removals_due, remove_method
from tests.factories.account import Person, make_person
from tests.factories.cart import make_variant
from tests.factories.order import LONG_AGO
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.jobs.test_disputes import tell

pytestmark = pytest.mark.req("PAY-14")
GOOD, ASKS, REFUSED = "4242424242424242", "4000000000003220", "4000000000000002"


def begin(world: World, card: str = GOOD, *, person: Person | None = None) -> UUID:
    """As the page does it; returns the setup."""
    account = rows("SELECT id FROM gateway_account WHERE gateway = 'stripe'")[0][0]
    token = world.sandbox.card(card)
    return atomically(
        lambda s: begin_setup(
            s,
            actor=(person or world.bea).actor,
            gateway_account_id=account,
            source_token=token,
            return_url="http://127.0.0.1/account/methods?setup={setup_id}",
            locale="en",
            now=clock.now(),
        )
    )


def keep(world: World, card: str = GOOD) -> UUID:
    """A kept card; returns its id."""
    setup_id = begin(world, card)
    run_setup(str(setup_id))
    method_id = rows("SELECT saved_method_id FROM method_setup WHERE id = :id", id=setup_id)[0][0]
    assert isinstance(method_id, UUID)
    return method_id


def pay_with(world: World, method_id: UUID, person: Person | None = None) -> Placed:
    placed = ready_to_buy(
        person or world.bea,
        world.mall.kr,
        {make_variant(world.mall, krw=12_000): 1},
        method="credit_card",
        saved_method_id=method_id,
    )()
    assert isinstance(placed, Placed)
    return placed


def events(world: World, kind: str) -> list[bytes]:
    found = world.sandbox.http.request(
        "GET",
        f"{world.sandbox.url}/v1/events?limit=10&type={kind}",
        headers={"authorization": f"Bearer {world.sandbox.environ['STRIPE_SECRET_KEY']}"},
    ).json()["data"]
    return [orjson.dumps(one) for one in found]


def later(**by: float) -> Any:
    return clock.frozen(clock.now() + timedelta(**by))


def test_a_card_is_kept_at_the_gateway_and_here_only_what_may_be_shown(world: World) -> None:
    setup_id = begin(world)
    for _ in range(2):
        run_setup(str(setup_id))
    assert rows("SELECT brand, last4, expiry, is_default FROM saved_method") == [("visa", "4242", "12/2040", True)]
    assert rows("SELECT state, source IS NULL, action IS NULL FROM method_setup") == [("saved", True, True)]
    assert rows("SELECT action FROM audit_row WHERE action LIKE 'method:%' ORDER BY id") == [
        ("method:setup-begun",),
        ("method:saved",),
    ]


def test_a_card_that_is_refused_is_not_kept_and_says_why(world: World) -> None:
    setup_id = begin(world, REFUSED)
    run_setup(str(setup_id))
    assert rows("SELECT state, reason, source IS NULL FROM method_setup") == [("declined", "declined", True)]
    assert rows("SELECT count(*) FROM saved_method") == [(0,)]


@pytest.mark.parametrize("trouble", ["timeout_after", "reset_before", "rate_limit"])
def test_a_call_without_an_answer_is_made_again_and_keeps_one_card(world: World, trouble: str) -> None:
    setup_id = begin(world)
    world.sandbox.fault(kind=trouble, on="save", times=1)
    run_setup(str(setup_id))
    assert rows("SELECT state FROM method_setup") == [("created",)]
    with later(minutes=1), transaction() as session:
        assert setups_due(session, now=clock.now()) == [setup_id]
    run_setup(str(setup_id))
    assert rows("SELECT count(*) FROM saved_method") == [(1,)]


@pytest.mark.req("STR-03")
def test_a_page_that_was_closed_at_the_banks_question_is_healed_by_the_notice(world: World) -> None:
    setup_id = begin(world, ASKS)
    run_setup(str(setup_id))
    state, ref = rows("SELECT state, gateway_ref FROM method_setup")[0]
    assert state == "requires_action"
    world.sandbox.authenticate(ref)
    tell(events(world, "setup_intent.succeeded")[0])
    assert rows("SELECT state FROM method_setup") == [("saved",)]
    assert rows("SELECT last4 FROM saved_method") == [("3220",)]


def test_a_lost_notice_is_healed_by_the_sweep_and_a_question_nobody_answers_ends(world: World) -> None:
    setup_id = begin(world, ASKS)
    run_setup(str(setup_id))
    with later(hours=2):
        run_setup(str(setup_id))
    assert rows("SELECT state, action IS NULL FROM method_setup") == [("given_up", True)]


@pytest.mark.req("PAY-04")
def test_a_kept_card_pays_and_no_token_is_needed(world: World) -> None:
    placed = pay_with(world, keep(world))
    charge_attempt(str(placed.attempt_id))
    assert rows("SELECT status FROM orders WHERE id = :id", id=placed.order_id) == [("paid",)]
    (charge,) = world.sandbox.charges(order=placed.number)
    assert charge["captured"] == rows("SELECT captured_minor FROM payment")[0][0]


def test_a_kept_card_whose_bank_asks_is_confirmed_and_pays(world: World) -> None:
    setup_id = begin(world, ASKS)
    run_setup(str(setup_id))
    world.sandbox.authenticate(rows("SELECT gateway_ref FROM method_setup")[0][0])
    run_setup(str(setup_id))
    placed = pay_with(world, rows("SELECT id FROM saved_method")[0][0])
    charge_attempt(str(placed.attempt_id))
    assert rows("SELECT state FROM payment_attempt") == [("requires_action",)]
    world.sandbox.authenticate(rows("SELECT gateway_ref FROM payment_attempt")[0][0])
    look_up_attempt(str(placed.attempt_id))
    assert rows("SELECT status FROM orders WHERE id = :id", id=placed.order_id) == [("paid",)]


@pytest.mark.req("PAY-06")
def test_a_kept_card_is_never_failed_over_silently(world: World) -> None:
    method_id = keep(world)
    with transaction() as session:  # Another account would take it on its own page.
        session.execute(
            text("UPDATE gateway_account SET methods = array_append(methods, 'credit_card') WHERE gateway = 'paylink'")
        )
    placed = pay_with(world, method_id)
    world.sandbox.fault(kind="rate_limit", on="charge", order=placed.number, times=9)
    for minute in range(4):
        with later(minutes=minute):
            charge_attempt(str(placed.attempt_id))
    assert rows("SELECT DISTINCT gateway FROM payment_attempt") == [("stripe",)]


def test_a_kept_card_of_an_account_that_may_not_take_it_is_refused_and_the_buyer_asked(world: World) -> None:
    method_id = keep(world)
    with transaction() as session:
        session.execute(text("UPDATE gateway_account SET enabled = false WHERE gateway = 'stripe'"))
        session.execute(
            text("UPDATE gateway_account SET methods = array_append(methods, 'credit_card') WHERE gateway = 'paylink'")
        )
    forget_gateways()
    with pytest.raises(RejectedError) as refusal:
        pay_with(world, method_id)
    assert refusal.value.code == "SAVED_CARD_UNUSABLE"
    assert rows("SELECT count(*) FROM payment_attempt") == [(0,)]


def test_nobody_pays_with_another_ones_card_or_changes_it(world: World) -> None:
    method_id = keep(world)
    max_ = make_person("max", now=LONG_AGO)
    with pytest.raises(RejectedError):
        pay_with(world, method_id, max_)
    for change in (make_default, remove_method):
        with pytest.raises(MethodUnknownError), transaction() as session:
            change(session, method_id=method_id, actor=max_.actor, now=clock.now())


def test_the_first_choice_is_one_and_goes_over_when_its_card_is_removed(world: World) -> None:
    first, second = keep(world), keep(world, "5555555555554444")
    with transaction() as session:
        make_default(session, method_id=second, actor=world.bea.actor, now=clock.now())
    assert rows("SELECT id FROM saved_method WHERE is_default") == [(second,)]
    with transaction() as session:
        remove_method(session, method_id=second, actor=world.bea.actor, now=clock.now())
    assert rows("SELECT id FROM saved_method WHERE is_default") == [(first,)]


@pytest.mark.parametrize("trouble", [None, "reset_after", "error_before"])
def test_a_removed_card_is_forgotten_here_at_once_and_at_the_gateway_for_sure(
    world: World, trouble: str | None
) -> None:
    method_id = keep(world)
    with transaction() as session:
        remove_method(session, method_id=method_id, actor=world.bea.actor, now=clock.now())
    with pytest.raises(RejectedError):
        pay_with(world, method_id)
    if trouble:
        world.sandbox.fault(kind=trouble, on="any", times=1)
        forget_method(str(method_id))
        with later(minutes=1), transaction() as session:
            assert removals_due(session, now=clock.now()) == [method_id]
    forget_method(str(method_id))
    assert rows("SELECT removal FROM saved_method") == [("done",)]
    assert len(events(world, "payment_method.detached")) >= 1


@pytest.mark.req("STR-03")
def test_a_card_that_was_forgotten_at_the_gateway_is_removed_here_too(world: World) -> None:
    method_id = keep(world)
    with transaction() as session:
        ref = session.execute(
            text("SELECT method_ref FROM saved_method").columns(method_ref=SavedMethod.method_ref.type)
        ).scalar_one()
    world.sandbox.http.request(
        "POST",
        f"{world.sandbox.url}/v1/payment_methods/{ref}/detach",
        headers={"authorization": f"Bearer {world.sandbox.environ['STRIPE_SECRET_KEY']}"},
    )
    body = events(world, "payment_method.detached")[0]
    for _ in range(2):
        tell(body)
    assert rows("SELECT id, removal, removed_at IS NOT NULL FROM saved_method") == [(method_id, "done", True)]
    assert rows("SELECT status, count(*) FROM provider_event GROUP BY status") == [("handled", 1)]


@pytest.mark.req("STR-03")
def test_a_notice_of_somebody_elses_card_is_stored_and_acknowledged(world: World) -> None:
    keep(world)
    (body, *_) = events(world, "setup_intent.succeeded")
    event = orjson.loads(body)
    event["id"] = "evt_another"
    event["data"]["object"] |= {"id": "seti_another", "metadata": {}}
    tell(orjson.dumps(event))
    assert rows("SELECT status FROM provider_event WHERE event_id = 'evt_another'") == [("ignored",)]


def test_who_tries_cards_by_the_dozen_is_stopped(world: World) -> None:
    for _ in range(5):
        begin(world)
    with pytest.raises(TooManySetupsError):
        begin(world)


def test_the_number_of_a_card_is_nowhere_in_the_database(world: World) -> None:
    placed = pay_with(world, keep(world))
    charge_attempt(str(placed.attempt_id))
    tables = rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        assert rows(f"SELECT 1 FROM {table} AS t WHERE t::text LIKE '%4242424242424242%'") == [], table  # noqa: S608  # Names of our own tables.
