"""How long the desks of sellers and administrators keep people waiting, page by page (PRF-05)."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import text

from portal.bench.browser import Browser
from portal.bench.figures import percentile
from portal.bench.journey import WalkError, sign_in
from portal.bench.statements import Watch
from portal.config import Settings
from portal.crypto import email_index
from portal.db import reading
from portal.demo.lives import NAMES
from portal.demo.people import PASSWORD
from portal.kit.paging import Cursor, decode_cursor, encode_cursor
from portal.rules.figures import Board

LIST_MS, BOARD_MS = 100.0, 500.0
SELLER, ADMIN, BUYER = "sam@example.com", "ada@example.com", "bea@example.com"
VIEWS = ("action", "to_send", "overdue", "hold", "shipped", "returning", "cancelled", "all")
PERIODS = ("7d", "30d", "90d")
_CURSOR = re.compile(r"cursor=([A-Za-z0-9_-]+)")
_SOME = text(
    """
    SELECT o.number, o.id, o.placed_at::date AS day, (SELECT tracking_number FROM shipment LIMIT 1) AS parcel,
           (SELECT p.id FROM order_part p JOIN store_member m ON m.store_id = p.store_id
             JOIN user_account u ON u.id = m.user_id AND u.email_index = :seller
            WHERE p.released_at IS NOT NULL ORDER BY p.placed_at DESC LIMIT 1) AS part_id
      FROM orders o ORDER BY o.placed_at OFFSET :middle LIMIT 1
    """
)
_MIDDLE = text("SELECT min(placed_at) + (max(placed_at) - min(placed_at)) / 2 FROM orders")


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that somebody opens. `is_deep` is the page of its list that begins half way back."""

    name: str
    who: str
    path: str
    limit_ms: float = LIST_MS
    is_deep: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """How long a page took, in milliseconds, and how many statements it asks (the least of all rounds)."""

    name: str
    path: str
    p50_ms: float
    p95_ms: float
    statements: int
    limit_ms: float

    @property
    def is_slow(self) -> bool:
        return self.p50_ms > self.limit_ms


@dataclass(frozen=True, slots=True)
class Outcome:
    """All pages of a run, and the size of what they are about."""

    orders: int
    seen: Sequence[Seen]

    @property
    def slow(self) -> list[Seen]:
        return [one for one in self.seen if one.is_slow]

    def as_json(self) -> dict[str, Any]:
        return {"orders": self.orders, "pages": [asdict(one) for one in self.seen]}


def visits() -> list[Visit]:
    """What people look at all day. Looks for one order, parcel and person of the middle of the past."""
    with reading() as session:
        orders = session.execute(text("SELECT count(*) FROM orders")).scalar_one()
        some = session.execute(_SOME, {"middle": orders // 2, "seller": email_index(SELLER)}).one()
    inbox = [Visit(f"inbox, {view}", SELLER, f"/seller/orders?view={view}") for view in VIEWS]
    boards = [
        Visit(
            f"figures, {board.value} {period}", ADMIN, f"/admin/figures?board={board.value}&period={period}", BOARD_MS
        )
        for board in Board
        for period in PERIODS
    ]
    whole = "/seller/orders?view=all"
    return [
        Visit("seller's home", SELLER, "/seller/", BOARD_MS),
        *inbox,
        Visit("inbox, half way back", SELLER, whole, is_deep=True),
        Visit("inbox, one state", SELLER, f"{whole}&state=closed"),
        Visit("inbox, one channel", SELLER, f"{whole}&channel=2"),
        *(
            Visit(f"inbox, sorted by {sort}", SELLER, f"{whole}&sort={sort}")
            for sort in ("placed", "deliver", "-deliver", "amount", "-amount")
        ),
        Visit("inbox, to send by amount", SELLER, "/seller/orders?view=to_send&sort=-amount"),
        Visit("inbox, one state by amount", SELLER, f"{whole}&state=closed&sort=-amount"),
        Visit("inbox, by a common name", SELLER, f"{whole}&q={quote(NAMES[0])}"),
        Visit("inbox, by number", SELLER, f"{whole}&q={some.number}"),
        Visit("inbox, by tracking number", SELLER, f"{whole}&q={some.parcel}"),
        Visit("inbox, by product", SELLER, f"{whole}&q=cup"),
        Visit("inbox, nothing found", SELLER, f"{whole}&q=KR-2222222222"),
        Visit("a part of an order", SELLER, f"/seller/orders/{some.part_id}"),
        Visit("store's payments", SELLER, "/seller/payments"),
        Visit("store's balance", SELLER, "/seller/balance", BOARD_MS),
        Visit("store's figures", SELLER, "/seller/figures", BOARD_MS),
        Visit("store's returns", SELLER, "/seller/returns"),
        Visit("stock", SELLER, "/seller/stock"),
        Visit("mall's home", ADMIN, "/admin/", BOARD_MS),
        Visit("orders", ADMIN, "/admin/orders"),
        Visit("orders, half way back", ADMIN, "/admin/orders", is_deep=True),
        *(Visit(f"orders, {one}", ADMIN, f"/admin/orders?status={one}") for one in ("paid", "shipped", "refunded")),
        Visit("orders, failed in one channel", ADMIN, "/admin/orders?status=failed&channel=1"),
        *(
            Visit(f"orders, sorted by {sort}", ADMIN, f"/admin/orders?sort={sort}")
            for sort in ("placed", "amount", "-amount")
        ),
        Visit("orders, paid by amount", ADMIN, "/admin/orders?status=paid&sort=-amount"),
        Visit("orders of one person", ADMIN, f"/admin/orders?q={BUYER}"),
        Visit("orders, held", ADMIN, "/admin/orders?held=1"),
        Visit("orders, one day", ADMIN, f"/admin/orders?first={some.day}&last={some.day}&paid=1"),
        Visit("an order", ADMIN, f"/admin/orders/{some.number}"),
        Visit("payments", ADMIN, "/admin/payments"),
        Visit("payments, half way back", ADMIN, "/admin/payments", is_deep=True),
        Visit("payments, captured", ADMIN, "/admin/payments?status=captured"),
        Visit("payments, failed", ADMIN, "/admin/payments?status=failed"),
        Visit("refunds", ADMIN, "/admin/refunds"),
        Visit("people", ADMIN, "/admin/users"),
        Visit("search, a number", ADMIN, f"/admin/search?q={some.number}"),
        Visit("search, a parcel", ADMIN, f"/admin/search?q={some.parcel}"),
        Visit("search, a common name", ADMIN, f"/admin/search?q={quote(NAMES[0])}"),
        Visit("search, a person", ADMIN, f"/admin/search?q={BUYER}"),
        Visit("pipeline", ADMIN, "/admin/fulfilment", BOARD_MS),
        Visit("exceptions", ADMIN, "/admin/exceptions", BOARD_MS),
        Visit("rules of risk", ADMIN, "/admin/risk/rules", BOARD_MS),
        Visit("audit trail", ADMIN, "/admin/audit"),
        Visit("books", ADMIN, "/admin/ledger", BOARD_MS),
        *boards,
        Visit("buyer's orders", BUYER, "/kr/orders"),
    ]


async def measure(
    settings: Settings, base: str, *, rounds: int, progress: Callable[[int], object] = lambda _: None
) -> Outcome:
    """Open every page `rounds` times after once to warm up, one after the other. Raises WalkError, BrowserError."""
    with reading() as session:
        orders = session.execute(text("SELECT count(*) FROM orders")).scalar_one()
    watch = Watch(settings.database_owner_url)
    try:
        seen = [one async for one in _look(visits(), base, rounds, watch, progress)]
    finally:
        watch.close()
    return Outcome(orders, seen)


async def _look(
    wanted: Sequence[Visit], base: str, rounds: int, watch: Watch, progress: Callable[[int], object]
) -> AsyncIterator[Seen]:
    browsers = {who: Browser() for who in {visit.who for visit in wanted}}
    try:
        for who, browser in browsers.items():
            await sign_in(browser, f"{base}/kr", who, PASSWORD)
        for visit in wanted:
            yield await _open(browsers[visit.who], visit, base, rounds, watch)
            progress(1)
    finally:
        for browser in browsers.values():
            browser.close()


async def _open(browser: Browser, visit: Visit, base: str, rounds: int, watch: Watch) -> Seen:
    path = visit.path
    page = await browser.get(base + path)
    if page.status != 200:
        raise WalkError(f"{visit.name}: {visit.path} answers {page.status}")
    if visit.is_deep and (found := _CURSOR.search(page.text)):
        path += ("&" if "?" in path else "?") + f"cursor={half_way(found[1])}"
        await browser.get(base + path)
    taken, asked = [], []
    for _ in range(rounds):
        before, began = watch.count(), time.perf_counter()
        page = await browser.get(base + path)
        taken.append((time.perf_counter() - began) * 1000)
        asked.append((watch.count() - before).statements)
        if page.status != 200:
            raise WalkError(f"{visit.name}: {path} answers {page.status}")
    # The clock and the workers ask, too: the least is what the page asks, less the one that counts.
    own = max(min(asked) - 1, 0)
    return Seen(visit.name, path, percentile(taken, 50), percentile(taken, 95), own, visit.limit_ms)


def half_way(cursor: str) -> str:
    """The same cursor, as if the page before had ended in the middle of the time that orders go back."""
    with reading() as session:
        middle = session.execute(_MIDDLE).scalar_one()
    query = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[0]
    known = decode_cursor(cursor, query=query)
    assert known is not None
    values = tuple(middle if isinstance(value, datetime) else value for value in known.values)
    return encode_cursor(Cursor(values, known.backwards), query=query)


def lines_of(outcome: Outcome) -> Iterator[str]:
    """What was measured, in words."""
    yield f"{outcome.orders:,} orders"
    for one in outcome.seen:
        late = f"   NOT within {one.limit_ms:.0f} ms" if one.is_slow else ""
        times = f"p50 {one.p50_ms:7.1f} ms   p95 {one.p95_ms:7.1f} ms"
        yield f"{one.name:<32} {times}   {one.statements:3} statements{late}"
    yield f"{len(outcome.seen) - len(outcome.slow)} of {len(outcome.seen)} pages within their limit at the median"
