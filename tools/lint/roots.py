"""How many root elements a template gives, whichever way its branches go."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from jinja2 import Environment, nodes

from tools.lint.markup import VOID

TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*)")
MANY = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading has come to: how deep, how many roots so far, inside which tag's brackets and quotes."""

    depth: int = 0
    roots: int = 0
    tag: str = ""
    quote: str = ""
    loose_text: bool = False


def count_roots(text: str, environment: Environment) -> Place:
    """Read a template to its end. Raises jinja2.TemplateSyntaxError."""
    return _read(environment.parse(text).body, Place())


def _read(body: list[nodes.Node], place: Place) -> Place:
    for node in body:
        place = _read_one(node, place)
    return place


def _read_one(node: nodes.Node, place: Place) -> Place:
    if isinstance(node, nodes.Output):
        for part in node.nodes:
            place = _markup(part.data, place) if isinstance(part, nodes.TemplateData) else _expression(part, place)
        return place
    if isinstance(node, nodes.If):
        # The branches stand for one another: the one with the most roots counts.
        ways = [_read(body, place) for body in (node.body, *(one.body for one in node.elif_), node.else_)]
        return replace(ways[0], roots=max(way.roots for way in ways), loose_text=any(way.loose_text for way in ways))
    if isinstance(node, nodes.For):
        after = _read(node.body, place)
        many = after.roots > place.roots and place.depth == 0
        return replace(after, roots=place.roots + MANY) if many else after
    if isinstance(node, nodes.Include | nodes.CallBlock):
        return replace(place, roots=place.roots + 1) if place.depth == 0 and not place.tag else place
    if isinstance(node, nodes.Block | nodes.With | nodes.Scope | nodes.ScopedEvalContextModifier):
        return _read(node.body, place)
    return place


def _expression(node: nodes.Expr, place: Place) -> Place:
    """A macro or function called on its own gives an element; anything else gives text."""
    if place.depth or place.tag:
        return place
    if isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Name) and node.node.name == "_"):
        return replace(place, roots=place.roots + 1)
    return replace(place, loose_text=True)


def _markup(text: str, place: Place) -> Place:
    at = 0
    while at < len(text):
        if place.tag:
            at, place = _inside_tag(text, at, place)
            continue
        found = TAG.search(text, at)
        between = text[at : found.start() if found else len(text)]
        if place.depth == 0 and between.strip() and not between.strip().startswith("<!"):
            place = replace(place, loose_text=True)
        if found is None:
            break
        at, place = found.end(), _tag(found, place)
    return place


def _tag(found: re.Match[str], place: Place) -> Place:
    name = found["name"].lower()
    if found["end"]:
        return replace(place, tag="/", depth=max(place.depth - (name not in VOID), 0))
    return replace(place, tag=name, roots=place.roots + (place.depth == 0))


def _inside_tag(text: str, at: int, place: Place) -> tuple[int, Place]:
    """Go on to the end of the tag, of the quotes or of the text, whichever comes first."""
    if place.quote:
        end = text.find(place.quote, at)
        return (len(text), place) if end < 0 else (end + 1, replace(place, quote=""))
    sign = re.compile(r"[\"'>]").search(text, at)
    if sign is None:
        return len(text), place
    if sign[0] != ">":
        return sign.end(), replace(place, quote=sign[0])
    closed = place.tag in VOID or place.tag == "/" or text[sign.start() - 1 : sign.start()] == "/"
    return sign.end(), replace(place, tag="", depth=place.depth + (not closed))
