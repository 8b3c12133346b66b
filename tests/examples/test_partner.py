"""The partner's own proof of messages: what the portal signs is believed, and nothing else (API-02)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from examples.partner.notices import ForgedError, Inbox, prove
from examples.partner.pages import money
from portal.gateways.standard_webhooks import signed_headers
from portal.kit import clock

OURS, OLD, OTHER = "whsec_dGVzdA==", "whsec_b2xk", "whsec_b3RoZXI="
BODY = b'{"type": "order.paid", "sequence": 8, "data": {"number": "KR-1"}}'

pytestmark = pytest.mark.req("API-02")


def test_it_believes_what_is_signed_now_with_a_secret_that_it_knows() -> None:
    now = clock.now()
    headers = signed_headers([OURS, OLD], message_id="msg_1", body=BODY, now=now)
    for secrets in ([OURS], [OLD], [OTHER, OURS]):
        assert prove(headers, BODY, secrets, now_s=now.timestamp()) == "msg_1"


def test_it_believes_nothing_else() -> None:
    now = clock.now()
    headers = signed_headers([OURS], message_id="msg_1", body=BODY, now=now)
    late = (now + timedelta(minutes=6)).timestamp()
    cases: tuple[tuple[dict[str, str], bytes, float, str], ...] = (
        ({}, BODY, now.timestamp(), "unsigned"),
        ({**headers, "webhook-signature": "v1a,x"}, BODY, now.timestamp(), "unsigned"),
        ({**headers, "webhook-timestamp": "soon"}, BODY, now.timestamp(), "unsigned"),
        ({**headers, "webhook-id": "msg_2"}, BODY, now.timestamp(), "forged"),
        (headers, BODY + b" ", now.timestamp(), "forged"),
        (headers, BODY, late, "stale"),
    )
    for given, body, at, why in cases:
        with pytest.raises(ForgedError, match=why):
            prove(given, body, [OURS], now_s=at)
    with pytest.raises(ForgedError, match="forged"):
        prove(headers, BODY, [OTHER], now_s=now.timestamp())


def test_a_message_that_comes_twice_or_late_is_told_once_and_in_its_place() -> None:
    inbox, now = Inbox(), clock.now()
    placed = {"type": "order.placed", "sequence": 7, "data": {"number": "KR-1"}}
    for message_id, body in (("msg_2", BODY), ("msg_1", json.dumps(placed).encode()), ("msg_2", BODY)):
        inbox.take(signed_headers([OURS], message_id=message_id, body=body, now=now), body, [OURS])
    assert inbox.of_order("KR-1") == ["order.placed", "order.paid"]


def test_amounts_are_shown_in_their_currency() -> None:
    assert money({"amount_minor": 131000, "currency": "KRW"}) == "131,000 KRW"
    assert money({"amount_minor": -1205, "currency": "USD"}) == "-12.05 USD"
