"""The whole purchase as one buyer walks it: page by page, with what the pages' own forms say, timed where it counts."""

from __future__ import annotations

import html
import re
import time
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin

import orjson

from portal.bench.browser import Browser, Page
from portal.bench.forms import Form, FormError, find_form

# The open order's page asks by itself as often (templates/orders/_live.html).
PAGE_POLLS_EVERY_S = 2.0
# Once soon after it was opened: what happened before its stream stood.
PAGE_LOOKS_AFTER_S = 0.3
PAID_WITHIN_S = 60.0
# The stages of an order's page after which nothing more comes by itself within a purchase.
ENDS = frozenset({"paid", "failed", "ended", "review"})

ADDRESS = {"phone": "010-2345-6789", "postcode": "04524", "line1": "서울특별시 중구 세종대로 110"}
CONSENTS = ("consent_terms", "consent_seller_data", "consent_payment_agency")
CARD = {
    "payment_method_data[type]": "card",
    "payment_method_data[card][number]": "4242424242424242",
    "payment_method_data[card][exp_month]": "12",
    "payment_method_data[card][exp_year]": "40",
    "payment_method_data[card][cvc]": "123",
}

_ELEMENT = re.compile(r'<div class="card-element"[^>]*\bdata-key="([^"]*)"[^>]*\bdata-script="([^"]*)"')
_STAGE = re.compile(r'\bdata-stage="(\w+)"')
_LIVE = re.compile(r'\bsse-connect="([^"]*)"')
_NEWS = re.compile(r'<a id="order-refresh"[^>]*\bhx-get="([^"]*)"')
_CONTINUE = re.compile(r'<a [^>]*\bhref="([^"]*)" id="continue"')
_APPLIED = re.compile(r'<input type="hidden" name="applied"')
_FAULT = re.compile(r'class="error"[^>]*>(.*?)</p>|class="banner tone-red".*?</div>', re.DOTALL)


class WalkError(Exception):
    """The purchase came to an end before it was paid: at which step, and what the page said."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What one buyer is to do: where, and with what."""

    base: str  # The channel's address, "http://127.0.0.1:8000/kr".
    products: tuple[str, str]  # Their slugs, of two stores.
    code: str
    deposit: str
    mileage: str
    method: str = "credit_card"
    card: str = "4242424242424242"


@dataclass(frozen=True, slots=True)
class Clicked:
    """A purchase whose button was pressed: where its order's page is, and by the process's clock when."""

    address: str
    began: float
    pressed: float
    answered: float


@dataclass(frozen=True, slots=True)
class Said:
    """What an order's page said first of what was waited for. `leads_to` is the provider's page it opens, if any."""

    stage: str
    page: Page
    leads_to: str | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """One purchase that was paid. Times in seconds."""

    number: str
    placing_s: float
    paid_s: float
    journey_s: float
    requests: int
    other_requests: int


async def sign_in(browser: Browser, base: str, email: str, password: str) -> None:
    """Sign in through the form. Raises WalkError."""
    form = _form("sign in", await browser.get(f"{base}/sign-in?lang=en"), action=_path(base) + "/sign-in")
    form.type("email", email)
    form.type("password", password)
    address, body = form.press()
    answer = await browser.post(address, body, follow=False)
    if answer.status != 303:
        raise WalkError(f"sign in: {_said(answer)}")


async def buy(browser: Browser, errand: Errand) -> Purchase:
    """Walk from the first product to a paid order. Raises WalkError, FormError or BrowserError."""
    before = browser.counts.copy()
    clicked = await press(browser, errand)
    said = await follow(browser, clicked.address, until=ENDS)
    if said.stage != "paid":
        raise WalkError(f"order: {said.stage}. {_said(said.page)}")
    ended = time.perf_counter()
    made = browser.counts - before
    own = made.pop(errand.base.split("/")[2], 0)
    number = clicked.address.rpartition("/")[2]
    times = (clicked.answered - clicked.pressed, ended - clicked.pressed, ended - clicked.began)
    return Purchase(number, *times, own, made.total())


async def press(browser: Browser, errand: Errand) -> Clicked:
    """Walk from the first product to the button that places the order, and press it."""
    began = time.perf_counter()
    for slug in errand.products:
        cart = await _add(browser, errand, slug)
    checkout = _ok("checkout", await browser.get(_link(cart, "to-checkout")))
    page, form = await _choose(browser, errand, _form("checkout", checkout, id="checkout"))
    form.tick("save_address", on=False)
    for consent in CONSENTS:
        form.tick(consent)
    if errand.method == "credit_card":
        form.type("source_token", await tokenise(browser, page, errand.card))
    address, body = form.press(id="pay-button")
    pressed = time.perf_counter()
    placed = await browser.post(address, body, follow=False)
    answered = time.perf_counter()
    if placed.status != 303 or "/orders/" not in placed.headers.get("location", ""):
        raise WalkError(f"place: {_said(placed)}")
    return Clicked(urljoin(placed.url, placed.headers["location"]), began, pressed, answered)


async def _add(browser: Browser, errand: Errand, slug: str) -> Page:
    product = _ok("product", await browser.get(f"{errand.base}/products/{slug}"))
    address, body = _form("product", product, id="add-to-cart").press()
    return _ok("add to cart", await browser.post(address, body))


async def _choose(browser: Browser, errand: Errand, form: Form) -> tuple[Page, Form]:
    """Coupon, address and shipping, deposit and mileage: each sent by its button, as without a script."""
    if errand.code:
        form.type("code", errand.code)
        address, body = form.press(name="apply")
        page = _ok("coupon", await browser.post(address, body))
        if not _APPLIED.search(page.text):
            raise WalkError(f"coupon: not applied. {_said(page)}")
        form = _form("coupon", page, id="checkout")
    if any(control.kind == "radio" for control in form.controls if control.name == "address_id"):
        form.choose("address_id", "new")
    for name, value in ADDRESS.items():
        form.type(name, value)
    address, body = form.press(name="update")
    form = _form("address", _ok("address", await browser.post(address, body)), id="checkout")
    for balance, wanted in (("deposit", errand.deposit), ("mileage", errand.mileage)):
        # Who has nothing is not asked.
        if wanted:
            form.type(balance, wanted)
    form.choose("method", errand.method)
    address, body = form.press(name="update")
    page = _ok("balances", await browser.post(address, body))
    return page, _form("balances", page, id="checkout")


async def tokenise(browser: Browser, page: Page, card: str) -> str:
    """What the card element does in the browser: the card goes to the provider, a token comes back."""
    found = _ELEMENT.search(page.text)
    if found is None:
        raise WalkError("pay: the page offers no card fields")
    url = urljoin(found[2], "/v1/confirmation_tokens")
    answer = await browser.post(url, urlencode({"key": found[1], **CARD, "payment_method_data[card][number]": card}))
    if answer.status != 200:
        raise WalkError(f"card token: {answer.status} {answer.text[:200]}")
    return str(orjson.loads(answer.body)["id"])


async def follow(browser: Browser, address: str, *, until: frozenset[str]) -> Said:
    """Follow the order's page as its script does until it says one of these stages.

    On every news of an order and every two seconds the page fetches itself.
    """
    page = _ok("order", await browser.get(address))
    said = _heard(page)
    if said.stage in until:
        return said
    live = _LIVE.search(page.text)
    if live is None:
        raise WalkError("order: the page does not listen")
    stream = await browser.listen(html.unescape(live[1]))
    deadline = time.perf_counter() + PAID_WITHIN_S
    within_s = PAGE_LOOKS_AFTER_S
    try:
        while time.perf_counter() < deadline:
            await stream.heard("order", within_s=within_s)
            within_s = PAGE_POLLS_EVERY_S
            news = _NEWS.search(page.text)
            if news is None:
                raise WalkError("order: the page does not ask for news")
            answer = await browser.fetch(html.unescape(news[1]))
            if "hx-redirect" in answer.headers and "continue" in until:
                return Said("continue", page, answer.headers["hx-redirect"])
            if answer.status == 204:
                continue
            page = _ok("order state", answer)
            said = _heard(page)
            if said.stage in until:
                return said
    finally:
        stream.close()
    raise WalkError(f"order: after {PAID_WITHIN_S:.0f} s still {said.stage}")


def _heard(page: Page) -> Said:
    leads_to = _CONTINUE.search(page.text)
    return Said(_stage(page), page, html.unescape(leads_to[1]) if leads_to else None)


def _ok(step: str, page: Page) -> Page:
    if page.status != 200:
        raise WalkError(f"{step}: {_said(page)}")
    return page


def _form(step: str, page: Page, **wanted: str) -> Form:
    try:
        return find_form(page.text, **wanted)
    except FormError as error:
        raise WalkError(f"{step}: {error} on {page.url} ({page.status})") from None


def _stage(page: Page) -> str:
    found = _STAGE.search(page.text)
    return found[1] if found else ""


def _link(page: Page, element_id: str) -> str:
    found = re.search(rf'<a [^>]*\bhref="([^"]*)" id="{element_id}"', page.text)
    if found is None:
        raise WalkError(f"no link {element_id!r} on {page.url}: {_said(page)}")
    return urljoin(page.url, html.unescape(found[1]))


def _said(page: Page) -> str:
    """Status, code and the first complaint of a page, for the list of failures."""
    found = _FAULT.search(page.text)
    words = " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""
    code = page.headers.get("x-error-code", "")
    return " ".join(part for part in (str(page.status), code, page.headers.get("location", ""), words[:200]) if part)


def _path(base: str) -> str:
    return "/" + base.split("/", 3)[3] if base.count("/") > 2 else ""
