"""Lists as files by the services of the desk: asked for, followed, taken with what proves them (ANA-03, API-03)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from flask import request

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FileReply, PathValue, Reply, operation
from portal.blueprints.api.schemas import Paging
from portal.blueprints.api.v1.exports import examples
from portal.blueprints.api.v1.exports.reading import filter_of
from portal.blueprints.api.v1.exports.schemas import Export, ExportPage, ExportRequest, Signature
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.kit.tables import Format
from portal.models import ListExport
from portal.queries.list_exports import list_exports
from portal.queries.listings import LISTINGS
from portal.rules.exports import OPEN_MAX
from portal.rules.permissions import Permission
from portal.services.export_audit import public_key
from portal.services.exports.ask_export import (
    ExportUnknownError,
    TooManyListExportsError,
    ask_export,
    bytes_of,
    find_export,
    may_take,
    take_export,
)

TAG = "Exports"
EXPORT = {"export_id": PathValue("The id of the file.", {"type": "string", "format": "uuid"}, examples.ID)}
KINDS = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PDF: "application/pdf",
}


@operation(
    "POST",
    "/exports",
    tag=TAG,
    summary="Have a list made into a file",
    description=(
        "The whole list, as the filter narrows it, by a worker: ask how far it is, and take it when it is `ready`. "
        "Besides this permission that of the list is needed, each for everybody's things. While the same list is being "
        "made for the same person, the answer is that file. Asking, making and taking are recorded."
    ),
    permission=Permission.REPORT_EXPORT,
    body=ExportRequest,
    body_example=examples.REQUEST,
    answer=Export,
    status=202,
    answer_text="It is wanted.",
    example=examples.EXPORT,
    refusals=(ExportUnknownError, TooManyListExportsError(most=OPEN_MAX)),
    headers={"Location": "Where to ask how far it is."},
)
def ask_for_export(body: ExportRequest) -> Reply:
    actor, now = api_actor(), clock.now()
    if not may_take(actor, body.list):
        raise ExportUnknownError
    chosen, kind = filter_of(body.list, body.filter, now=now), Format(body.format)
    made = atomically(
        lambda s: ask_export(s, listing=body.list, chosen=chosen, kind=kind, locale=body.locale, actor=actor, now=now)
    )
    return Reply(_shown(made), 202, {"Location": f"{request.script_root}/api/v1/exports/{made}"})


@operation(
    "GET",
    "/exports",
    tag=TAG,
    summary="List files",
    description="Of the lists that the key's person may have, whoever asked for them, the newest first.",
    permission=Permission.REPORT_EXPORT,
    query=Paging,
    answer=ExportPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError,),
)
def list_files(query: Paging) -> ExportPage:
    names = [name for name in LISTINGS if may_take(api_actor(), name)]
    with reading() as session:
        page = list_exports(session, listings=names, cursor=query.cursor, rows_max=query.limit)
    return ExportPage.of(
        page,
        [
            Export(
                id=row.id,
                list=row.listing,
                format=row.format,
                name=row.name,
                state=row.state,
                rows=row.total,
                rows_read=row.done,
                size=row.size,
                asked_at=row.asked_at,
                expires_at=row.expires_at,
            )
            for row in page.rows
        ],
    )


@operation(
    "GET",
    "/exports/<string:export_id>",
    tag=TAG,
    summary="Show how far a file is",
    permission=Permission.REPORT_EXPORT,
    answer=Export,
    example=examples.READY,
    path_values=EXPORT,
    refusals=(ExportUnknownError,),
)
def show_file_export(export_id: str) -> Export:
    return _shown(_id(export_id))


@operation(
    "GET",
    "/exports/<string:export_id>/file",
    tag=TAG,
    summary="Take a file",
    description="Once it is `ready`. Compare its SHA-256, and that with the signature.",
    permission=Permission.REPORT_EXPORT,
    answer=None,
    answer_text="The file.",
    example=examples.FILE,
    files=tuple(KINDS.values()),
    path_values=EXPORT,
    refusals=(ExportUnknownError,),
)
def take_file(export_id: str) -> FileReply:
    wanted, actor, now = _id(export_id), api_actor(), clock.now()
    export = atomically(lambda s: _as_kept(take_export(s, export_id=wanted, actor=actor, now=now)))

    def pieces() -> Iterator[bytes]:
        with reading() as opened:
            yield from bytes_of(opened, wanted)

    return FileReply(pieces(), KINDS[Format(export.format)], export.name, size=export.size, digest=export.sha256)


@operation(
    "GET",
    "/exports/<string:export_id>/signature",
    tag=TAG,
    summary="Show what proves a file",
    permission=Permission.REPORT_EXPORT,
    answer=Signature,
    example=examples.SIGNATURE,
    path_values=EXPORT,
    refusals=(ExportUnknownError,),
)
def show_signature(export_id: str) -> Signature:
    with reading() as session:
        export = find_export(session, export_id=_id(export_id), actor=api_actor())
        if export.state != "ready" or export.sha256 is None or export.signature is None:
            raise ExportUnknownError
        return Signature(
            format="portal-list/1",
            name=export.name,
            rows=export.done,
            sha256=export.sha256,
            signature=export.signature,
            key=public_key(),
        )


def _shown(export_id: uuid.UUID) -> Export:
    with reading() as session:
        return _as_kept(find_export(session, export_id=export_id, actor=api_actor()))


def _as_kept(export: ListExport) -> Export:
    return Export(
        id=export.id,
        list=export.listing,
        format=export.format,
        name=export.name,
        state=export.state,
        rows=export.total,
        rows_read=export.done,
        size=export.size,
        sha256=export.sha256,
        asked_at=export.asked_at,
        expires_at=export.expires_at,
    )


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ExportUnknownError from None
