"""What stands on the kiosk's screen, line by line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from examples.kiosk.reader import CardReader
from examples.kiosk.sale import CARD, OVER, PHONE, Kiosk
from examples.partner.pages import money
from examples.portal_api import RefusedError, UnreachableError

HELP = "find WORDS | add NUMBER [HOW MANY] | cart | card | phone | clear | quit"


class Till:
    """Reads commands and answers them until `quit` or the end of the input."""

    def __init__(self, kiosk: Kiosk, ask: Callable[[str], str], say: Callable[[str], None]) -> None:
        self._kiosk = kiosk
        self._ask = ask
        self._say = say
        self._reader = CardReader(ask)
        self._found: list[dict[str, Any]] = []

    def run(self) -> None:
        left = self._kiosk.unfinished()
        if left is not None:
            self._tell_end(left)
        self._kiosk.clear()
        self._say(HELP)
        while True:
            try:
                words = self._ask("> ").split()
            except EOFError:
                return
            if words == ["quit"]:
                return
            try:
                self._do(words)
            except RefusedError as refusal:
                self._say(f"{refusal} [{refusal.code}]")
            except UnreachableError:
                self._say("The mall does not answer. Nothing is charged twice: try again in a moment.")

    def _do(self, words: list[str]) -> None:
        match words:
            case ["find", *wanted]:
                self._find(" ".join(wanted))
            case ["add", number, *many] if number.isdigit() and all(one.isdigit() for one in many):
                self._add(int(number), int(many[0]) if many else 1)
            case ["cart"]:
                self._show(self._kiosk.cart())
            case ["card"]:
                self._pay(CARD)
            case ["phone"]:
                self._pay(PHONE)
            case ["clear"]:
                self._kiosk.clear()
                self._say("The cart is empty.")
            case _:
                self._say(HELP)

    def _find(self, words: str) -> None:
        self._found = self._kiosk.find(words)
        for number, one in enumerate(self._found, 1):
            self._say(f"{number:>3}  {one['name']}  {money(one['price'])}")
        if not self._found:
            self._say("Nothing of that name is here.")

    def _add(self, number: int, quantity: int) -> None:
        if not 0 < number <= len(self._found):
            self._say("Find it first, then say its number.")
            return
        self._show(self._kiosk.add(self._found[number - 1]["variant_id"], quantity))

    def _show(self, cart: dict[str, Any]) -> None:
        for line in cart["lines"]:
            self._say(f"{line['quantity']:>3} × {line['product']['name']['en']}  {money(line['subtotal'])}")
        self._say(f"Together {money(cart['subtotal'])}")

    def _pay(self, method: str) -> None:
        quoted = self._kiosk.quote(method)
        self._say(f"To pay: {money(quoted['to_pay_now'])}")
        [way] = [one for one in quoted["methods"] if one["method"] == method]
        token = None
        if way["element"] is not None:
            token = self._reader.read(way["element"])
            if token is None:
                self._say("No card was read.")
                return
        placed = self._kiosk.order(quoted, method, token)
        self._say(f"Order {placed['number']}")
        self._tell_end(self._kiosk.wait(placed["number"], lambda url: self._say(f"Pay on your phone: {url}")))

    def _tell_end(self, order: dict[str, Any]) -> None:
        payment = order["payment"] or {}
        if order["status"] in OVER:
            why = payment.get("reason") or order["status"]
            self._say(f"Not paid: {order['number']} ({why}). Everything is still in the cart.")
            return
        card = payment.get("card") or {}
        by = f" by {card['brand']} …{card['last4']}" if card.get("last4") else ""
        self._say(f"Paid: {order['number']}, {money(order['total'])}{by}. Thank you!")
