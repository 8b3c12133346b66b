"""Whom webhooks may call: nobody inside, whatever he is called (API-02)."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

import pytest

from portal.gateways.errors import WebhookRefusedError
from portal.gateways.standard_webhooks import believe, signed_headers
from portal.gateways.webhook_target import Problem, TargetRefusedError, look_up
from portal.kit import clock
from portal.kit.networks import may_be_called, read_allowed

pytestmark = pytest.mark.req("API-02")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/x",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0.0.0.0/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://[64:ff9b::7f00:1]/x",
        "https://[fd00::1]/x",
        "https://[fe80::1]/x",
        "https://10.0.0.8/x",
        "https://172.16.3.4/x",
        "https://192.168.1.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/x",
        "https://224.0.0.1/x",
        "http://8.8.8.8/x",
    ],
)
def test_private_and_loopback_targets_are_refused(url: str) -> None:
    with pytest.raises(TargetRefusedError) as refused:
        look_up(url, ())
    assert refused.value.problem is Problem.FORBIDDEN_ADDRESS


def test_what_the_operator_allows_is_called_and_nothing_beside_it() -> None:
    allowed = [read_allowed("127.0.0.1:9000"), read_allowed("10.1.0.0/16")]

    def may(address: str, port: int) -> bool:
        return may_be_called(ipaddress.ip_address(address), port, allowed)

    assert may("127.0.0.1", 9000)
    assert not may("127.0.0.1", 9001)
    assert may("10.1.2.3", 1)
    assert not may("10.2.0.1", 1)
    assert may("8.8.8.8", 443)
    assert may("::ffff:10.1.0.1", 80)


@pytest.mark.parametrize("wrong", ["localhost:1", "10.0.0.0/33", "1.2.3.4:0", "1.2.3.4:70000"])
def test_what_is_no_network_is_not_allowed_by_mistake(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_allowed(wrong)


def test_what_is_signed_is_believed_by_the_standard_and_nothing_else() -> None:
    now, ours, other = clock.now(), "whsec_dGVzdA==", "whsec_b3RoZXI="
    headers = signed_headers([ours], message_id="msg_1", body=b"{}", now=now)

    def read(body: bytes, secret: str, at: datetime) -> str:
        return believe(headers, body, (secret,), at, read=lambda message_id, _body: message_id)

    assert read(b"{}", ours, now) == "msg_1"
    for body, secret, at in ((b"[]", ours, now), (b"{}", other, now), (b"{}", ours, now + timedelta(minutes=9))):
        with pytest.raises(WebhookRefusedError):
            read(body, secret, at)
