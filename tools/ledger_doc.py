"""Write docs/ledger.md from the posting templates themselves: python -m tools.ledger_doc."""

from __future__ import annotations

import inspect
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

from portal.rules.balance_posting import BALANCE_TEMPLATES
from portal.rules.dispute_posting import DISPUTE_TEMPLATES
from portal.rules.exchange_posting import EXCHANGE_TEMPLATES
from portal.rules.fx_posting import FX_TEMPLATES
from portal.rules.gateway_posting import GATEWAY_TEMPLATES
from portal.rules.gift_posting import GIFT_TEMPLATES
from portal.rules.invoice_posting import INVOICE_TEMPLATES
from portal.rules.mileage_posting import MILEAGE_TEMPLATES
from portal.rules.posting import TEMPLATES, USER_KINDS, AccountKind, Line, OrderMoney, clearing, of_user
from portal.rules.restocking_posting import RESTOCKING_TEMPLATES

FILE = Path(__file__).parents[1] / "docs" / "ledger.md"

HEAD = """# The ledger

Printed from `portal/rules/posting.py` by `python -m tools.ledger_doc`; a test fails when it is not current.

Every event that moves value is one entry with postings that sum to zero per currency. A posting is positive where an
account gains value held for its owner; the outside world is negative. Entries and postings are never changed or
deleted (a trigger and the rights of the role `portal_app` see to it): what was wrong is undone by a new entry.
Mileage is a currency of its own, `PTS`.

What a user can spend is kept as a cached balance, on accounts of the kinds {cached}.
The balance of every other account is the sum of its postings, so that no checkout waits for a row that all orders
share. Amounts that a pending order has set aside are holds: they lower what can be spent and are no postings.

## Accounts

| kind | what it holds | balance |
|---|---|---|
{accounts}

## What each event posts
"""

MEANING = {
    AccountKind.DEPOSIT: "money that a user paid in to spend here",
    AccountKind.GIFT: "stored value that was given to a user",
    AccountKind.GIFT_CARD: "what sold gift cards are still worth",
    AccountKind.GIFT_BREAKAGE: "gift cards that nobody redeemed in time, or that are void",
    AccountKind.REFUND_CREDIT: "refunds that a user took as credit",
    AccountKind.MILEAGE: "points that a user can spend",
    AccountKind.MILEAGE_PENDING: "points promised with an order that may still be returned",
    AccountKind.MILEAGE_OWED: "points that were taken back after they had been spent; below zero",
    AccountKind.WITHDRAWAL: "deposit on its way to its owner's bank account",
    AccountKind.SELLER_PAYABLE: "what a store is to be paid",
    AccountKind.ORDER_ESCROW: "an order's value between payment and release; zero when it is closed",
    AccountKind.GATEWAY_CLEARING: "what a gateway has taken for us and not paid out",
    AccountKind.GATEWAY_AUTHORISED: "what a gateway holds for orders that go on and has not taken; below zero",
    AccountKind.COMMISSION: "what the platform earns of sales",
    AccountKind.TAX_PAYABLE: "tax that was added to prices",
    AccountKind.COUPON_COST: "discounts that the platform bears",
    AccountKind.MILEAGE_EXPENSE: "what spent points were worth",
    AccountKind.MILEAGE_ISSUED: "points that are outside the users' accounts",
    AccountKind.MILEAGE_BREAKAGE: "points that nobody spent in time",
    AccountKind.MILEAGE_TRANSIT: "points sent to somebody who has not accepted them yet",
    AccountKind.DONATION: "what donated points were worth, owed to a cause",
    AccountKind.GATEWAY_FEE: "what gateways have kept of the money that they held",
    AccountKind.PAYMENT_DIFFERENCE: "what an outside payment was more or less than the order",
    AccountKind.DISPUTE_RECEIVABLE: "what banks hold of us until disputes are decided; below zero",
    AccountKind.INVOICE_RECEIVABLE: "what a user owes on invoices; below zero",
    AccountKind.WRITE_OFF: "what the platform has lost",
    AccountKind.FX_DIFFERENCE: "what is left over between two currencies",
    AccountKind.GIVEN_UP: "balances that people left behind when they had their accounts deleted",
    AccountKind.ADJUSTMENT: "what was given and taken by hand to put balances right",
    AccountKind.OUTSIDE: "the world before and outside of the portal",
}


ALL_TEMPLATES = {
    **TEMPLATES,
    **MILEAGE_TEMPLATES,
    **BALANCE_TEMPLATES,
    **GIFT_TEMPLATES,
    **INVOICE_TEMPLATES,
    **EXCHANGE_TEMPLATES,
    **RESTOCKING_TEMPLATES,
    **GATEWAY_TEMPLATES,
    **DISPUTE_TEMPLATES,
    **FX_TEMPLATES,
}


@dataclass(frozen=True)
class Term:
    """A sum of named amounts, written instead of computed. Behaves as the whole number a template expects."""

    parts: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, name: str) -> Term:
        return cls(((name, 1),))

    def __add__(self, other: Term | int) -> Term:
        counted = Counter(dict(self.parts))
        for name, sign in other.parts if isinstance(other, Term) else ():
            counted[name] += sign
        return Term(tuple((name, sign) for name, sign in counted.items() if sign))

    __radd__ = __add__

    def __neg__(self) -> Term:
        return Term(tuple((name, -sign) for name, sign in self.parts))

    def __sub__(self, other: Term) -> Term:
        return self + -other

    def __str__(self) -> str:
        written = " ".join(f"{'+' if sign > 0 else '−'} {name}" for name, sign in self.parts)
        return written.removeprefix("+ ").replace("− ", "−", 1) if written.startswith("−") else written[2:]


def page() -> str:
    """The whole document."""
    cached = ", ".join(f"`{kind.value}`" for kind in AccountKind if kind in USER_KINDS)
    accounts = "\n".join(
        f"| `{kind.value}` | {MEANING[kind]} | {'cached' if kind in USER_KINDS else 'sum'} |" for kind in AccountKind
    )
    parts = [HEAD.format(cached=cached, accounts=accounts)]
    for kind, template in ALL_TEMPLATES.items():
        lines = [f"| `{one.account.kind.value}` | {one.account.owner} | {one.account.currency} | {one.amount_minor} |"
                 for one in _lines(template)]  # fmt: skip
        told = inspect.cleandoc(template.__doc__ or "")
        parts.append(f"### {kind.value}\n\n{told}\n")
        parts.append("\n".join(["| account | owner | currency | amount |", "|---|---|---|---|", *lines]) + "\n")
    return "\n".join(parts)


def _lines(template: Any) -> tuple[Line, ...]:
    given = {name: _argument(name, str(one.annotation)) for name, one in inspect.signature(template).parameters.items()}
    return cast("tuple[Line, ...]", template(**given))


def _argument(name: str, annotation: str) -> Any:
    if annotation == "OrderMoney":
        return OrderMoney(**{field.name: _argument(field.name, str(field.type)) for field in fields(OrderMoney)})
    if annotation == "AccountRef":
        return clearing("NAME", "its own") if name == "source" else of_user(AccountKind.DEPOSIT, "ID", "its own")  # type: ignore[arg-type]  # A word instead of an id.
    if name.endswith("_id"):
        return "ID"
    if name == "gateway":
        return "NAME"
    if name == "charged_currency":
        return "charged"
    return "its own" if name == "currency" else Term.of(name.removesuffix("_minor"))


def main() -> None:
    FILE.write_text(page(), "utf-8")
    print(f"{FILE.relative_to(FILE.parents[1])} written")


if __name__ == "__main__":
    main()
