"""Customers with orders by the thousand, and how long it takes to score them all (INC-01)."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from portal.config import Settings
from portal.db import transaction
from portal.jobs.incentives import score_everybody
from portal.kit import clock
from portal.process import start
from portal.queries.channels import channel_directory
from portal.services.incentives.score_customers import score_changed

LIMITS = {"everybody_s": 120.0, "one_s": 1.0}

# As the owner, with triggers and keys set aside: these orders have no payments and no books. Everybody buys in a
# rhythm of his own until he leaves.
_FILL = (
    "SET session_replication_role = replica",
    "SELECT setseed(%(seed)s)",
    """CREATE TEMP TABLE shopper ON COMMIT PRESERVE ROWS AS
       SELECT gen_random_uuid() AS id, now() - random() * interval '600 days' AS first_at,
              10 + 200 * random() ^ 2 AS pause, 1 + floor(-ln(1 - random()) * 3)::int AS orders,
              exp(9 + 1.2 * (random() + random() + random() - 1.5)) AS mean
         FROM generate_series(1, %(customers)s)""",
    """INSERT INTO user_account (id, email, email_index, name, created_at)
       SELECT id, '', decode(replace(id::text, '-', ''), 'hex'), '', first_at FROM shopper""",
    """CREATE TEMP TABLE bought ON COMMIT PRESERVE ROWS AS
       SELECT gen_random_uuid() AS id, s.id AS buyer_id,
              s.first_at + n * s.pause * (0.5 + random()) * interval '1 day' AS at,
              greatest(1, s.mean * (0.4 + 1.2 * random()))::bigint AS minor
         FROM shopper s CROSS JOIN LATERAL generate_series(0, s.orders - 1) n""",
    "DELETE FROM bought WHERE at > now()",
    """INSERT INTO orders (id, number, checkout_id, buyer_id, channel_id, currency, locale, status, subtotal_minor,
              discount_minor, shipping_minor, tax_added_minor, tax_included_minor, payable_minor, placed_at, paid_at,
              expires_at)
       SELECT id, 'B' || id, id, buyer_id, %(channel)s, %(currency)s, 'en', 'paid', minor, 0, 0, 0, 0, minor, at, at, at
         FROM bought""",
    """INSERT INTO order_line (id, order_id, part_id, position, variant_id, product_id, sku, name, options, quantity,
              unit_price_minor, subtotal_minor, discount_minor, tax_rate, tax_inclusive, tax_minor, payable_minor)
       SELECT id, id, id, 1, 1, 1, '', '{}', '[]', 1, minor, minor, 0, '0', true, 0, minor FROM bought""",
    """INSERT INTO transition (subject, subject_id, order_id, from_state, to_state, actor, at)
       SELECT 'order', id::text, id, 'pending', 'paid', 'system', at FROM bought LIMIT 100""",
    "DROP TABLE bought",
    "DROP TABLE shopper",
    "RESET session_replication_role",
    "ANALYZE user_account, orders, order_line",
)


@dataclass(frozen=True, slots=True)
class ScoresOutcome:
    """What was measured: seconds for everybody, and for those whose orders have just moved."""

    customers: int
    orders: int
    everybody_s: float
    changed: int
    one_s: float
    memory_mib: float

    @property
    def missed(self) -> list[str]:
        return [name for name, limit in LIMITS.items() if getattr(self, name) > limit]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "limits": LIMITS, "missed": self.missed}


def fill_shoppers(owner_url: str, *, customers: int, seed: float = 0.42) -> None:
    """So many customers with their orders in the mall's first channel, straight into the tables."""
    directory = channel_directory()
    channel = directory[directory.default]
    values = {"customers": customers, "seed": seed, "channel": channel.id, "currency": channel.currency}
    with psycopg.connect(owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in _FILL:
            connection.execute(statement, values)


def measure(settings: Settings, *, customers: int, say: Callable[[str], None]) -> ScoresOutcome:
    """Fill a portal with customers, fit the models, score everybody, then those whose orders moved."""
    start(settings, name="portal bench", connections=2)
    say(f"portal: writing the orders of {customers:,} customers")
    fill_shoppers(settings.database_owner_url, customers=customers)
    began = time.perf_counter()
    scored = score_everybody()
    everybody = time.perf_counter() - began
    with psycopg.connect(settings.database_owner_url.replace("+psycopg", ""), autocommit=True) as connection:
        (orders,) = connection.execute("SELECT count(*) FROM orders").fetchone() or (0,)
        connection.execute("UPDATE score_state SET transition_id = transition_id - 1")
    began = time.perf_counter()
    with transaction() as session:
        changed = len(score_changed(session, now=clock.now()))
    one = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return ScoresOutcome(scored, int(orders), everybody, changed, one, memory)


def lines_of(outcome: ScoresOutcome) -> Iterator[str]:
    """What was measured, in words."""
    yield f"customers        {outcome.customers:,} with {outcome.orders:,} orders"
    yield f"everybody        {outcome.everybody_s:.1f} s: models fitted, scores written"
    yield f"those who moved  {outcome.one_s:.2f} s for {outcome.changed}"
    yield f"memory           {outcome.memory_mib:.0f} MiB at most"
