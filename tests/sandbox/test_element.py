"""The payment element in a real browser, on a page with the shop's strict policy (STR-01, PAY-14)."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe
from playwright.sync_api import Browser, Page, expect

from tests.sandbox_server import STRIPE_PUBLISHABLE_KEY, Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOP = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>Shop</title>
<script src="{origin}/js/stripe.js"></script><script src="/shop.js" defer></script></head>
<body><main><h1>Pay</h1>
<div id="element"></div><button id="pay">Pay</button><button id="ask">Ask</button><output id="result"></output></main>
</body>
</html>"""
SCRIPT = """
const stripe = Stripe("{key}");
const result = document.getElementById("result");
const elements = stripe.elements({{ mode: "payment", amount: 2000, currency: "usd",
  allowedPaymentMethodTypes: ["card"], appearance: {{ theme: "stripe" }}, locale: document.documentElement.lang }});
elements.create("payment").mount("#element");
document.getElementById("pay").addEventListener("click", async () => {{
  const {{ error }} = await elements.submit();
  if (error) {{ result.textContent = "error " + error.code; return; }}
  const made = await stripe.createConfirmationToken({{ elements }});
  result.textContent = made.error ? "error " + made.error.code : "token " + made.confirmationToken.id;
}});
const answerTheBank = (clientSecret) => stripe.handleNextAction({{ clientSecret }}).then((answer) => {{
  result.textContent = answer.error ? "refused " + answer.error.code : "now " + answer.paymentIntent.status;
}});
document.getElementById("ask").addEventListener("click", () => answerTheBank(location.hash.slice(1)));
"""


@pytest.fixture(scope="module")
def shop(sandbox: Sandbox) -> Iterator[str]:
    """A shop of one page, from an origin of its own."""
    seen: list[bytes] = []
    policy = (
        f"default-src 'self'; script-src 'self' {sandbox.url}; frame-src {sandbox.url}; connect-src 'self' "
        f"{sandbox.url}; style-src 'self'; base-uri 'none'"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path.encode())
            if self.path == "/shop.js":
                body, kind = SCRIPT.format(key=STRIPE_PUBLISHABLE_KEY), "text/javascript"
            else:
                body, kind = SHOP.format(lang=self.path.strip("/") or "en", origin=sandbox.url), "text/html"
            self.send_response(200)
            self.send_header("content-type", f"{kind}; charset=utf-8")
            self.send_header("content-security-policy", policy)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # The standard library's signature.
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    assert b"4242" not in b"".join(seen)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page on which an error of a script or of the policy fails the test."""
    troubles: list[str] = []
    page = chromium.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    yield page
    page.close()
    assert [each for each in troubles if "favicon" not in each and "402" not in each] == []


def fill(page: Page, number: str) -> None:
    frame = page.frame_locator("iframe[title='Secure payment input frame']")
    frame.get_by_label("Card number").fill(number)
    frame.get_by_label("Expiration date").fill("1240")
    frame.get_by_label("Security code").fill("123")


def pay(page: Page) -> str:
    page.get_by_role("button", name="Pay").click()
    expect(page.locator("#result")).not_to_be_empty()
    return page.locator("#result").inner_text()


def test_a_card_becomes_a_token_that_can_be_charged(page: Page, shop: str, client: stripe.StripeClient) -> None:
    page.goto(shop)
    fill(page, "4242424242424242")
    word, token = pay(page).split()
    assert word == "token"
    params: Any = {"amount": 2_000, "currency": "usd", "confirm": True, "confirmation_token": token}
    assert client.v1.payment_intents.create(params).status == "succeeded"


def test_empty_fields_say_what_is_missing(page: Page, shop: str) -> None:
    page.goto(shop)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_label("Card number")).to_be_visible()
    assert pay(page) == "error incomplete_number"
    expect(frame.get_by_text("Enter a card number.")).to_be_visible()
    expect(frame.get_by_label("Card number")).to_be_focused()
    expect(frame.get_by_label("Card number")).to_have_attribute("aria-invalid", "true")


def test_a_number_that_cannot_be_is_told_at_its_field(page: Page, shop: str) -> None:
    page.goto(shop)
    fill(page, "4111111111111112")
    assert pay(page) == "error incorrect_number"
    expect(page.frame_locator("iframe").get_by_text("Your card number is incorrect.")).to_be_visible()


def test_a_test_card_is_chosen_with_the_keyboard(page: Page, shop: str) -> None:
    page.goto(shop)
    frame = page.frame_locator("iframe")
    frame.get_by_text("Test cards").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(frame.get_by_label("Card number")).to_have_value("4242 4242 4242 4242")
    assert pay(page).startswith("token ctoken_")


def test_the_fields_speak_korean(page: Page, shop: str) -> None:
    page.goto(f"{shop}/ko")
    expect(page.frame_locator("iframe").get_by_label("카드 번호")).to_be_visible()


@pytest.mark.parametrize(
    ("button", "result"), [("Complete", "now succeeded"), ("Fail", "refused payment_intent_authentication_failure")]
)
def test_the_bank_asks_in_a_dialog(
    page: Page, shop: str, client: stripe.StripeClient, button: str, result: str
) -> None:
    secret = asked(client)
    page.goto(f"{shop}/#{secret}")
    page.get_by_role("button", name="Ask").click()
    page.frame_locator("iframe[title='3-D Secure']").get_by_role("button", name=button).click()
    expect(page.locator("#result")).to_have_text(result)
    expect(page.locator("dialog")).to_have_count(0)


def test_escape_is_a_no_to_the_bank(page: Page, shop: str, client: stripe.StripeClient) -> None:
    secret = asked(client)
    page.goto(f"{shop}/#{secret}")
    page.get_by_role("button", name="Ask").click()
    expect(page.frame_locator("iframe[title='3-D Secure']").get_by_role("button", name="Fail")).to_be_visible()
    expect(page.locator("dialog")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#result")).to_have_text("refused payment_intent_authentication_failure")


def asked(client: stripe.StripeClient) -> str:
    """The client secret of a payment that waits for the bank's question."""
    params: Any = {
        "amount": 2_000,
        "currency": "usd",
        "confirm": True,
        "use_stripe_sdk": True,
        "payment_method": "pm_card_threeDSecure2Required",
    }
    intent = client.v1.payment_intents.create(params)
    assert intent.status == "requires_action"
    return intent.client_secret or ""
