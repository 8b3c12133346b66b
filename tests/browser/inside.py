"""A shop served from within the test's own process: factories fill its database, and nothing waits for workers."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from apiflask import APIFlask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Page, Response, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from portal.blueprints.identity import LOCALE_KEY, TOKEN_KEY
from portal.db import transaction
from portal.models import Channel
from portal.queries.channels import channel_directory, forget_channels
from portal.rules.permissions import Actor
from tests.blueprints.checkout.checkouts import make_gateways
from tests.browser import axe
from tests.factories.account import ADDRESS_KR, Person, make_person, make_session
from tests.factories.cart import Mall, make_mall, make_variant, put_into_cart

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tests.browser.conftest import OpenPage

IDLE_S = 60


class Counted:
    """The application, knowing how many requests are inside it: what they touch must not be wiped under them."""

    def __init__(self, app: APIFlask) -> None:
        self._app = app
        self._inside = 0
        self._changed = threading.Condition()
        self._slow: dict[str, threading.Event] = {}

    @contextmanager
    def slow(self, path: str) -> Iterator[threading.Event]:
        """Let requests of a path wait until the event is set, at the latest until the end of the block."""
        line = self._slow[path] = threading.Event()
        try:
            yield line
        finally:
            line.set()
            del self._slow[path]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._changed:
            self._inside += 1
        try:
            if line := self._slow.get(environ["PATH_INFO"]):
                line.wait(IDLE_S)
            return self._app(environ, start_response)
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def settle(self) -> None:
        """Wait until nobody is inside."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._inside == 0, timeout=IDLE_S), "a request does not end"


class Quiet(WSGIRequestHandler):
    """Keeps connections, and says nothing of each request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_details: object) -> None: ...


@dataclass
class Served:
    """The running server of this worker."""

    url: str
    app: APIFlask
    counted: Counted


@contextmanager
def serve(app: APIFlask) -> Iterator[Served]:
    """Serve the application on a free port, each request in a thread of its own."""
    counted = Counted(app)
    server = make_server("127.0.0.1", 0, axe.beside(counted), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, name="shop", daemon=True)
    thread.start()
    axe.announce(server.server_port)
    try:
        yield Served(f"http://127.0.0.1:{server.server_port}", app, counted)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Shop:
    """A mall of two stores with gateways that nobody listens behind, and the way into it."""

    served: Served
    open_page: OpenPage
    mall: Mall

    def address(self, path: str) -> str:
        return self.served.url + path

    def enter(self, person: Person | None = None, *, token: str = "", locale: str = "en", **how: Any) -> Page:
        """A page of a browser in which the person is signed in, by the cookie that signing in leaves."""
        page = self.open_page(**how)
        kept = {LOCALE_KEY: locale, TOKEN_KEY: token or make_session(person)[0]}
        app = self.served.app
        serializer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert serializer is not None
        page.context.add_cookies([{"name": "portal", "value": serializer.dumps(kept), "url": self.served.url}])
        return page

    def go(self, page: Page, path: str) -> Response:
        answer = page.goto(self.address(path))
        assert answer is not None
        return answer

    def set_policy(self, policy: dict[str, Any]) -> None:
        """What the Korean channel allows and gives, from now on."""
        with transaction() as session:
            session.get_one(Channel, self.mall.kr.id).policy = policy
        forget_channels()
        self.mall = replace(self.mall, kr=channel_directory()["kr"])

    def checkout_unknown(self, **how: Any) -> Page:
        """The checkout of somebody who is not signed in, with one thing in the cart."""
        token, session_id = make_session()
        put_into_cart(Actor(session_id=session_id), self.mall.kr, make_variant(self.mall))
        page = self.enter(token=token, **how)
        self.go(page, "/checkout")
        return page

    def checkout(self, *krw: int, person: Person | None = None, **how: Any) -> Page:
        """The checkout of bea, or of `person`, with a thing for each price in her cart, of both stores in turn."""
        person = person or make_person("bea")
        for number, price in enumerate(krw or (12_000, 5_500)):
            put_into_cart(person.actor, self.mall.kr, make_variant(self.mall, store=number % 2, krw=price))
        page = self.enter(person, **how)
        self.go(page, "/checkout")
        return page


def make_shop(served: Served, open_page: OpenPage) -> Shop:
    mall = make_mall()
    make_gateways()
    return Shop(served, open_page, mall)


def to_pay(page: Page, won: int) -> None:
    """Wait until the amounts say what is to pay."""
    expect(page.locator("#totals [data-total]")).to_have_attribute("data-total", str(won))


def renewed(page: Page) -> Any:
    """Wait for the answer to what is done within the block: `with renewed(page): …`."""
    return page.expect_response(lambda answer: answer.url.endswith("/checkout/choices"))


def at_rest(page: Page) -> None:
    """Wait until nothing that the page asked for is still to come."""
    expect(page.locator(".htmx-request")).to_have_count(0)


def leave(page: Page, field: str, text: str) -> None:
    """Type into a field and go on to the next; the amounts and messages that this renews are there afterwards."""
    with renewed(page):
        page.locator(f"#{field}").fill(text)
        page.locator(f"#{field}").press("Tab")


def fill_new_address(page: Page, **other: str) -> None:
    """The fields of a new Korean address, without leaving the last one."""
    for name in ("name", "phone", "postcode", "line1"):
        page.locator(f"#{name}").fill(other.get(name, ADDRESS_KR[name]))


def rows(page: Page) -> list[tuple[str, str]]:
    """The amounts as they stand there: what, how much."""
    found: list[tuple[str, str]] = page.locator("#totals tr").evaluate_all(
        "rows => rows.map(row => [row.querySelector('th').firstChild.textContent, row.querySelector('td').textContent])"
    )
    return [(name.strip(), amount.strip()) for name, amount in found]
