"""Reads of a page what people see and hear, and finds words that nobody has translated."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# What has no text of its own; code and other languages are meant to stay as they are.
SILENT = {"script", "style", "svg", "code", "pre", "template"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
HEARD = ("aria-label", "title", "placeholder", "alt")
# Addresses, e-mail, numbers of orders, kinds of things as they are typed into a field, units and abbreviations.
CODES = re.compile(
    r"https?://\S+|\S+@\S+|\b[0-9a-f]{8,12}\b|\b(?:KR|US)-[0-9A-Z]{6,}\b|\bSKU-\d+|\b[a-z-]+(?::|\.)[a-z…-]+"
    r"|\b(?:API|CSV|ID|IP|JSON|KR|KRW|KST|NY|PDF|PTS|SKU|USD|UTC|XLSX|ZIP|kB|US(?=\$))\b",
    # A Korean letter ends a Latin word.
    re.ASCII,
)
# Names that the tests' factories give, and the other language by its own name.
NAMES = re.compile(
    r"\b(?:Portal US|Visa|Paylink|paylink|stripe|English|Firefox|Linux|Ada|Bea|Max|Sam|Hanok|Maru|Rice bowl|Colour|Sage"
    r"|CJ|EMS|UPS|FedEx|DHL Express"
    r"|AUTUMN10|main)\b",
    re.ASCII,
)
WORDS = re.compile(r"[A-Za-z]{2,}(?:[ ,'’-]+[A-Za-z]+)*")


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.language: str | None = None
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang")
        foreign = given.get("lang") not in (None, self.language)
        quiet = self._is_quiet or foreign or tag in SILENT or "mono" in (given.get("class") or "").split()
        if not quiet:
            self.texts += [value for name in HEARD if (value := given.get(name))]
        if tag not in VOID:
            self._open.append((tag, quiet))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self._is_quiet and data.strip():
            self.texts.append(data.strip())

    @property
    def _is_quiet(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def language_of(page: str) -> str | None:
    """What the page says that it is written in."""
    return _seen(page).language


def english_in(text: str) -> list[str]:
    """Runs of Latin words that are neither names nor codes."""
    return WORDS.findall(NAMES.sub("", CODES.sub("", text)))


def english_of(page: str) -> list[str]:
    """The same for a page: in what is seen, and in what is read aloud."""
    return [run for text in _seen(page).texts for run in english_in(text)]


def _seen(page: str) -> _Seen:
    parser = _Seen()
    parser.feed(page)
    return parser
