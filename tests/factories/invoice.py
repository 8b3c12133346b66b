"""Buyers with credit, and orders that they bought on it."""

from __future__ import annotations

from portal.db import atomically, transaction
from portal.kit import clock
from portal.models import GatewayAccount
from portal.queries.gateways import forget_gateways
from portal.services.invoices.change_credit_line import grant_credit
from tests.factories.account import Person


def make_invoice_account() -> None:
    """Let channels offer the invoice of the house."""
    with transaction() as session:
        account = GatewayAccount(gateway="invoice", name="Invoice", methods=["invoice"], currencies=["KRW", "USD"])
        session.add(account)
    forget_gateways()


def give_credit(person: Person, by: Person, limit_minor: int, *, currency: str = "KRW", days: int = 30) -> None:
    """An open line, as an administrator grants it; not above what needs a second one."""
    now = clock.now()
    atomically(
        lambda s: grant_credit(
            s,
            email=person.email,
            currency=currency,
            limit_minor=limit_minor,
            days=days,
            reason="Knows how to pay.",
            actor=by.actor,
            now=now,
        )
    )
