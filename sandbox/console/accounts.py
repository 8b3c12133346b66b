"""Virtual accounts on the start page: what they wait for, and money that arrives at them. Cash receipts too."""

from html import escape

from sandbox import pages
from sandbox.http import Json, Request, Response, Router
from sandbox.portone import payments, receipts
from sandbox.world import World

_ASSETS = '<link rel="stylesheet" href="/static/paylink.css">'


def account_rows(world: World) -> list[tuple[str, ...]]:
    """A row for each account that was issued, the newest first."""
    return [_row(payment) for payment in world.store.newest(payments.TABLE) if _is_account(payment)]


def receipt_rows(world: World) -> list[tuple[str, ...]]:
    """A row for each cash receipt."""
    return [
        tuple(escape(str(each[name])) for name in ("id", "type", "amount", "issueNumber", "status"))
        for each in world.store.newest(receipts.TABLE)
    ]


def _is_account(payment: Json) -> bool:
    return bool(payment["method"]) and payment["method"]["type"] == "PaymentMethodVirtualAccount"


def _row(payment: Json) -> tuple[str, ...]:
    method, own = payment["method"], escape(payment["id"])
    form = (
        f'<form method="post" action="/deposits" class="row"><input type="hidden" name="id" value="{own}">'
        f'<label for="amount-{own}">Amount</label><input id="amount-{own}" name="amount" size="8" inputmode="numeric" '
        f'value="{payment["total"]}"><button class="primary" name="do" value="deposit">Deposit arrives</button>'
        '<button name="do" value="silent">… without a notice</button>'
        '<button name="do" value="late">… though it is too late</button>'
        '<button name="do" value="expire">Time runs out</button></form>'
    )
    facts = (payment["order"], f"{method['bank']} {method['accountNumber']}", method["expiredAt"][:16])
    amounts = (f"{payment['total']:,}", f"{payment['paid']:,}", payment["status"])
    return (*(escape(str(each)) for each in (*facts, *amounts)), form)


def act(world: World, request: Request) -> Response:
    """The form of a row."""
    given = pages.fields(request)
    payment = payments.find(world, given.get("id", ""))
    amount, choice = given.get("amount", ""), given.get("do")
    if payment is None or not amount.isdigit() or not int(amount):
        return pages.html(422, "Sandbox", "<main><p>An account and an amount, please.</p></main>", assets=_ASSETS)
    if choice == "expire":
        payments.expire_account(world, payment)
        return pages.redirect("/")
    became = payments.deposit(world, payment, int(amount), silent=choice == "silent", late=choice == "late")
    if became == "paid":
        return pages.redirect("/")
    body = f"<main><h1>The bank sends it back</h1><p>The account is {became}.</p><p><a href='/'>Back</a></p></main>"
    return pages.html(409, "Sandbox", body, assets=_ASSETS)


def add_routes(router: Router) -> None:
    """The form's address."""
    router.add("POST", "/deposits", act, vendor="page")
