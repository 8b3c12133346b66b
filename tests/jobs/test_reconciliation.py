"""The books against themselves and against what the gateways report, with the vendors' stand-ins over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from portal.config import Settings
from portal.db import database, reading, transaction
from portal.jobs.outbox import handle_events
from portal.jobs.payments import look_up_attempt
from portal.jobs.reconciliation import compare, fetch_reports, nightly_run_is_due, reconcile_if_due
from portal.jobs.refunds import send_leg
from portal.kit import clock
from portal.queries.reconciliation import find_differences
from portal.rules.permissions import SYSTEM
from portal.services.checkout.place_order import Placed
from portal.services.reconciliation.handle_break import BreakClosedError, BreakNoteMissingError, explain_break
from tests.factories.account import make_person
from tests.factories.order import give_deposit
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.jobs.test_refunds import ask, buy
from tests.sandbox_server import Sandbox, start_sandbox

pytestmark = pytest.mark.req("BAL-11")


@pytest.fixture(scope="module")
def sandbox_server() -> Iterator[Sandbox]:
    """One of its own: what other tests have bought would be money that nobody here knows."""
    with start_sandbox(portal_url="http://127.0.0.1:9") as running:
        yield running


@pytest.fixture
def world(world: World) -> World:
    world.sandbox.reset()
    give_deposit(world.bea, 5_000)
    return world


def reconcile(minutes: int = 30) -> dict[str, int]:
    """A run some time from now, when reports have caught up; the open differences by kind."""
    with clock.frozen(clock.now() + timedelta(minutes=minutes)):
        fetch_reports()
        compare(SYSTEM)
    kinds = rows("SELECT kind, count(*) FROM reconciliation_break WHERE closed_at IS NULL GROUP BY kind")
    return dict(kinds)


def balance(kind: str, owner: str = "platform") -> int:
    found = rows(
        "SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM ledger_posting p JOIN ledger_account a"
        " ON a.id = p.account_id WHERE a.kind = :kind AND a.owner = :owner",
        kind=kind,
        owner=owner,
    )
    return int(found[0][0])


def buy_by_transfer(world: World, krw: int = 30_000) -> Placed:
    placed = buy(world, method="bank_transfer", krw=krw)
    session_id = rows("SELECT gateway_ref FROM payment_attempt WHERE id = :id", id=placed.attempt_id)[0][0]
    world.sandbox.pay(f"{world.sandbox.url}/paylink/pay/{session_id}")
    look_up_attempt(str(placed.attempt_id))
    return placed


def by_owner(settings: Settings, statement: str, **values: Any) -> None:
    """A change by hand, past the rights of the application and the triggers."""
    engine = create_engine(settings.database_owner_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(statement), values)
    engine.dispose()


def test_reports_of_both_gateways_agree_with_purchases_and_refunds(world: World) -> None:
    first, second = buy(world), buy_by_transfer(world)
    send_leg(str(ask(world, first, 1)))
    send_leg(str(ask(world, second)))
    assert reconcile() == {}
    kinds = rows("SELECT gateway, kind, count(*) FROM settlement_row GROUP BY gateway, kind ORDER BY gateway, kind")
    assert [tuple(one) for one in kinds] == [
        ("paylink", "charge", 1),
        ("paylink", "refund", 1),
        ("stripe", "charge", 1),
        ("stripe", "refund", 1),
    ]


def test_fees_and_payouts_leave_the_clearing_account_once(world: World) -> None:
    buy(world, krw=10_000)
    held = -balance("gateway_clearing", "gateway:stripe")
    world.sandbox.post("/sandbox/payouts", {})
    assert reconcile() == {}
    fees = -balance("gateway_fee")
    assert fees == (held * 29 + 500) // 1000 + 30
    assert (balance("gateway_clearing", "gateway:stripe"), balance("outside")) == (0, fees - held)
    assert reconcile(60) == {}
    assert -balance("gateway_fee") == fees


def test_a_report_received_again_changes_nothing(world: World) -> None:
    buy(world)
    reconcile()
    before = rows("SELECT count(*), sum(id) FROM ledger_entry"), rows("SELECT count(*) FROM settlement_row")
    with transaction() as session:
        session.execute(text("DELETE FROM reconciliation_break"))
    by = rows("SELECT count(*) FROM settlement_report")[0][0]
    reconcile(60)
    assert rows("SELECT count(*) FROM settlement_report")[0][0] > by
    assert (rows("SELECT count(*), sum(id) FROM ledger_entry"), rows("SELECT count(*) FROM settlement_row")) == before


def test_money_that_only_the_gateway_knows_is_found(world: World, settings: Settings) -> None:
    placed = buy(world)
    by_owner(settings, "UPDATE payment_attempt SET gateway_ref = 'pi_other' WHERE id = :id", id=placed.attempt_id)
    assert reconcile() == {"charge_unknown": 1, "charge_missing": 1}
    by_owner(settings, "UPDATE payment_attempt SET gateway_ref = 'pi_third' WHERE id = :id", id=placed.attempt_id)
    found = rows("SELECT currency, expected_minor, found_minor FROM reconciliation_break ORDER BY kind")
    assert [tuple(one) for one in found] == [("KRW", 27_000, 0), ("KRW", 0, 27_000)]


def test_another_amount_than_the_payment_says_is_found(world: World, settings: Settings) -> None:
    placed = buy(world)
    reconcile()
    by_owner(settings, "UPDATE settlement_row SET gross_minor = gross_minor - 1 WHERE kind = 'charge'")
    assert reconcile(60) == {"charge_amount": 1}
    found = rows("SELECT expected_minor - found_minor, facts ->> 'order' FROM reconciliation_break")
    assert [tuple(one) for one in found] == [(1, placed.number)]


def test_a_balance_changed_by_hand_is_found_and_gone_when_it_is_mended(world: World, settings: Settings) -> None:
    buy(world)
    assert reconcile() == {}
    bea = rows("SELECT id FROM ledger_account WHERE kind = 'deposit'")[0][0]
    by_owner(settings, "UPDATE ledger_account SET balance_minor = balance_minor + 7 WHERE id = :id", id=bea)
    assert reconcile(60) == {"broken_rule": 1}
    opened = rows("SELECT id, opened_at, facts ->> 'rule' FROM reconciliation_break")
    assert opened[0][2] == "a cached balance equals the sum of its postings"
    by_owner(settings, "UPDATE ledger_account SET balance_minor = balance_minor + 1 WHERE id = :id", id=bea)
    assert reconcile(90) == {"broken_rule": 1}
    assert rows("SELECT id, opened_at, facts ->> 'rule' FROM reconciliation_break") == opened
    by_owner(settings, "UPDATE ledger_account SET balance_minor = balance_minor - 8 WHERE id = :id", id=bea)
    assert reconcile(120) == {}
    assert rows("SELECT state FROM reconciliation_break")[0][0] == "gone"


def test_administrators_are_told_once_of_what_is_new(world: World, settings: Settings) -> None:
    ada = make_person("ada", roles=("admin",))
    buy(world)
    by_owner(settings, "UPDATE ledger_account SET balance_minor = balance_minor + 7 WHERE kind = 'deposit'")
    reconcile()
    reconcile(60)
    events = rows("SELECT id FROM outbox_event WHERE kind = 'reconciliation.differs'")
    assert len(events) == 1
    handle_events([events[0][0]])
    assert rows("SELECT user_id, kind FROM notice WHERE kind = 'books_differ'") == [(ada.id, "books_differ")]
    assert rows("SELECT count(*) FROM mail WHERE template = 'books_differ'")[0][0] == 1
    by_owner(settings, "UPDATE ledger_account SET balance_minor = balance_minor - 7 WHERE kind = 'deposit'")


def test_a_difference_is_explained_with_words_and_only_while_it_is_open(world: World, settings: Settings) -> None:
    ada = make_person("ada", roles=("admin",))
    buy(world)
    by_owner(settings, "UPDATE payment_attempt SET gateway_ref = 'pi_other'")
    reconcile()
    one = rows("SELECT id FROM reconciliation_break ORDER BY kind LIMIT 1")[0][0]
    with pytest.raises(BreakNoteMissingError), transaction() as session:
        explain_break(session, break_id=one, note="  ", actor=ada.actor, now=clock.now())
    with transaction() as session:
        explain_break(session, break_id=one, note="Known to the vendor.", actor=ada.actor, now=clock.now())
    with pytest.raises(BreakClosedError), transaction() as session:
        explain_break(session, break_id=one, note="Again.", actor=ada.actor, now=clock.now())
    reconcile(60)
    assert rows("SELECT count(*) FROM reconciliation_break")[0][0] == 3


def test_a_gateway_that_does_not_answer_is_asked_again_for_the_same_period(world: World) -> None:
    buy(world)
    world.sandbox.fault(kind="error_before", on="report", vendor="paylink", times=1)
    buy_by_transfer(world)
    assert reconcile() == {}
    assert rows("SELECT DISTINCT gateway FROM settlement_row") == [("stripe",)]
    assert reconcile(60) == {}
    assert rows("SELECT DISTINCT gateway FROM settlement_row ORDER BY 1") == [("paylink",), ("stripe",)]


def test_two_at_once_make_one_run(world: World) -> None:
    buy(world)
    start = Barrier(2)

    def go() -> None:
        start.wait()
        reconcile_if_due()

    threads = [Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows("SELECT count(*) FROM reconciliation_run")[0][0] == 1
    assert not nightly_run_is_due(clock.now())
    tomorrow = datetime.now(tz=UTC) + timedelta(days=1)
    assert nightly_run_is_due(tomorrow)


def test_nothing_is_written_by_looking(world: World) -> None:
    buy(world)
    with database.snapshot() as session:
        assert list(find_differences(session)) == []
    with reading() as session:
        assert session.scalar(text("SELECT count(*) FROM reconciliation_run")) == 0
