"""Routes that take files: larger bodies than elsewhere, and the files made safe before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, current_app, request

from portal.blueprints.velocity import count_act
from portal.documents.attachments import Attachment, prepare_files
from portal.kit.file_kinds import FILE_BYTES_MAX, FILES_MAX, FileKind
from portal.services.accounts.throttle import UPLOAD

V = TypeVar("V", bound=Callable[..., Any])

_MARK = "portal_takes_files"
# All files at their largest, and what else a form holds.
BODY_BYTES_MAX = FILES_MAX * FILE_BYTES_MAX + 256 * 1024
# What a browser's file dialog offers; what is taken is judged by the file itself.
ACCEPT = ",".join(FileKind)
ACCEPT_PICTURES = ",".join(kind for kind in FileKind if kind.is_picture)


def takes_files(view: V) -> V:
    """Mark a route whose form may bring files."""
    setattr(view, _MARK, True)
    return view


def make_room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let the body of a marked route be larger, before anybody reads its form."""
    if endpoint and getattr(current_app.view_functions.get(endpoint), _MARK, False):
        request.max_content_length = BODY_BYTES_MAX


def read_files(
    name: str = "files", *, taken: frozenset[FileKind] = frozenset(FileKind), files_max: int = FILES_MAX
) -> tuple[Attachment, ...]:
    """The files of a form, as they may be kept. Raises TooManyFilesError, FileRefusedError, TooOftenError."""
    given = [file for file in request.files.getlist(name) if file.filename]
    if given:
        count_act(UPLOAD)
    # One byte more tells that it is too large; more of it is not read.
    return prepare_files(
        ((file.filename or "", file.stream.read(FILE_BYTES_MAX + 1)) for file in given),
        taken=taken,
        files_max=files_max,
    )


def read_upload(name: str = "file") -> bytes:
    """A table that was uploaded, as it is; empty where none was. Raises TooOftenError."""
    uploaded = request.files.get(name)
    if uploaded is None:
        return b""
    count_act(UPLOAD)
    data: bytes = uploaded.read()
    return data


def file_answer(name: str, kind: str, content: bytes) -> Response:
    """A kept file: pictures in place, anything else only to be saved; never run, never guessed at."""
    kind = kind if kind in set(FileKind) else "application/octet-stream"
    answer = Response(content, mimetype=kind)
    is_picture = kind in set(FileKind) and FileKind(kind).is_picture
    answer.headers.set("Content-Disposition", "inline" if is_picture else "attachment", filename=name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
