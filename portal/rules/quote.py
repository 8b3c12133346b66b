"""One pure call from a cart to everything that pages show and an order freezes (CPN-08, PAY-03)."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from portal.kit.errors import Rejection
from portal.rules.pricing import Discount, ItemPrice, Priced, PricedLine, ShippingFee, price
from portal.rules.split import Choice, Split, TenderKind, split


class RowKind(StrEnum):
    """The rows of the amounts, in the order in which every page shows them."""

    ITEMS = "items"
    DISCOUNT = "discount"
    SHIPPING = "shipping"
    TAX = "tax"
    DEPOSIT = "deposit"
    MILEAGE = "mileage"
    GIFT = "gift"
    REFUND_CREDIT = "refund_credit"
    TO_PAY_NOW = "to_pay_now"


@dataclass(frozen=True, slots=True)
class AmountRow:
    """One row of the amounts, signed as it is shown. An `included` row tells and does not count in the sum."""

    kind: RowKind
    amount_minor: int
    name: str = ""
    key: str = ""
    included: bool = False


@dataclass(frozen=True, slots=True)
class FrozenItem:
    """What a line or shipping fee bears of every discount (by coupon key) and every tender: kept with the order."""

    price: ItemPrice
    discounts: tuple[tuple[str, int], ...]
    tenders: tuple[tuple[TenderKind, int], ...]

    @property
    def key(self) -> str:
        return self.price.key

    def tender(self, kind: TenderKind) -> int:
        return dict(self.tenders).get(kind, 0)


@dataclass(frozen=True)
class Quote:
    """An order that could be placed now. Place it only when `rejections` is empty."""

    priced: Priced
    split: Split
    quoted_lines: tuple[PricedLine, ...]

    @property
    def currency(self) -> str:
        return self.priced.currency

    @property
    def total_minor(self) -> int:
        """What the order costs, before tenders."""
        return self.priced.total_minor

    @property
    def to_pay_now_minor(self) -> int:
        """What the gateway takes; with zero no gateway is called."""
        return self.split.gateway_minor

    @property
    def rejections(self) -> tuple[tuple[TenderKind, Rejection], ...]:
        return self.split.rejections

    @cached_property
    def lines(self) -> tuple[FrozenItem, ...]:
        return self._items[: len(self.priced.lines)]

    @cached_property
    def shipping(self) -> tuple[FrozenItem, ...]:
        return self._items[len(self.priced.lines) :]

    @cached_property
    def _items(self) -> tuple[FrozenItem, ...]:
        coupons = [applied.discount.key for applied in self.priced.discounts]
        return tuple(
            FrozenItem(
                price=item,
                discounts=tuple((key, part) for key, part in zip(coupons, item.discounts, strict=True) if part),
                tenders=tuple((tender.kind, tender.shares[i]) for tender in self.split.tenders if tender.shares[i]),
            )
            for i, item in enumerate(self.priced.items)
        )

    @cached_property
    def rows(self) -> tuple[AmountRow, ...]:
        """The amounts in their one order; those not `included` add up to the last."""
        priced = self.priced
        rows = [AmountRow(RowKind.ITEMS, priced.gross_minor)]
        rows += [
            AmountRow(RowKind.DISCOUNT, -one.amount_minor, one.discount.name, one.discount.key)
            for one in priced.discounts
        ]
        rows.append(AmountRow(RowKind.SHIPPING, priced.shipping_minor))
        if priced.tax_minor:
            rows.append(AmountRow(RowKind.TAX, priced.tax_minor, included=priced.tax_inclusive))
        rows += [
            AmountRow(RowKind(tender.kind), -tender.amount_minor)
            for tender in self.split.tenders[:-1]
            if tender.amount_minor
        ]
        rows.append(AmountRow(RowKind.TO_PAY_NOW, self.to_pay_now_minor))
        return tuple(rows)

    @cached_property
    def fingerprint(self) -> str:
        """A mark of every price, discount and tender. Another mark at the last step means that something changed."""
        facts = (
            self.currency,
            self.priced.tax_inclusive,
            [(line.key, line.quantity, line.unit_price_minor) for line in self.quoted_lines],
            [(i.key, i.gross_minor, i.discounts, i.tax_minor, i.to_pay_minor) for i in self.priced.items],
            [(one.discount.key, one.amount_minor) for one in self.priced.discounts],
            [(str(t.kind), t.amount_minor, t.units) for t in self.split.tenders],
        )
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def quote(
    *,
    currency: str,
    lines: Sequence[PricedLine],
    shipping: Sequence[ShippingFee] = (),
    discounts: Iterable[Discount] = (),
    tenders: Iterable[Choice] = (),
    tax_inclusive: bool = True,
) -> Quote:
    """Price a cart and cover the total. Raises what price() raises; a tender out of bounds is a rejection within."""
    priced = price(currency=currency, lines=lines, shipping=shipping, discounts=discounts, tax_inclusive=tax_inclusive)
    covered = split(currency=currency, to_pay=[item.to_pay_minor for item in priced.items], choices=tenders)
    return Quote(priced, covered, tuple(lines))
