"""The page on which a buyer answers his bank, wallet or lender. Plain forms: it works without a script."""

from html import escape

from sandbox.adyen import payments
from sandbox.adyen.payments import THREE_DECIMALS, ZERO_DECIMALS
from sandbox.http import Json, Request, Response, Router
from sandbox.pages import amount_text, definition_list, fields, html, language, query, redirect
from sandbox.world import World

_TEXT = {
    "en": {
        "scheme": "Is it you?", "ideal": "Pay at your bank (iDEAL)", "paypal": "Pay with your wallet",
        "klarna": "Buy now, pay later", "amount": "Amount", "order": "Order",
        "approve": "Approve", "fail": "Not me", "decline": "Decline the payment", "cancel": "Cancel and go back",
        "pending": "Leave it undecided", "trouble": "Let something go wrong",
        "abandon": "Pay, but do not come back", "leave": "Close the page without an answer",
        "over": "This payment is over.", "back": "Back to the shop", "done": "You can close this page.",
        "note": "Sandbox: no real money moves.",
    },
    "ko": {
        "scheme": "본인 확인", "ideal": "은행에서 결제 (iDEAL)", "paypal": "간편결제로 결제",
        "klarna": "지금 사고 나중에 결제", "amount": "금액", "order": "주문",
        "approve": "승인", "fail": "본인이 아님", "decline": "결제 거절", "cancel": "취소하고 돌아가기",
        "pending": "결정하지 않고 두기", "trouble": "문제 상황 만들기",
        "abandon": "결제하고 돌아오지 않기", "leave": "응답 없이 창 닫기",
        "over": "이미 끝난 결제입니다.", "back": "쇼핑몰로 돌아가기", "done": "이 창을 닫아도 됩니다.",
        "note": "샌드박스: 실제 결제는 이루어지지 않습니다.",
    },
}  # fmt: skip
_ASSETS = '<link rel="stylesheet" href="/static/paylink.css"><script src="/static/asked.js" defer></script>'


def _words(payment: Json) -> tuple[str, dict[str, str], str]:
    lang = language(payment["locale"])
    text = _TEXT[lang]
    return lang, text, text[payment["type"].split("_")[0]]


def show(world: World, request: Request, token: str) -> Response:
    """The question with its answers."""
    payment = payments.asked(world, token)
    if payment is None:
        return html(404, "Adyen", "<main><h1>404</h1></main>", assets=_ASSETS)
    lang, text, title = _words(payment)
    if payment["status"] != "open":
        link = f'<p><a class="button" href="{escape(payment["return_url"])}">{text["back"]}</a></p>'
        body = f"<main><h1>{escape(title)}</h1><p>{escape(text['over'])}</p>{link}</main>"
        return html(200, title, body, lang=lang, assets=_ASSETS)
    currency = payment["amount"]["currency"]
    decimals = 0 if currency in ZERO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    price = amount_text(payment["amount"]["value"], currency, decimals)
    about = {text["amount"]: price, text["order"]: payment["order"]}
    framed = query(request).get("framed", "")
    no = "fail" if payment["type"] == "scheme" else "decline"
    undecided = "" if payment["type"] == "scheme" else f'<button name="do" value="pending">{text["pending"]}</button>'
    body = f"""<main><h1>{escape(title)}</h1><p class="note">{text["note"]}</p>{definition_list(about)}
<form method="post"><input type="hidden" name="framed" value="{escape(framed)}">
<button class="primary" name="do" value="approve">{text["approve"]}</button>
<button name="do" value="{no}">{text[no]}</button>
<button name="do" value="cancel">{text["cancel"]}</button></form>
<details><summary>{text["trouble"]}</summary><form method="post">
<button name="do" value="abandon">{text["abandon"]}</button>{undecided}
<button name="do" value="leave">{text["leave"]}</button></form></details></main>"""
    return html(200, title, body, lang=lang, assets=_ASSETS, framed=bool(framed))


def act(world: World, request: Request, token: str) -> Response:
    """What the buyer chose."""
    payment = payments.asked(world, token)
    if payment is None:
        return html(404, "Adyen", "<main><h1>404</h1></main>", assets=_ASSETS)
    lang, text, title = _words(payment)
    given = fields(request)
    choice = given.get("do", "")
    result = payments.answer(world, payment, choice) if choice != "leave" else ""
    if choice in ("leave", "abandon"):
        body = f"<main><h1>{escape(title)}</h1><p>{text['done']}</p></main>"
        return html(200, title, body, lang=lang, assets=_ASSETS)
    if given.get("framed"):
        body = f'<main data-asked="{escape(token)}" data-result="{escape(result)}"><p>{text["done"]}</p></main>'
        return html(200, title, body, lang=lang, assets=_ASSETS, framed=True)
    return redirect(payments.back_url(payment, result))


def add_routes(router: Router) -> None:
    """The buyer's page."""
    router.add("GET", "/adyen/redirect/{token}", show, vendor="page")
    router.add("POST", "/adyen/redirect/{token}", act, vendor="page")
