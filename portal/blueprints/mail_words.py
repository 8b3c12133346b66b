"""Mails in words: what each is about, as the desk lists them."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.text import N_

MAIL_ACTIONS: Mapping[str, str] = {"mail:sent-again": N_("Mail sent again")}

MAIL_WORDS: Mapping[str, Mapping[str, str]] = {
    "mail": {
        "access_changed": N_("Roles or access changed"),
        "account_freeze": N_("Account frozen or cleared"),
        "account_number": N_("Account number to pay to"),
        "bank_changed": N_("Bank account changed"),
        "books_differ": N_("Books differ"),
        "coupon": N_("Coupon"),
        "digest": N_("Digest of the day"),
        "exchange_paper": N_("Exchange"),
        "factor_changed": N_("Second factor changed"),
        "figure_alert": N_("Alert on a figure"),
        "figures": N_("Figures by mail"),
        "gift_card": N_("Gift card"),
        "hold": N_("Order on hold"),
        "invoice": N_("Invoice"),
        "key_changed": N_("API key changed"),
        "mileage_ending": N_("Mileage ends soon"),
        "mileage_gift": N_("Gift of mileage"),
        "offer": N_("Offer"),
        "password_reset": N_("New password"),
        "privacy": N_("Privacy"),
        "receipt": N_("Receipt"),
        "refund": N_("Refund"),
        "report": N_("Report"),
        "return": N_("Return"),
        "review_invitation": N_("Invitation to review"),
        "risk_case": N_("Case of risk"),
        "shipment": N_("Shipment"),
        "step_up_code": N_("Confirmation code"),
        "stock_low": N_("Stock runs low"),
        "store_invitation": N_("Invitation to a store"),
        "ticket": N_("Ticket"),
        "top_up": N_("Top-up"),
        "verify_email": N_("Confirmation of the address"),
    }
}
