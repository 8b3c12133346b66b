"""What a quote costs by itself: no database, no page, only the rules (CPN-06)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter
from zoneinfo import ZoneInfo

from portal.bench.figures import percentile
from portal.rules.coupons.evaluate import evaluate_all
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.lanes import best_set
from portal.rules.coupons.terms import UNLIMITED, ConditionTerms, CouponTerms
from portal.rules.pricing import Kind, PricedLine, ShippingFee, Target
from portal.rules.quote import quote
from portal.rules.split import deposit

NOW = datetime(2026, 11, 28, 3, tzinfo=UTC)
STORES, SECTIONS = 5, 8
LANES = ("line", "order", "store", "thanks", "")


@dataclass(frozen=True, slots=True)
class PricingFigures:
    """Milliseconds over all carts. `proven` are carts whose best set was proven, not only found."""

    carts: int
    proven: int
    evaluate_ms: Mapping[str, float]
    search_ms: Mapping[str, float]
    quote_ms: Mapping[str, float]


def measure_pricing(*, carts: int, lines: int, coupons: int, seed: int = 1) -> PricingFigures:
    """Price random carts, the same ones for the same seed. `quote_ms` is all of it: check, choose, price, split."""
    chance = random.Random(seed)  # noqa: S311  # Carts for measuring, no secrets.
    evaluated, searched, quoted = [], [], []
    proven = 0
    for _ in range(carts):
        facts, wallet = _cart(chance, lines), [_coupon(chance, n) for n in range(coupons)]
        began = perf_counter()
        results = evaluate_all([(terms, UNLIMITED) for terms in wallet], facts)
        checked = perf_counter()
        best = best_set(results, lines=facts.lines, shipping=facts.shipping)
        chosen = perf_counter()
        quote(
            currency=facts.currency,
            lines=facts.lines,
            shipping=facts.shipping,
            discounts=best.discounts,
            tenders=[deposit(chosen=1_000, balance_minor=1_000)],
        )
        ended = perf_counter()
        proven += best.is_proven
        evaluated.append((checked - began) * 1_000)
        searched.append((chosen - checked) * 1_000)
        quoted.append((ended - began) * 1_000)
    return PricingFigures(carts, proven, _figures(evaluated), _figures(searched), _figures(quoted))


def _figures(times: list[float]) -> Mapping[str, float]:
    return {"p50": percentile(times, 50), "p95": percentile(times, 95), "max": max(times)}


def _cart(chance: random.Random, lines: int) -> Facts:
    made = [
        PricedLine(
            key=str(n),
            store_id=n % STORES,
            product_id=n,
            quantity=chance.randint(1, 3),
            unit_price_minor=chance.randint(30, 600) * 100,
            section_ids=frozenset({chance.randrange(SECTIONS)}),
            tax_rate=Decimal("0.1"),
        )
        for n in range(lines)
    ]
    fees = [ShippingFee(store_id, 3_000) for store_id in dict.fromkeys(line.store_id for line in made)]
    return Facts(
        now=NOW, currency="KRW", channel_id=1, lines=made, shipping=fees, zone=ZoneInfo("Asia/Seoul"), paid_orders=2
    )


def _coupon(chance: random.Random, n: int) -> CouponTerms:
    """Of each kind some: on sections, on a store, from an amount on, alone or in a lane."""
    kind = chance.choice([Kind.PERCENTAGE, Kind.PERCENTAGE, Kind.FIXED, Kind.FREE_SHIPPING])
    conditions = [ConditionTerms("minimum_spend", {"minimum": {"KRW": chance.randint(1, 80) * 1_000}})]
    if chance.random() < 0.5:
        conditions.append(ConditionTerms("section", {"included": chance.sample(range(SECTIONS), 3)}))
    if chance.random() < 0.2:
        conditions.append(ConditionTerms("window", {"weekdays": [4, 5, 6]}))
    return CouponTerms(
        key=str(n),
        campaign_id=n,
        name=f"Coupon {n}",
        kind=kind,
        target=Target.SHIPPING if kind is Kind.FREE_SHIPPING else chance.choice([Target.LINE, Target.ORDER]),
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=30),
        issued_at=NOW - timedelta(hours=n),
        percent=Decimal(chance.randint(3, 30)) if kind is Kind.PERCENTAGE else None,
        amounts={"KRW": chance.randint(5, 80) * 100} if kind is Kind.FIXED else {},
        max_discount={"KRW": 20_000} if kind is Kind.PERCENTAGE and chance.random() < 0.5 else {},
        stackable=chance.random() < 0.8,
        lane="shipping" if kind is Kind.FREE_SHIPPING else chance.choice(LANES),
        conditions=tuple(conditions),
    )
