"""Requests, answers and routes. Handlers are plain functions; the server is granian's RSGI."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

Json = dict[str, Any]
_KEY_PART = re.compile(r"[^\[\]]+")
_PART_NAME = re.compile(r'[; ]name="([^"]*)"')


class BadFormError(ValueError):
    """A form whose keys contradict one another."""


@dataclass(slots=True)
class Request:
    """One request, read to its end. Header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    form: Json = field(default_factory=dict)

    def read_form(self) -> Json:
        """The query, or the body of a POST, as nested mappings and lists in the way of Rack and PHP.

        A file of a multipart body is its bytes.
        """
        if self.boundary:
            return nested(_multipart(self.body, self.boundary))
        source = self.query if self.method in ("GET", "DELETE") else self.body.decode("utf-8", "replace")
        return nested(parse_qsl(source, keep_blank_values=True))

    @property
    def boundary(self) -> bytes:
        """What stands between the parts of a multipart body; empty for any other."""
        kind, _, rest = self.headers.get("content-type", "").partition(";")
        return rest.partition("boundary=")[2].strip('"').encode() if kind == "multipart/form-data" else b""

    def read_json(self) -> Json:
        """The body as a JSON object; anything else is an empty one."""
        try:
            found = orjson.loads(self.body or b"{}")
        except orjson.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(slots=True)
class Response:
    """An answer."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def as_json(status: int, content: object, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON. Keys that begin with an underscore are the sandbox's own and must be taken out before."""
    return Response(status, orjson.dumps(content), {"content-type": "application/json", **(headers or {})})


def _multipart(body: bytes, boundary: bytes) -> list[tuple[str, str | bytes]]:
    """The parts by name (RFC 7578)."""
    found: list[tuple[str, str | bytes]] = []
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = _PART_NAME.search(head.decode("utf-8", "replace"))
        if name is not None:
            content = content.removesuffix(b"\r\n")
            found.append((name[1], content if b"filename=" in head else content.decode("utf-8", "replace")))
    return found


def nested(pairs: Sequence[tuple[str, str | bytes]]) -> Json:
    """`card[number]=4242&expand[]=a` as {"card": {"number": "4242"}, "expand": ["a"]}; `a[0]=x` counts as a list."""
    tree: Json = {}
    for name, value in pairs:
        parts = _KEY_PART.findall(name)
        if not parts:
            continue
        spot = tree
        for part in parts[:-1]:
            spot = spot.setdefault(part, {})
            if not isinstance(spot, dict):
                raise BadFormError(name)
        if name.endswith("[]"):
            spot.setdefault(parts[-1], {})
            leaf = spot[parts[-1]]
            if not isinstance(leaf, dict):
                raise BadFormError(name)
            leaf[str(len(leaf))] = value
        else:
            spot[parts[-1]] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.isdigit() for name in value):
        return [_lists(each) for each in value.values()]
    return {name: _lists(each) for name, each in value.items()}


@dataclass(frozen=True, slots=True)
class Route:
    """A path with its handler. `name` tells faults what kind of call it is; `vendor` who would answer it."""

    method: str
    pattern: re.Pattern[str]
    handler: Callable[..., Any]
    vendor: str
    name: str
    template: str


class Router:
    """Finds the handler of a path such as /v1/refunds/{id}."""

    def __init__(self) -> None:
        self._routes: dict[str, list[Route]] = {}

    def add(self, method: str, template: str, handler: Callable[..., Any], *, vendor: str, name: str = "other") -> None:
        """Later routes lose against earlier ones."""
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template) + "$")
        self._routes.setdefault(method, []).append(Route(method, pattern, handler, vendor, name, template))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and the values of its places."""
        for route in self._routes.get(method, ()):
            match = route.pattern.match(path)
            if match:
                return route, match.groupdict()
        return None
