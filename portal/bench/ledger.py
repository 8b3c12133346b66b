"""How long the books take: an entry, the page of a long history, the reconciliation of everything (BAL-10, BAL-11)."""

from __future__ import annotations

import asyncio
import resource
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy import text

from portal.bench import people
from portal.bench.browser import Browser
from portal.bench.figures import percentile
from portal.bench.journey import sign_in
from portal.config import Settings
from portal.db import atomically, reading
from portal.jobs.reconciliation import compare
from portal.kit import clock
from portal.process import start
from portal.queries.histories import HistoryFilter, balance_before, list_history
from portal.rules.permissions import SYSTEM
from portal.rules.posting import AccountKind, EntryKind, Line, clearing, escrow, of_platform, of_user
from portal.services.ledger.post import post

CHANNEL, CURRENCY = "kr", "KRW"
HISTORY = f"/{CHANNEL}/account/balances/deposit/{CURRENCY}"
# Two postings each; the first of them are one person's.
LIMITS = {"entry_own_ms": 2.0, "history_ms": 100.0, "reconciliation_s": 60.0}

# As the owner, and with the triggers of the books set aside: what is measured is reading, not this writing.
_FILL = (
    "SET session_replication_role = replica",
    """INSERT INTO ledger_account (kind, owner, currency, cached)
       SELECT 'gift', 'user:' || gen_random_uuid(), 'KRW', true FROM generate_series(1, 5000)
       UNION ALL SELECT 'deposit', %(owner)s, 'KRW', true
       UNION ALL SELECT 'outside', 'platform', 'KRW', false ON CONFLICT DO NOTHING""",
    """CREATE TEMP TABLE whose AS
       SELECT id, row_number() OVER (ORDER BY id) AS n FROM ledger_account
        WHERE kind = 'gift' AND owner LIKE 'user:%%'""",
    """INSERT INTO ledger_entry (kind, idem_key, order_id, created_at)
       SELECT 'gift_granted', 'fill:' || n, gen_random_uuid(), now() - (%(entries)s - n) * interval '1 minute'
         FROM generate_series(1, %(entries)s) n""",
    """CREATE TEMP TABLE made AS
       SELECT e.id, e.created_at, substr(e.idem_key, 6)::bigint AS n FROM ledger_entry e
        WHERE e.idem_key LIKE 'fill:%%'""",
    """INSERT INTO ledger_posting (entry_id, account_id, currency, amount_minor, at)
       SELECT m.id, coalesce(w.id, d.id), 'KRW', 1, m.created_at FROM made m
         CROSS JOIN (SELECT id FROM ledger_account WHERE kind = 'deposit' AND owner = %(owner)s) d
         LEFT JOIN whose w ON m.n %% %(every)s <> 0 AND w.n = 1 + m.n %% 5000
        ORDER BY m.n""",
    """INSERT INTO ledger_posting (entry_id, account_id, currency, amount_minor, at)
       SELECT m.id, o.id, 'KRW', -1, m.created_at FROM made m
         CROSS JOIN (SELECT id FROM ledger_account WHERE kind = 'outside' AND owner = 'platform' AND currency = 'KRW') o
        ORDER BY m.n""",
    """UPDATE ledger_account a SET balance_minor = s.total FROM (
         SELECT account_id, sum(amount_minor)::bigint AS total FROM ledger_posting GROUP BY account_id) s
        WHERE s.account_id = a.id AND a.cached""",
    "RESET session_replication_role",
    "VACUUM ANALYZE ledger_account, ledger_entry, ledger_posting",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured. Own time is what our process computes for it; the rest is the database and its disk."""

    postings: int
    history: int
    entry_own_ms: float
    entry_ms: float
    history_ms: float
    history_p95_ms: float
    history_query_ms: float
    deep_query_ms: float
    past_day_ms: float
    reconciliation_s: float
    checks: int
    found: int
    memory_before_mib: float
    memory_after_mib: float

    @property
    def missed(self) -> list[str]:
        """Which of the limits were not kept."""
        return [name for name, limit in LIMITS.items() if getattr(self, name) > limit]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "limits": LIMITS, "missed": self.missed}


def measure(settings: Settings, base: str, *, postings: int, history: int, say: Callable[[str], None]) -> Outcome:
    """Fill the books of a portal with so many postings, so many of them one person's, and measure."""
    start(settings, name="portal bench", connections=2)
    (email,) = people.make_buyers(1, currency=CURRENCY)
    user_id = id_of(email)
    say(f"portal: writing {postings:,} postings")
    fill_books(settings, user_id, postings, history)
    own, whole = _entries(user_id, 500)
    pages = asyncio.run(_pages(base, email))
    account_id = _account(user_id)
    query, deep, past = _queries(account_id)
    say("portal: comparing everything")
    before = _memory()
    began = time.perf_counter()
    run = compare(SYSTEM)
    took = time.perf_counter() - began
    return Outcome(
        postings=postings,
        history=history,
        entry_own_ms=own,
        entry_ms=whole,
        history_ms=percentile(pages, 50),
        history_p95_ms=percentile(pages, 95),
        history_query_ms=query,
        deep_query_ms=deep,
        past_day_ms=past,
        reconciliation_s=took,
        checks=run.checks,
        found=run.found,
        memory_before_mib=before,
        memory_after_mib=_memory(),
    )


def lines_of(outcome: Outcome) -> Iterator[str]:
    """What was measured, in words."""
    yield f"books            {outcome.postings:,} postings, {outcome.history:,} of one person"
    yield f"an entry         {outcome.entry_own_ms:.2f} ms of our own, {outcome.entry_ms:.2f} ms in all (p50)"
    yield f"history, page    {outcome.history_ms:.0f} / {outcome.history_p95_ms:.0f} ms (p50 / p95, over HTTP)"
    yield f"history, query   {outcome.history_query_ms:.1f} ms; deep page {outcome.deep_query_ms:.1f} ms"
    yield f"a past day       {outcome.past_day_ms:.1f} ms"
    yield (
        f"reconciliation   {outcome.reconciliation_s:.1f} s for {outcome.checks} checks, {outcome.found} differences, "
        f"process {outcome.memory_before_mib:.0f} -> {outcome.memory_after_mib:.0f} MiB"
    )
    for name in outcome.missed:
        yield f"NOT kept         {name}: {getattr(outcome, name):.2f} instead of {LIMITS[name]:g}"


def fill_books(settings: Settings, user_id: uuid.UUID, postings: int, history: int) -> None:
    """Write so many postings, so many of them one person's."""
    entries = postings // 2
    values = {"owner": f"user:{user_id}", "entries": entries, "every": max(1, entries // history)}
    url = settings.database_owner_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in _FILL:
            if "%(" in statement:
                connection.execute(statement, values)
            else:
                connection.execute(statement.replace("%%", "%"))


def _entries(user_id: uuid.UUID, count: int) -> tuple[float, float]:
    """An entry of an order in a transaction of its own: our own time, and all of it (ms, medians)."""
    own, whole = [], []
    for number in range(count):
        order_id = uuid.uuid4()
        lines = [
            Line(of_user(AccountKind.DEPOSIT, user_id, CURRENCY), -2),
            Line(clearing("bench", CURRENCY), -5),
            Line(of_platform(AccountKind.COUPON_COST, CURRENCY), -1),
            Line(escrow(order_id, CURRENCY), 8),
        ]
        back = [Line(line.account, -line.amount_minor) for line in lines]
        began, used = time.perf_counter(), time.thread_time()
        for written in (back, lines):
            key = f"bench:{number}:{written is lines}:{order_id}"
            atomically(
                lambda s, written=written, key=key, order_id=order_id: post(  # type: ignore[misc]  # mypy does not infer a lambda's default.
                    s,
                    kind=EntryKind.ORDER_REFUNDED,
                    idem_key=key,
                    lines=written,
                    now=clock.now(),
                    order_id=order_id,
                )
            )
        own.append((time.thread_time() - used) * 1000 / 2)
        whole.append((time.perf_counter() - began) * 1000 / 2)
    return percentile(own, 50), percentile(whole, 50)


async def _pages(base: str, email: str) -> list[float]:
    """The first page of the history over HTTP, whole, after one to warm up (ms)."""
    browser = Browser()
    try:
        await sign_in(browser, f"{base}/{CHANNEL}", email, people.PASSWORD)
        await browser.get(base + HISTORY)
        taken = []
        for _ in range(40):
            began = time.perf_counter()
            page = await browser.get(base + HISTORY)
            taken.append((time.perf_counter() - began) * 1000)
            assert page.status == 200
            assert "10,000+" in page.text
        return taken
    finally:
        browser.close()


def _queries(account_id: int) -> tuple[float, float, float]:
    """The first page, one in the middle, and a balance of the past (ms, medians)."""
    with reading() as session:
        chosen = HistoryFilter()
        cursor = None
        at = clock.now() - timedelta(days=100)
        middle = HistoryFilter(end=at)

        def timed(work: Callable[[], object]) -> float:
            taken = []
            for _ in range(15):
                began = time.perf_counter()
                work()
                taken.append((time.perf_counter() - began) * 1000)
            return percentile(taken, 50)

        return (
            timed(lambda: list_history(session, account_id=account_id, chosen=chosen, cursor=cursor)),
            timed(lambda: list_history(session, account_id=account_id, chosen=middle, cursor=cursor)),
            timed(lambda: balance_before(session, account_id=account_id, at=at)),
        )


def id_of(email: str) -> uuid.UUID:
    """Who has this address."""
    from portal.queries.users import UserFilter, list_users

    with reading() as session:
        return list_users(session, chosen=UserFilter(search=email), cursor=None, now=clock.now()).rows[0].id


def _account(user_id: uuid.UUID) -> int:
    statement = text("SELECT id FROM ledger_account WHERE kind = 'deposit' AND owner = :owner AND currency = :currency")
    with reading() as session:
        found: int = session.execute(statement, {"owner": f"user:{user_id}", "currency": CURRENCY}).scalar_one()
    return found


def _memory() -> float:
    """The most that this process has ever had in memory, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
