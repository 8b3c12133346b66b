"""Files from people, made safe to keep: pictures are drawn anew, PDFs are kept as they are."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from portal.kit.file_kinds import (
    FILES_MAX,
    PIXELS_MAX,
    FileBrokenError,
    FileKind,
    PictureTooLargeError,
    TooManyFilesError,
    check_file,
    named_as,
    tidy_name,
)

SIDE_MAX: Final = 1600
QUALITY: Final = 84
_FORMATS: Final = {FileKind.JPEG: "JPEG", FileKind.PNG: "PNG", FileKind.WEBP: "WEBP"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as it is kept."""

    name: str
    kind: FileKind
    content: bytes


def prepare_files(
    files: Iterable[tuple[str, bytes]], *, taken: frozenset[FileKind] = frozenset(FileKind), files_max: int = FILES_MAX
) -> tuple[Attachment, ...]:
    """Files as they may be kept; all or none. Takes its time: no transaction may be open.

    Raises TooManyFilesError, FileRefusedError.
    """
    given = list(files)
    if len(given) > files_max:
        raise TooManyFilesError(count=files_max)
    return tuple(_prepare(name, content, taken) for name, content in given)


def _prepare(name: str, content: bytes, taken: frozenset[FileKind]) -> Attachment:
    kind = check_file(name, content, taken=taken)
    kept = _drawn_anew(name, content, kind) if kind.is_picture else content
    return Attachment(named_as(name, kind), kind, kept)


def _drawn_anew(name: str, content: bytes, kind: FileKind) -> bytes:
    """The picture alone: turned as it was taken, no larger than a page shows it, without place, camera and the rest."""
    # Loaded with the first picture: a start can do without it.
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=[_FORMATS[kind]]) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise PictureTooLargeError(name=tidy_name(name), millions=PIXELS_MAX // 1_000_000)
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail((SIDE_MAX, SIDE_MAX))
            clear = kind is not FileKind.JPEG and picture.has_transparency_data
            drawn = picture.convert("RGBA" if clear else "RGB")
            drawn.info = {}
            out = io.BytesIO()
            drawn.save(out, _FORMATS[kind], **({} if kind is FileKind.PNG else {"quality": QUALITY}))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise FileBrokenError(name=tidy_name(name)) from error
    return out.getvalue()
