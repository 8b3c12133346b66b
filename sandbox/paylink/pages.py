"""The page on which the buyer pays. Plain forms: it works without a script."""

from html import escape
from urllib.parse import urlencode

from sandbox.http import Json, Request, Response, Router
from sandbox.pages import amount_text, definition_list, fields, html, language, redirect
from sandbox.paylink import sessions
from sandbox.world import World

_TEXT = {
    "en": {
        "title": "Pay with Paylink", "amount": "Amount", "order": "Order", "what": "For", "method": "Method",
        "approve": "Pay", "cancel": "Cancel and go back", "decline": "Decline the payment", "reason": "Reason",
        "trouble": "Let something go wrong", "late": "Pay, and send the notice after", "seconds": "seconds",
        "lost": "Pay, but lose the notice", "stuck_after": "Pay, but no answer comes back",
        "stuck_before": "No answer comes back, and nothing is paid",
        "stuck_title": "No answer", "stuck": "The page does not answer. Close it and look at your order in the shop.",
        "over": "This payment is over.", "back": "Back to the shop",
        "note": "Sandbox: no real money moves.",
    },
    "ko": {
        "title": "페이링크 결제", "amount": "금액", "order": "주문", "what": "내용", "method": "결제 수단",
        "approve": "결제하기", "cancel": "취소하고 돌아가기", "decline": "결제 거절", "reason": "사유",
        "trouble": "문제 상황 만들기", "late": "결제하고 알림을 늦게 보내기", "seconds": "초",
        "lost": "결제하고 알림을 보내지 않기", "stuck_after": "결제는 되지만 응답이 오지 않음",
        "stuck_before": "응답이 오지 않고 결제도 되지 않음",
        "stuck_title": "응답 없음", "stuck": "페이지가 응답하지 않습니다. 창을 닫고 쇼핑몰에서 주문을 확인하세요.",
        "over": "이미 끝난 결제입니다.", "back": "쇼핑몰로 돌아가기",
        "note": "샌드박스: 실제 결제는 이루어지지 않습니다.",
    },
}  # fmt: skip
_REASONS = {
    "declined": ("The bank declined", "은행 거절"),
    "insufficient_funds": ("Not enough money", "잔액 부족"),
    "limit_exceeded": ("Above the limit", "한도 초과"),
    "expired_card": ("Card expired", "카드 유효기간 만료"),
    "lost_card": ("Card reported lost", "분실 신고 카드"),
    "suspected_fraud": ("Suspected fraud", "부정 사용 의심"),
    "authentication_failed": ("Identity not confirmed", "본인 확인 실패"),
    "bank_unavailable": ("Bank cannot be reached", "은행 연결 불가"),
}
_METHODS = {
    "credit_card": ("Credit card", "신용카드"),
    "debit_card": ("Debit card", "체크카드"),
    "international_card": ("International card", "해외카드"),
    "bank_transfer": ("Bank transfer", "계좌이체"),
    "wallet": ("Digital wallet", "간편결제"),
    "mobile_carrier": ("Mobile carrier", "휴대폰 결제"),
}
_ASSETS = '<link rel="stylesheet" href="/static/paylink.css">'
_LATE_S_MAX = 3 * 24 * 3600


def show(world: World, request: Request, id: str) -> Response:
    """The session with its choices."""
    del request
    session = world.store.get("paylink_sessions", id)
    if session is None:
        return html(404, "Paylink", "<main><h1>404</h1></main>", assets=_ASSETS)
    sessions.fresh(world, session)
    lang = language(session["locale"])
    text, korean = _TEXT[lang], lang == "ko"
    if session["status"] != "open":
        back = (
            f'<p>{escape(text["over"])}</p><p><a class="button" href="{escape(_back(session))}">{text["back"]}</a></p>'
        )
        return html(200, text["title"], f"<main><h1>{text['title']}</h1>{back}</main>", lang=lang, assets=_ASSETS)
    decimals = sessions.DECIMALS.get(session["currency"], 2)
    facts = definition_list(
        {
            text["amount"]: amount_text(session["amount"], session["currency"], decimals),
            text["order"]: session["order"],
            text["what"]: session["description"],
            text["method"]: _METHODS.get(session["method"], ("", ""))[korean] or session["method"],
        }
    )
    reasons = "".join(f'<option value="{name}">{escape(words[korean])}</option>' for name, words in _REASONS.items())
    body = f"""<main><h1>{text["title"]}</h1><p class="note">{text["note"]}</p>{facts}
<form method="post"><button class="primary" name="do" value="approve">{text["approve"]}</button>
<button name="do" value="cancel">{text["cancel"]}</button></form>
<form method="post"><label for="reason">{text["reason"]}</label>
<select id="reason" name="reason">{reasons}</select>
<button name="do" value="decline">{text["decline"]}</button></form>
<details><summary>{text["trouble"]}</summary>
<form method="post"><label for="seconds">{text["late"]} ({text["seconds"]})</label>
<input id="seconds" name="seconds" type="number" min="1" value="10">
<button name="do" value="late">{text["late"]}</button></form>
<form method="post"><button name="do" value="lost">{text["lost"]}</button>
<button name="do" value="stuck_after">{text["stuck_after"]}</button>
<button name="do" value="stuck_before">{text["stuck_before"]}</button></form></details></main>"""
    return html(200, text["title"], body, lang=lang, assets=_ASSETS)


def act(world: World, request: Request, id: str) -> Response:
    """What the buyer chose."""
    session = world.store.get("paylink_sessions", id)
    if session is None:
        return html(404, "Paylink", "<main><h1>404</h1></main>", assets=_ASSETS)
    sessions.fresh(world, session)
    given = fields(request)
    choice, text = given.get("do"), _TEXT[language(session["locale"])]
    if choice == "approve":
        sessions.approve(world, session)
    elif choice == "late":
        seconds = given.get("seconds", "")
        wait_s = min(int(seconds), _LATE_S_MAX) if seconds.isdigit() else 10
        sessions.approve(world, session, wait_ms=wait_s * 1000)
    elif choice in ("lost", "stuck_after"):
        sessions.approve(world, session, silent=True)
    elif choice == "cancel":
        sessions.decline(world, session, "cancelled_by_buyer")
    elif choice == "decline":
        reason = given.get("reason", "declined")
        sessions.decline(world, session, reason if reason in _REASONS else "declined")
    if choice in ("stuck_after", "stuck_before"):
        body = f"<main><h1>{text['stuck_title']}</h1><p>{text['stuck']}</p></main>"
        return html(504, text["stuck_title"], body, lang=language(session["locale"]), assets=_ASSETS)
    return redirect(_back(session))


def _back(session: Json) -> str:
    glue = "&" if "?" in session["return_url"] else "?"
    return str(session["return_url"]) + glue + urlencode({"session": session["id"]})


def add_routes(router: Router) -> None:
    """The buyer's page."""
    router.add("GET", "/paylink/pay/{id}", show, vendor="page")
    router.add("POST", "/paylink/pay/{id}", act, vendor="page")
