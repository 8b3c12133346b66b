"""What the content policy, the htmx conventions and the catalogue ask of templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from jinja2 import Environment, TemplateSyntaxError, nodes

from tools.lint.markup import HOLE, Element, elements
from tools.lint.roots import count_roots
from tools.lint.source import Finding, Source

FOLDER = "portal/templates"
LOADS = {"src", "srcset", "poster", "data"}
HX = ("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete")
# A part that fetches itself on these is no control: nobody clicks it, and the page holds it from the start.
OF_ITSELF = re.compile(r"\s*(?:sse:|every\b|load\b|revealed\b)")
# gettext() spelled out translates what N_() has marked elsewhere.
TRANSLATES = frozenset({"_", "ngettext", "pgettext"})

ENVIRONMENT = Environment(autoescape=True, extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"])


def inline_code(source: Source) -> Iterator[Finding]:
    """The content policy runs nothing that stands in the page itself."""
    for element in _elements(source):
        names = element.attributes
        if element.name == "style" or "style" in names:
            yield source.finding(element.line, "inline", "style belongs into static/css")
        if element.name == "script" and "src" not in names and names.get("type") != "application/json":
            yield source.finding(element.line, "inline", "script belongs into static/js")
        for name in names:
            if re.match(r"on[a-z]+$|hx-on", name):
                yield source.finding(element.line, "inline", f"{name}= is script; it belongs into static/js")
        for name in ("href", "action", "formaction"):
            if names.get(name, "").strip().lower().startswith("javascript:"):
                yield source.finding(element.line, "inline", f"{name} holds script")


def loads_from_elsewhere(source: Source) -> Iterator[Finding]:
    """A page loads from its own host; a gateway's script comes by a variable."""
    for element in _elements(source):
        for name, value in element.attributes.items():
            loads = name in LOADS or (element.name == "link" and name == "href")
            if loads and re.match(r"\s*(?:https?:)?//", value):
                yield source.finding(element.line, "elsewhere", f"{value} is another host's")


def htmx_without_a_way(source: Source) -> Iterator[Finding]:
    """Whatever htmx does, the link or form does too: same address, same fields (also without JavaScript)."""
    for element in _elements(source):
        if "hx-boost" in element.attributes:
            yield source.finding(element.line, "htmx", "hx-boost is not used: full navigation is a full load")
        asks = [name for name in HX if name in element.attributes]
        if not asks or _fetches_itself(element):
            continue
        if element.name == "a":
            works = bool(element.attributes.get("href", "").strip("#"))
        else:
            form = element.closest("form")
            works = form is not None and "action" in form.attributes
            works = works or "formaction" in element.attributes or (element.name == "button" and _has_form(element))
        if not works:
            what = f"{asks[0]} on <{element.name}> has no href, form or action that does the same"
            yield source.finding(element.line, "htmx", what)


def partials_with_many_roots(source: Source) -> Iterator[Finding]:
    """A partial is swapped as a whole: one element, whose id is the target."""
    if not source.is_under(FOLDER) or not PurePosixPath(source.path).name.startswith("_"):
        return
    try:
        end = count_roots(source.text, ENVIRONMENT)
    except TemplateSyntaxError:
        return  # Reported by sentences_of_templates.
    # A file of macros gives nothing by itself.
    if end.roots > 1 or end.loose_text:
        found = "text outside of elements" if end.loose_text else "several"
        yield source.finding(1, "one-root", f"a partial has one root element, this has {found}")


def sentences_of_templates(source: Source) -> Iterator[Finding]:
    """Templates compile, and what they give to gettext is written out."""
    if not source.is_under(FOLDER):
        return
    try:
        tree = ENVIRONMENT.parse(source.text)
    except TemplateSyntaxError as error:
        yield source.finding(error.lineno, "template", str(error.message))
        return
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in TRANSLATES:
            count = 2 if call.node.name in {"ngettext", "pgettext"} else 1
            if not all(isinstance(one, nodes.Const) for one in call.args[:count]) or not call.args:
                yield source.finding(call.lineno, "gettext", f"{call.node.name}() takes a sentence written out")


def _elements(source: Source) -> Iterator[Element]:
    is_page = source.is_under(FOLDER) and source.ending == ".html" and not source.is_under(f"{FOLDER}/email")
    return elements(source.text) if is_page else iter(())


def _fetches_itself(element: Element) -> bool:
    events = [event for event in element.attributes.get("hx-trigger", "").split(",") if event.strip()]
    return bool(events) and "hx-get" in element.attributes and all(OF_ITSELF.match(event) for event in events)


def _has_form(element: Element) -> bool:
    """A button may name its form, which stands elsewhere on the page."""
    return bool(element.attributes.get("form", "").strip(HOLE + " ") or HOLE in element.attributes.get("form", ""))
