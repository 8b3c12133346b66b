"""The inbox of money exceptions: everything that is wrong is in it once, and a dry run changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import text

from portal.broker import broker
from portal.db import reading, transaction
from portal.jobs.dry_run import Effect, dry_run
from portal.jobs.payments import charge_attempt
from portal.kit import clock
from portal.queries.exceptions import ExceptionKind, list_exceptions, load_attempt
from portal.rules.permissions import SYSTEM
from portal.services.checkout.place_order import Placed
from portal.services.reservations.give_up_order import give_up_order
from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_variant
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.jobs.test_refunds import ask, buy

pytestmark = pytest.mark.req("PAY-06", "REF-03")


def unanswered(world: World, fault: str) -> Placed:
    """A card payment to which nobody has answered."""
    token = world.sandbox.card("4242424242424242")
    placed = ready_to_buy(world.bea, world.mall.kr, {make_variant(world.mall, krw=9_000): 1}, token=token)()
    assert isinstance(placed, Placed)
    world.sandbox.fault(kind=fault, on="charge", order=placed.number, times=1)
    charge_attempt(str(placed.attempt_id))
    return placed


def kinds(minutes: float = 10) -> list[str]:
    with reading() as session:
        return [row.kind.value for row in list_exceptions(session, now=clock.now() + timedelta(minutes=minutes))]


def tried(placed: Placed) -> Effect:
    assert placed.attempt_id is not None
    with reading() as session:
        attempt = load_attempt(session, attempt_id=placed.attempt_id)
    assert attempt is not None
    return dry_run(attempt).effect


def everything() -> list[tuple[Any, ...]]:
    """What a dry run must leave as it is."""
    return rows(
        "SELECT (SELECT md5(string_agg(a::text, ',' ORDER BY id)) FROM payment_attempt a),"
        " (SELECT count(*) FROM transition), (SELECT count(*) FROM audit_row), (SELECT count(*) FROM outbox_event)"
    )


@pytest.mark.parametrize(
    ("fault", "effect"), [("timeout_after", Effect.ORDER_PAID), ("timeout_before", Effect.ELSEWHERE)]
)
def test_a_dry_run_says_what_would_happen_and_writes_nothing(world: World, fault: str, effect: Effect) -> None:
    placed = unanswered(world, fault)
    before = everything()
    assert tried(placed) is effect
    assert everything() == before


def test_a_payment_without_an_answer_is_in_it_once_it_has_lasted(world: World) -> None:
    unanswered(world, "timeout_after")
    assert kinds(minutes=1) == []
    assert kinds() == ["unknown_attempt"]


def test_money_that_no_order_can_use_would_go_back(world: World) -> None:
    placed = unanswered(world, "timeout_after")
    with transaction() as session:
        give_up_order(
            session,
            order_id=placed.order_id,
            status="cancelled",
            reason="cancelled_by_buyer",
            actor=SYSTEM,
            now=clock.now(),
        )
    assert tried(placed) is Effect.MONEY_BACK


def test_a_refund_that_failed_is_in_it_until_it_goes_another_way(world: World) -> None:
    placed = buy(world, card="4000000000005126")
    leg = ask(world, placed)
    with transaction() as session:
        session.execute(text("UPDATE refund_leg SET status = 'failed' WHERE id = :id"), {"id": leg})
        found = [row.kind for row in list_exceptions(session, now=clock.now())]
        session.rollback()
    assert found == [ExceptionKind.FAILED_REFUND]
    assert kinds() == []


def test_a_notice_that_fits_nothing_is_in_it_and_can_be_tried_again(world: World, app: APIFlask) -> None:
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO provider_event (gateway, event_id, kind, gateway_ref, signature_ok, status, received_at,"
                " due_at) VALUES ('stripe', 'evt_1', 'charge.refunded', 'pi_x', true, 'dead', :now, :now)"
            ),
            {"now": clock.now()},
        )
    assert kinds() == ["dead_notice"]
    client = browser(app, make_person("fay", roles=("finance",)))
    page = client.get("/admin/exceptions")
    assert "Notice that fits nothing" in page.text
    event_id = rows("SELECT id FROM provider_event")[0][0]
    broker.client.delete("rq:queue:payments")
    token = {"csrf_token": fields(page.text)["csrf_token"], "kind": "dead_notice"}
    assert client.post(f"/admin/exceptions/notices/{event_id}/application", data=token).status_code == 303
    assert broker.client.llen("rq:queue:payments") == 1
    assert rows("SELECT count(*) FROM audit_row WHERE action = 'exception:handled'") == [(1,)]


def test_the_page_of_an_attempt_tries_and_asks(world: World, app: APIFlask) -> None:
    placed = unanswered(world, "timeout_after")
    client = browser(app, make_person("fay", roles=("finance",)))
    path = f"/admin/exceptions/attempts/{placed.attempt_id}"
    page = client.get(path).text
    token = {"csrf_token": fields(page)["csrf_token"]}
    answer = client.post(f"{path}/dry-run", data=token).text
    assert "The order becomes paid." in answer
    assert "the money was taken" in answer
    assert rows("SELECT state FROM payment_attempt") == [("unknown",)]
    broker.client.delete("rq:queue:payments")
    assert client.post(f"{path}/inquiry", data=token).status_code == 303
    assert broker.client.llen("rq:queue:payments") == 1
    as_mia = browser(app, make_person("ann", roles=("auditor",)))
    page = as_mia.get(path).text
    assert "Ask the gateway now" not in page
    token = {"csrf_token": fields(page)["csrf_token"]}
    assert as_mia.post(f"{path}/inquiry", data=token).status_code == 403
