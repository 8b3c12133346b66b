"""What the API can do: each operation is declared once, and from that served, guarded and described."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
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
from portal.blueprints.api.problems import MIMETYPE
from portal.blueprints.api.reading import read_body, read_idempotency_key, read_query
from portal.kit.errors import PortalError
from portal.rules.permissions import Permission

Refusal = PortalError | type[PortalError]
# Between the announcement and the end of an operation lie at least so many days: docs/api-policy.md promises it.
NOTICE_DAYS_MIN = 180
PAGE = "/api/v1/docs"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with another status than the usual one, or with headers."""

    body: BaseModel | bytes | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


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
    """One method of one path. `refusals` are what it raises beside what every operation may answer."""

    view: Callable[..., BaseModel | Reply | None]
    name: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    permission: Permission | None
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


OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    *,
    tag: str,
    summary: str,
    description: str = "",
    permission: Permission | None = None,
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
) -> Callable[[Callable[..., BaseModel | Reply | None]], Callable[..., BaseModel | Reply | None]]:
    """Declare a view as an operation. It gets its path values, and `query`, `body` and `key` where it has them."""

    def declare(view: Callable[..., BaseModel | Reply | None]) -> Callable[..., BaseModel | Reply | None]:
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
            require(op.permission)
            narrow_stores(op.permission)
        if op.is_idempotent:
            values["key"] = read_idempotency_key()
        query = read_query(op.query)
        if query is not None:
            values["query"] = query
        if op.body is not None:
            values["body"] = read_body(op.body)
        result = op.view(**values)
        return _send(op, result if isinstance(result, Reply) else Reply(result, op.status))

    setattr(view, ACCESS, op.permission or "api key")
    return view


def _send(op: Operation, reply: Reply) -> Response:
    if reply.body is None:
        return Response(status=reply.status, headers=dict(reply.headers))
    raw = reply.body if isinstance(reply.body, bytes) else reply.body.model_dump_json().encode()
    mimetype = MIMETYPE if reply.status >= HTTPStatus.BAD_REQUEST else "application/json"
    response = Response(raw, status=reply.status, mimetype=mimetype, headers=dict(reply.headers))
    response.vary.update(["Authorization", "Accept-Language"])
    response.headers["Cache-Control"] = "private, no-cache" if op.is_cacheable else "no-store"
    if op.method == "GET":
        # Weak: the same answer may travel compressed. Who keeps an answer himself asks only whether it is still so.
        response.set_etag(hashlib.sha256(raw).hexdigest()[:32], weak=True)
        response.make_conditional(request)
    return response


def show_ending(response: Response) -> Response:
    """Tell with every answer of an operation that it is going to end, also with a refusal."""
    ending: Ending | None = g.get("api_ending")
    if ending is not None:
        response.headers.update(ending.headers(request.script_root))
    return response
