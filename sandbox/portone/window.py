"""The window in which the buyer pays, as a page of its own. Plain forms: it works without a script."""

from html import escape
from urllib.parse import urlencode

from sandbox.http import Json, Request, Response, Router
from sandbox.pages import amount_text, definition_list, fields, html, language, query, redirect
from sandbox.portone import payments
from sandbox.world import World

_TEXT = {
    "en": {
        "title": "PortOne payment", "amount": "Amount", "what": "For", "method": "Method", "wallet": "Wallet",
        "approve": "Pay", "cancel": "Cancel and go back", "decline": "Decline the payment", "reason": "Reason",
        "trouble": "Let something go wrong", "late": "Pay, and send the notice after", "seconds": "seconds",
        "lost": "Pay, but lose the notice", "stuck_after": "Pay, but no answer comes back",
        "stuck_before": "No answer comes back, and nothing is paid", "close": "Close the window without a word",
        "stuck_title": "No answer", "stuck": "The window does not answer. Close it and look at your order in the shop.",
        "closed_title": "The window is closed", "closed": "Nothing was paid and nobody was told.",
        "over": "This payment is over.", "back": "Back to the shop",
        "forged": "The amount is not the one that the shop has registered.",
        "note": "Sandbox: no real money moves.",
    },
    "ko": {
        "title": "포트원 결제창", "amount": "금액", "what": "내용", "method": "결제 수단", "wallet": "간편결제",
        "approve": "결제하기", "cancel": "취소하고 돌아가기", "decline": "결제 거절", "reason": "사유",
        "trouble": "문제 상황 만들기", "late": "결제하고 알림을 늦게 보내기", "seconds": "초",
        "lost": "결제하고 알림을 보내지 않기", "stuck_after": "결제는 되지만 응답이 오지 않음",
        "stuck_before": "응답이 오지 않고 결제도 되지 않음", "close": "아무 말 없이 창 닫기",
        "stuck_title": "응답 없음", "stuck": "결제창이 응답하지 않습니다. 창을 닫고 쇼핑몰에서 주문을 확인하세요.",
        "closed_title": "결제창을 닫았습니다", "closed": "결제되지 않았고 아무에게도 알리지 않았습니다.",
        "over": "이미 끝난 결제입니다.", "back": "쇼핑몰로 돌아가기",
        "forged": "쇼핑몰이 등록한 금액과 다릅니다.",
        "note": "샌드박스: 실제 결제는 이루어지지 않습니다.",
    },
}  # fmt: skip
# docs.tosspayments.com/reference/error-codes
_REASONS = {
    "REJECT_CARD_COMPANY": ("The card company declined", "결제 승인이 거절되었습니다."),
    "REJECT_ACCOUNT_PAYMENT": ("Not enough money", "잔액부족으로 결제에 실패했습니다."),
    "EXCEED_MAX_PAYMENT_AMOUNT": ("Above the limit", "하루 결제 가능 금액을 초과했습니다."),
    "EXCEED_MAX_DAILY_PAYMENT_COUNT": ("Too many tries", "하루 결제 가능 횟수를 초과했습니다."),
    "INVALID_CARD_EXPIRATION": ("Card expired", "카드 정보를 다시 확인해주세요. (유효기간)"),
    "INVALID_CARD_LOST_OR_STOLEN": ("Card reported lost", "분실 혹은 도난 카드입니다."),
    "INVALID_PASSWORD": ("Identity not confirmed", "결제 비밀번호가 일치하지 않습니다."),
    "FDS_ERROR": ("Suspected fraud", "위험거래가 감지되어 결제가 제한됩니다."),
    "NOT_AVAILABLE_BANK": ("Bank cannot be reached", "은행 서비스 시간이 아닙니다."),
    "PAY_PROCESS_ABORTED": ("Time ran out", "결제 진행 중 승인에 실패하여 결제가 중단되었습니다."),
}
_METHODS = {
    "CARD": ("PaymentMethodCard", "Card", "카드"),
    "TRANSFER": ("PaymentMethodTransfer", "Bank transfer", "계좌이체"),
    "MOBILE": ("PaymentMethodMobile", "Phone bill", "휴대폰 결제"),
    "EASY_PAY": ("PaymentMethodEasyPay", "Wallet", "간편결제"),
}
_WALLETS = {
    "KAKAOPAY": "카카오페이 Kakao Pay",
    "NAVERPAY": "네이버페이 Naver Pay",
    "TOSSPAY": "토스페이 Toss Pay",
    "PAYCO": "페이코 PAYCO",
}
_DECIMALS = {"KRW": 0, "JPY": 0, "KWD": 3}
_ASSETS = '<link rel="stylesheet" href="/static/paylink.css">'
_LATE_S_MAX = 3 * 24 * 3600


def show(world: World, request: Request) -> Response:
    """The window with its choices. Opening it is an event of its own."""
    asked = query(request)
    payment, fault = _open(world, asked)
    lang = _lang(asked)
    text, korean = _TEXT[lang], lang == "ko"
    if payment is None:
        return _page(400, text["title"], f"<p>{escape(fault)}</p>", lang)
    if payment["status"] in payments.TAKEN:
        link = f'<a class="button" href="{escape(_back(asked, payment))}">{text["back"]}</a>'
        return _page(200, text["title"], f"<p>{text['over']}</p><p>{link}</p>", lang)
    if payment["status"] != "READY":
        payments.move(world, payment, "READY")
        payments.tell(world, "Ready", payment)
    facts = definition_list(
        {
            text["amount"]: amount_text(payment["total"], payment["currency"], _DECIMALS.get(payment["currency"], 2)),
            text["what"]: payment["orderName"],
            text["method"]: _METHODS[asked["payMethod"]][2 if korean else 1],
        }
    )
    reasons = "".join(f'<option value="{name}">{escape(words[korean])}</option>' for name, words in _REASONS.items())
    body = f"""<p class="note">{text["note"]}</p>{facts}
<form method="post">{_wallets(asked, text["wallet"])}
<button class="primary" name="do" value="approve">{text["approve"]}</button>
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
<button name="do" value="stuck_before">{text["stuck_before"]}</button>
<button name="do" value="close">{text["close"]}</button></form></details>"""
    return _page(200, text["title"], body, lang)


def _page(status: int, title: str, body: str, lang: str) -> Response:
    return html(status, title, f"<main><h1>{title}</h1>{body}</main>", lang=lang, assets=_ASSETS)


def _wallets(asked: dict[str, str], label: str) -> str:
    if asked.get("payMethod") != "EASY_PAY":
        return ""
    options = "".join(f'<option value="{code}">{escape(name)}</option>' for code, name in _WALLETS.items())
    return f'<label for="wallet">{label}</label><select id="wallet" name="wallet">{options}</select>'


def act(world: World, request: Request) -> Response:
    """What the buyer chose."""
    asked, given = query(request), fields(request)
    payment, fault = _open(world, asked)
    lang = _lang(asked)
    text, choice = _TEXT[lang], given.get("do")
    if payment is None:
        return _page(400, text["title"], f"<p>{escape(fault)}</p>", lang)
    if given.get("wallet") in _WALLETS:
        payment["method"]["provider"] = given["wallet"]
    if choice == "approve":
        payments.pay(world, payment)
    elif choice == "late":
        seconds = given.get("seconds", "")
        payments.pay(world, payment, wait_ms=1000 * (min(int(seconds), _LATE_S_MAX) if seconds.isdigit() else 10))
    elif choice in ("lost", "stuck_after"):
        payments.pay(world, payment, silent=True)
    elif choice == "cancel":
        payments.fail(world, payment, "PAY_PROCESS_CANCELED", "사용자가 결제를 취소하였습니다.")
    elif choice == "decline":
        reason = given.get("reason", "")
        reason = reason if reason in _REASONS else "REJECT_CARD_COMPANY"
        payments.fail(world, payment, reason, _REASONS[reason][1])
    for choices, word in ((("stuck_after", "stuck_before"), "stuck"), (("close",), "closed")):
        if choice in choices:
            return _page(504 if word == "stuck" else 200, text[word + "_title"], f"<p>{text[word]}</p>", lang)
    return redirect(_back(asked, payment))


def _open(world: World, asked: dict[str, str]) -> tuple[Json | None, str]:
    """The payment that is asked for, if the shop has registered it with this amount."""
    known = payments.find(world, asked.get("paymentId", ""))
    total, currency, method = asked.get("totalAmount", ""), asked.get("currency", ""), asked.get("payMethod", "")
    wrong = asked.get("storeId") != world.config.portone_store_id or method not in _METHODS
    wrong = wrong or not asked.get("redirectUrl", "").startswith(("http://", "https://"))
    if known is None or wrong:
        return None, "storeId, paymentId, payMethod, redirectUrl"
    if known["status"] in payments.TAKEN:
        return known, ""
    if not total.isdigit() or known["registered"] != [int(total), currency]:
        return None, _TEXT[_lang(asked)]["forged"]
    if known["status"] == "REGISTERED" or known["method"] is None:
        kind: Json = {"type": _METHODS[method][0]}
        if method == "CARD":
            kind |= {"card": {**payments.CARD, "type": asked.get("cardType", "CREDIT")}, "approvalNumber": "30012345"}
        elif method == "TRANSFER":
            kind |= {"bank": "SHINHAN"}
        payments.begin(
            known,
            name=asked.get("orderName", ""),
            custom_data=asked.get("customData"),
            total=int(total),
            currency=currency,
            method=kind,
        )
    return known, ""


def _lang(asked: dict[str, str]) -> str:
    return language(asked.get("locale"))


def _back(asked: dict[str, str], payment: Json) -> str:
    """developers.portone.io: how the buyer comes back from a redirect."""
    told = {"paymentId": payment["id"], "transactionType": "PAYMENT", "txId": payment["transactionId"]}
    if payment["failure"] and payment["status"] == "FAILED":
        failure = payment["failure"]
        told |= {"code": "FAILURE_TYPE_PG", "message": failure["reason"], "pgCode": failure["pgCode"]}
    return asked["redirectUrl"] + ("&" if "?" in asked["redirectUrl"] else "?") + urlencode(told)


def add_routes(router: Router) -> None:
    """The window."""
    router.add("GET", "/portone/window", show, vendor="page")
    router.add("POST", "/portone/window", act, vendor="page")
