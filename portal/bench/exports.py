"""How long the ledger takes as a file, and how much memory: each format in a process of its own (ANA-03)."""

from __future__ import annotations

import resource
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from sqlalchemy.orm import Session

from portal.bench import people
from portal.bench.ledger import fill_books, id_of
from portal.config import Settings
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.tables import Format
from portal.models import ListExport
from portal.process import start
from portal.queries.listings.books import JournalFilter
from portal.rules.permissions import Actor, Role
from portal.services.exports.ask_export import ask_export
from portal.services.exports.work_export import Claim, claim_export

# Rows may grow a hundredfold and this may not: MiB above what the process had before the first row.
GROWTH_MAX_MIB = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file: how many rows, how large, how long, and the most memory of its process before and after (MiB)."""

    format: str
    rows: int
    size: int
    seconds: float
    before_mib: float
    after_mib: float

    @property
    def missed(self) -> bool:
        return self.after_mib - self.before_mib > GROWTH_MAX_MIB

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    settings: Settings, env: Mapping[str, str], *, rows: int, kinds: Sequence[Format], say: Callable[[str], None]
) -> list[Outcome]:
    """Fill the books of a portal with so many postings and save the ledger in each of these formats."""
    start(settings, name="portal bench", connections=2)
    (email,) = people.make_buyers(1, currency="KRW")
    user_id = id_of(email)
    say(f"portal: writing {rows:,} postings")
    fill_books(settings, user_id, rows, max(1, rows // 10))
    found = []
    for kind in kinds:
        say(f"portal: saving them as {kind.value}")
        claim = _asked(user_id, kind)
        seconds, before, after = _in_a_process(env, claim)
        with reading() as session:
            export = session.get_one(ListExport, claim.export_id)
        assert export.state == "ready"
        found.append(Outcome(kind.value, export.done, export.size or 0, seconds, before, after))
    return found


def lines_of(found: list[Outcome]) -> Iterator[str]:
    """What was measured, in words."""
    for one in found:
        size, speed = one.size / 1024**2, one.rows / one.seconds
        yield (
            f"{one.format:<5}{one.rows:>10,} rows  {size:8.1f} MiB  {one.seconds:7.1f} s  {speed:8,.0f} rows/s"
            f"  process {one.before_mib:.0f} -> {one.after_mib:.0f} MiB"
        )


def _asked(user_id: uuid.UUID, kind: Format) -> Claim:
    """Asked for and taken up at once, so that the portal's own workers leave it to the process that is measured."""
    actor, now = Actor(user_id=user_id, roles=frozenset({Role.ADMIN})), clock.now()

    def work(session: Session) -> Claim | None:
        export_id = ask_export(
            session, listing="ledger", chosen=JournalFilter(), kind=kind, locale="en", actor=actor, now=now
        )
        return claim_export(session, export_id=export_id, now=now)

    claim = atomically(work)
    assert claim is not None
    return claim


def _in_a_process(env: Mapping[str, str], claim: Claim) -> tuple[float, float, float]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_make, args=(dict(env), claim, theirs))
    child.start()
    child.join()
    seconds, before, after = ours.recv()
    return seconds, before, after


def _make(env: Mapping[str, str], claim: Claim, told: Connection) -> None:
    from portal.documents import lists  # noqa: F401  # Loaded before memory is looked at.
    from portal.jobs import exports

    start(Settings.from_environment(env), name="portal bench exports", connections=2)
    before = _memory()
    began = time.perf_counter()
    # In one piece: nobody else waits for this process.
    exports.go_on(claim, slice_s=3600)
    told.send((time.perf_counter() - began, before, _memory()))


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
