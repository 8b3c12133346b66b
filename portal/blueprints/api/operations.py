"""What the API can do: each operation is declared once, and from that served, guarded and described."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from portal.blueprints.access import ACCESS
from portal.blueprints.api.keys import authenticate, narrow_stores, require
from portal.blueprints.api.limits import count_request
from portal.blueprints.api.problems import MIMETYPE, AddressUnknownError
from portal.blueprints.api.reading import (
    BODY_BYTES_MAX,
    ChangedSinceReadError,
    read_body,
    read_idempotency_key,
    read_if_match,
    read_query,
)
from portal.kit.errors import PortalError
from portal.rules.permissions import Permission, Scope

Refusal = PortalError | type[PortalError]
# Between the announcement and the end of an operation lie at least so many days: docs/api-policy.md promises it.
NOTICE_DAYS_MIN = 180
PAGE = "/api/v1/docs"
# Operations of the mall, and those that a manager of a channel has for his own.
FOR_MALL = frozenset({Scope.ALL})
FOR_CHANNELS = frozenset({Scope.ALL, Scope.CHANNEL})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with another status than the usual one, or with headers."""

    body: BaseModel | bytes | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FileReply:
    """An answer that is a file, whole or a piece at a time. Without a `digest` it has no ETag."""

    content: bytes | Iterator[bytes]
    kind: str
    name: str
    size: int | None = None
    digest: str | None = None


Result = BaseModel | Reply | FileReply | None
View = Callable[..., Result]


@dataclass(frozen=True, slots=True)
class PathValue:
    """A value of a path, as the document describes it."""

    description: str
    schema: Mapping[str, Any]
    example: Any


@dataclass(frozen=True, slots=True)
class Ending:
    """An operation that is going to be taken away: since when that is told, on which day, and what to use instead.

    `instead` is the name of another operation.
    """

    since: date
    sunset: date
    instead: str

    def __post_init__(self) -> None:
        assert (self.sunset - self.since).days >= NOTICE_DAYS_MIN, "programs of others need time"

    def headers(self, root: str) -> dict[str, str]:
        """`Deprecation` (RFC 9745), `Sunset` (RFC 8594), and where to read on."""
        since, sunset = (datetime.combine(one, time(), UTC) for one in (self.since, self.sunset))
        page = f"{root}{PAGE}#{self.instead}"
        return {
            "Deprecation": f"@{int(since.timestamp())}",
            "Sunset": format_datetime(sunset, usegmt=True),
            "Link": f'<{root}{PAGE}#ends>; rel="deprecation", <{page}>; rel="successor-version"',
        }


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path. `refusals` are what it raises beside what every operation may answer.

    `within` are the scopes in one of which the permission must be held; none is any. One that answers with a file
    names its `files`: the media types. One that has `changed` takes `If-Match`: these are what it raises when the
    thing is in another version than the client has read.
    """

    view: View
    name: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    permission: Permission | None
    within: frozenset[Scope]
    answer: type[BaseModel] | None
    status: int
    answer_text: str
    example: Any
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    body_example: Any
    path_values: Mapping[str, PathValue]
    refusals: tuple[Refusal, ...]
    is_idempotent: bool
    is_cacheable: bool
    headers: Mapping[str, str]
    ending: Ending | None
    files: tuple[str, ...]
    changed: tuple[type[PortalError], ...]
    body_bytes_max: int


OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    *,
    tag: str,
    summary: str,
    description: str = "",
    permission: Permission | None = None,
    within: frozenset[Scope] = frozenset(),
    answer: type[BaseModel] | None,
    status: int = 200,
    answer_text: str = "",
    example: Any = None,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    body_example: Any = None,
    path_values: Mapping[str, PathValue] | None = None,
    refusals: tuple[Refusal, ...] = (),
    is_idempotent: bool = False,
    is_cacheable: bool = False,
    headers: Mapping[str, str] | None = None,
    ending: Ending | None = None,
    files: tuple[str, ...] = (),
    changed: tuple[type[PortalError], ...] = (),
    body_bytes_max: int = BODY_BYTES_MAX,
) -> Callable[[View], View]:
    """Declare a view as an operation. It gets its path values, and `query`, `body`, `key` and `seen` where it has them.

    `seen` is the version that the client has read, or None; it comes where there is something `changed` to refuse.
    """

    def declare(view: View) -> View:
        OPERATIONS.append(
            Operation(
                view=view,
                name=view.__name__,
                method=method,
                path=path,
                tag=tag,
                summary=summary,
                description=description,
                permission=permission,
                within=within,
                answer=answer,
                status=status,
                answer_text=answer_text or summary,
                example=example,
                query=query,
                body=body,
                body_example=body_example,
                path_values=path_values or {},
                refusals=refusals,
                is_idempotent=is_idempotent,
                is_cacheable=is_cacheable,
                headers=headers or {},
                ending=ending,
                files=files,
                changed=changed,
                body_bytes_max=body_bytes_max,
            )
        )
        return view

    return declare


def served(op: Operation) -> Callable[..., ResponseReturnValue]:
    """The view of an operation as Flask calls it: key, rate, permission, request, then the work."""

    def view(**values: Any) -> ResponseReturnValue:
        if op.ending is not None:
            g.api_ending = op.ending
        identity = authenticate()
        count_request(identity.client.id)
        if op.permission is not None:
            require(op.permission, op.within)
            narrow_stores(op.permission)
        if any(isinstance(value, str) and "\0" in value for value in values.values()):
            raise AddressUnknownError  # Nothing is called so: PostgreSQL could not keep it.
        if op.is_idempotent:
            values["key"] = read_idempotency_key()
        query = read_query(op.query)
        if query is not None:
            values["query"] = query
        if op.body is not None:
            values["body"] = read_body(op.body, op.body_bytes_max)
        result = _run(op, values)
        if isinstance(result, FileReply):
            return _send_file(result)
        return _send(op, result if isinstance(result, Reply) else Reply(result, op.status))

    setattr(view, ACCESS, op.permission or "api key")
    return view


def _run(op: Operation, values: dict[str, Any]) -> Result:
    if not op.changed:
        return op.view(**values)
    seen = values["seen"] = read_if_match()
    try:
        return op.view(**values)
    except op.changed as error:
        if seen is None:
            raise
        raise ChangedSinceReadError from error


def _send_file(reply: FileReply) -> Response:
    response = Response(reply.content, mimetype=reply.kind)
    response.headers.set("Content-Disposition", "attachment", filename=reply.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    if reply.size is not None:
        response.content_length = reply.size
    if reply.digest is not None:
        _tag(response, reply.digest)
    return response


def _tag(response: Response, tag: str) -> None:
    """Say what the answer is by, and answer 304 to who has it already.

    Weak: the same answer may travel compressed. Who keeps an answer himself asks only whether it is still so.
    """
    response.set_etag(tag, weak=True)
    # Of the conditions of a read only this one is looked at.
    asked = {name: value for name, value in request.environ.items() if name in ("REQUEST_METHOD", "HTTP_IF_NONE_MATCH")}
    response.make_conditional(asked)


def _send(op: Operation, reply: Reply) -> Response:
    if reply.body is None:
        return Response(status=reply.status, headers=dict(reply.headers))
    raw = reply.body if isinstance(reply.body, bytes) else reply.body.model_dump_json().encode()
    mimetype = MIMETYPE if reply.status >= HTTPStatus.BAD_REQUEST else "application/json"
    response = Response(raw, status=reply.status, mimetype=mimetype, headers=dict(reply.headers))
    response.vary.update(["Authorization", "Accept-Language"])
    response.headers["Cache-Control"] = "private, no-cache" if op.is_cacheable else "no-store"
    if op.method == "GET":
        version = getattr(reply.body, "version", None)
        named = f"v{version}-" if isinstance(version, int) else ""
        _tag(response, named + hashlib.sha256(raw).hexdigest()[:32])
    return response


def show_ending(response: Response) -> Response:
    """Tell with every answer of an operation that it is going to end, also with a refusal."""
    ending: Ending | None = g.get("api_ending")
    if ending is not None:
        response.headers.update(ending.headers(request.script_root))
    return response
