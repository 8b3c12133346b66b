"""Lists as files: read in slices between other work, then written, in memory that does not grow with the list."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO, cast

from sqlalchemy.orm import Session

from portal.db import after_commit, atomically, reading, transaction
from portal.jobs.queue import enqueue_list_export
from portal.kit import clock
from portal.kit.tables import Format
from portal.models import ListExport, OutboxEvent
from portal.queries.listings import LISTINGS
from portal.services.exports.keep_plans import make_report, plans_due
from portal.services.exports.work_export import (
    PIECE_BYTES,
    Claim,
    Written,
    begin_file,
    claim_export,
    end_old_exports,
    exports_due,
    finish_file,
    keep_file_piece,
    let_go,
    read_batch,
    rows_of,
    still_at_it,
)

# So long one export keeps a worker from other work while it is read.
SLICE_S = 20
# So often whoever writes says that he is still at it.
SAY_ROWS = 5_000


class _TakenOverError(Exception):
    """Somebody else is at it."""


def begin_list(session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    """Hand a list that is wanted to a worker."""
    after_commit(session, partial(enqueue_list_export, uuid.UUID(event.subject.partition(":")[2])))
    return ()


def make_list(export_id: str) -> None:
    """Go on with an export: read for a while, and write the file once all is read."""
    claim = atomically(lambda s: claim_export(s, export_id=uuid.UUID(export_id), now=clock.now()))
    if claim is not None:
        go_on(claim)


def go_on(claim: Claim, *, slice_s: float = SLICE_S) -> None:
    """Work on an export that one has taken up: to its end, or as long as this slice is."""
    until = clock.now().timestamp() + slice_s
    while True:
        more = atomically(lambda s: read_batch(s, claim, now=clock.now()))
        if more is None:
            return
        if not more:
            break
        if clock.now().timestamp() > until:
            atomically(lambda s: let_go(s, claim))
            enqueue_list_export(claim.export_id)
            return
    _write(claim)


def _write(claim: Claim) -> None:
    export = atomically(lambda s: begin_file(s, claim, now=clock.now()))
    if export is None:
        return
    with tempfile.TemporaryFile() as file:
        out = cast("BinaryIO", file)
        try:
            _render(claim, export, out)
            written = _keep(claim, out)
        except _TakenOverError:
            return
    atomically(lambda s: finish_file(s, claim, written, now=clock.now()))


def _render(claim: Claim, export: ListExport, out: BinaryIO) -> None:
    # Writers of papers and sheets are loaded with the first file: other jobs can do without them.
    from portal.documents.lists import ListHead, write_list

    listing = LISTINGS[export.listing]
    head = ListHead(
        title=listing.title,
        columns=listing.columns,
        name=export.name,
        locale=export.locale,
        made_at=clock.now(),
        rows=export.done,
        total=export.total or 0,
    )
    with reading() as session:
        rows = _saying_so(claim, rows_of(session, export.id))
        write_list(out, Format(export.format), head, rows)


def _saying_so(claim: Claim, rows: Iterator[Any]) -> Iterator[Any]:
    for n, row in enumerate(rows, start=1):
        if n % SAY_ROWS == 0 and not atomically(lambda s: still_at_it(s, claim, now=clock.now())):
            raise _TakenOverError
        yield row


def _keep(claim: Claim, file: BinaryIO) -> Written:
    digest, size, n = hashlib.sha256(), 0, 0
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        digest.update(piece)
        size += len(piece)
        number, content = n, piece
        if not atomically(lambda s: keep_file_piece(s, claim, number, content, now=clock.now())):  # noqa: B023  # Called at once.
            raise _TakenOverError
        n += 1
    return Written(size, digest.hexdigest())


def tend_exports() -> None:
    """Take up exports whose worker died or whose hint was lost, and take old files away."""
    with transaction() as session:
        end_old_exports(session, now=clock.now())
        due = exports_due(session, now=clock.now())
    for export_id in due:
        enqueue_list_export(export_id)
    make_reports()


def make_reports() -> None:
    """Ask for the reports whose morning has come, each in a transaction of its own."""
    with reading() as session:
        due = plans_due(session, now=clock.now())
    for plan_id in due:
        atomically(lambda s, plan_id=plan_id: make_report(s, plan_id=plan_id, now=clock.now()))  # type: ignore[misc]  # mypy does not infer a lambda's default.
