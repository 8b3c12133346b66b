"""What an order costs, recomputed in one fixed order: gross, discounts, tax (worked-examples.md, rules 1 to 3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from portal.kit.errors import PortalError
from portal.kit.money import MAX_MINOR, allocate, exactly, round_half_up
from portal.kit.text import N_

QUANTITY_MAX = 9_999

Rate = Fraction | Decimal


class QuantityOutOfRangeError(PortalError):
    code = "quantity_out_of_range"
    sentence = N_("The quantity must be between 1 and %(maximum)s.")


class TotalTooLargeError(PortalError):
    code = "total_too_large"
    sentence = N_("This order is larger than one payment can be. Split it.")


class Kind(StrEnum):
    """What a discount gives."""

    PERCENTAGE = "percentage"
    FIXED = "fixed"
    FREE_SHIPPING = "free_shipping"


class Target(StrEnum):
    """What a discount works on. The order of the members is the order of application."""

    LINE = "line"
    ORDER = "order"
    SHIPPING = "shipping"


_TARGET_ORDER = {target: place for place, target in enumerate(Target)}


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line of a cart at the price of now. `tax_rate` is a share of the price: Decimal("0.1") is 10 %."""

    key: str
    store_id: int
    product_id: int
    quantity: int
    unit_price_minor: int
    section_ids: frozenset[int] = frozenset()
    tax_rate: Rate | None = None
    variant_id: int | None = None

    @property
    def gross_minor(self) -> int:
        return self.unit_price_minor * self.quantity


@dataclass(frozen=True, slots=True)
class ShippingFee:
    """What one store asks for sending its part."""

    store_id: int
    fee_minor: int
    tax_rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """A coupon found applicable, with amounts of the order's currency. `line_keys` and `store_ids` are what it covers.

    Lower `priority` comes first; then the older issue; then the key, so that the order never depends on the caller.
    """

    key: str
    campaign_id: int
    name: str
    kind: Kind
    target: Target
    priority: int
    issued_at: datetime
    line_keys: frozenset[str] = frozenset()
    store_ids: frozenset[int] = frozenset()
    percent: Decimal | None = None
    amount_minor: int | None = None
    max_discount_minor: int | None = None
    funded_by_store_id: int | None = None

    def sort_key(self) -> tuple[int, int, datetime, str]:
        return (_TARGET_ORDER[self.target], self.priority, self.issued_at, self.key)

    def wanted(self, eligible_minor: int) -> int:
        """Return what it would take off `eligible_minor` if it had no maximum."""
        if self.kind is Kind.FREE_SHIPPING:
            return eligible_minor
        if self.kind is Kind.FIXED:
            return min(self.amount_minor or 0, eligible_minor)
        # Multiplied before it is divided, in whole numbers: this runs for every candidate set of the best-set search.
        numerator, denominator = (self.percent or Decimal(0)).as_integer_ratio()
        denominator *= 100
        return min((2 * eligible_minor * numerator + denominator) // (2 * denominator), eligible_minor)

    def takes(self, eligible_minor: int) -> int:
        """Return what it takes off `eligible_minor`. Never falls when `eligible_minor` rises."""
        wanted = self.wanted(eligible_minor)
        return wanted if self.max_discount_minor is None else min(wanted, self.max_discount_minor)


@dataclass(frozen=True, slots=True)
class ItemPrice:
    """What one line or one shipping fee costs. `discounts` stand in the order of Priced.discounts."""

    key: str
    store_id: int
    gross_minor: int
    discounts: tuple[int, ...]
    tax_minor: int
    to_pay_minor: int

    @property
    def discount_minor(self) -> int:
        return sum(self.discounts)


@dataclass(frozen=True, slots=True)
class AppliedDiscount:
    """What a discount came to; `wanted_minor` is what it would have been without its maximum."""

    discount: Discount
    amount_minor: int
    wanted_minor: int


@dataclass(frozen=True, slots=True)
class Priced:
    """Every amount of an order before tenders. All in minor units of `currency`."""

    currency: str
    tax_inclusive: bool
    lines: tuple[ItemPrice, ...]
    shipping: tuple[ItemPrice, ...]
    discounts: tuple[AppliedDiscount, ...]
    gross_minor: int
    shipping_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int

    @property
    def items(self) -> tuple[ItemPrice, ...]:
        """Lines, then shipping fees: the order in which tenders are allocated."""
        return self.lines + self.shipping


def price(
    *,
    currency: str,
    lines: Sequence[PricedLine],
    shipping: Sequence[ShippingFee] = (),
    discounts: Iterable[Discount] = (),
    tax_inclusive: bool = True,
) -> Priced:
    """Price an order. Raises QuantityOutOfRangeError and TotalTooLargeError."""
    check_lines(lines)
    fees = order_fees(lines, shipping)
    left = [line.gross_minor for line in lines] + [fee.fee_minor for fee in fees]
    gross = list(left)
    if sum(left) > MAX_MINOR:
        raise TotalTooLargeError
    applied: list[AppliedDiscount] = []
    shares: list[list[int]] = []
    for discount in sorted(discounts, key=Discount.sort_key):
        places = places_of(discount, lines, fees)
        eligible = sum(left[i] for i in places)
        share = apply(discount, places, left)
        shares.append(share)
        applied.append(AppliedDiscount(discount, sum(share), discount.wanted(eligible)))
    rates = [line.tax_rate for line in lines] + [fee.tax_rate for fee in fees]
    taxes = [tax_of(amount, rate, inclusive=tax_inclusive) for amount, rate in zip(left, rates, strict=True)]
    keys = [(line.key, line.store_id) for line in lines] + [(f"shipping:{fee.store_id}", fee.store_id) for fee in fees]
    items = tuple(
        ItemPrice(
            key=key,
            store_id=store_id,
            gross_minor=gross[i],
            discounts=tuple(share[i] for share in shares),
            tax_minor=taxes[i],
            to_pay_minor=left[i] if tax_inclusive else left[i] + taxes[i],
        )
        for i, (key, store_id) in enumerate(keys)
    )
    total = sum(item.to_pay_minor for item in items)
    if total > MAX_MINOR:
        raise TotalTooLargeError
    count = len(lines)
    return Priced(
        currency=currency,
        tax_inclusive=tax_inclusive,
        lines=items[:count],
        shipping=items[count:],
        discounts=tuple(applied),
        gross_minor=sum(gross[:count]),
        shipping_minor=sum(gross[count:]),
        discount_minor=sum(one.amount_minor for one in applied),
        tax_minor=sum(taxes),
        total_minor=total,
    )


def check_lines(lines: Sequence[PricedLine]) -> None:
    """Refuse quantities that nobody can order. A negative price or a key that stands twice is a mistake of ours."""
    for line in lines:
        if type(line.quantity) is not int or not 1 <= line.quantity <= QUANTITY_MAX:
            raise QuantityOutOfRangeError(maximum=QUANTITY_MAX)
        if type(line.unit_price_minor) is not int or line.unit_price_minor < 0:
            raise ValueError("a price is a whole number of minor units, zero or more")
    if len({line.key for line in lines}) != len(lines):
        raise ValueError("two lines have the same key")


def order_fees(lines: Sequence[PricedLine], shipping: Sequence[ShippingFee]) -> list[ShippingFee]:
    """Return the fees in the order of the stores' first lines (rule 4)."""
    by_store = {fee.store_id: fee for fee in shipping}
    if len(by_store) != len(shipping) or any(fee.fee_minor < 0 for fee in shipping):
        raise ValueError("one fee per store, zero or more")
    stores = dict.fromkeys(line.store_id for line in lines)
    if not by_store.keys() <= stores.keys():
        raise ValueError("a store without lines asks for a fee")
    return [by_store[store_id] for store_id in stores if store_id in by_store]


def places_of(discount: Discount, lines: Sequence[PricedLine], fees: Sequence[ShippingFee]) -> list[int]:
    """Return where the discount works, as places in the list of lines followed by fees."""
    if discount.target is Target.SHIPPING:
        return [len(lines) + i for i, fee in enumerate(fees) if fee.store_id in discount.store_ids]
    return [i for i, line in enumerate(lines) if line.key in discount.line_keys]


def apply(discount: Discount, places: Sequence[int], left: list[int]) -> list[int]:
    """Take the discount off `left`, in place, and return what each place gave."""
    share = [0] * len(left)
    weights = [left[i] for i in places]
    for i, part in zip(places, allocate(discount.takes(sum(weights)), weights), strict=True):
        share[i] = part
        left[i] -= part
    return share


def tax_of(amount_minor: int, rate: Rate | None, *, inclusive: bool) -> int:
    """Return the tax in `amount_minor` (inclusive) or on it (exclusive), per line on the discounted amount (rule 3)."""
    if not rate:
        return 0
    exact = exactly(rate)
    if inclusive:
        return amount_minor - round_half_up(amount_minor / (1 + exact))
    return round_half_up(amount_minor * exact)
