"""Lines of the administrators' checklist that stand on one page each: flagged orders, a payment, a balance."""

from __future__ import annotations

import re

import pytest
from apiflask import APIFlask

from tests.blueprints.desks import browser, fields
from tests.factories.account import make_person
from tests.factories.cart import make_mall, make_variant
from tests.factories.order import LONG_AGO, REVIEWED_KRW, give_deposit, give_mileage, make_order
from tests.factories.refund import answer_legs, ask_refund, lines_of, rows
from tests.reading_html import by_id, links, text_of, tree


@pytest.mark.ux("A10", "A12", "A14")
def test_what_is_flagged_paid_and_owed_is_found_where_one_looks(app: APIFlask) -> None:
    mall = make_mall()
    bea, ada = make_person("bea", now=LONG_AGO), browser(app, make_person("ada", roles=("buyer", "admin")))
    sam = browser(app, make_person("sam", store_ids=(mall.store_ids[0],)))
    give_deposit(bea, 70_000)
    give_mileage(bea, 3_000)
    bowl = make_variant(mall, krw=12_000)
    held = make_order(bea, mall, {make_variant(mall, krw=REVIEWED_KRW): 1}, outcome="authorised")
    paid = make_order(bea, mall, {bowl: 2}, deposit_minor=5_000)
    make_order(bea, mall, {bowl: 1}, deposit_minor=4_000, outcome=None)  # It holds what it is to be paid with.
    asked = ask_refund(paid, {lines_of(paid)[0]: 1})
    answer_legs(asked.refund_id)

    # A10: icon and word beside the number wherever it stands; where one would send it stands why not.
    for client, path in ((ada, "/admin/orders"), (ada, "/admin/"), (sam, "/seller/orders?view=hold")):
        page = tree(client.get(path).text)
        row = next(one for one in page.iter("tr") if held.number in text_of(one))
        flags = [one for one in row.iter("span") if one.get("data-state") in {"review", "held"}]
        assert flags, path
        assert all(list(one.iter("svg")) and text_of(one) for one in flags)
    shown = tree(sam.get(f"/seller/orders/{held.part_ids[0]}").text)
    assert "Held for review" in text_of(shown)
    assert not any("shipment" in one.get("action", "") for one in shown.iter("form"))

    # A12: all of a payment on its page, and the way to everything about it.
    page = tree(ada.get(f"/admin/payments/{paid.payment_id}").text)
    said, ways = text_of(page), set(links(page).values())
    for words in (
        "Authorised",
        "Captured",
        "Refunded",
        "Deposit",
        "Attempt 1 at Paylink",
        "Why this gateway",
        "Answered",
        "Ledger entries",
    ):
        assert words in said, words
    entries = rows("SELECT id FROM ledger_entry WHERE order_id = :id", id=paid.id)
    wanted = {f"/admin/orders/{paid.number}", f"/admin/users/{bea.id}"}
    wanted |= {f"/admin/ledger/entries/{one}" for (one,) in entries}
    assert wanted <= ways, wanted - ways
    assert any(f"/admin/refunds/{asked.refund_id}" in one for one in ways)

    # A14: what is available, held, pending and owed opens the postings (or holds) that add up to it.
    hers = ada.get(f"/admin/users/{bea.id}").text
    reveal = next(one for one in tree(hers).iter("form") if "balance" in one.get("action", ""))
    answer = ada.post(reveal.get("action", ""), data=fields(hers))
    balances = next(
        one for one in tree(ada.get(answer.location).text).iter("section") if one.get("aria-labelledby") == "balances"
    )
    assert "As of" in text_of(balances)
    for account_id, kind, balance, on_hold in rows(
        "SELECT id, kind, balance_minor, held_minor FROM ledger_account WHERE owner = :who", who=f"user:{bea.id}"
    ):
        path = f"/admin/ledger/accounts/{account_id}"
        assert path in links(balances).values(), kind
        hidden = ada.get(path).text
        form = next(one for one in tree(hidden).iter("form") if one.get("action", "").startswith(path))
        opened = ada.post(form.get("action", ""), data=fields(hidden))
        account = tree(ada.get(opened.location).text)
        assert "as of" in text_of(account)
        moved = [one for one in by_id(account, "statement").iter("td") if one.get("data-label") == "Amount"]
        assert sum(minor(text_of(one)) for one in moved) == balance, kind
        if on_hold:
            path = next(one.get("href", "") for one in account.iter("a") if "holds?account" in one.get("href", ""))
            rows_of = [one for one in tree(ada.get(path).text).iter("td") if one.get("data-label") == "Amount"]
            assert sum(minor(text_of(one)) for one in rows_of) == on_hold


def minor(amount: str) -> int:
    """Won or points as a number."""
    digits = int(re.sub(r"\D", "", amount))
    return -digits if amount.startswith(("-", "−")) else digits
