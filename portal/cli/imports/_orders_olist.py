"""The order files of Olist's marketplace, joined.

Orders are read one by one; items, payments and customers are kept meanwhile as small tuples, about 1.5 kB per order
in all. A history of millions of orders is cut into several calls by whoever exports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from portal.cli.imports._orders_parsed import Goods, ParsedLine, ParsedOrder, amount, instant, needed
from portal.rules.imports import GIFT, Dates, Fate
from portal.services.accounts.import_buyer import BuyerDraft
from portal.services.catalogue.importing.olist import check_id
from portal.services.catalogue.importing.own_format import RowRefusedError
from portal.services.catalogue.importing.rows import Row, read_rows
from portal.services.orders.import_draft import PaymentDraft

# How each file is known. Sellers, products and category names are the catalogue's.
HEADERS: Mapping[str, set[str]] = {
    "orders": {"order_id", "customer_id", "order_status", "order_purchase_timestamp"},
    "items": {"order_id", "order_item_id", "product_id", "seller_id", "price", "freight_value"},
    "payments": {"order_id", "payment_type", "payment_value"},
    "customers": {"customer_id", "customer_unique_id"},
}
METHODS = {
    "credit_card": "credit_card",
    "debit_card": "debit_card",
    "boleto": "virtual_account",
    "voucher": GIFT,
}
FATES = {
    "created": Fate.EXPIRED,
    "approved": Fate.PAID,
    "invoiced": Fate.ACCEPTED,
    "processing": Fate.PACKED,
    "shipped": Fate.SHIPPED,
    "delivered": Fate.DELIVERED,
    "canceled": Fate.CANCELLED,
    "unavailable": Fate.CANCELLED,
}

Refuse = Callable[[Path, int, str], None]
Bar = Callable[[Path], AbstractContextManager[Callable[[int], None]]]
# (line, goods, price, freight, until when it is sent) and (line, method or the type that is not known, amount)
_Item = tuple[int, Goods, int, int, datetime | None]
_Payment = tuple[int, str, int]


def which(columns: Sequence[str]) -> str | None:
    """Which of the files has these columns; None is another file."""
    return next((name for name, header in HEADERS.items() if header <= set(columns)), None)


class OlistOrders:
    """The four files of one call. Files of one kind may be several."""

    def __init__(
        self,
        files: Mapping[str, Sequence[Path]],
        *,
        currency: str,
        country: str,
        zone: ZoneInfo,
        refuse: Refuse,
        bar: Bar,
    ) -> None:
        self._files = files
        self._currency = currency
        self._country = country
        self._zone = zone
        self._refuse = refuse
        self._bar = bar
        self._items: dict[str, list[_Item]] = {}
        self._payments: dict[str, list[_Payment]] = {}
        self._customers: dict[str, tuple[str, str, str, str]] = {}
        # Orders of which a row could not be read: an order is taken whole or not at all.
        self._broken: dict[str, str] = {}

    def read(self) -> Iterator[tuple[Path, ParsedOrder]]:
        """Every order that can be read; the others are refused with their reason."""
        self._join("items", self._take_item)
        self._join("payments", self._take_payment)
        self._join("customers", self._take_customer)
        for file in self._files["orders"]:
            with self._bar(file) as moved:
                for row in read_rows(file, moved=moved):
                    try:
                        yield file, self._order(row)
                    except RowRefusedError as refusal:
                        self._refuse(file, row.line, str(refusal))
        for kind, left in (("items", self._items), ("payments", self._payments)):
            for order_id, rows in left.items():
                self._refuse(self._files[kind][0], rows[0][0], f"order {order_id} is in no file of orders")

    def _join(self, kind: str, take: Callable[[Row], None]) -> None:
        for file in self._files.get(kind, ()):
            with self._bar(file) as moved:
                for row in read_rows(file, moved=moved):
                    try:
                        take(row)
                    except RowRefusedError as refusal:
                        self._refuse(file, row.line, str(refusal))
                        self._broken.setdefault(row["order_id"], f"line {row.line} of {file.name} cannot be read")

    def _take_item(self, row: Row) -> None:
        order_id = check_id(row, "order_id")
        goods = Goods(check_id(row, "seller_id"), check_id(row, "product_id"))
        price = amount(row["price"], "price", self._currency)
        freight = amount(row["freight_value"], "freight_value", self._currency)
        limit = instant(row["shipping_limit_date"], "shipping_limit_date", self._zone)
        self._items.setdefault(order_id, []).append((row.line, goods, price, freight, limit))

    def _take_payment(self, row: Row) -> None:
        order_id = check_id(row, "order_id")
        value = amount(row["payment_value"], "payment_value", self._currency)
        method = METHODS.get(row["payment_type"])
        if method is None and value:
            raise RowRefusedError(f"the payment type {row['payment_type']} is not known")
        # A payment of nothing is kept so that it can be named.
        self._payments.setdefault(order_id, []).append((row.line, method or row["payment_type"], value))

    def _take_customer(self, row: Row) -> None:
        unique = check_id(row, "customer_unique_id")
        postcode = row["customer_zip_code_prefix"]
        # Spreadsheets have eaten leading zeros; a Brazilian prefix has five digits.
        postcode = postcode.zfill(5) if postcode.isdigit() else postcode
        city, region = row["customer_city"].title(), row["customer_state"].upper()
        self._customers[check_id(row, "customer_id")] = (unique, city, region, postcode)

    def _order(self, row: Row) -> ParsedOrder:
        ref = check_id(row, "order_id")
        items, payments = self._items.pop(ref, []), self._payments.pop(ref, [])
        if ref in self._broken:
            raise RowRefusedError(f"order {ref}: {self._broken[ref]}")
        customer = self._customers.get(row["customer_id"])
        if customer is None:
            raise RowRefusedError(f"order {ref}: its customer is in no file of customers")
        status = row["order_status"]
        if status not in FATES:
            raise RowRefusedError(f"order {ref}: the status {status} is not known")
        dates = self._dates(row)
        unique, city, region, postcode = customer
        place = {"city": city, "region": region, "postcode": postcode, "country": self._country}
        shipping: dict[str, int] = {}
        for _line, goods, _price, freight, _limit in items:
            shipping[goods.store] = shipping.get(goods.store, 0) + freight
        order = ParsedOrder(
            line=row.line,
            ref=ref,
            fate=_fate(status, dates),
            status=status,
            dates=dates,
            buyer=BuyerDraft(ref=unique, placed_at=dates.placed_at, place=place),
            lines=[ParsedLine(goods, 1, price) for _line, goods, price, _freight, _limit in items],
            shipping=shipping,
            payments=[PaymentDraft(method, value) for _line, method, value in payments if value],
            remarks=[
                f"a payment of nothing ({method}, line {line} of the payments) is left out"
                for line, method, value in payments
                if not value
            ],
        )
        for _line, goods, _price, _freight, limit in items:
            order.note_limit(goods.store, limit)
        return order

    def _dates(self, row: Row) -> Dates:
        def at(column: str) -> object:
            return instant(row[column], column, self._zone)

        needed(row["order_purchase_timestamp"], "order_purchase_timestamp")
        found = {
            "placed_at": at("order_purchase_timestamp"),
            "paid_at": at("order_approved_at"),
            "shipped_at": at("order_delivered_carrier_date"),
            "delivered_at": at("order_delivered_customer_date"),
            "estimated_at": at("order_estimated_delivery_date"),
        }
        return Dates(**found)  # type: ignore[arg-type]  # placed_at is there: see above.


def _fate(status: str, dates: Dates) -> Fate:
    """An order that was called off after it was approved was paid, and got its money back."""
    fate = FATES[status]
    if fate is Fate.CANCELLED and dates.shipped_at is not None:
        return Fate.RETURNED
    if fate is Fate.CANCELLED and dates.paid_at is not None:
        return Fate.REFUNDED
    return fate
