"""The pages of the mini-app, as plain as they can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

ZERO_DECIMALS = frozenset({"KRW", "JPY"})


def money(amount: Mapping[str, Any]) -> str:
    """An amount as people read it; the API tells whole minor units."""
    minor, currency = int(amount["amount_minor"]), str(amount["currency"])
    if currency in ZERO_DECIMALS:
        return f"{minor:,} {currency}"
    sign, minor = ("-" if minor < 0 else ""), abs(minor)
    return f"{sign}{minor // 100:,}.{minor % 100:02} {currency}"


def page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width"></head>'
        f'<body><h1>{escape(title)}</h1>{body}<p><a href="/">All goods</a></p></body></html>'
    )


def goods(items: Sequence[Mapping[str, Any]]) -> str:
    rows = "".join(
        f'<li><a href="/goods/{escape(one["slug"])}">{escape(one["name"]["en"])}</a>, '
        f"{escape(one['store']['name']['en'])}: {money(one['price_from'])}</li>"
        for one in items
    )
    return page("Goods of the mall", f"<ul>{rows}</ul>" if rows else "<p>There is nothing to buy just now.</p>")


def product(found: Mapping[str, Any]) -> str:
    choices = "".join(
        f'<option value="{one["id"]}">{escape(_label(one) or one["sku"])}: {money(one["price"])}</option>'
        for one in found["variants"]
        if one["available"] > 0
    )
    form = (
        f'<form method="post" action="/quotes"><label>Which one <select name="variant">{choices}</select></label> '
        '<label>How many <input name="quantity" type="number" value="1" min="1"></label> '
        "<button>What does it cost?</button></form>"
    )
    return page(found["name"]["en"], form if choices else "<p>It is sold out.</p>")


def _label(variant: Mapping[str, Any]) -> str:
    return ", ".join(str(one["value"]["en"]) for one in variant["options"])


def quote(quoted: Mapping[str, Any], *, key: str, method: str) -> str:
    """What an order would cost, and the form that places it at exactly this."""
    rows = "".join(
        f"<tr><td>{escape(one['kind'])}</td><td>{money(one['amount'])}</td></tr>" for one in quoted["amounts"]
    )
    texts = "".join(
        f'<label><input type="checkbox" name="consent" value="{escape(one["kind"])}={escape(one["version"])}" required>'
        f" {escape(one['label'])}</label><br>"
        for one in quoted["consents"]
        if one["is_required"]
    )
    fields = "".join(
        f"<label>{label} <input name={name!r} required></label><br>"
        for name, label in (
            ("name", "Name"),
            ("phone", "Phone"),
            ("postcode", "Postcode"),
            ("line1", "Address"),
            ("email", "E-mail"),
        )
    )
    form = (
        f'<form method="post" action="/orders"><input type="hidden" name="key" value="{escape(key)}">'
        f'<input type="hidden" name="fingerprint" value="{escape(quoted["fingerprint"])}">'
        f'<input type="hidden" name="method" value="{escape(method)}">{fields}{texts}'
        f"<button>Order and pay {money(quoted['to_pay_now'])}</button></form>"
    )
    return page("Your order", f"<table>{rows}</table>{form}")


def order(found: Mapping[str, Any], told: Sequence[str]) -> str:
    """Where an order stands, as the API says it, and what the portal has told us of it by itself."""
    parts = "".join(
        f"<li>{escape(one['store']['name']['en'])}: <span class=part>{escape(one['status'])}</span></li>"
        for one in found["parts"]
    )
    messages = "".join(f"<li class=message>{escape(kind)}</li>" for kind in told)
    step = found["next_action"]
    link = f'<p><a id="pay" href="{escape(step["url"])}">Go on to pay</a></p>' if step["type"] == "redirect" else ""
    return page(
        f"Order {found['number']}",
        f'<p>It is <strong id="status">{escape(found["status"])}</strong>, {money(found["total"])} in all.</p>{link}'
        f"<ul>{parts}</ul><h2>What we were told</h2><ol>{messages}</ol>",
    )


def refusal(code: str, sentence: str) -> str:
    return page("That cannot be done", f'<p id="code">{escape(code)}</p><p>{escape(sentence)}</p>')
