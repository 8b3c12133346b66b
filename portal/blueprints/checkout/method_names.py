"""Ways of paying by their names."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext

from portal.kit.text import N_

METHODS: Mapping[str, tuple[str, str, str]] = {
    "credit_card": (N_("Credit card"), N_("Visa, Mastercard, domestic cards"), "credit-card"),
    "debit_card": (N_("Debit card"), N_("The amount is taken from your account at once"), "credit-card"),
    "international_card": (N_("International card"), N_("Cards issued in other countries"), "world"),
    "bank_transfer": (N_("Bank transfer"), N_("You confirm it on your bank's page"), "building-bank"),
    "virtual_account": (N_("Virtual account"), N_("You get an account number to pay into"), "building-bank"),
    "mobile_carrier": (N_("Mobile phone bill"), N_("Your carrier puts it on the phone bill"), "device-mobile"),
    "wallet": (N_("Digital wallet"), N_("You confirm it in the wallet's app or page"), "wallet"),
    "invoice": (N_("Invoice"), N_("Pay later, by the date on your invoice"), "file-text"),
    "pay_later": (N_("Pay later"), N_("You get an invoice with a date"), "calendar"),
}


def method_name(method: str | None) -> str:
    """The way of paying by its name; one that nobody has named is shown by its own."""
    name = METHODS.get(method or "", (method or "", "", ""))[0]
    return gettext(name) if name else ""
