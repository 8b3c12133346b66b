"""Files from people: judged by what they are, drawn anew, refused when they are not what they say (ORD-08)."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from portal.documents.attachments import SIDE_MAX, prepare_files
from portal.kit.file_kinds import (
    FILE_BYTES_MAX,
    NAME_LENGTH_MAX,
    PICTURES,
    FileBrokenError,
    FileKind,
    FileKindError,
    FileMisnamedError,
    FileTooLargeError,
    PictureTooLargeError,
    TooManyFilesError,
    tidy_name,
)

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PLACE = 0x8825


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), *, mode: str = "RGB", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "teal").save(out, kind, **more)
    return out.getvalue()


@pytest.mark.req("ORD-08")
def test_a_picture_is_drawn_anew_turned_and_without_the_place_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Turned by a quarter.
    exif.get_ifd(PLACE)[1] = "N"
    exif[0x010F] = "Secret camera"
    sent = picture(exif=exif) + b"<script>alert(1)</script>"

    kept = prepare_files([("C:\\me\\Photo of me.JPG", sent)])[0]

    assert (kept.name, kept.kind) == ("Photo of me.JPG", FileKind.JPEG)
    with Image.open(io.BytesIO(kept.content)) as opened:
        assert opened.size == (20, 40)
        assert dict(opened.getexif()) == {}
    assert b"Secret camera" not in kept.content
    assert b"<script>" not in kept.content


@pytest.mark.req("ORD-08")
def test_a_large_picture_becomes_as_large_as_a_page_shows_it_and_a_pdf_stays_as_it_is() -> None:
    large, paper = prepare_files([("a.png", picture("PNG", (2 * SIDE_MAX, 10))), ("b.pdf", PDF)])

    with Image.open(io.BytesIO(large.content)) as opened:
        assert opened.size == (SIDE_MAX, 5)
    assert paper.content == PDF


@pytest.mark.req("ORD-08")
@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.jpg", b"MZ\x90\x00 a program", FileMisnamedError),
        ("a.jpg", PDF, FileMisnamedError),
        ("a.png", b"\xff\xd8\xff\xe0 no more of it", FileMisnamedError),
        ("a.exe", picture(), FileMisnamedError),
        ("a.pdf", b"<html>%PDF-1.7 %%EOF", FileMisnamedError),
        ("a.svg", b"<svg onload=alert(1)>", FileKindError),
        ("a.html", b"<html>", FileKindError),
        ("a.jpg", b"", FileKindError),
        ("a.jpg", picture()[:200], FileBrokenError),
        ("a.jpg", b"\xff\xd8\xff" + bytes(FILE_BYTES_MAX), FileTooLargeError),
    ],
)
def test_what_is_not_what_it_says_is_refused(name: str, content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        prepare_files([("fine.png", picture("PNG")), (name, content)])


@pytest.mark.req("ORD-08")
def test_a_picture_of_too_many_points_is_refused() -> None:
    # Black and white is drawn, and written, quickly.
    with pytest.raises(PictureTooLargeError):
        prepare_files([("fine.png", picture("PNG")), ("a.png", picture("PNG", (10_000, 5_001), mode="1"))])


def test_too_many_files_are_refused_and_a_paper_where_pictures_are_asked_for() -> None:
    with pytest.raises(TooManyFilesError):
        prepare_files([("a.png", picture("PNG"))] * 6)
    with pytest.raises(FileKindError):
        prepare_files([("a.pdf", PDF)], taken=PICTURES)


@given(st.text(max_size=300))
def test_a_tidy_name_is_one_name_that_means_nothing_to_a_header_or_a_path(name: str) -> None:
    tidy = tidy_name(name)
    assert 0 < len(tidy) <= NAME_LENGTH_MAX
    assert not set(tidy) & set("/\\\"'<>;\r\n\0")
    assert tidy not in {".", ".."}
    assert tidy_name(tidy) == tidy or len(name) > NAME_LENGTH_MAX
