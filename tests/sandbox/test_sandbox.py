"""What the sandbox is besides its vendors: it forgets nothing, makes trouble, and shows its state."""

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.contract.receiver import Receiver, receiving
from tests.sandbox.conftest import sdk
from tests.sandbox_server import PAYLINK_SECRET_KEY, Sandbox, free_port, start_sandbox

PAY: Any = {"amount": 2_000, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}


def paying(changes: dict[str, Any]) -> Any:
    """A payment of one\'s own. The typed parameters know no mapping that was put together."""
    return {**PAY, **changes}


def open_session(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    body = {
        "reference": changes.pop("reference", f"ref-{uuid.uuid4().hex}"),
        "amount": 5_000,
        "currency": "KRW",
        "order": "KR-1",
        "method": "wallet",
        "description": "<b>Hat</b>",
        "return_url": "http://127.0.0.1/back",
        **changes,
    }
    headers = {"authorization": f"Bearer {PAYLINK_SECRET_KEY}"}
    found: dict[str, Any] = sandbox.http.request(
        "POST", f"{sandbox.url}/paylink/v1/sessions", json=body, headers=headers
    ).json()
    return found


def test_a_killed_sandbox_remembers_every_charge_and_every_key(tmp_path: Path) -> None:
    port = free_port()
    with start_sandbox(data=tmp_path, port=port) as before:
        first = sdk(before).v1.payment_intents.create(PAY, {"idempotency_key": "one"})
        session = open_session(before, reference="ref-1")
        before.pay(session["url"])
        before.kill()
    with start_sandbox(data=tmp_path, port=port) as after:
        again = sdk(after).v1.payment_intents.create(PAY, {"idempotency_key": "one"})
        assert again.id == first.id
        assert open_session(after, reference="ref-1")["status"] == "paid"
        assert len([each for each in after.state()["charges"] if each["captured"]]) == 2


def test_a_line_that_was_cut_short_by_the_kill_is_left_out(tmp_path: Path) -> None:
    with start_sandbox(data=tmp_path) as before:
        sdk(before).v1.payment_intents.create(PAY)
    with (tmp_path / "sandbox.jsonl").open("ab") as log:
        log.write(b'["payment_intents","pi_x",{"id"')
    with start_sandbox(data=tmp_path) as after:
        assert len(after.state()["charges"]) == 1


def test_a_notice_that_could_not_be_delivered_is_sent_after_the_restart(tmp_path: Path) -> None:
    with receiving() as receiver:
        with start_sandbox(data=tmp_path, portal_url=f"http://127.0.0.1:{free_port()}") as before:
            intent = sdk(before).v1.payment_intents.create(PAY)
            before.kill()
        log = tmp_path / "sandbox.jsonl"
        log.write_text(re.sub(r'"url":"http://[\d.:]+/webhooks', f'"url":"{receiver.url}/webhooks', log.read_text()))
        with start_sandbox(data=tmp_path):
            receiver.wait(intent.id, "payment_intent.succeeded")


def test_a_lost_notice_never_comes_and_can_be_sent_again(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.fault(kind="lost", metadata={"lost": "yes"})
    intent = sdk(sandbox).v1.payment_intents.create(paying({"metadata": {"lost": "yes"}}))
    (delivery,) = [each for each in sandbox.state()["deliveries"] if each["state"] == "lost"]
    assert not [body for _, body in receiver.notices if intent.id.encode() in body]
    sandbox.post(f"/sandbox/deliveries/{delivery['id']}/resend", {})
    receiver.wait(intent.id)


def test_a_notice_with_a_wrong_amount_is_well_signed_and_has_an_id_of_its_own(
    sandbox: Sandbox, receiver: Receiver
) -> None:
    sandbox.fault(kind="wrong_amount", metadata={"wrong": "yes"})
    intent = sdk(sandbox).v1.payment_intents.create(paying({"metadata": {"wrong": "yes"}}))
    # Two deliveries at once: which of them comes first is nobody's promise.
    bodies = [body for _, body in receiver.wait(intent.id, "payment_intent.succeeded", count=2)]
    assert [sum(f'"amount_received":{amount}'.encode() in body for body in bodies) for amount in (2001, 2000)] == [1, 1]


def test_notices_can_come_in_the_wrong_order(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.fault(kind="out_of_order", event="payment_intent.requires_action", delay_ms=300)
    client = sdk(sandbox)
    intent = client.v1.payment_intents.create(paying({"payment_method": "pm_card_threeDSecure2Required"}))
    sandbox.authenticate(intent.id)
    first, second = receiver.wait(intent.id, '"type":"payment_intent.', count=2)[:2]
    assert b'"type":"payment_intent.succeeded"' in first[1]
    assert b'"type":"payment_intent.requires_action"' in second[1]


def test_trouble_meets_only_what_it_names(sandbox: Sandbox) -> None:
    rule = sandbox.fault(kind="rate_limit", on="charge", card="9995", times=None)
    client = sdk(sandbox)
    client.v1.payment_intents.create(PAY)
    by_token: Any = {"amount": 2_000, "currency": "usd", "confirm": True}
    by_token["confirmation_token"] = sandbox.card("4000000000009995")
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            client.v1.payment_intents.create(by_token)
    sandbox.http.request("DELETE", f"{sandbox.url}/sandbox/faults/{rule}")
    assert [each for each in sandbox.state()["faults"] if each["id"] == rule] == []


def test_trouble_can_meet_one_call_in_so_many(sandbox: Sandbox) -> None:
    rule = sandbox.fault(kind="rate_limit", on="charge", amount=2_345, times=None, every=3)
    client = sdk(sandbox)
    met = []
    for _ in range(7):
        try:
            client.v1.payment_intents.create(paying({"amount": 2_345}))
            met.append(False)
        except stripe.RateLimitError:
            met.append(True)
    sandbox.http.request("DELETE", f"{sandbox.url}/sandbox/faults/{rule}")
    assert met == [True, False, False, True, False, False, True]


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "meteor"},
        {"kind": "slow", "on": "moon"},
        {"kind": "slow", "colour": 1},
        {"kind": "slow", "every": 0},
        {},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(sandbox: Sandbox, rule: dict[str, Any]) -> None:
    assert sandbox.http.request("POST", f"{sandbox.url}/sandbox/faults", json=rule).status == 422


def test_the_hosted_page_works_by_plain_forms_in_both_languages(sandbox: Sandbox) -> None:
    session = open_session(sandbox, locale="ko-KR", method="mobile_carrier")
    page = sandbox.http.request("GET", session["url"])
    text = page.data.decode()
    assert '<html lang="ko">' in text
    assert "5,000 KRW" in text
    assert "&lt;b&gt;Hat&lt;/b&gt;" in text
    assert "<script" not in text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    back = sandbox.pay(session["url"])
    assert (back.status, back.headers["location"]) == (303, f"http://127.0.0.1/back?session={session['id']}")


@pytest.mark.parametrize(
    ("choice", "status", "answer"),
    [
        ("cancel", "declined", 303),
        ("lost", "paid", 303),
        ("stuck_after", "paid", 504),
        ("stuck_before", "open", 504),
        ("late", "paid", 303),
        ("nonsense", "open", 303),
    ],
)
def test_the_buyer_can_let_things_go_wrong(sandbox: Sandbox, choice: str, status: str, answer: int) -> None:
    session = open_session(sandbox, reference=f"ref-{choice}", order=choice)
    assert sandbox.pay(session["url"], choice, seconds="3600").status == answer
    (found,) = sandbox.charges(order=choice, money=False)
    assert found["status"] == status


def test_a_session_whose_time_ran_out_can_no_longer_be_paid(sandbox: Sandbox) -> None:
    session = open_session(sandbox, reference="ref-ran-out", order="ran-out")
    sandbox.post(f"/sandbox/expire/{session['id']}", {})
    sandbox.pay(session["url"])
    (found,) = sandbox.charges(order="ran-out", money=False)
    assert (found["status"], found["reason"]) == ("declined", "session_expired")


def test_the_start_page_shows_payments_and_takes_trouble(sandbox: Sandbox) -> None:
    intent = sdk(sandbox).v1.payment_intents.create(paying({"metadata": {"order_number": "<i>US-9</i>"}}))
    text = sandbox.http.request("GET", f"{sandbox.url}/").data.decode()
    assert intent.id in text
    assert "&lt;i&gt;US-9&lt;/i&gt;" in text
    form = {"kind": "slow", "on": "charge", "order": "no-such-order", "delay_ms": "5", "times": ""}
    sandbox.http.request("POST", f"{sandbox.url}/faults", fields=form, encode_multipart=False, redirect=False)
    (rule,) = [each for each in sandbox.state()["faults"] if each["order"] == "no-such-order"]
    assert (rule["kind"], rule["delay_ms"], rule["times"]) == ("slow", 5, None)
    sandbox.http.request("POST", f"{sandbox.url}/faults", fields={"remove": rule["id"]}, encode_multipart=False)
    assert rule["id"] not in str(sandbox.state()["faults"])
