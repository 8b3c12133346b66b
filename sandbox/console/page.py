"""The start page: what the vendors hold, and a form for trouble."""

from collections.abc import Iterable
from html import escape
from itertools import islice

from sandbox import pages, receiver
from sandbox.adyen import cards as adyen
from sandbox.console import accounts
from sandbox.console.control import charges, refunds
from sandbox.faults import CALLS, KINDS
from sandbox.http import Request, Response, Router
from sandbox.stripe.cards import CARDS
from sandbox.stripe.currencies import THREE_DECIMALS, ZERO_DECIMALS
from sandbox.world import World

_SHOWN = 50
_ACCOUNT_HEADS = ("Order", "Account", "Until", "Asked", "Paid", "Status", "Action")
# What of a rule stands in columns of its own, or is of no interest; and what of it is a number.
_APART = ("kind", "on", "id", "met", "fitted", "times")
_NUMBERS = ("amount", "delay_ms", "times", "every")
_ASSETS = '<link rel="stylesheet" href="/static/paylink.css">'


def show(world: World, request: Request) -> Response:
    """Everything on one page, the newest first."""
    del request
    body = (
        "<main><h1>Sandbox</h1><p class='note'>Stand-ins for payment vendors. No real money moves here.</p>"
        + _faults(world)
        + _payments(world)
        + _table("Virtual accounts", _ACCOUNT_HEADS, accounts.account_rows(world))
        + _refunds(world)
        + _table("Cash receipts", ("Id", "For", "Amount", "Number", "Status"), accounts.receipt_rows(world))
        + _deliveries(world)
        + _table("Webhooks received", ("Receiver", "Message", "Signature", "Body"), receiver.rows(world))
        + receiver.form()
        + _events(world)
        + _keys(world)
        + _cards()
        + "</main>"
    )
    return pages.html(200, "Sandbox", body, assets=_ASSETS)


def _table(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; cells are HTML already."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in islice(rows, _SHOWN))
    empty = "" if lines else "<p class='note'>Nothing yet.</p>"
    return f"<h2>{escape(title)}</h2><div class='scroll'><table><tr>{head}</tr>{lines}</table></div>{empty}"


def _money(amount: int, currency: str) -> str:
    low = currency.lower()
    decimals = 0 if low in ZERO_DECIMALS else 3 if low in THREE_DECIMALS else 2
    return escape(pages.amount_text(amount, currency, decimals))


def _text(value: object) -> str:
    return escape("" if value is None else str(value))


def _payments(world: World) -> str:
    rows = (
        (
            _text(each["vendor"]),
            _text(each["id"]),
            _text(each["order"]),
            _text(each["status"]),
            _money(each["amount"], each["currency"]),
            _money(each["captured"], each["currency"]),
            _money(each["refunded"], each["currency"]),
            _text(each["reason"]),
        )
        for each in charges(world)
    )
    return _table("Payments", ("Vendor", "Id", "Order", "Status", "Amount", "Captured", "Refunded", "Reason"), rows)


def _refunds(world: World) -> str:
    rows = (
        (
            _text(each["id"]),
            _text(each.get("payment_intent", each.get("session"))),
            _text(each["status"]),
            _money(each["amount"], each["currency"].upper()),
        )
        for each in refunds(world)
    )
    return _table("Refunds", ("Id", "Payment", "Status", "Amount"), rows)


def _deliveries(world: World) -> str:
    rows = (
        (
            _text(each["type"]),
            _text(each["event"]),
            _text(each["state"]),
            _text(each["tries"]),
            _text(each["status"]),
            _text(each["spoil"]),
            f'<form method="post" action="/resend"><button name="id" value="{each["id"]}">Send again</button></form>',
        )
        for each in world.store.newest("deliveries")
    )
    return _table("Notices", ("Type", "Event", "State", "Tries", "Last status", "Spoiled", "Action"), rows)


def _events(world: World) -> str:
    rows = (
        (_text(each["type"]), _text(each["id"]), _text(each["data"]["object"].get("id")))
        for each in world.store.newest("events")
    )
    return _table("Stripe events", ("Type", "Id", "Object"), rows)


def _keys(world: World) -> str:
    keys = world.store.tables.get("keys", {})
    rows = ((_text(key), _text(keys[key]["status"])) for key in reversed(keys))
    return _table("Idempotency keys", ("Key", "Answer"), rows)


def _cards() -> str:
    rows = [("stripe", card.number, card.brand, card.note) for card in CARDS if card.note]
    rows += [("adyen", card.number, card.brand, card.note) for card in adyen.CARDS]
    cells = [tuple(map(_text, row)) for row in rows]
    names = [(_text(name), _text(one.result), _text(one.reason)) for name, one in adyen.RESULTS.items()]
    return _table("Test cards", ("Vendor", "Number", "Brand", "It"), cells) + _table(
        "Names on a card that ask Adyen for a result", ("Name", "Result", "Reason"), names
    )


def _faults(world: World) -> str:
    kinds = "".join(f"<option>{each}</option>" for each in KINDS)
    calls = "".join(f"<option>{each}</option>" for each in CALLS)
    boxes = "".join(
        f'<span><label for="{name}">{label}</label><br><input id="{name}" name="{name}" size="12"></span>'
        for name, label in (
            ("card", "Card ends with"),
            ("amount", "Amount, minor units"),
            ("order", "Order"),
            ("event", "Notice type"),
            ("delay_ms", "Delay, ms"),
            ("times", "Times (empty: always)"),
            ("every", "One call in so many"),
        )
    )
    form = (
        '<form method="post" action="/faults"><div class="row">'
        f'<span><label for="kind">What goes wrong</label><br><select id="kind" name="kind">{kinds}</select></span>'
        f'<span><label for="on">On</label><br><select id="on" name="on">{calls}</select></span>{boxes}'
        '<button class="primary">Add</button></div></form>'
    )
    rows = (
        (
            _text(rule.kind),
            _text(rule.on),
            _text({k: v for k, v in rule.as_json().items() if v and k not in _APART}),
            _text(rule.times or "always"),
            f'<form method="post" action="/faults"><button name="remove" value="{rule.id}">Remove</button></form>',
        )
        for rule in world.faults.rules
    )
    return _table("Trouble in force", ("What", "On", "If", "Times", "Action"), rows) + form


def change_faults(world: World, request: Request) -> Response:
    """The form above."""
    given = {name: value for name, value in pages.fields(request).items() if value}
    if "remove" in given:
        world.faults.remove(given["remove"])
        return pages.redirect("/")
    numbers = {name: int(given[name]) for name in _NUMBERS if given.get(name, "").isdigit()}
    words = {name: given[name] for name in ("kind", "on", "card", "order", "event") if name in given}
    try:
        world.faults.add({"times": None} | words | numbers)
    except (TypeError, ValueError) as failure:
        return pages.html(422, "Sandbox", f"<main><p>{escape(str(failure))}</p></main>", assets=_ASSETS)
    return pages.redirect("/")


def resend(world: World, request: Request) -> Response:
    """The button beside a notice."""
    world.notices.send_again(pages.fields(request).get("id", ""))
    return pages.redirect("/")


def style(world: World, request: Request) -> Response:
    """The look of this page and of Paylink's."""
    del world, request
    return pages.static("paylink.css")


def add_routes(router: Router) -> None:
    """The start page."""
    accounts.add_routes(router)
    router.add("GET", "/", show, vendor="page")
    router.add("POST", "/faults", change_faults, vendor="page")
    router.add("POST", "/resend", resend, vendor="page")
    router.add("GET", "/static/paylink.css", style, vendor="page")
