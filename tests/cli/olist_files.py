"""Small files in the shape of Olist's, with ids that can be read."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from pathlib import Path

BR = ("--channel", "br", "--currency", "BRL", "--country", "BR", "--time-zone", "UTC")
ORDERS = (
    "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,"
    "order_delivered_customer_date,order_estimated_delivery_date"
)
ITEMS = "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value"
PAYMENTS = "order_id,payment_sequential,payment_type,payment_installments,payment_value"
CUSTOMERS = "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state"


def oid(n: int) -> str:
    """An id of 32 hexadecimal digits."""
    return f"{n:032x}"


@dataclass
class OlistFiles:
    """Rows to be written as the four files that belong together."""

    orders: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)

    def order(
        self,
        n: int,
        *,
        status: str = "delivered",
        items: tuple[tuple[int, int, str, str], ...] = ((1, 1, "100.00", "10.00"),),
        paid: tuple[tuple[str, str], ...] = (("credit_card", "110.00"),),
        approved: str = "2017-05-02 09:00:00",
        shipped: str = "2017-05-03 09:00:00",
        delivered: str = "2017-05-08 09:00:00",
        person: int | None = None,
    ) -> str:
        """An order with items (product, seller, price, freight) and payments (type, amount); returns its id."""
        order_id = oid(n)
        self.orders.append(
            f"{order_id},{oid(n + 5000)},{status},2017-05-01 10:00:00,{approved},{shipped},{delivered},"
            "2017-05-20 00:00:00"
        )
        self.items += [
            f"{order_id},{i},{oid(product)},{oid(seller)},2017-05-06 00:00:00,{price},{freight}"
            for i, (product, seller, price, freight) in enumerate(items, 1)
        ]
        self.payments += [f"{order_id},{i},{kind},1,{value}" for i, (kind, value) in enumerate(paid, 1)]
        self.customers.append(f"{oid(n + 5000)},{oid(person or n + 9000)},4841,sao paulo,SP")
        return order_id

    def write(self, folder: Path, *, packed: bool = False, bom: bool = False) -> list[Path]:
        """The files, in no helpful order."""
        contents = {
            "payments": [PAYMENTS, *self.payments],
            "orders": [ORDERS, *self.orders],
            "customers": [CUSTOMERS, *self.customers],
            "items": [ITEMS, *self.items],
        }
        written = []
        for name, lines in contents.items():
            body = ("\n".join(lines) + "\n").encode("utf-8-sig" if bom else "utf-8")
            file = folder / (f"{name}.csv.gz" if packed else f"{name}.csv")
            file.write_bytes(gzip.compress(body) if packed else body)
            written.append(file)
        return written
