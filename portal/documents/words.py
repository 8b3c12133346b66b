"""The words on documents, in the reader's language."""

from __future__ import annotations

from portal.kit import display
from portal.kit.rates import SOURCES
from portal.kit.text import N_
from portal.translations import translations_of

TITLES = {"receipt": N_("Receipt"), "credit_note": N_("Credit note")}
TENDERS = {
    "deposit": N_("Deposit"),
    "mileage": N_("Mileage"),
    "gift": N_("Gift balance"),
    "refund_credit": N_("Refund credit"),
    "bank": N_("Bank account"),
}
METHODS = {
    "credit_card": N_("Credit card"),
    "debit_card": N_("Debit card"),
    "international_card": N_("International card"),
    "bank_transfer": N_("Bank transfer"),
    "virtual_account": N_("Virtual account"),
    "mobile_carrier": N_("Mobile carrier billing"),
    "wallet": N_("Digital wallet"),
    "pay_later": N_("Pay later"),
    "invoice": N_("Invoice"),
}
FUNDING = {
    "seller": N_("Seller's coupon"),
    "platform": N_("Platform's coupon"),
}


class Words:
    """One language. A word that nobody has translated stays English."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        _ = self._ = translations_of(locale).gettext
        self.number = _("Number")
        self.corrects = _("Corrects receipt")
        self.issued_by = _("Issued by")
        self.issued_at = _("Issued")
        self.order = _("Order")
        self.paid_at = _("Paid")
        self.buyer = _("Buyer")
        self.pick_list = _("Pick list")
        self.packing_slip = _("Packing slip")
        self.left_out = _("Left out")
        self.deliver_to = _("Deliver to")
        self.return_label = _("Return label")
        self.parcel_label = _("Parcel label")
        self.send_to = _("Send it to")
        self.from_whom = _("From")
        self.put_inside = _("Cut here. Put the lower part into the parcel, stick the upper part onto it.")
        self.send_by = _("Send it by")
        self.way_back = {
            "store": _("The store pays for the way back."),
            "buyer": _("The buyer pays for the way back."),
        }
        self.sku = _("SKU")
        self.item = _("Item")
        self.quantity = _("Quantity")
        self.price = _("Price")
        self.amount = _("Amount")
        self.discount = _("Discount")
        self.shipping = _("Shipping")
        self.exchange = _("Exchange")
        self.difference = _("It is what goods that went out in exchange cost more than those that came back.")
        self.items = _("Items")
        self.restocking = _("Restocking fee")
        self.total = _("Total")
        self.paid_with = _("Paid with")
        self.goes_back_to = _("Goes back to")
        self.file = _("File")
        self.rows = _("Rows")

    def say(self, sentence: str) -> str:
        """A sentence that is marked elsewhere, in this language."""
        return self._(sentence)

    def rows_of(self, rows: int, total: int) -> str:
        if rows == total:
            return display.format_number(rows, self.locale)
        of = {"rows": display.format_number(rows, self.locale), "total": display.format_number(total, self.locale)}
        return self._("%(rows)s of %(total)s") % of

    def cut_list(self, rows: int) -> str:
        sentence = self._("A PDF holds the first %(rows)s rows. CSV and XLSX hold all.")
        return sentence % {"rows": display.format_number(rows, self.locale)}

    def title(self, kind: str) -> str:
        return self._(TITLES[kind])

    def tender(self, kind: str, method: str | None) -> str:
        """What was paid with; a gateway's method by its own name."""
        known = METHODS.get(method or "") if kind == "gateway" else TENDERS.get(kind)
        return self._(known) if known else (method or kind)

    def funding(self, kind: str) -> str:
        return self._(FUNDING[kind]) if kind in FUNDING else kind

    def points(self, points: int) -> str:
        return f"{display.format_number(points, self.locale)} P"

    def tax(self, rate: str) -> str:
        return self._("Tax %(rate)s") % {"rate": rate}

    def tax_included(self, rate: str) -> str:
        return self._("Tax included, %(rate)s") % {"rate": rate}

    def page(self, number: int) -> str:
        return self._("Page %(number)s") % {"number": number}

    def converted(self, amount: str, rate: str, source: str, at: str) -> str:
        known = self._(SOURCES[source]) if source in SOURCES else source
        sentence = self._("The total is %(amount)s at the rate %(rate)s of %(source)s, %(at)s.")
        return sentence % {"amount": amount, "rate": rate, "source": known, "at": at}
