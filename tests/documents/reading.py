"""Reads the text of a PDF as ReportLab writes it: enough to see that a reader would find the words again."""

from __future__ import annotations

import base64
import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_TEXT = re.compile(rb"/(F\d+(?:\+\d+)?) [\d.]+ Tf|\((.*?)(?<!\\)\) Tj|(T\*|\bET\b)", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pages_of(pdf: bytes) -> list[str]:
    """The text of each page."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    fonts = {name.decode(): int(number) for name, number in re.findall(rb"/(F\d+(?:\+\d+)?) (\d+) 0 R", pdf)}
    maps = {name: _characters(objects, number) for name, number in fonts.items()}
    pages = [body for body in objects.values() if re.search(rb"/Type /Page\b(?!s)", body)]
    return [_text(_stream(objects[int(_found(rb"/Contents (\d+)", page))]), maps) for page in pages]


def _characters(objects: dict[int, bytes], number: int) -> dict[int, str] | None:
    body = objects[number]
    if b"/ToUnicode" not in body:
        return None
    table = _stream(objects[int(_found(rb"/ToUnicode (\d+)", body))])
    pairs = re.findall(rb"<(\w{2})> <(\w{4,})>", table)
    return {int(code, 16): bytes.fromhex(value.decode()).decode("utf-16-be") for code, value in pairs}


def _text(content: bytes, maps: dict[str, dict[int, str] | None]) -> str:
    words, characters = "", None
    for font, shown, end in _TEXT.findall(content):
        if font:
            characters = maps[font.decode()]
        elif end:
            words += " "
        else:
            raw = _ESCAPE.sub(lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else _PLAIN.get(m[1], m[1]), shown)
            words += "".join(characters[code] for code in raw) if characters is not None else raw.decode("latin-1")
    return " ".join(words.split())


def _stream(body: bytes) -> bytes:
    raw = _found(_STREAM.pattern, body)
    if b"/ASCII85Decode" in body:
        raw = base64.a85decode(raw.strip().removesuffix(b"~>"))
    return zlib.decompress(raw) if b"/FlateDecode" in body else raw


def _found(pattern: bytes, body: bytes) -> bytes:
    found = re.search(pattern, body, re.DOTALL)
    assert found is not None
    return found[1]
