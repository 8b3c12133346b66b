"""Currencies of no, two and three decimals at every gateway that takes them: charge, notice, refund, receipt."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.db import reading, transaction
from portal.gateways.registry import settings_from
from portal.jobs.documents import issue_documents
from portal.jobs.outbox import handle_events
from portal.jobs.payments import charge_attempt, handle_provider_event
from portal.jobs.refunds import send_leg
from portal.models import Channel, Document, GatewayAccount, Mail, PaymentAttempt, Price, Store
from portal.queries.channels import ChannelView, channel_directory, forget_channels
from portal.queries.gateways import forget_gateways
from portal.services.checkout.place_order import Placed
from tests.contract.drivers import DRIVERS, AdyenDriver
from tests.contract.receiver import Receiver, receiving
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import LONG_AGO
from tests.factories.purchase import ready_to_buy
from tests.factories.refund import rows
from tests.jobs.conftest import World
from tests.jobs.test_refunds import ask
from tests.sandbox_server import Sandbox, start_sandbox

pytestmark = pytest.mark.req("CAT-04", "REF-07", "PAY-15")

# Price of one thing and fee for sending, in minor units. Stripe wants a 0 at the end of three decimals.
AMOUNTS = {"KRW": (5_003, 3_000), "JPY": (1_211, 500), "USD": (1_999, 501), "KWD": (4_110, 1_500)}
WRITTEN = {"KRW": "₩18,009", "JPY": "¥4,133", "USD": "$64.98", "KWD": "KWD13.830"}
CASES = [
    *(("stripe", "credit_card", currency) for currency in ("KRW", "JPY", "USD", "KWD")),
    *(("adyen", "credit_card", currency) for currency in ("KRW", "JPY", "USD", "KWD")),
    *(("paylink", "bank_transfer", currency) for currency in ("KRW", "JPY", "USD", "KWD")),
    *(("portone", "international_card", currency) for currency in ("KRW", "JPY", "USD")),
]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture(scope="module")
def sandbox(receiver: Receiver) -> Iterator[Sandbox]:
    with start_sandbox(portal_url=receiver.url) as running:
        yield running


@dataclass
class Shop:
    """A channel in one currency with one gateway, whose notices wait until they are brought to the door."""

    client: FlaskClient
    receiver: Receiver
    world: World
    channel: ChannelView
    gateway: str
    method: str
    brought: int

    def buy(self) -> Placed:
        """Three things. The answer to a card's charge is lost; elsewhere the buyer pays on the gateway's page."""
        variant_id = make_variant(self.world.mall, krw=None, usd=None)
        unit, _ = AMOUNTS[self.channel.currency]
        with transaction() as session:
            session.add(
                Price(
                    variant_id=variant_id, channel_id=self.channel.id, currency=self.channel.currency, amount_minor=unit
                )
            )
        tokens = {"stripe": lambda: self.world.sandbox.card("4242424242424242")}
        tokens["adyen"] = lambda: AdyenDriver.token("4111111111111111")
        token = tokens[self.gateway]() if self.gateway in tokens else None
        placed = ready_to_buy(self.world.bea, self.channel, {variant_id: 3}, token=token, method=self.method)()
        assert isinstance(placed, Placed)
        if token is not None:
            self.world.sandbox.fault(kind="reset_after", on="charge", order=placed.number)
        charge_attempt(str(placed.attempt_id))
        if token is None:
            with reading() as session:
                action = session.scalars(select(PaymentAttempt.action)).one()
            self.world.sandbox.pay(orjson.loads(action or "{}")["url"])
        return placed

    def bring_notices(self) -> None:
        """Carry what the gateway has posted to the door, once nothing is on its way, and do what it asks for."""
        deadline = time.monotonic() + 15
        while any(one["state"] == "due" for one in self.world.sandbox.state()["deliveries"]):
            assert time.monotonic() < deadline, "a notice does not arrive"
            with self.receiver.arrived:
                self.receiver.arrived.wait(0.05)
        notices = list(self.receiver.notices)
        for headers, body in notices[self.brought :]:
            kept = {name: value for name, value in headers.items() if name.lower() != "content-length"}
            answer = self.client.post(f"/webhooks/{self.gateway}", data=body, headers=kept)
            assert answer.status_code < 300, answer.text
        self.brought = len(notices)
        for (event_id,) in rows("SELECT id FROM provider_event WHERE status = 'received'"):
            handle_provider_event(event_id)


@pytest.fixture
def shop(
    request: pytest.FixtureRequest, client: FlaskClient, books: None, sandbox: Sandbox, receiver: Receiver
) -> Iterator[Shop]:
    gateway, method, currency = request.param
    mall = make_mall()
    with transaction() as session:
        session.add(
            GatewayAccount(
                gateway=gateway,
                name=gateway,
                credentials=json.dumps(settings_from(sandbox.environ, gateway)),
                methods=[method],
                currencies=[currency],
            )
        )
        session.add(
            Channel(
                code="more",
                name={"en": "Portal More"},
                currency=currency,
                country="KR",
                default_locale="en",
                locales=["en"],
                time_zone="Asia/Seoul",
            )
        )
        terms = {currency: {"fee": AMOUNTS[currency][1], "free_over": None, "days": [1, 3]}}
        session.execute(update(Store).values(shipping=terms))
    forget_gateways()
    forget_channels()
    world = World(sandbox, mall, make_person("bea", now=LONG_AGO))
    yield Shop(client, receiver, world, channel_directory()["more"], gateway, method, len(receiver.notices))
    sandbox.clear_faults()


def told(label: str) -> dict[str, Any]:
    with reading() as session:
        content = session.scalars(select(Document.content).where(Document.label == label)).one()
    found: dict[str, Any] = orjson.loads(content or "")
    return found


def handle_all() -> None:
    while waiting := [row[0] for row in rows("SELECT id FROM outbox_event WHERE handled_at IS NULL ORDER BY id")]:
        handle_events(waiting)


def test_every_gateway_has_its_cases() -> None:
    assert {gateway for gateway, _, _ in CASES} == set(DRIVERS)


@pytest.mark.parametrize("shop", CASES, indirect=True, ids=lambda case: f"{case[0]}-{case[2]}")
def test_an_amount_is_the_same_from_the_charge_to_the_receipt(shop: Shop) -> None:
    unit, fee = AMOUNTS[shop.channel.currency]
    total = 3 * unit + fee
    placed = shop.buy()
    assert rows("SELECT status FROM orders") == [("pending",)]
    shop.bring_notices()
    paid = rows("SELECT o.status, p.currency, p.captured_minor FROM orders o JOIN payment p ON p.order_id = o.id")
    assert paid == [("paid", shop.channel.currency, total)]
    (charge,) = shop.world.sandbox.charges(order=placed.number, money=True)
    assert (charge["captured"], charge["currency"]) == (total, shop.channel.currency)

    leg_id = ask(shop.world, placed, 1)
    send_leg(str(leg_id))
    shop.bring_notices()
    assert rows("SELECT status, amount_minor FROM refund_leg") == [("succeeded", unit)]
    assert rows("SELECT refunded_minor FROM payment") == [(unit,)]
    (charge,) = shop.world.sandbox.charges(order=placed.number, money=True)
    assert charge["refunded"] == unit

    handle_all()
    issue_documents()
    handle_all()
    labels = rows("SELECT label FROM document ORDER BY kind DESC")
    receipt, note = (told(label) for (label,) in labels)
    assert (receipt["currency"], receipt["total_minor"], note["total_minor"]) == (shop.channel.currency, total, unit)
    with reading() as session:
        mail = session.execute(select(Mail.body).where(Mail.template == "receipt")).scalar_one()
    assert WRITTEN[shop.channel.currency] in mail.replace("\xa0", " ")
    is_own = shop.channel.currency == "KRW"
    assert (receipt["platform"] is None) is is_own
