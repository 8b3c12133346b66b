"""Many orders at once (ORD-14): a few lives through the services, and their copies by COPY.

What the triggers of the books watch over has passed them with the lives; between the rows of a copy the same holds.
Each batch is a transaction: whenever it is broken off, what stands is whole.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.db import reading, transaction
from portal.demo.copies import Copier, PaperNumbers, Supply, order_codes
from portal.demo.coupons import campaign_row
from portal.demo.indexes import Bars, Connection, Progress, build_laid_aside, connected, lay_aside, unseen
from portal.demo.life_tables import PAPER_TABLES, TABLES
from portal.demo.lives import LIVES, SHIPPING_COUPON, Life, live
from portal.demo.pattern import Pattern, paper_year, read_pattern
from portal.models import Campaign, CouponCode, Order
from portal.services.ledger.accounts import ensure_accounts
from portal.services.seal_audit import seal_audit

# How far back the orders go.
SPAN = timedelta(days=300)
BATCH_ORDERS, WRITERS = 2_000, 3
SEALED_AT_ONCE = 20_000
CHANNELS = ("kr", "kr", "us")
# Different goods and payments: so many lives of each kind are drawn at most, and one for so many orders.
PATTERNS_MAX, ORDERS_PER_PATTERN = 12, 2_000
# Of each life as many as the days its copies reach over need, every day having as many orders as any other.
SHARES = {"settled": 264, "arrived": 28, "sent": 6, "fresh": 2}

_RESERVE = "SELECT nextval(%s) FROM generate_series(1, %s)"
_NUMBER = """
INSERT INTO document_series AS s (issuer, series, year, last_number) VALUES (%(issuer)s, %(series)s, %(year)s, %(n)s)
ON CONFLICT (issuer, series, year) DO UPDATE SET last_number = s.last_number + excluded.last_number
RETURNING last_number
"""
# What the copies sell was delivered before, so that the shelf holds what it held.
_RESTOCK = """
INSERT INTO stock_move (variant_id, place, delta, reason, at, made_by)
SELECT id, 'main', n, 'delivery', %(at)s, 'system'
  FROM unnest(%(ids)s::bigint[], %(counts)s::integer[]) AS t (id, n) WHERE n <> 0
"""
_MAY_SET_TRIGGERS_ASIDE = "SELECT has_parameter_privilege('session_replication_role', 'SET')"


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy to be made, and how much earlier than its pattern it lived."""

    copier: Copier
    back: timedelta


class _TakenBackError(Exception):
    """Ends the transaction of a life."""


def make_orders(settings: Settings, *, orders: int, now: datetime, bars: Bars = unseen) -> None:
    """Make so many orders of about the last SPAN."""
    with transaction() as session:
        _make_coupon(session, now=now)
    per_life = {life.name: _copiers(life, orders, now) for life in LIVES}
    with _few_indexes(settings, orders, bars), bars("orders", orders) as progress:
        _write_all(settings, _batches(_plan(per_life, orders)), progress)


@contextlib.contextmanager
def _few_indexes(settings: Settings, orders: int, bars: Bars) -> Iterator[None]:
    """Where more come than are there, indexes that only make reading faster are built once all are in."""
    with reading() as session:
        is_worth_it = session.execute(select(func.count()).select_from(Order)).scalar_one() <= orders
    if is_worth_it:
        lay_aside(settings, TABLES)
    try:
        yield
    finally:
        build_laid_aside(settings, bars)


def _write_all(settings: Settings, batches: Iterator[list[Copy]], progress: Progress) -> None:
    run, people = secrets.token_hex(3), itertools.count(1)
    with _connections(settings) as free, ThreadPoolExecutor(WRITERS) as writers:

        def write(batch: Sequence[Copy]) -> int:
            connection = free.get()
            try:
                with connection.transaction():
                    _write(connection, batch, run, people)
            finally:
                free.put(connection)
            return sum(copy.copier.pattern.orders for copy in batch)

        under_way = {writers.submit(write, batch) for batch in itertools.islice(batches, WRITERS)}
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            under_way |= {writers.submit(write, batch) for batch in itertools.islice(batches, len(done))}
            for each in done:
                progress(each.result())
            seal_all()
    seal_all()


@contextlib.contextmanager
def _connections(settings: Settings) -> Iterator[SimpleQueue[Connection]]:
    """A connection for each writer, as the owner of the tables."""
    free: SimpleQueue[Connection] = SimpleQueue()
    with contextlib.ExitStack() as opened:
        for _ in range(WRITERS):
            connection = opened.enter_context(connected(settings))
            # A power cut may take the last batches, each as a whole.
            connection.execute("SET timezone = 'UTC'; SET synchronous_commit = off")
            free.put(connection)
        yield free


def seal_all() -> None:
    """Seal what stands, while nobody else does."""
    sealed = 1
    while sealed:
        with transaction() as session:
            sealed = seal_audit(session, batch=SEALED_AT_ONCE)


def has_demo_mall(session: Session) -> bool:
    """Whether the demo's stores sell here."""
    return bool(session.scalar(text("SELECT EXISTS (SELECT FROM store WHERE external_ref LIKE 'demo:%')")))


def refresh_statistics(settings: Settings) -> None:
    """Let the database look at what came in, as it would do by itself some minutes later."""
    with connected(settings) as connection:
        connection.execute("VACUUM (ANALYZE) " + ", ".join(TABLES))


def _make_coupon(session: Session, *, now: datetime) -> None:
    """A campaign without limits that was open all the time: nothing is counted for each use of it."""
    if session.get(CouponCode, SHIPPING_COUPON) is not None:
        return
    terms = {
        "name": {"en": "Shipping on the house", "ko": "배송비는 저희가"},
        "kind": "free_shipping",
        "target": "shipping",
        "lane": "shipping",
        "valid_from": now - SPAN - timedelta(days=100),
    }
    campaign_id = session.execute(insert(Campaign).values(campaign_row(terms, now)).returning(Campaign.id)).scalar_one()
    session.add(CouponCode(code=SHIPPING_COUPON, campaign_id=campaign_id))


def _copiers(life: Life, orders: int, now: datetime) -> list[Copier]:
    share = SHARES[life.name] * orders // sum(SHARES.values())
    count = min(PATTERNS_MAX, 2 + share // ORDERS_PER_PATTERN)
    patterns = [_draw(life, number, now) for number in range(count)]
    with transaction() as session:
        shared = ensure_accounts(session, (key for p in patterns for kind, key in p.slots if kind == "shared"))
    return [Copier(pattern, shared) for pattern in patterns]


def _draw(life: Life, number: int, now: datetime) -> Pattern:
    """Live once, read what was written, and take it back."""
    found: list[Pattern] = []
    try:
        with transaction() as session:
            code = CHANNELS[(number + 1) % len(CHANNELS)]
            person = live(session, life, channel_code=code, number=number, now=now)
            found.append(read_pattern(session, user_id=person.id, email=person.email, now=now))
            raise _TakenBackError  # noqa: TRY301  # Only an error takes a transaction back.
    except _TakenBackError:
        return found[0]


def _plan(per_life: dict[str, list[Copier]], orders: int) -> Iterator[Copy]:
    """Copies from the oldest to the newest. What does not come out even is made up by lives of one order."""
    sizes = {life.name: sum(1 for _ in life.errands) for life in LIVES}
    counts = {name: SHARES[name] * orders // sum(SHARES.values()) // size for name, size in sizes.items()}
    counts["sent"] += orders - sum(counts[name] * size for name, size in sizes.items())
    for life in LIVES:
        count, copiers = counts[life.name], per_life[life.name]
        for n in range(count):
            yield Copy(copiers[n % len(copiers)], life.reach * (count - n - 0.5) / count)


def _batches(plan: Iterator[Copy]) -> Iterator[list[Copy]]:
    batch: list[Copy] = []
    size = 0
    for copy in plan:
        batch.append(copy)
        size += copy.copier.pattern.orders
        if size >= BATCH_ORDERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _write(connection: Connection, batch: Sequence[Copy], run: str, people: Iterator[int]) -> None:
    """Write copies, in the caller's transaction."""
    if connection.execute(_MAY_SET_TRIGGERS_ASIDE).fetchone() == (True,):
        connection.execute("SET LOCAL session_replication_role = replica")
    supply = _reserve(connection, batch, run, people)
    filled = [(copy, copy.copier.fill(supply, back=copy.back)) for copy in batch]
    for name in TABLES:
        if name not in PAPER_TABLES:
            _copy(connection, name, filled)
    taken: Counter[int] = Counter()
    for copy in batch:
        taken.update(copy.copier.pattern.taken)
    at = min(copy.copier.pattern.began - copy.back for copy in batch) - timedelta(hours=1)
    connection.execute(_RESTOCK, {"ids": list(taken), "counts": list(taken.values()), "at": at})
    numbers = _number_papers(connection, batch)
    for copy, values in filled:
        copy.copier.issue(values, numbers, back=copy.back)
    for name in PAPER_TABLES:
        _copy(connection, name, filled)


def _copy(connection: Connection, name: str, filled: Sequence[tuple[Copy, list[str]]]) -> None:
    patterns = [copy.copier.pattern for copy, _ in filled]
    columns = next((pattern.columns[name] for pattern in patterns if pattern.columns[name]), None)
    if columns is None:
        return
    whole = "".join(copy.copier.pattern.forms[name].fill(values) for copy, values in filled)
    with connection.cursor() as cursor, cursor.copy(f"COPY {name} ({columns}) FROM STDIN") as copying:
        copying.write(whole)


def _reserve(connection: Connection, batch: Sequence[Copy], run: str, people: Iterator[int]) -> Supply:
    patterns = [copy.copier.pattern for copy in batch]

    def numbers(sequence: str, kind: str) -> Iterator[int]:
        count = sum(pattern.count(kind) for pattern in patterns)
        return iter([row[0] for row in connection.execute(_RESERVE, (sequence, count))])

    return Supply(
        accounts=numbers("ledger_account_id_seq", "account"),
        entries=numbers("ledger_entry_id_seq", "entry"),
        shares=numbers("tender_share_id_seq", "share"),
        codes=order_codes(sum(pattern.count("number") for pattern in patterns)),
        run=run,
        people=people,
    )


def _number_papers(connection: Connection, batch: Sequence[Copy]) -> PaperNumbers:
    wanted = Counter(
        (paper.issuer, paper.series, paper_year(paper, back=copy.back))
        for copy in batch
        for paper in copy.copier.pattern.papers
    )
    numbers = {}
    for (issuer, series, year), n in sorted(wanted.items()):
        row = connection.execute(_NUMBER, {"issuer": issuer, "series": series, "year": year, "n": n}).fetchone()
        assert row is not None
        numbers[issuer, series, year] = iter(range(row[0] - n + 1, row[0] + 1))
    return numbers
