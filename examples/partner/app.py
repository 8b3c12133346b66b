"""The mini-app itself: a web server of a few pages, and an address for the portal's messages."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from examples.partner import pages
from examples.partner.notices import ForgedError, Inbox
from examples.portal_api import Portal, RefusedError, UnreachableError

EVENTS = ["order.placed", "order.paid", "order.failed", "order.expired", "part.moved", "shipment.sent"]
BODY_MAX = 64 * 1024
GOODS_SHOWN = 40
HOOK_PATH = "/messages"
NO_CONTENT = 204


class App:
    """The mini-app of one buyer, who has given it a key of his own. `address` is where it is found from outside."""

    def __init__(self, portal: Portal, address: str, *, method: str) -> None:
        self.portal = portal
        self.address = address.rstrip("/")
        self.method = method
        self.inbox = Inbox()
        self.secrets: list[str] = []
        # A person has one cart: whoever fills it and asks for its price does so alone.
        self._cart = threading.Lock()

    def listen(self) -> str:
        """Ask to be told of this buyer's orders; returns the webhook's id. What an earlier run has left is removed."""
        for old in self.portal.get("/webhooks")["items"]:
            self.portal.send("DELETE", f"/webhooks/{old['id']}")
        wish = {"name": "Mini-app", "url": self.address + HOOK_PATH, "events": EVENTS, "reach": "user"}
        made = self.portal.send("POST", "/webhooks", wish)
        self.secrets = [made["secret"]]
        return str(made["webhook"]["id"])

    def show_goods(self) -> str:
        found = self.portal.get("/catalogue/products", in_stock="true", limit=GOODS_SHOWN)
        return pages.goods(found["items"])

    def show_product(self, slug: str) -> str:
        return pages.product(self.portal.get(f"/catalogue/products/{slug}"))

    def show_quote(self, form: dict[str, list[str]]) -> str:
        """Put the one thing into the cart and ask what it costs."""
        variant, quantity = int(form["variant"][0]), int(form["quantity"][0])
        with self._cart:
            self.portal.send("DELETE", "/cart")
            self.portal.send("PUT", f"/cart/lines/{variant}", {"quantity": quantity})
            quoted = self.portal.send("POST", "/quote", self._choices())
        return pages.quote(quoted, key=secrets.token_urlsafe(16), method=self.method)

    def place(self, form: dict[str, list[str]]) -> str:
        """Order at what was shown; returns where the buyer goes to pay. The key makes two presses one order."""
        given = {name: values[0] for name, values in form.items()}
        address = {name: given[name] for name in ("name", "phone", "postcode", "line1")}
        wish = {
            **self._choices(),
            "fingerprint": given["fingerprint"],
            "address": address,
            "contact": {"email": given["email"]},
            "consents": dict(one.split("=", 1) for one in form.get("consent", [])),
            "return_url": f"{self.address}/back",
        }
        placed = self.portal.send("POST", "/orders", wish, key=given["key"])
        return f"/orders/{placed['number']}"

    def show_order(self, number: str) -> str:
        return pages.order(self.portal.get(f"/orders/{number}"), self.inbox.of_order(number))

    def _choices(self) -> dict[str, Any]:
        # Everything is paid on the provider's page: no balance of the buyer's is touched from here.
        return {"method": self.method, "coupons": [], "keep_gift": True}


class Handler(BaseHTTPRequestHandler):
    """Requests of browsers and of the portal."""

    app: App

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        what, _, name = path[1:].partition("/")
        if path == "/":
            self._show(self.app.show_goods)
        elif what == "goods":
            self._show(lambda: self.app.show_product(name))
        elif what == "orders":
            self._show(lambda: self.app.show_order(name))
        elif path == "/back":
            self._answer(200, pages.page("Thank you", "<p>The mall tells us in a moment how it went.</p>"))
        else:
            self._answer(404, pages.page("Not here", ""))

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BODY_MAX))
        form = parse_qs(body.decode("utf-8", "replace"))
        if self.path == HOOK_PATH:
            self._take(body)
        elif self.path == "/quotes":
            self._show(lambda: self.app.show_quote(form))
        elif self.path == "/orders":
            self._show(lambda: self.app.place(form), moves=True)
        else:
            self._answer(404, pages.page("Not here", ""))

    def _take(self, body: bytes) -> None:
        """Keep a message and answer at once: whoever keeps the portal waiting is tried again."""
        try:
            self.app.inbox.take(dict(self.headers.items()), body, self.app.secrets)
        except (ForgedError, ValueError, KeyError):
            self._answer(400, "")
        else:
            self._answer(204, "")

    def _show(self, work: Callable[[], str], *, moves: bool = False) -> None:
        """Answer with a page, or with the address to go on at (`moves`)."""
        try:
            made = work()
        except RefusedError as refusal:
            self._answer(409, pages.refusal(refusal.code, str(refusal)))
        except UnreachableError:
            self._answer(503, pages.refusal("unreachable", "The mall does not answer just now. Try again."))
        except (KeyError, ValueError):
            self._answer(400, pages.refusal("form", "Something of the form is missing."))
        else:
            self._answer(303 if moves else 200, "" if moves else made, {"Location": made} if moves else {})

    def _answer(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        raw = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        if status != NO_CONTENT:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # The standard library's signature.
        """Say nothing: the terminal is for people."""


def server_of(app: App, port: int, host: str = "127.0.0.1") -> ThreadingHTTPServer:
    """A web server for the app, not yet running."""
    return ThreadingHTTPServer((host, port), type("AppHandler", (Handler,), {"app": app}))
