"""Templates as the browser will see them: Jinja taken out, every line where it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
    | {"path", "circle", "rect", "line", "polyline", "polygon", "ellipse", "use"}
)
# What stands where an expression stood; no address or word of ours contains it.
HOLE = "\u25cc"


@dataclass(frozen=True, slots=True)
class Element:
    """An opening tag, and the open elements that it stands in."""

    name: str
    attributes: dict[str, str]
    line: int
    ancestors: tuple[Element, ...]

    def closest(self, name: str) -> Element | None:
        """The element itself or the nearest one around it of this name."""
        return next((one for one in (self, *reversed(self.ancestors)) if one.name == name), None)


def plain(text: str) -> str:
    """The template without Jinja: a hole for each expression, nothing for the rest, the same line breaks."""

    def replace(match: re.Match[str]) -> str:
        breaks = "\n" * match[0].count("\n")
        return (HOLE if match[0].startswith("{{") else "") + breaks

    return JINJA.sub(replace, text)


def elements(text: str) -> Iterator[Element]:
    """Every opening tag of a template. All branches are read one after the other."""
    reader = _Reader()
    reader.feed(plain(text))
    reader.close()
    yield from reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Element] = []
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.getpos()[0], tuple(self._open))
        self.found.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        for place in reversed(range(len(self._open))):
            if self._open[place].name == tag:
                del self._open[place:]
                return
