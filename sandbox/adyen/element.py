"""Adyen Web: the script, and the frame of this origin in which the card is typed.

The frame turns each field into a blob that only this server can read, as the real one encrypts each field with Adyen's
key. The shop's page gets the blobs and nothing else.
"""

import os
from html import escape
from typing import Any

from sandbox import pages
from sandbox.adyen.cards import CARDS, RESULTS
from sandbox.http import Json, Request, Response, Router, as_json
from sandbox.pages import html
from sandbox.stripe.element import card_field, spaced
from sandbox.world import World

_TEXT = {
    "en": {
        "title": "Card details", "number": "Card number", "expiry": "Expiry date", "expiry_hint": "MM / YY",
        "cvc": "Security code", "cvc_hint": "3 or 4 digits", "holder": "Name on card", "holder_hint": "J. Smith",
        "test": "Test cards", "no_number": "Enter the card number.", "no_expiry": "Enter a date such as 03 / 30.",
        "no_cvc": "Enter the security code.", "no_holder": "Enter the name on the card.",
        "note": "Sandbox: no real money moves. Use a test card.",
    },
    "ko": {
        "title": "카드 정보", "number": "카드 번호", "expiry": "유효기간", "expiry_hint": "MM / YY",
        "cvc": "보안 코드", "cvc_hint": "3~4자리", "holder": "카드 소유자 이름", "holder_hint": "HONG GILDONG",
        "test": "테스트 카드", "no_number": "카드 번호를 입력하세요.", "no_expiry": "03 / 30 형식으로 입력하세요.",
        "no_cvc": "보안 코드를 입력하세요.", "no_holder": "카드 소유자 이름을 입력하세요.",
        "note": "샌드박스: 실제 결제는 이루어지지 않습니다. 테스트 카드를 사용하세요.",
    },
}  # fmt: skip
_ASSETS = '<link rel="stylesheet" href="/static/element.css"><script src="/static/card.js" defer></script>'


def frame(world: World, request: Request) -> Response:
    """The fields, for a frame in the shop's page."""
    del world
    given = pages.query(request)
    lang = pages.language(given.get("locale"))
    text = _TEXT[lang]
    theme = given["theme"] if given.get("theme") in ("night", "light") else "auto"
    body = (
        f'<form id="card" class="{theme}" novalidate data-vendor="adyen" data-key="{escape(given.get("key", ""))}">'
        f'<p class="note">{escape(text["note"])}</p>'
        + card_field("number", text["number"], "1234 5678 9012 3456", "cc-number", text["no_number"])
        + '<div class="pair">'
        + card_field("expiry", text["expiry"], text["expiry_hint"], "cc-exp", text["no_expiry"])
        + card_field("cvc", text["cvc"], text["cvc_hint"], "cc-csc", text["no_cvc"])
        + "</div>"
        + card_field("holder", text["holder"], text["holder_hint"], "cc-name", text["no_holder"], mode="text")
        + f"<details><summary>{escape(text['test'])}</summary><ul>{_test_cards()}</ul></details></form>"
    )
    return html(200, text["title"], body, lang=lang, assets=_ASSETS, framed=True)


def _test_cards() -> str:
    rows = [(card.number, "", f"{card.brand}: {card.note}") for card in CARDS]
    rows += [(CARDS[0].number, name, f"{name}: {one.reason or one.result}") for name, one in RESULTS.items()]
    return "".join(
        f'<li><button type="button" data-number="{number}" data-holder="{holder}">'
        f"<span>{spaced(number)}</span> {escape(note)}</button></li>"
        for number, holder, note in rows
    )


def encrypt(world: World, request: Request) -> Response:
    """Each field as a blob. Called from the frame, which is of this origin."""
    given: Json = pages.fields(request)
    if given.get("key") != world.config.adyen_client_key:
        return as_json(401, {"error": {"message": "The client key is not known."}})
    blobs = {}
    for name in ("encryptedCardNumber", "encryptedExpiryMonth", "encryptedExpiryYear", "encryptedSecurityCode"):
        blob = f"eyJhbGciOiJSU0EtT0FFUCJ9.{os.urandom(24).hex()}"
        world.store.save("adyen_fields", {"value": str(given.get(name, ""))}, blob)
        blobs[name] = blob
    return as_json(200, {"type": "scheme", "holderName": str(given.get("holderName", "")), **blobs})


def _file(name: str) -> Any:
    def serve(world: World, request: Request) -> Response:
        del world, request
        return pages.static(name)

    return serve


def add_routes(router: Router) -> None:
    """Script, style, frame, encryption."""
    router.add("GET", "/adyen/sdk/adyen.js", _file("adyen.js"), vendor="page")
    router.add("GET", "/adyen/element/card", frame, vendor="page")
    router.add("POST", "/adyen/element/fields", encrypt, vendor="page")
