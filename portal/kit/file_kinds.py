"""Files that people send along: which kinds are taken, judged by what they are and not by what they are called."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.text import N_

FILES_MAX: Final = 5
FILE_BYTES_MAX: Final = 5 * 1024 * 1024
NAME_LENGTH_MAX: Final = 100
# What a reader of pictures would have to hold in memory: a phone's camera makes a quarter of it.
PIXELS_MAX: Final = 50_000_000

_UNFIT = re.compile(r"[^\w.\- ()]+")


class FileKind(StrEnum):
    """What is taken, by the name that browsers have for it."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"

    @property
    def is_picture(self) -> bool:
        return self is not FileKind.PDF


PICTURES: Final = frozenset(kind for kind in FileKind if kind.is_picture)
# By which endings a file of a kind may call itself; the first is the one that it gets.
_ENDINGS: Final = {
    FileKind.JPEG: ("jpg", "jpeg", "jfif"),
    FileKind.PNG: ("png",),
    FileKind.WEBP: ("webp",),
    FileKind.PDF: ("pdf",),
}


class FileRefusedError(PortalError):
    """A file that is not taken; `name` is what it is called."""

    code = "file_refused"
    sentence = N_("“%(name)s” is not taken.")


class FileKindError(FileRefusedError):
    code = "file_kind"
    sentence = N_("“%(name)s” is neither a picture (JPEG, PNG, WebP) nor a PDF.")


class FileMisnamedError(FileRefusedError):
    code = "file_misnamed"
    sentence = N_("“%(name)s” is not what its name says. Send the file as it was made.")


class FileBrokenError(FileRefusedError):
    code = "file_broken"
    sentence = N_("“%(name)s” cannot be read. It may have been cut off on its way.")


class PictureTooLargeError(FileRefusedError):
    code = "picture_too_large"
    sentence = N_("“%(name)s” has more than %(millions)s million pixels. Make it smaller and send it again.")


class FileTooLargeError(FileRefusedError):
    code = "file_too_large"
    sentence = N_("“%(name)s” is larger than %(megabytes)s MB. Make it smaller and send it again.")


class TooManyFilesError(PortalError):
    code = "too_many_files"
    sentence = N_("At most %(count)s files go with one message.")


def kind_of(content: bytes) -> FileKind | None:
    """What a file is by its first and last bytes; None for what is not taken."""
    if content.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return FileKind.WEBP
    if content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]:
        return FileKind.PDF
    return None


def check_file(name: str, content: bytes, *, taken: frozenset[FileKind] = frozenset(FileKind)) -> FileKind:
    """The kind of a file that is taken. Raises FileRefusedError."""
    shown = tidy_name(name)
    if len(content) > FILE_BYTES_MAX:
        raise FileTooLargeError(name=shown, megabytes=FILE_BYTES_MAX // (1024 * 1024))
    kind = kind_of(content)
    ending = shown.rpartition(".")[2].lower() if "." in shown else ""
    says = next((one for one, endings in _ENDINGS.items() if ending in endings), None)
    if kind is None and says is not None and content:
        raise FileMisnamedError(name=shown)
    if kind is None or kind not in taken:
        raise FileKindError(name=shown)
    if ending and says is not kind:
        raise FileMisnamedError(name=shown)
    return kind


def tidy_name(name: str) -> str:
    """What a file is called, without a path and without what could mean something to a shell, a header or a page."""
    bare = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    tidy = _UNFIT.sub("_", bare).strip(" .") or "file"
    stem, dot, ending = tidy.rpartition(".")
    if dot and len(tidy) > NAME_LENGTH_MAX:
        return f"{stem[: NAME_LENGTH_MAX - len(ending) - 1]}.{ending}"[:NAME_LENGTH_MAX]
    return tidy[:NAME_LENGTH_MAX]


def named_as(name: str, kind: FileKind) -> str:
    """The tidy name with an ending of its kind."""
    tidy = tidy_name(name)
    ending = tidy.rpartition(".")[2].lower() if "." in tidy else ""
    return tidy if ending in _ENDINGS[kind] else f"{tidy[: NAME_LENGTH_MAX - 5]}.{_ENDINGS[kind][0]}"
