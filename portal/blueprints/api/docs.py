"""The document for programs, and the same as a page for people: rendered here, without a script."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup, escape

from portal.blueprints.access import public
from portal.blueprints.api.openapi import ABOUT, document, refusals_of, sentence, template_of
from portal.blueprints.api.operations import NOTICE_DAYS_MIN, OPERATIONS, Operation

DEPTH_MAX = 4
POLICY = f"""\
Version 1 stays. Fields, operations and kinds of events are added to it at any time, so ignore what you do not know.
Nothing is taken away and nothing changes its meaning without notice.

What is going to end is told for at least {NOTICE_DAYS_MIN} days before: here, by `deprecated` in the document, and
with every answer of it by `Deprecation` (since when it is told, RFC 9745), `Sunset` (the day of its end, RFC 8594) and
`Link` to this section and to what takes its place. After that day it answers as an address that is not there.

Only a leak of secrets or a danger to somebody's money or data may shorten that.
"""
ICONS = {
    "Catalogue": "building-store",
    "Cart": "shopping-cart",
    "Checkout": "receipt",
    "Orders": "list-details",
    "Account": "key",
}
# Shown by name: they are everywhere, and always the same.
LEAVES = frozenset({"Amount", "Reason", "StoreRef", "OptionChoice", "CartLine"})


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field of a body or an answer, or a parameter, by its path."""

    name: str
    kind: str
    description: Markup
    is_required: bool


@dataclass(frozen=True, slots=True)
class OperationView:
    """An operation as the page shows it."""

    id: str
    tag: str
    method: str
    path: str
    summary: str
    description: Markup
    permission: str | None
    parameters: tuple[FieldRow, ...]
    body: tuple[FieldRow, ...]
    answer: tuple[FieldRow, ...]
    status: str
    sunset: date | None
    request_example: str
    answer_example: str
    refusals: tuple[tuple[int, str, str], ...]


@public
def describe() -> Response:
    """GET /openapi.json"""
    raw = orjson.dumps(document(request.script_root))
    answer = Response(raw, mimetype="application/json")
    answer.set_etag(hashlib.sha256(raw).hexdigest()[:32], weak=True)
    answer.headers["Cache-Control"] = "public, no-cache"
    answer.make_conditional(request)
    return answer


@public
def show_docs() -> ResponseReturnValue:
    """GET /docs"""
    operations = _operations()
    nav = [
        {
            "title": "",
            "items": [
                _link("start", gettext("Start here"), "info-circle"),
                _link("ends", gettext("What ends, and when"), "clock"),
                _link("problems", gettext("Problem codes"), "alert-triangle"),
            ],
        }
    ]
    for tag in dict.fromkeys(op.tag for op in operations):
        links = [_link(op.id, op.summary, ICONS.get(tag, "list-details")) for op in operations if op.tag == tag]
        nav.append({"title": tag, "items": links})
    return render_template(
        "api/docs.html",
        desk_nav=nav,
        desk_name=gettext("API"),
        about=prose(ABOUT),
        policy=prose(POLICY),
        operations=operations,
        problems=_problems(),
        base=f"{request.host_url.rstrip('/')}{request.script_root}/api/v1",
    )


def _link(anchor: str, label: str, picture: str) -> dict[str, Any]:
    return {"href": f"#{anchor}", "label": label, "icon": picture, "count": 0, "current": False}


def prose(text: str) -> Markup:
    """Paragraphs, with `code` between back quotes."""
    paragraphs = []
    for paragraph in text.strip().split("\n\n"):
        pieces = paragraph.replace("\n", " ").split("`")
        marked = [Markup("<code>{}</code>").format(p) if n % 2 else escape(p) for n, p in enumerate(pieces)]
        paragraphs.append(Markup("<p>{}</p>").format(Markup("").join(marked)))
    return Markup("").join(paragraphs)


@cache
def _operations() -> tuple[OperationView, ...]:
    described = document("")
    schemas = described["components"]["schemas"]
    return tuple(_view(op, described["paths"][template_of(op.path)][op.method.lower()], schemas) for op in OPERATIONS)


def _view(op: Operation, described: Mapping[str, Any], schemas: Mapping[str, Any]) -> OperationView:
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    answer = described["responses"][str(op.status)].get("content", {}).get("application/json", {})
    return OperationView(
        id=op.name,
        tag=op.tag,
        method=op.method,
        path=template_of(op.path),
        summary=op.summary,
        description=prose(op.description) if op.description else Markup(""),
        permission=op.permission.value if op.permission else None,
        parameters=tuple(
            FieldRow(
                f"{one['name']}",
                f"{_kind(one['schema'])} · {one['in']}",
                prose(one.get("description", "")),
                one["required"],
            )
            for one in described["parameters"]
        ),
        body=tuple(_fields(content.get("schema", {}), schemas)),
        answer=tuple(_fields(answer.get("schema", {}), schemas)),
        status=f"{op.status} {HTTPStatus(op.status).phrase}",
        sunset=op.ending.sunset if op.ending else None,
        request_example=_pretty(op.body_example),
        answer_example=_pretty(op.example),
        refusals=tuple(sorted({(e.status, e.code, sentence(e)) for e in refusals_of(op)})),
    )


def _pretty(example: Any) -> str:
    return "" if example is None else orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()


@cache
def _problems() -> tuple[tuple[str, int, str], ...]:
    """Every code once, with its status and sentence."""
    known = {e.code: (e.code, e.status, sentence(e)) for op in OPERATIONS for e in refusals_of(op)}
    return tuple(sorted(known.values(), key=lambda one: (one[1], one[0])))


def _fields(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[FieldRow]:
    """The fields of an object, those of objects within it below them."""
    target = _resolve(schema, schemas)
    for name, given in target.get("properties", {}).items():
        inner, suffix = _inner(given)
        path = f"{prefix}{name}{suffix}"
        yield FieldRow(path, _kind(given), prose(_said(given, schemas)), name in target.get("required", ()))
        if "$ref" in inner and _name(inner) not in LEAVES and depth < DEPTH_MAX:
            yield from _fields(inner, schemas, f"{path}.", depth + 1)


def _said(given: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """A field's description, and what it may be if that is a closed list."""
    inner, _ = _inner(given)
    target = _resolve(inner, schemas)
    text = str(given.get("description", ""))
    if "enum" in target:
        text += " One of " + ", ".join(f"`{one}`" for one in target["enum"]) + "."
    return text.strip()


def _inner(given: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """What a list holds, or what may be null; and how the path says that it is a list."""
    for one in given.get("anyOf", ()):
        if one != {"type": "null"}:
            return _inner(one)
    if given.get("type") == "array":
        return _inner(given["items"])[0], "[]"
    return given, ""


def _resolve(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    return schemas[_name(schema)] if "$ref" in schema else schema


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _kind(given: Mapping[str, Any]) -> str:
    """The type in a word or two."""
    kinds = given.get("anyOf")
    if kinds:
        return " or ".join(_kind(one) for one in kinds)
    if "$ref" in given:
        return _name(given)
    if given.get("type") == "array":
        return f"list of {_kind(given['items'])}"
    if given.get("format"):
        return str(given["format"])
    if "minimum" in given and "maximum" in given:
        return f"integer, {given['minimum']} to {given['maximum']}"
    if "enum" in given:
        return "text"
    return {"string": "text"}.get(str(given.get("type", "value")), str(given.get("type", "value")))
