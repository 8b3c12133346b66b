"""Our own CSV of orders: a row per line, the rows of an order one after the other (docs/imports.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from portal.cli.imports._orders_olist import Bar, Refuse
from portal.cli.imports._orders_parsed import Goods, ParsedLine, ParsedOrder, amount, instant, needed
from portal.gateways.base import Method
from portal.rules.imports import GIFT, Dates, Fate
from portal.services.accounts.emails import EmailUnfitError, normalise_email
from portal.services.accounts.import_buyer import BuyerDraft
from portal.services.catalogue.importing.own_format import RowRefusedError
from portal.services.catalogue.importing.rows import Row, read_rows
from portal.services.orders.import_draft import PaymentDraft

REQUIRED = {"order_ref", "placed_at", "status", "buyer_ref", "store", "sku", "quantity", "unit_price"}
PLACE = ("phone", "postcode", "line1", "line2", "city", "region", "country")
# What is said of the whole order; rows after the first may leave it out, and may not say something else.
OF_ORDER = ("placed_at", "status", "buyer_ref", "buyer_email", "buyer_name", "paid_at", "shipped_at", "delivered_at")
TENDERS = {f"paid_{method.value}": method.value for method in Method} | {"paid_gift": GIFT}
TEXT_MAX = 200
QUANTITY_MAX = 9999
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def is_own(columns: Sequence[str]) -> bool:
    """Say whether these are the columns of our own format."""
    return set(columns) >= REQUIRED


class OwnOrders:
    """Files of our own format, read in constant memory but for the references that were seen."""

    def __init__(
        self, files: Sequence[Path], *, currency: str, country: str, zone: ZoneInfo, refuse: Refuse, bar: Bar
    ) -> None:
        self._files = files
        self._currency = currency
        self._country = country
        self._zone = zone
        self._refuse = refuse
        self._bar = bar
        self._seen: set[str] = set()

    def read(self) -> Iterator[tuple[Path, ParsedOrder]]:
        """Every order that can be read; of one that cannot, each row at fault is refused with its reason."""
        for file in self._files:
            with self._bar(file) as moved:
                for ref, group in groupby(read_rows(file, moved=moved), key=lambda row: row["order_ref"]):
                    found = self._order(file, ref, list(group))
                    if found is not None:
                        yield file, found

    def _order(self, file: Path, ref: str, rows: list[Row]) -> ParsedOrder | None:
        first = rows[0]
        try:
            self._see(ref)
            head = self._head(first, ref)
        except RowRefusedError as refusal:
            self._refuse(file, first.line, str(refusal))
            return None
        is_whole = True
        shipping: dict[str, int] = {}
        paid: dict[str, int] = {}
        for row in rows:
            try:
                self._line(row, first, head, shipping, paid)
            except RowRefusedError as refusal:
                self._refuse(file, row.line, f"order {ref}: {refusal}")
                is_whole = False
        head.payments = [PaymentDraft(method, value) for method, value in paid.items() if value]
        head.shipping = shipping
        return head if is_whole else None

    def _see(self, ref: str) -> None:
        if len(needed(ref, "order_ref")) > TEXT_MAX:
            raise RowRefusedError(f"order_ref is longer than {TEXT_MAX} characters")
        if ref in self._seen:
            raise RowRefusedError(f"order {ref} stands in these files before: its rows must follow one another")
        self._seen.add(ref)

    def _head(self, row: Row, ref: str) -> ParsedOrder:
        def at(column: str) -> object:
            return instant(row[column], column, self._zone)

        needed(row["placed_at"], "placed_at")
        status = row["status"].lower()
        if status not in set(Fate):
            raise RowRefusedError(f"order {ref}: status must be one of {', '.join(Fate)}")
        dates = Dates(
            **{
                f"{name}_at": at(f"{name}_at")
                for name in ("placed", "paid", "shipped", "delivered", "ended", "estimated")
            }  # type: ignore[arg-type]  # placed_at is there: see above.
        )
        email = row["buyer_email"] or None
        try:
            email = normalise_email(email) if email else None
        except EmailUnfitError as refusal:
            raise RowRefusedError(f"order {ref}: buyer_email: {refusal}") from refusal
        place = {column: row[column][:TEXT_MAX] for column in PLACE if row[column]}
        buyer = BuyerDraft(
            ref=needed(row["buyer_ref"], "buyer_ref"),
            placed_at=dates.placed_at,
            email=email,
            name=row["buyer_name"][:TEXT_MAX] or None,
            place=({"country": self._country} | place) if place else None,
        )
        return ParsedOrder(row.line, ref, Fate(status), status, dates, buyer, [], {}, [])

    def _line(self, row: Row, first: Row, head: ParsedOrder, shipping: dict[str, int], paid: dict[str, int]) -> None:
        if row[""]:
            raise RowRefusedError("there are more cells than columns")
        for column in OF_ORDER:
            if row[column] and row[column] != first[column]:
                raise RowRefusedError(f"{column} is another one than in the first row of the order")
        store = needed(row["store"], "store")
        if not _SLUG.fullmatch(store):
            raise RowRefusedError("store must be small letters, digits and single hyphens, such as leaf-house")
        if len(needed(row["sku"], "sku")) > TEXT_MAX:
            raise RowRefusedError(f"sku is longer than {TEXT_MAX} characters")
        quantity = row["quantity"]
        if not (quantity.isascii() and quantity.isdigit() and 1 <= int(quantity[:9]) <= QUANTITY_MAX):
            raise RowRefusedError(f"quantity must be a whole number from 1 to {QUANTITY_MAX}")
        price = amount(needed(row["unit_price"], "unit_price"), "unit_price", self._currency)
        head.lines.append(ParsedLine(Goods(store, row["sku"], row["product_name"][:TEXT_MAX]), int(quantity), price))
        if row["shipping"]:
            shipping[store] = shipping.get(store, 0) + amount(row["shipping"], "shipping", self._currency)
        head.note_limit(store, instant(row["ship_by"], "ship_by", self._zone))
        for column, method in TENDERS.items():
            if row[column]:
                paid[method] = paid.get(method, 0) + amount(row[column], column, self._currency)
