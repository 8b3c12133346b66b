"""What the API can do: each operation is declared once, and from that served, guarded and described."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Response, request
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
            )
        )
        return view

    return declare


def served(op: Operation) -> Callable[..., ResponseReturnValue]:
    """The view of an operation as Flask calls it: key, rate, permission, request, then the work."""

    def view(**values: Any) -> ResponseReturnValue:
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
    if op.is_cacheable:
        # Weak: the same answer may travel compressed.
        response.set_etag(hashlib.sha256(raw).hexdigest()[:32], weak=True)
        response.headers["Cache-Control"] = "private, no-cache"
        response.make_conditional(request)
        return response
    response.headers["Cache-Control"] = "no-store"
    return response
