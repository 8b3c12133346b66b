"""Notices at the door: what is believed, what is done, and how often (STR-02)."""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from portal.db import reading, transaction
from portal.gateways.registry import settings_from
from portal.jobs.payments import charge_attempt, handle_provider_event, look_up_attempt
from portal.kit import clock
from portal.models import GatewayAccount
from portal.queries.channels import channel_directory
from portal.queries.gateways import forget_gateways
from portal.services.checkout.place_order import Placed
from portal.services.payments.receive_webhook import REFUSED_MAX
from tests.contract.receiver import Notice, Receiver, receiving
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.purchase import ready_to_buy
from tests.sandbox_server import STRIPE_WEBHOOK_SECRET, Sandbox, start_sandbox

pytestmark = pytest.mark.req("STR-02", "STR-03")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def sandbox(receiver: Receiver) -> Iterator[Sandbox]:
    # Notices go to the receiver; each test brings them to the door by itself, in its own order.
    with start_sandbox(portal_url=receiver.url) as running:
        yield running


@pytest.fixture
def placed(client: FlaskClient, books: None, sandbox: Sandbox) -> Iterator[Placed]:
    """An order whose card payment waits for a worker."""
    with transaction() as session:
        session.add(
            GatewayAccount(
                gateway="stripe",
                name="stripe",
                credentials=json.dumps(settings_from(sandbox.environ, "stripe")),
                methods=["credit_card"],
                currencies=["KRW"],
            )
        )
    forget_gateways()
    mall = make_mall()
    token = sandbox.card("4242424242424242")
    order = ready_to_buy(make_person("bea"), mall.kr, {make_variant(mall): 1}, token=token)()
    assert isinstance(order, Placed)
    yield order
    sandbox.clear_faults()


def rows(query: str, **values: Any) -> list[tuple[Any, ...]]:
    with reading() as session:
        return [tuple(row) for row in session.execute(text(query), values)]


def post(client: FlaskClient, notice: Notice, *, body: bytes | None = None) -> int:
    headers = {name: value for name, value in notice[0].items() if name.lower() != "content-length"}
    return client.post("/webhooks/stripe", data=notice[1] if body is None else body, headers=headers).status_code


def work() -> None:
    for (event_id,) in rows("SELECT id FROM provider_event WHERE status = 'received'"):
        handle_provider_event(event_id)


def charge(placed: Placed) -> None:
    charge_attempt(str(placed.attempt_id))


def notice_of(receiver: Receiver, placed: Placed) -> Notice:
    return receiver.wait(placed.number, "payment_intent.succeeded")[0]


def test_a_notice_that_comes_twice_is_kept_once(client: FlaskClient, placed: Placed, receiver: Receiver) -> None:
    charge(placed)
    notice = notice_of(receiver, placed)
    assert [post(client, notice) for _ in range(3)] == [200, 200, 200]
    work()
    assert rows("SELECT status, signature_ok FROM provider_event") == [("handled", True)]
    assert rows("SELECT count(*) FROM ledger_entry") == [(1,)]


@pytest.mark.req("STR-06", "PAY-08")
def test_a_notice_that_overtakes_the_answer_settles_the_order(
    client: FlaskClient, placed: Placed, receiver: Receiver, sandbox: Sandbox
) -> None:
    sandbox.fault(kind="reset_after", on="charge", order=placed.number)
    charge(placed)
    assert rows("SELECT state FROM payment_attempt") == [("unknown",)]
    assert post(client, notice_of(receiver, placed)) == 200
    work()
    assert rows("SELECT status FROM orders") == [("paid",)]
    assert len(sandbox.charges(order=placed.number, money=True)) == 1


@pytest.mark.parametrize("trouble", ["forged", "altered", "stale"])
def test_a_notice_that_proves_nothing_is_refused(
    client: FlaskClient, placed: Placed, receiver: Receiver, sandbox: Sandbox, trouble: str
) -> None:
    sandbox.fault(kind="reset_after", on="charge", order=placed.number)
    sandbox.fault(kind=trouble, order=placed.number, event="payment_intent.succeeded")
    charge(placed)
    assert post(client, notice_of(receiver, placed)) == 400
    work()
    assert rows("SELECT status, signature_ok, body FROM provider_event") == [("refused", False, None)]
    assert rows("SELECT status FROM orders") == [("pending",)]


def test_a_wrong_amount_in_a_signed_notice_is_not_believed(
    client: FlaskClient, placed: Placed, receiver: Receiver, sandbox: Sandbox
) -> None:
    sandbox.fault(kind="reset_after", on="charge", order=placed.number)
    sandbox.fault(kind="wrong_amount", order=placed.number, event="payment_intent.succeeded")
    charge(placed)
    assert post(client, notice_of(receiver, placed)) == 200
    work()
    # The gateway was asked: what it holds is what was asked for.
    assert rows(
        "SELECT o.status, p.captured_minor = p.amount_minor FROM orders o JOIN payment p ON p.order_id = o.id"
    ) == [("paid", True)]


def signed(changes: Mapping[str, Any], notice: Notice) -> Notice:
    """The same notice as the vendor would sign it now, with these changes of its payment, and an id of its own."""
    event = json.loads(notice[1])
    event["id"] = f"evt_{uuid.uuid4().hex}"
    event["data"]["object"].update(changes)
    body = json.dumps(event)
    stamp = int(clock.now().timestamp())
    proof = hmac.new(STRIPE_WEBHOOK_SECRET.encode(), f"{stamp}.{body}".encode(), "sha256").hexdigest()
    return {"Stripe-Signature": f"t={stamp},v1={proof}"}, body.encode()


@pytest.mark.req("STR-06", "PAY-08")
@pytest.mark.parametrize("was_asked", [True, False])
def test_a_notice_that_is_three_days_late_finds_what_is_true_by_then(
    client: FlaskClient, placed: Placed, receiver: Receiver, sandbox: Sandbox, was_asked: bool
) -> None:
    if not was_asked:
        sandbox.fault(kind="reset_after", on="charge", order=placed.number)
    charge(placed)
    notice = notice_of(receiver, placed)
    assert rows("SELECT status FROM orders") == [("paid" if was_asked else "pending",)]
    with clock.frozen(clock.now() + timedelta(days=3)):
        assert post(client, notice) == 400  # Its stamp is of three days ago: anybody could have kept it.
        assert post(client, signed({}, notice)) == 200
        work()
    assert rows("SELECT status FROM orders") == [("paid",)]
    assert rows("SELECT count(*) FROM ledger_entry") == [(1,)]
    assert len(sandbox.charges(order=placed.number, money=True)) == 1


@pytest.mark.req("PAY-06")
def test_a_notice_of_one_orders_charge_pays_no_other_order(
    client: FlaskClient, placed: Placed, receiver: Receiver, sandbox: Sandbox
) -> None:
    # Both answers are lost. The money of the first was taken, that of the second was not, and they cost the same.
    variant_id = rows("SELECT variant_id FROM order_line")[0][0]
    kr = channel_directory().channels["kr"]
    unpaid = ready_to_buy(make_person("max"), kr, {variant_id: 1}, token=sandbox.card("4242424242424242"))()
    assert isinstance(unpaid, Placed)
    sandbox.fault(kind="reset_after", on="charge", order=placed.number)
    sandbox.fault(kind="reset_before", on="charge", order=unpaid.number)
    charge(placed)
    charge(unpaid)
    assert rows("SELECT DISTINCT status FROM orders") == [("pending",)]
    (key,) = rows("SELECT op_key FROM payment_attempt WHERE id = :id", id=unpaid.attempt_id)[0]
    genuine = notice_of(receiver, placed)
    metadata = {"op_key": key, "order_number": unpaid.number}
    assert post(client, signed({"metadata": metadata}, genuine)) == 200
    work()
    assert len(rows("SELECT id FROM orders WHERE status = 'paid'")) <= 1
    assert post(client, genuine) == 200
    work()
    assert rows("SELECT status FROM orders WHERE id = :id", id=placed.order_id) == [("paid",)]
    look_up_attempt(str(unpaid.attempt_id))
    assert rows("SELECT status FROM orders WHERE id = :id", id=unpaid.order_id) == [("failed",)]
    assert rows("SELECT count(*) FROM ledger_entry") == [(1,)]
    assert sandbox.charges(order=unpaid.number, money=True) == []


def test_a_body_changed_on_the_way_is_refused(client: FlaskClient, placed: Placed, receiver: Receiver) -> None:
    charge(placed)
    notice = notice_of(receiver, placed)
    assert post(client, notice, body=notice[1] + b" ") == 400
    assert post(client, ({}, notice[1])) == 400
    assert post(client, ({"Stripe-Signature": "t=1,v1=00"}, b"{}")) == 400


def test_forgeries_do_not_fill_the_disk(client: FlaskClient, placed: Placed) -> None:
    for _ in range(REFUSED_MAX + 5):
        assert post(client, ({}, b"{}")) == 400
    assert rows("SELECT count(*) FROM provider_event") == [(REFUSED_MAX,)]


def test_an_unknown_gateway_is_no_address(client: FlaskClient, placed: Placed) -> None:
    assert client.post("/webhooks/nobody", data=b"{}").status_code == 404


def test_a_huge_body_is_not_read(client: FlaskClient, placed: Placed) -> None:
    assert client.post("/webhooks/stripe", data=b"x" * (600 * 1024)).status_code == 413
