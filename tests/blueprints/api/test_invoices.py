"""Invoices read and paid by a program (PAY-17)."""

from __future__ import annotations

import pytest

from portal.jobs.payments import charge_attempt
from tests.blueprints.api.conftest import World, data, place
from tests.factories.account import make_person
from tests.factories.invoice import give_credit, make_invoice_account
from tests.factories.order import give_deposit
from tests.factories.refund import rows

pytestmark = pytest.mark.req("PAY-17", "API-01")


def test_a_program_buys_on_invoice_and_pays_it(world: World) -> None:
    make_invoice_account()
    give_credit(world.bea, make_person("ada", roles=("admin",)), 100_000)
    world.api.put(f"/cart/lines/{world.bowl}", {"quantity": 1})
    assert place(world.api, choices={"method": "invoice"}).status_code == 201
    charge_attempt(str(rows("SELECT id FROM payment_attempt")[0][0]))
    (invoice,) = world.api.read("/invoices?status=unpaid")["items"]
    path, left = f"/invoices/{invoice['number']}", invoice["left"]["amount_minor"]
    assert world.api.read(path) == invoice
    assert world.stranger.get(path).status_code == 404
    body = {"amount_minor": left, "method": "deposit"}
    poor = world.api.post(f"{path}/payments", body, Idempotency_Key="poor")
    assert (poor.status_code, data(poor)["code"]) == (409, "balance_too_low")
    give_deposit(world.bea, left)
    assert world.stranger.post(f"{path}/payments", body, Idempotency_Key="k").status_code == 404
    begun = world.api.post(
        f"{path}/payments", body | {"method": "credit_card", "source_token": "t"}, Idempotency_Key="c"
    )
    assert data(begun)["next_action"]["type"] == "wait"
    paid = world.api.post(f"{path}/payments", body, Idempotency_Key="one")
    assert (paid.status_code, data(paid)["invoice"]["status"]) == (201, "paid")
    assert world.api.post(f"{path}/payments", body, Idempotency_Key="one").status_code == 201
    late = world.api.post(f"{path}/payments", body, Idempotency_Key="two")
    assert (late.status_code, data(late)["code"]) == (409, "invoice_closed")
    assert world.api.read("/invoices?status=unpaid")["items"] == []
