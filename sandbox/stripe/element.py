"""The script and the frames of the payment element, and the bank's question of 3-D Secure.

The card's number is typed into a page of this origin, inside a frame, and goes to this origin only.
"""

from html import escape
from typing import Any
from urllib.parse import urlencode

from sandbox import pages
from sandbox.http import Json, Request, Response, Router
from sandbox.pages import html
from sandbox.stripe import charging, setups
from sandbox.stripe.cards import CARDS
from sandbox.stripe.currencies import THREE_DECIMALS, ZERO_DECIMALS
from sandbox.stripe.errors import ApiError
from sandbox.world import World

_TEXT = {
    "en": {
        "title": "Card details", "number": "Card number", "expiry": "Expiration date", "expiry_hint": "MM / YY",
        "cvc": "Security code", "cvc_hint": "3 or 4 digits", "test": "Test cards", "no_number": "Enter a card number.",
        "no_expiry": "Enter a date such as 12 / 34.", "no_cvc": "Enter the security code.",
        "note": "Sandbox: no real money moves. Use a test card.",
        "ask": "Is it you?", "ask_text": "Your bank asks you to confirm a payment of",
        "ask_save": "Your bank asks you to confirm that this card may be saved.",
        "complete": "Complete", "fail": "Fail", "done": "Thank you. You can go back now.",
    },
    "ko": {
        "title": "카드 정보", "number": "카드 번호", "expiry": "유효기간", "expiry_hint": "MM / YY",
        "cvc": "보안 코드", "cvc_hint": "3~4자리", "test": "테스트 카드", "no_number": "카드 번호를 입력하세요.",
        "no_expiry": "12 / 34 형식으로 입력하세요.", "no_cvc": "보안 코드를 입력하세요.",
        "note": "샌드박스: 실제 결제는 이루어지지 않습니다. 테스트 카드를 사용하세요.",
        "ask": "본인 확인", "ask_text": "은행에서 다음 결제의 확인을 요청합니다:",
        "ask_save": "은행에서 카드 저장의 확인을 요청합니다.",
        "complete": "확인", "fail": "거절", "done": "감사합니다. 이제 돌아가셔도 됩니다.",
    },
}  # fmt: skip
_ASSETS = '<link rel="stylesheet" href="/static/element.css"><script src="/static/{script}" defer></script>'


def card_frame(world: World, request: Request) -> Response:
    """The fields, for a frame in the shop's page."""
    del world
    given = pages.query(request)
    lang = pages.language(given.get("locale"))
    text = _TEXT[lang]
    theme = (
        "night" if given.get("theme") == "night" else ("light" if given.get("theme") in ("stripe", "flat") else "auto")
    )
    cards = "".join(
        f'<li><button type="button" data-number="{card.number}"><span>{spaced(card.number)}</span> '
        f"{escape(card.brand)}: {escape(card.note)}</button></li>"
        for card in CARDS
        if card.note
    )
    body = (
        f'<form id="card" class="{theme}" novalidate data-key="{escape(given.get("key", ""))}">'
        f'<p class="note">{escape(text["note"])}</p>'
        + card_field("number", text["number"], "1234 1234 1234 1234", "cc-number", text["no_number"])
        + '<div class="pair">'
        + card_field("expiry", text["expiry"], text["expiry_hint"], "cc-exp", text["no_expiry"])
        + card_field("cvc", text["cvc"], text["cvc_hint"], "cc-csc", text["no_cvc"])
        + f"</div><details><summary>{escape(text['test'])}</summary><ul>{cards}</ul></details></form>"
    )
    return html(200, text["title"], body, lang=lang, assets=_ASSETS.format(script="card.js"), framed=True)


def spaced(number: str) -> str:
    """A card number as it is printed on a card."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def card_field(name: str, label: str, hint: str, autocomplete: str, message: str, mode: str = "numeric") -> str:
    """One field of a frame, with the place of its message."""
    return (
        f'<div class="field"><label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" name="{name}" inputmode="{mode}" autocomplete="{autocomplete}" '
        f'placeholder="{escape(hint)}" aria-describedby="{name}-error" required>'
        f'<p class="error" id="{name}-error" data-message="{escape(message)}" aria-live="polite"></p></div>'
    )


def _find(world: World, ref: str, secret: str | None) -> tuple[str, Json] | None:
    table = {"pi": "payment_intents", "seti": "setup_intents"}.get(ref.split("_", 1)[0], "")
    found = world.store.get(table, ref)
    return (table, found) if found and found["client_secret"] == secret else None


def question(world: World, request: Request, id: str) -> Response:
    """The bank's page: is it you?"""
    given = pages.query(request)
    lang = pages.language(given.get("locale"))
    text = _TEXT[lang]
    found = _find(world, id, given.get("client_secret"))
    if found is None:
        return html(404, text["ask"], "<p>404</p>", framed=True)
    table, thing = found
    if table == "payment_intents":
        what = f"{text['ask_text']} <strong>{_amount(thing)}</strong>"
    else:
        what = escape(text["ask_save"])
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(given.get(name, ""))}">'
        for name in ("client_secret", "redirect", "locale")
    )
    body = (
        f'<main class="ask"><h1>{escape(text["ask"])}</h1><p>{what}</p><form method="post" action="/3ds/{escape(id)}">'
        f"{hidden}"
        f'<button name="result" value="complete" class="primary">{escape(text["complete"])}</button>'
        f'<button name="result" value="fail">{escape(text["fail"])}</button></form></main>'
    )
    return html(200, text["ask"], body, lang=lang, assets=_ASSETS.format(script="asked.js"), framed=True)


def _amount(intent: Json) -> str:
    currency = intent["currency"]
    decimals = 0 if currency in ZERO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    return escape(pages.amount_text(intent["amount"], currency.upper(), decimals))


def answer(world: World, request: Request, id: str) -> Response:
    """What the buyer answered the bank."""
    given = pages.fields(request)
    lang = pages.language(given.get("locale"))
    found = _find(world, id, given.get("client_secret"))
    if found is None:
        return html(404, _TEXT[lang]["ask"], "<p>404</p>", framed=True)
    table, thing = found
    passed = given.get("result") == "complete"
    try:
        if table == "payment_intents":
            charging.authenticated(world, thing, passed=passed)
        else:
            setups.authenticated(world, thing, passed=passed)
    except ApiError:
        pass  # The decline stands in the intent, where the page and the notice read it.
    if given.get("redirect") and thing.get("_return_url"):
        status = "succeeded" if thing["status"] in ("succeeded", "requires_capture") else "failed"
        back = {
            "payment_intent": id,
            "payment_intent_client_secret": thing["client_secret"],
            "redirect_status": status,
        }
        glue = "&" if "?" in thing["_return_url"] else "?"
        return pages.redirect(thing["_return_url"] + glue + urlencode(back))
    body = f'<main class="ask" data-asked="{escape(id)}"><p>{escape(_TEXT[lang]["done"])}</p></main>'
    return html(200, _TEXT[lang]["ask"], body, lang=lang, assets=_ASSETS.format(script="asked.js"), framed=True)


def _file(name: str) -> Any:
    def serve(world: World, request: Request) -> Response:
        del world, request
        return pages.static(name)

    return serve


def add_routes(router: Router) -> None:
    """Scripts, frames, and the bank."""
    for path in ("/v3/", "/v3", "/js/stripe.js", "/endive/stripe.js"):
        router.add("GET", path, _file("stripe.js"), vendor="page")
    for name in ("card.js", "asked.js", "element.css"):
        router.add("GET", f"/static/{name}", _file(name), vendor="page")
    router.add("GET", "/element/card", card_frame, vendor="page")
    router.add("GET", "/3ds/{id}", question, vendor="page")
    router.add("POST", "/3ds/{id}", answer, vendor="page")
