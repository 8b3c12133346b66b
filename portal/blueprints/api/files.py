"""Files in bodies: base64, judged by what they are, pictures drawn anew before anything is kept; and PDF as answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from pydantic import Base64Bytes, Field

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FileReply
from portal.blueprints.api.schemas import In, Text
from portal.blueprints.documents import Pdf
from portal.blueprints.velocity import act_of
from portal.documents.attachments import Attachment, prepare_files
from portal.kit.file_kinds import (
    FILE_BYTES_MAX,
    FILES_MAX,
    FileBrokenError,
    FileKind,
    FileKindError,
    FileMisnamedError,
    FileTooLargeError,
    PictureTooLargeError,
    TooManyFilesError,
)
from portal.services.accounts.throttle import UPLOAD

# Base64 makes four characters of three bytes.
FILE_LENGTH_MAX = FILE_BYTES_MAX * 4 // 3 + 4
BODY_BYTES_MAX = FILES_MAX * FILE_LENGTH_MAX + 256 * 1024
UNFIT = (
    TooManyFilesError(count=FILES_MAX),
    FileKindError(name="slip.txt"),
    FileMisnamedError(name="slip.png"),
    FileBrokenError(name="slip.png"),
    FileTooLargeError(name="slip.png", megabytes=FILE_BYTES_MAX // (1024 * 1024)),
    PictureTooLargeError(name="slip.png", millions=50),
)
# A picture of one point, for examples.
EXAMPLE = {
    "name": "dent.png",
    "content": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC",
}


class FileIn(In):
    """A file: a picture (JPEG, PNG, WebP), or where that is said a PDF."""

    name: Text = Field(min_length=1, description="What it is called; its ending fits what it is.")
    content: Base64Bytes = Field(description="The file itself as base64, at most 5 MB.", max_length=FILE_LENGTH_MAX)


def pdf_reply(pdf: Pdf) -> FileReply:
    """A document as the answer of an operation."""
    digest = hashlib.sha256(pdf.content).hexdigest()
    return FileReply(pdf.content, "application/pdf", pdf.name, size=len(pdf.content), digest=digest)


def read_attachments(
    given: Sequence[FileIn], *, taken: frozenset[FileKind] = frozenset(FileKind), files_max: int = FILES_MAX
) -> tuple[Attachment, ...]:
    """The files as they may be kept. Raises TooManyFilesError, FileRefusedError, TooOftenError."""
    user_id = api_actor().user_id
    if given and user_id is not None:
        act_of(user_id, UPLOAD)
    return prepare_files(((one.name, one.content) for one in given), taken=taken, files_max=files_max)
