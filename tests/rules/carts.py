"""Short ways to write carts and coupons in the tests of the rules."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from portal.rules.pricing import Discount, Kind, PricedLine, Rate, ShippingFee, Target

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STORE_A, STORE_B = 1, 2


def line(
    key: str,
    store_id: int,
    unit_price_minor: int,
    quantity: int = 1,
    *,
    tax_rate: Rate | None = None,
    product_id: int = 0,
) -> PricedLine:
    return PricedLine(
        key=key,
        store_id=store_id,
        product_id=product_id,
        quantity=quantity,
        unit_price_minor=unit_price_minor,
        tax_rate=tax_rate,
    )


def on(
    lines: Iterable[PricedLine],
    *,
    key: str = "coupon",
    target: Target = Target.ORDER,
    percent: str | None = None,
    amount: int | None = None,
    maximum: int | None = None,
    priority: int = 100,
    age_days: int = 0,
) -> Discount:
    """A discount on these lines: `percent`, or else a fixed `amount`."""
    return Discount(
        key=key,
        campaign_id=1,
        name=key,
        kind=Kind.PERCENTAGE if percent is not None else Kind.FIXED,
        target=target,
        priority=priority,
        issued_at=NOON - timedelta(days=age_days),
        line_keys=frozenset(one.key for one in lines),
        percent=None if percent is None else Decimal(percent),
        amount_minor=amount,
        max_discount_minor=maximum,
    )


def free_shipping(*store_ids: int, key: str = "free-shipping", maximum: int | None = None) -> Discount:
    return Discount(
        key=key,
        campaign_id=2,
        name=key,
        kind=Kind.FREE_SHIPPING,
        target=Target.SHIPPING,
        priority=100,
        issued_at=NOON,
        store_ids=frozenset(store_ids),
        max_discount_minor=maximum,
    )


# Example A of the worked examples: two sellers, KRW.
LINES_A = (line("1", STORE_A, 9_900, 2), line("2", STORE_B, 5_500), line("3", STORE_B, 3_333, 3))
FEES_A = (ShippingFee(STORE_A, 3_000), ShippingFee(STORE_B, 2_500))
