"""How long a decision of risk takes by itself, as it stands inside a checkout (FRD-01)."""

from __future__ import annotations

import ipaddress
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import text

from portal.bench.figures import percentile
from portal.config import Settings
from portal.db import reading, transaction
from portal.kit import clock
from portal.kit.geography import Point
from portal.process import start
from portal.rules.ip_tables import IpPlaceRange
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.places import Place
from portal.services.fraud.keep_ip_table import keep_ip_table
from portal.services.fraud.renew_shares import renew_shares
from portal.services.fraud.score_event import RiskEvent, score_event

LIMIT_MS = 50.0
WARM_UP = 20
ADDRESS = {"country": "KR", "postcode": "04524", "line1": "서울특별시 중구 세종대로 110"}
# Ranges of so many addresses each, from here on.
FIRST, EACH = int(ipaddress.IPv4Address("16.0.0.0")), 256
_WHOM = text(
    """
    SELECT o.buyer_id, array_agg(DISTINCT p.store_id) AS stores FROM orders o JOIN order_part p ON p.order_id = o.id
     GROUP BY o.buyer_id ORDER BY o.buyer_id LIMIT 5000
    """
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Milliseconds of one decision, its statement and its row included, over all of them."""

    orders: int
    ranges: int
    decisions: int
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @property
    def missed(self) -> bool:
        return self.p95_ms > LIMIT_MS

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "limit_ms": LIMIT_MS, "missed": self.missed}


def measure(settings: Settings, *, ranges: int, decisions: int, say: Callable[[str], None]) -> Outcome:
    """Decide about orders of those who have bought, from addresses all over a table of so many ranges."""
    start(settings, name="portal bench", connections=2)
    say(f"portal: loading {ranges:,} ranges of addresses")
    with transaction() as session:
        keep_ip_table(
            session, kind="place", ranges=_ranges(ranges), source="bench", sha256="", actor=SYSTEM, now=clock.now()
        )
        renew_shares(session, now=clock.now())
        session.execute(text("ANALYZE ip_range"))
    with reading() as session:
        buyers = session.execute(_WHOM).all()
        orders = int(session.execute(text("SELECT count(*) FROM orders")).scalar_one())
    say(f"portal: deciding {decisions:,} times")
    chance = random.Random(1)  # noqa: S311  # Addresses for measuring, no secrets.
    took = []
    for _ in range(decisions + WARM_UP):
        buyer = chance.choice(buyers)
        event = RiskEvent(
            "order", currency="KRW", amount_minor=chance.randrange(5_000, 200_000), address=ADDRESS,
            ip=str(ipaddress.IPv4Address(FIRST + chance.randrange(ranges * EACH))), stores=buyer.stores,
        )  # fmt: skip
        with transaction() as session:
            began = time.perf_counter()
            score_event(session, event=event, actor=Actor(user_id=buyer.buyer_id), now=clock.now())
            session.flush()
            took.append((time.perf_counter() - began) * 1_000)
    measured = took[WARM_UP:]
    return Outcome(
        orders, ranges, decisions, percentile(measured, 50), percentile(measured, 95), percentile(measured, 99)
    )


def lines_of(found: Outcome) -> list[str]:
    """The figures for people."""
    return [
        f"{found.decisions} decisions among {found.orders} orders and {found.ranges} ranges of addresses",
        f"one decision         p50 {found.p50_ms:6.2f} ms   p95 {found.p95_ms:6.2f} ms   p99 {found.p99_ms:6.2f} ms",
    ]


def _ranges(count: int) -> Iterator[IpPlaceRange]:
    """Ranges side by side, with places here and there."""
    for n in range(count):
        first = FIRST + n * EACH
        place = Place("KR", "Seoul", Point(3_757 + n % 100, 12_698)) if n % 3 else Place("US", "", Point(3_880, -9_350))
        yield IpPlaceRange(ipaddress.IPv4Address(first), ipaddress.IPv4Address(first + EACH - 1), place)
