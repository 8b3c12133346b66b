"""All that is known of a person, as a file that programs can read: asked for, made by a worker, kept some days."""

from __future__ import annotations

import base64
import csv
import io
import uuid
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import DataExport, User
from portal.queries.personal_data import PERSONAL, PersonalTable, values_of
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.privacy import EXPORT_LIVES, EXPORTS_MAX, EXPORTS_WITHIN
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, require_step_up
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

# What is a file of its own in the ZIP: {table: (column, its name's column)}.
FILES = {"ticket_file": "content", "return_picture": "content", "remark_picture": "content"}


class TooManyExportsError(PortalError):
    code = "too_many_exports"
    status = 429
    sentence = N_(
        "You have had your data put together %(most)s times within a day. Take the last file, or come tomorrow."
    )


class ExportGoneError(PortalError):
    """Not there, somebody else's, not ready, or over: one answer for all."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


def ask_export(session: Session, *, actor: Actor, now: datetime) -> uuid.UUID:
    """Note that the file is wanted, for a worker; while one is being made, it is that. Raises TooManyExportsError."""
    assert actor.user_id is not None  # Pages of one's own are behind the sign-in.
    # One after another, so that a double press makes one.
    session.execute(select(User.id).where(User.id == actor.user_id).with_for_update())
    waiting = session.scalar(
        select(DataExport.id).where(DataExport.user_id == actor.user_id, DataExport.state == "wanted")
    )
    if waiting is not None:
        return waiting
    made = session.scalar(
        select(func.count()).where(DataExport.user_id == actor.user_id, DataExport.asked_at > now - EXPORTS_WITHIN)
    )
    if (made or 0) >= EXPORTS_MAX:
        raise TooManyExportsError(most=EXPORTS_MAX)
    export_id = new_id()
    session.add(DataExport(id=export_id, user_id=actor.user_id, state="wanted", asked_at=now))
    session.flush()
    fact = Fact(AuditAction.DATA_EXPORT_WANTED, f"user:{actor.user_id}", after={"export": str(export_id)})
    record(session, fact, actor=actor, now=now)
    return export_id


def exports_due(session: Session, *, limit: int = 20) -> list[uuid.UUID]:
    """Exports that nobody has made yet."""
    due = select(DataExport.id).where(DataExport.state == "wanted").order_by(DataExport.asked_at).limit(limit)
    return list(session.scalars(due))


def make_export(session: Session, *, export_id: uuid.UUID, now: datetime) -> bool:
    """Read everything and keep the ZIP; False when it was made before, or is being made."""
    export = session.scalars(
        select(DataExport)
        .where(DataExport.id == export_id, DataExport.state == "wanted")
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if export is None:
        return False
    packed = pack(session, user_id=export.user_id, now=now)
    export.content, export.size = base64.b64encode(packed).decode(), len(packed)
    export.state, export.made_at, export.expires_at = "ready", now, now + EXPORT_LIVES
    session.flush()
    after = {"export": str(export_id), "size": len(packed)}
    record(session, Fact(AuditAction.DATA_EXPORT_MADE, f"user:{export.user_id}", after=after), actor=SYSTEM, now=now)
    payload = {"export": str(export_id), "until": export.expires_at.isoformat()}
    emit(session, Event("data_export.ready", f"user:{export.user_id}", payload, profile_id=export.user_id), now=now)
    return True


def take_export(session: Session, *, export_id: uuid.UUID, actor: Actor, now: datetime) -> bytes:
    """The ZIP, to its owner after a second proof. Raises ExportGoneError, StepUpNeededError."""
    export = session.scalars(
        select(DataExport).where(DataExport.id == export_id, DataExport.user_id == actor.user_id)
    ).one_or_none()
    if export is None or export.content is None or export.expires_at is None or export.expires_at <= now:
        raise ExportGoneError
    require_step_up(
        session, actor=actor, action=StepUpAction.TAKE_EXPORT, binding=Binding(f"export:{export_id}"), now=now
    )
    fact = Fact(AuditAction.DATA_EXPORT_TAKEN, f"user:{actor.user_id}", after={"export": str(export_id)})
    record(session, fact, actor=actor, now=now)
    return base64.b64decode(export.content)


def pack(session: Session, *, user_id: uuid.UUID, now: datetime) -> bytes:
    """A ZIP: for each table of this person's a JSON and a CSV file, the files that he sent, and what is in it."""
    buffer = io.BytesIO()
    counts: dict[str, int] = {}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in PERSONAL:
            rows = rows_of(session, table, user_id=user_id) if table.exported else []
            if not rows:
                continue
            counts[table.name] = len(rows)
            for name, content in _files(table, rows):
                archive.writestr(name, content)
            archive.writestr(f"json/{table.name}.json", orjson.dumps(rows, option=orjson.OPT_INDENT_2, default=str))
            archive.writestr(f"csv/{table.name}.csv", _csv(rows))
        about = {
            "format": "portal-personal-data/1",
            "person": str(user_id),
            "made_at": now,
            "amounts": "columns that end in _minor are in the smallest unit of their currency; instants are UTC",
            "rows": counts,
        }
        archive.writestr("about.json", orjson.dumps(about, option=orjson.OPT_INDENT_2))
    return buffer.getvalue()


def rows_of(session: Session, table: PersonalTable, *, user_id: uuid.UUID) -> list[dict[str, Any]]:
    """A person's rows of a table, in clear, without what is hidden."""
    key = list(table.table.primary_key.columns)
    found = session.execute(select(*table.columns).where(table.condition).order_by(*key), values_of(user_id))
    return [dict(row) for row in found.mappings()]


def _files(table: PersonalTable, rows: list[dict[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """Take files out of their rows: they stand beside them, and the row says where."""
    column = FILES.get(table.name)
    if column is None:
        return
    for row in rows:
        name = f"files/{table.name}/{row['id']}.{str(row['kind']).rpartition('/')[2]}"
        content = row[column]
        row[column] = name
        yield name, content if isinstance(content, bytes) else base64.b64decode(content)


def _csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _plain(value) for name, value in row.items()})
    return text.getvalue().encode("utf-8-sig")


def _plain(value: Any) -> Any:
    return orjson.dumps(value, default=str).decode() if isinstance(value, dict | list) else value
