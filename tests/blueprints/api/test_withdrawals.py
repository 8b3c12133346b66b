"""Deposit withdrawn by a program: once per key, within its limits, only one's own (REF-08)."""

from __future__ import annotations

import pytest

from portal.rules.permissions import Permission
from tests.blueprints.api.conftest import World, data
from tests.factories.order import give_deposit
from tests.factories.refund import rows
from tests.services.fraud.rules import make_reviewer, place, write

pytestmark = pytest.mark.req("REF-08", "API-01")
BANK = {"bank": "Hana Bank", "number": "123-456-789012", "holder": "Bea Kim"}
BODY = {"amount_minor": 20_000, "bank": BANK}


def test_a_program_withdraws_once_and_only_its_owner_sees_it(world: World) -> None:
    give_deposit(world.bea, 50_000)
    made = world.api.post("/withdrawals", BODY, Idempotency_Key="one")
    assert made.status_code == 201, made.text
    shown = data(made)
    assert shown["amount"] == {"amount_minor": 20_000, "currency": "KRW"}
    assert "789012" not in made.text
    again = world.api.post("/withdrawals", BODY, Idempotency_Key="one")
    assert (data(again), again.headers["Idempotent-Replayed"]) == (shown, "true")
    other = world.api.post("/withdrawals", BODY | {"amount_minor": 10_000}, Idempotency_Key="one")
    assert (other.status_code, data(other)["code"]) == (409, "idempotency_key_reused")
    assert world.api.read("/balances/deposit/KRW")["usable"]["amount_minor"] == 30_000
    assert [one["id"] for one in world.api.read("/withdrawals")["items"]] == [shown["id"]]
    assert world.api.read(f"/withdrawals/{shown['id']}") == shown
    assert world.stranger.get(f"/withdrawals/{shown['id']}").status_code == 404
    assert world.stranger.read("/withdrawals") == {"items": []}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (BODY | {"amount_minor": 50_001}, 409, "balance_too_low"),
        (BODY | {"amount_minor": 1}, 422, "WITHDRAWAL_TOO_SMALL"),
        (BODY | {"bank": BANK | {"number": "?"}}, 422, "bank_details_unfit"),
        ({"amount_minor": 20_000}, 422, "bank_details_unfit"),
        (BODY | {"amount_minor": -5}, 422, "request_invalid"),
    ],
)
def test_what_cannot_be_withdrawn_says_why(world: World, body: dict[str, object], status: int, code: str) -> None:
    give_deposit(world.bea, 50_000)
    answer = world.api.post("/withdrawals", body, Idempotency_Key="one")
    assert (answer.status_code, data(answer)["code"]) == (status, code), answer.text
    assert rows("SELECT count(*)::int FROM withdrawal") == [(0,)]


@pytest.mark.req("IDN-02")
def test_a_key_needs_the_permission(world: World) -> None:
    limited = world.as_bea(Permission.PAYMENT_VIEW)
    assert limited.get("/withdrawals").status_code == 403
    assert limited.post("/withdrawals", BODY, Idempotency_Key="k").status_code == 403


@pytest.mark.req("FRD-01")
def test_a_withdrawal_is_scored_and_one_that_is_blocked_takes_nothing(world: World) -> None:
    rita = make_reviewer()
    give_deposit(world.bea, 50_000)
    assert world.api.post("/withdrawals", BODY, Idempotency_Key="before").status_code == 201
    write(rita, 'event = "withdrawal" and amount >= 20_000 KRW')
    place(rita, 1)
    refused = world.api.post("/withdrawals", BODY, Idempotency_Key="one")
    assert (refused.status_code, data(refused)["code"]) == (403, "withdrawal_blocked")
    assert world.api.read("/balances/deposit/KRW")["usable"]["amount_minor"] == 30_000
    # What was asked before keeps its answer, and is not scored again.
    assert world.api.post("/withdrawals", BODY, Idempotency_Key="before").status_code == 201
    assert rows(
        "SELECT outcome, subject IS NULL FROM risk_decision WHERE event = 'withdrawal' ORDER BY decided_at"
    ) == [
        ("allow", False),
        ("block", True),
    ]


@pytest.mark.req("FRD-01")
@pytest.mark.parametrize(("mode", "status"), [("review", 201), ("step_up", 403)])
def test_a_withdrawal_waits_for_a_look_or_for_a_proof_as_the_rule_says(world: World, mode: str, status: int) -> None:
    rita = make_reviewer()
    give_deposit(world.bea, 50_000)
    write(rita, 'event = "withdrawal"', mode=mode)
    place(rita, 1)
    answer = world.api.post("/withdrawals", BODY, Idempotency_Key="one")
    assert answer.status_code == status
    if mode == "review":
        assert rows("SELECT status, holds ? 'risk' FROM withdrawal") == [("requested", True)]
        assert rows("SELECT d.subject = 'withdrawal:' || w.id FROM risk_decision d, withdrawal w") == [(True,)]
    else:
        assert data(answer)["code"] == "step_up_needed"
        assert rows("SELECT count(*) FROM withdrawal") == [(0,)]
