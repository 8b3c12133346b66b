"""What every page must be, whoever reads it: looked for in the HTML that was sent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from urllib.parse import urlsplit

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter, RequestRedirect

from tools.lint.markup import Element, elements

TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
UNLABELLED = frozenset({"hidden", "submit", "button", "reset", "image"})
# Tags, and the attributes that are looked at: of addresses the path, of names for people only that they are there.
SHAPE = re.compile(
    r"</?[a-z][a-z0-9]*|\s(?:(?:id|for|type|method|aria-labelledby|aria-describedby)=\"[^\"]*"
    r"|(?:href|action|hx-get|hx-post)=\"[^\"?#]*|(?:alt|title|aria-label)=)"
)
HX = {"hx-get": "GET", "hx-post": "POST"}


@lru_cache(maxsize=1)
def _elements(html: str) -> tuple[Element, ...]:
    """All that is looked for is looked for in one reading of a page."""
    return tuple(elements(html))


def is_page(html: str) -> bool:
    return html.lstrip()[:15].lower() == "<!doctype html>"


def shape_of(html: str) -> int:
    """Equal for two pages in which everything but words is equal of what is looked for below."""
    return hash(tuple(SHAPE.findall(html)))


def problems_of_words(html: str, locale: str) -> Iterator[str]:
    """What is wrong with the words of a page or a part of one."""
    if is_page(html):
        title = TITLE.search(html)
        if not title or not unescape(title[1]).strip():
            yield "no title"
        if f'<html lang="{locale}"' not in html:
            yield f"lang is not {locale}"
    if "%(" in html:
        yield "a sentence with a hole that nothing fills"


def problems_of_page(html: str) -> Iterator[str]:
    """What is wrong with the elements of a whole page."""
    headings = sum(one.name == "h1" for one in _elements(html))
    if headings != 1:
        yield f"{headings} h1"
    yield from problems_of_part(html)


def problems_of_part(html: str) -> Iterator[str]:
    """What is wrong with the elements of any HTML that is sent."""
    found = _elements(html)
    ids = [one.attributes["id"] for one in found if "id" in one.attributes]
    yield from (f"id {one} stands {count} times" for one, count in Counter(ids).items() if count > 1)
    labelled = {one.attributes.get("for") for one in found if one.name == "label"}
    yield from (f"line {one.line}: no label for {one.attributes}" for one in found if _is_unlabelled(one, labelled))
    for one in found:
        if one.name == "form" and not one.attributes.get("action"):
            yield f"line {one.line}: a form without action"
        for name in ("aria-labelledby", "aria-describedby"):
            for target in one.attributes.get(name, "").split():
                # A closed dialog gets its heading with its content.
                if target not in ids and is_page(html) and one.name != "dialog":
                    yield f"line {one.line}: {name} names {target}, which is not there"
        if one.name == "img" and "alt" not in one.attributes:
            yield f"line {one.line}: a picture without alt"


def dead_ends(html: str, routes: MapAdapter, channels: frozenset[str]) -> Iterator[str]:
    """Links and forms of ours that lead to no route."""
    for one in _elements(html):
        ways = [("href", "GET")] if one.name == "a" else []
        ways += [("action", one.attributes.get("method", "get").upper())] if one.name == "form" else []
        for name, method in (*ways, *HX.items()):
            address = urlsplit(one.attributes.get(name, ""))
            if address.path.startswith("/") and not address.netloc and not address.path.startswith("/static/"):
                path = address.path
                if path.split("/")[1] in channels:
                    path = "/" + path.split("/", 2)[2] if path.count("/") > 1 else "/"
                try:
                    routes.match(path, method=method)
                except (NotFound, MethodNotAllowed):
                    yield f"{method} {address.path} leads nowhere"
                except RequestRedirect:
                    pass


def _is_unlabelled(one: Element, labelled: set[str | None]) -> bool:
    if one.name not in {"input", "select", "textarea"} or one.attributes.get("type") in UNLABELLED:
        return False
    named = {"aria-label", "aria-labelledby", "title"} & one.attributes.keys()
    return not (named or one.attributes.get("id") in labelled or one.closest("label"))
