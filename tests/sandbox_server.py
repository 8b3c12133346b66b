"""Starts the sandbox for tests, out of process, and speaks to its control calls.

with start_sandbox(portal_url="http://127.0.0.1:8000") as sandbox:
    token = sandbox.card("4242424242424242")     # what the browser's element would make
    sandbox.fault(kind="timeout_after", on="charge", order="KR-1")
    assert len(sandbox.charges(order="KR-1")) == 1
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3

ROOT = Path(__file__).parent.parent
_START_S = 20

STRIPE_SECRET_KEY = "sk_test_sandbox_portal"
STRIPE_PUBLISHABLE_KEY = "pk_test_sandbox_portal"
STRIPE_WEBHOOK_SECRET = "whsec_c2FuZGJveC1zdHJpcGUtd2ViaG9vay1zZWNyZXQ="
PAYLINK_SECRET_KEY = "plk_test_sandbox_portal"
PAYLINK_WEBHOOK_SECRET = "whsec_c2FuZGJveC1wYXlsaW5rLXdlYmhvb2stc2VjcmV0"

ADYEN_API_KEY = "AQE_sandbox_portal"
ADYEN_CLIENT_KEY = "test_sandbox_portal"
ADYEN_MERCHANT_ACCOUNT = "PortalSandbox"
ADYEN_WEBHOOK_USER = "adyen"
ADYEN_WEBHOOK_PASSWORD = "sandbox-portal"
ADYEN_HMAC_KEY = b"sandbox-adyen-hmac-key-of-portal".hex()

TRACKHUB_API_KEY = "thk_test_sandbox_portal"
TRACKHUB_WEBHOOK_SECRET = "whsec_c2FuZGJveC10cmFja2h1Yi13ZWJob29rLXNlY3JldA=="

PORTONE_API_SECRET = "sandbox-portone-api-secret"
PORTONE_WEBHOOK_SECRET = "whsec_c2FuZGJveC1wb3J0b25lLXdlYmhvb2stc2VjcmV0"
PORTONE_STORE_ID = "store-portal-sandbox"
PORTONE_CHANNEL_KEY = "channel-key-portal-sandbox"


def adyen_card(number: str = "4111111111111111", holder: str = "J. Smith") -> dict[str, str]:
    """A card as Adyen's test system takes it in the place of encrypted fields; the holder's name asks for a result."""
    return {
        "type": "scheme",
        "encryptedCardNumber": f"test_{number}",
        "encryptedExpiryMonth": "test_03",
        "encryptedExpiryYear": "test_2030",
        "encryptedSecurityCode": "test_737",
        "holderName": holder,
    }


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Sandbox:
    """A running sandbox."""

    port: int
    process: subprocess.Popen[bytes]
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False, timeout=10))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """What the portal must be told to use this sandbox."""
        return {
            "SANDBOX_URL": self.url,
            "STRIPE_SECRET_KEY": STRIPE_SECRET_KEY,
            "STRIPE_PUBLISHABLE_KEY": STRIPE_PUBLISHABLE_KEY,
            "STRIPE_WEBHOOK_SECRETS": STRIPE_WEBHOOK_SECRET,
            "STRIPE_API_BASE": self.url,
            "STRIPE_JS_URL": f"{self.url}/js/stripe.js",
            "PAYLINK_SECRET_KEY": PAYLINK_SECRET_KEY,
            "PAYLINK_WEBHOOK_SECRETS": PAYLINK_WEBHOOK_SECRET,
            "PAYLINK_API_BASE": self.url,
            "ADYEN_API_KEY": ADYEN_API_KEY,
            "ADYEN_MERCHANT_ACCOUNT": ADYEN_MERCHANT_ACCOUNT,
            "ADYEN_CLIENT_KEY": ADYEN_CLIENT_KEY,
            "ADYEN_HMAC_KEYS": ADYEN_HMAC_KEY,
            "ADYEN_WEBHOOK_USER": ADYEN_WEBHOOK_USER,
            "ADYEN_WEBHOOK_PASSWORD": ADYEN_WEBHOOK_PASSWORD,
            "ADYEN_JS_URL": f"{self.url}/adyen/sdk/adyen.js",
            "ADYEN_API_BASE": f"{self.url}/adyen",
            "ADYEN_DISPUTES_BASE": f"{self.url}/adyen/disputes",
            "PORTONE_API_SECRET": PORTONE_API_SECRET,
            "PORTONE_WEBHOOK_SECRETS": PORTONE_WEBHOOK_SECRET,
            "PORTONE_STORE_ID": PORTONE_STORE_ID,
            "PORTONE_CHANNEL_KEY": PORTONE_CHANNEL_KEY,
            "PORTONE_WINDOW_URL": f"{self.url}/portone/window",
            "PORTONE_API_BASE": f"{self.url}/portone",
        }

    def card(self, number: str, **params: str) -> str:
        """A confirmation token for a test card, as the element makes one in the browser."""
        fields = {
            "key": STRIPE_PUBLISHABLE_KEY,
            "payment_method_data[type]": "card",
            "payment_method_data[card][number]": number,
            "payment_method_data[card][exp_month]": "12",
            "payment_method_data[card][exp_year]": "40",
            "payment_method_data[card][cvc]": "123",
            **params,
        }
        answer = self.http.request("POST", f"{self.url}/v1/confirmation_tokens", fields=fields, encode_multipart=False)
        return str(answer.json()["id"])

    def pay(self, session_url: str, do: str = "approve", **fields: str) -> urllib3.BaseHTTPResponse:
        """What the buyer does on a hosted page: approve, cancel, decline, late, lost, stuck_after, stuck_before."""
        form = {"do": do, **fields}
        return self.http.request("POST", session_url, fields=form, encode_multipart=False, redirect=False)

    def deposit(self, payment_id: str, amount: int | None = None, *, silent: bool = False, late: bool = False) -> str:
        """Money arrives at a virtual account; `late` is money that is reported after the account was closed."""
        more = {} if amount is None else {"amount": amount}
        answer = self.post(f"/sandbox/deposits/{payment_id}", {"silent": silent, "late": late, **more})
        return str(answer["became"])

    def receiver(self, name: str, **known: Any) -> str:
        """The address of a receiver of webhooks that knows these `secrets` and has this `behaviour`."""
        self.post(f"/sandbox/receivers/{name}", known)
        return f"{self.url}/receiver/{name}"

    def received(self, name: str) -> list[dict[str, Any]]:
        """What a receiver has kept, the oldest first; the bodies read."""
        answer = self.http.request("GET", f"{self.url}/sandbox/receivers/{name}")
        return [{**each, "body": json.loads(each["body"])} for each in answer.json()["messages"]]

    def authenticate(self, intent_id: str, *, passed: bool = True) -> None:
        """Answer the bank's question of 3-D Secure."""
        self.post(f"/sandbox/authenticate/{intent_id}", {"passed": passed})

    def fault(self, **rule: Any) -> str:
        """Add trouble; see sandbox/faults.py. Returns the rule's id."""
        return str(self.post("/sandbox/faults", rule)["id"])

    def clear_faults(self) -> None:
        """Drop all trouble."""
        self.http.request("DELETE", f"{self.url}/sandbox/faults")

    def settings(self, **values: int) -> None:
        """Change a setting: search_lag_ms."""
        self.post("/sandbox/settings", values)

    def reset(self) -> None:
        """Forget everything. Not in a sandbox that tests share."""
        self.post("/sandbox/reset", {})

    def state(self, **query: str) -> dict[str, Any]:
        """What the vendors hold: charges, refunds, events, deliveries, keys, faults."""
        found: dict[str, Any] = self.http.request("GET", f"{self.url}/sandbox/state", fields=query).json()
        return found

    def charges(self, *, order: str, money: bool = True) -> list[dict[str, Any]]:
        """The payments of an order; `money` leaves only those that hold or took some."""
        found: list[dict[str, Any]] = self.state(order=order, **({"money": "1"} if money else {}))["charges"]
        return found

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A control call."""
        answer = self.http.request("POST", self.url + path, json=body)
        assert answer.status < 300, answer.data
        found: dict[str, Any] = answer.json()
        return found

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(timeout=10)


@contextmanager
def start_sandbox(
    *,
    portal_url: str | None = None,
    data: Path | None = None,
    port: int | None = None,
    webhook_delay_ms: int = 0,
    settle_delay_ms: int = 100,
    parcel_step_ms: int = 30_000,
) -> Iterator[Sandbox]:
    """A sandbox of one's own, stopped at the end."""
    port = port or free_port()
    command = [sys.executable, "-m", "sandbox", "--port", str(port)]
    command += ["--webhook-delay-ms", str(webhook_delay_ms), "--settle-delay-ms", str(settle_delay_ms)]
    command += ["--parcel-step-ms", str(parcel_step_ms)]
    command += ["--portal-url", portal_url] if portal_url else []
    command += ["--data", str(data)] if data else []
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    sandbox = Sandbox(port, process)
    try:
        _wait(sandbox)
        yield sandbox
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


def _wait(sandbox: Sandbox) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if sandbox.process.poll() is not None:
            raise RuntimeError(f"the sandbox ended with {sandbox.process.returncode}")
        try:
            sandbox.http.request("GET", f"{sandbox.url}/sandbox/state", timeout=1)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)  # Nothing tells us that a port is open but asking.
            continue
        return
    raise RuntimeError("the sandbox did not start")
