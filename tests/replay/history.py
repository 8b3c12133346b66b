"""The first orders of a real history, as carts to be bought."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from portal.kit.money import parse_minor

OLIST = Path(__file__).parents[2].parent / "shared" / "data" / "olist"
CURRENCY = "BRL"
# Below this no card takes anything; the few orders of which less would be left are paid by the balance whole.
CARD_MINIMUM = 50


@dataclass(frozen=True)
class Purchase:
    """What somebody bought: goods are (product, seller, price, freight) and how many of them."""

    ref: str
    person: str
    goods: dict[tuple[str, str, int], int]
    freight: dict[str, int]
    voucher_minor: int

    @property
    def total_minor(self) -> int:
        return sum(price * units for (_, _, price), units in self.goods.items()) + sum(self.freight.values())

    @property
    def deposit_minor(self) -> int:
        """What is paid by the balance: vouchers, as far as the total goes."""
        amount = min(self.voucher_minor, self.total_minor)
        return self.total_minor if self.total_minor - amount < CARD_MINIMUM else amount

    def shop(self, seller: str) -> tuple[str, int]:
        """A seller asks another fee for every parcel; in the mall each of his fees is a store."""
        return seller, self.freight[seller]


def first_purchases(count: int) -> list[Purchase]:
    """The first orders of the file that have items, by their date."""
    items: dict[str, list[dict[str, str]]] = {}
    for row in rows("order_items"):
        items.setdefault(row["order_id"], []).append(row)
    orders = list(islice((row for row in rows("orders") if row["order_id"] in items), count))
    vouchers: dict[str, int] = {}
    for row in rows("order_payments"):
        if row["payment_type"] == "voucher":
            amount = parse_minor(row["payment_value"], CURRENCY)
            vouchers[row["order_id"]] = vouchers.get(row["order_id"], 0) + amount
    people = {row["customer_id"]: row["customer_unique_id"] for row in rows("customers")}
    orders.sort(key=lambda row: row["order_purchase_timestamp"])
    return [
        _purchase(row["order_id"], people[row["customer_id"]], items[row["order_id"]], vouchers.get(row["order_id"], 0))
        for row in orders
    ]


def _purchase(ref: str, person: str, items: list[dict[str, str]], voucher_minor: int) -> Purchase:
    goods: dict[tuple[str, str, int], int] = {}
    freight: dict[str, int] = {}
    for item in items:
        key = (item["product_id"], item["seller_id"], parse_minor(item["price"], CURRENCY))
        goods[key] = goods.get(key, 0) + 1
        seller = item["seller_id"]
        freight[seller] = freight.get(seller, 0) + parse_minor(item["freight_value"], CURRENCY)
    return Purchase(ref, person, goods, freight, voucher_minor)


def rows(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(OLIST / f"{name}.csv.gz", "rt", encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)
