"""One sale: from the cart to a paid order, whatever happens in between.

Before an order is sent it is written down with its key. If the power fails, the next start sends it again under the
same key: it is the same order, and the kiosk knows whether somebody has paid.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.portal_api import Portal, RefusedError

CARD, PHONE = "credit_card", "wallet"
# How long somebody may take on his phone; the portal frees the goods by itself after that.
WAIT_S = 180.0
POLL_S = 0.3
OVER = frozenset({"cancelled", "failed", "expired"})


@dataclass(frozen=True)
class Counter:
    """Where the kiosk stands: goods are handed out there, and receipts go there."""

    address: dict[str, str]
    email: str


class Kiosk:
    """The portal as this kiosk uses it; `journal` is where a sale in the making is written down."""

    def __init__(self, portal: Portal, counter: Counter, journal: Path) -> None:
        self.portal = portal
        self.counter = counter
        self.journal = journal

    def find(self, words: str) -> list[dict[str, Any]]:
        """What can be bought now, variant by variant."""
        rows: list[dict[str, Any]] = []
        for item in self.portal.get("/catalogue/products", q=words, in_stock="true", limit=5)["items"]:
            product = self.portal.get(f"/catalogue/products/{item['slug']}")
            for one in product["variants"]:
                if one["available"] > 0:
                    label = ", ".join(choice["value"]["en"] for choice in one["options"])
                    name = product["name"]["en"] + (f" ({label})" if label else "")
                    rows.append({"variant_id": one["id"], "name": name, "price": one["price"]})
        return rows

    def add(self, variant_id: int, quantity: int) -> dict[str, Any]:
        """The cart with so many of this in it."""
        return dict(self.portal.send("PUT", f"/cart/lines/{variant_id}", {"quantity": quantity}))

    def cart(self) -> dict[str, Any]:
        return dict(self.portal.get("/cart"))

    def clear(self) -> None:
        self.portal.send("DELETE", "/cart")

    def quote(self, method: str) -> dict[str, Any]:
        return dict(self.portal.send("POST", "/quote", self._choices(method)))

    def order(self, quoted: dict[str, Any], method: str, token: str | None = None) -> dict[str, Any]:
        """Place what was quoted, by this way of paying. Raises RefusedError; then nothing was ordered."""
        wish = {
            **self._choices(method),
            "fingerprint": quoted["fingerprint"],
            "address": self.counter.address,
            "contact": {"email": self.counter.email},
            "consents": {one["kind"]: one["version"] for one in quoted["consents"] if one["is_required"]},
        }
        if token is not None:
            wish["source_token"] = token
        return self._place(wish, secrets.token_urlsafe(16))

    def unfinished(self) -> dict[str, Any] | None:
        """The order that an earlier run has left behind: told as it is now, and given up if nobody has paid it."""
        if not self.journal.exists():
            return None
        kept = json.loads(self.journal.read_text())
        try:
            placed = self._place(kept["wish"], kept["key"])
        except RefusedError:
            # It was never placed, and at the prices of then it cannot be any more.
            self._forget()
            return None
        found = dict(self.portal.get(f"/orders/{placed['number']}"))
        return self.give_up(placed["number"]) if found["status"] == "pending" else self._end(found)

    def wait(self, number: str, show: Callable[[str], None]) -> dict[str, Any]:
        """The order once it is paid or over. `show` gets the page for the buyer's phone when there is one."""
        shown = None
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            found = dict(self.portal.get(f"/orders/{number}"))
            if found["status"] != "pending":
                return self._end(found)
            url = found["next_action"].get("url")
            if url and url != shown:
                show(url)
                shown = url
            time.sleep(POLL_S)  # A till takes no webhooks: it asks, and not all the time.
        return self.give_up(number)

    def give_up(self, number: str) -> dict[str, Any]:
        """End an order that is not paid. If it was paid just now, it stays."""
        try:
            found = self.portal.send("POST", f"/orders/{number}/cancellation")
        except RefusedError:
            found = self.portal.get(f"/orders/{number}")
        return self._end(dict(found))

    def _place(self, wish: dict[str, Any], key: str) -> dict[str, Any]:
        draft = self.journal.with_suffix(".new")
        # The token of a card is good once and for this; nothing else of the card is here.
        draft.write_text(json.dumps({"wish": wish, "key": key}))
        draft.replace(self.journal)
        try:
            return dict(self.portal.send("POST", "/orders", wish, key=key))
        except RefusedError:
            self._forget()
            raise

    def _end(self, found: dict[str, Any]) -> dict[str, Any]:
        self._forget()
        return found

    def _forget(self) -> None:
        self.journal.unlink(missing_ok=True)

    def _choices(self, method: str) -> dict[str, Any]:
        # The account is the kiosk's: nobody else's balances or coupons are to be used here.
        return {"method": method, "coupons": [], "keep_gift": True}
