"""A campaign replayed over past orders: who would have qualified, and what it would have cost (CPN-12)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from portal.rules.coupons.evaluate import evaluate
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.funding import Funding
from portal.rules.coupons.terms import CouponTerms, Limits
from portal.rules.pricing import Discount, apply, order_fees, places_of

REASONS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order as it was placed, with the facts of that moment. `used` are campaigns that took something off it."""

    id: UUID
    buyer_id: UUID
    facts: Facts
    day: date
    used: tuple[int, ...] = ()


@dataclass(slots=True)
class StoreCost:
    """What a campaign would have taken off a store's goods and shipping, and what of it the store would have borne."""

    orders: int = 0
    cost_minor: int = 0
    store_minor: int = 0


@dataclass(slots=True)
class DayCost:
    orders: int = 0
    cost_minor: int = 0


@dataclass(slots=True)
class CurrencyRun:
    """The outcome in one currency. Sales are what the qualifying orders' goods cost before any discount."""

    orders: int = 0
    sales_minor: int = 0
    cost_minor: int = 0
    platform_minor: int = 0
    stores: dict[int, StoreCost] = field(default_factory=dict)
    days: dict[date, DayCost] = field(default_factory=dict)

    @property
    def average_minor(self) -> int:
        return self.cost_minor // self.orders if self.orders else 0


@dataclass(frozen=True, slots=True)
class DryRun:
    """What came of it. `limited` are orders that qualified and found a limit reached; `reasons` are the
    checks that others failed first.
    """

    looked_at: int
    qualified: int
    people: int
    by_currency: Mapping[str, CurrencyRun]
    limited: Mapping[str, int]
    reasons: Sequence[tuple[str, int]]
    overlap: Mapping[int, int]


def replay(terms: CouponTerms, limits: Limits, funding: Funding, orders: Iterable[PastOrder]) -> DryRun:
    """Run the campaign over orders in the order in which they were placed, as if it had been there all the time.

    Its schedule does not count, its hours and limits do. Other coupons of an order are left aside: the discount is what
    this one takes alone. Raises what parse() raises.
    """
    always = None
    found: dict[str, CurrencyRun] = {}
    people: set[UUID] = set()
    limited: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    overlap: Counter[int] = Counter()
    counted = _Counted(limits)
    looked_at = 0
    for order in orders:
        looked_at += 1
        if always is None:
            always = replace(terms, valid_from=order.facts.now, valid_until=None)
        result = evaluate(always, order.facts)
        if result.rejection is not None or result.discount is None:
            reasons[next(check.name for check in result.checks if check.rejection)] += 1
            continue
        wanted = result.alone_minor
        left, limit = counted.left(order, wanted)
        if limit is not None:
            limited[limit] += 1
            continue
        discount = replace(result.discount, max_discount_minor=min(left, result.discount.max_discount_minor or left))
        run = found.setdefault(order.facts.currency, CurrencyRun())
        taken = _take(run, order, discount, funding)
        counted.count(order, taken)
        people.add(order.buyer_id)
        overlap.update(order.used)
    return DryRun(
        looked_at=looked_at,
        qualified=sum(run.orders for run in found.values()),
        people=len(people),
        by_currency=dict(sorted(found.items())),
        limited=dict(limited),
        reasons=reasons.most_common(REASONS_SHOWN),
        overlap=dict(overlap.most_common()),
    )


def _take(run: CurrencyRun, order: PastOrder, discount: Discount, funding: Funding) -> int:
    lines, fees = order.facts.lines, order_fees(order.facts.lines, order.facts.shipping)
    left = [line.gross_minor for line in lines] + [fee.fee_minor for fee in fees]
    share = apply(discount, places_of(discount, lines, fees), left)
    day = run.days.setdefault(order.day, DayCost())
    touched = set()
    for part, store_id in zip(share, [line.store_id for line in lines] + [fee.store_id for fee in fees], strict=True):
        if part:
            store = run.stores.setdefault(store_id, StoreCost())
            platform = funding.platform_minor(part, store_id)
            store.cost_minor += part
            store.store_minor += part - platform
            run.platform_minor += platform
            touched.add(store_id)
    for store_id in touched:
        run.stores[store_id].orders += 1
    taken = sum(share)
    run.orders += 1
    run.cost_minor += taken
    run.sales_minor += sum(line.gross_minor for line in lines)
    day.orders += 1
    day.cost_minor += taken
    return taken


class _Counted:
    """The limits as they would have been used up."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.total = 0
        self.people: Counter[UUID] = Counter()
        self.days: Counter[date] = Counter()
        self.spent: Counter[str] = Counter()

    def left(self, order: PastOrder, wanted: int) -> tuple[int, str | None]:
        """What may be taken off this order, and the limit that allows nothing more."""
        for name, limit, used in (
            ("total", self.limits.total, self.total),
            ("per_user", self.limits.per_user, self.people[order.buyer_id]),
            ("per_day", self.limits.per_day, self.days[order.day]),
        ):
            if limit is not None and used >= limit:
                return 0, name
        budget = self.limits.budgets.get(order.facts.currency)
        if budget is None:
            return wanted, None
        left = budget - self.spent[order.facts.currency]
        return min(wanted, left), None if left > 0 else "budget"

    def count(self, order: PastOrder, taken: int) -> None:
        self.total += 1
        self.people[order.buyer_id] += 1
        self.days[order.day] += 1
        self.spent[order.facts.currency] += taken
