"""Pages as trees: what an answer holds is asked of its elements, not of its text."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree.ElementTree import Element, TreeBuilder

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.builder = TreeBuilder()
        self.builder.start("root", {})
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.end(tag)
        else:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.start(tag, {name: value or "" for name, value in attrs})
        self.builder.end(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and tag in self._open:
            last = self._open.pop()
            self.builder.end(last)
            if last == tag:
                break

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


def tree(html: str) -> Element:
    """The answer as a tree; its root stands around what was sent."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    while reader._open:
        reader.builder.end(reader._open.pop())
    reader.builder.end("root")
    return reader.builder.close()


def text_of(element: Element) -> str:
    """What stands in an element, in one line."""
    return " ".join("".join(element.itertext()).split())


def by_id(root: Element, name: str) -> Element:
    """The element of this id; fails when there is none."""
    found = root.find(f".//*[@id='{name}']")
    assert found is not None, f"nothing has the id {name}"
    return found


def with_class(root: Element, name: str) -> list[Element]:
    """All elements of a class, in their order."""
    return [one for one in root.iter() if name in one.get("class", "").split()]


def links(root: Element) -> dict[str, str]:
    """The links by what they say."""
    return {text_of(one): one.get("href", "") for one in root.iter("a")}
