"""The OpenAPI 3.1 document, made of the operations themselves, so that it cannot say what they do not do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from portal import site
from portal.blueprints.api.keys import (
    ChannelForbiddenError,
    ChannelOverError,
    KeyExpiredError,
    KeyLimitedError,
    KeyMissingError,
    KeyRevokedError,
    KeyWrongError,
    PlaceBlockedError,
    TokenExpiredError,
)
from portal.blueprints.api.limits import RateExceededError
from portal.blueprints.api.operations import FOR_CHANNELS, FOR_MALL, OPERATIONS, Operation, Refusal
from portal.blueprints.api.problems import (
    FOR_PROGRAMS,
    MIMETYPE,
    AddressUnknownError,
    BodyTooLargeError,
    ContentTypeError,
    JsonMalformedError,
    RequestInvalidError,
)
from portal.blueprints.api.reading import (
    BODY_BYTES_MAX,
    IDEMPOTENCY_HEADER,
    IF_MATCH_HEADER,
    ChangedSinceReadError,
)
from portal.blueprints.api.schemas import Problem
from portal.blueprints.api.v1.quote.schemas import Quote
from portal.kit.errors import PortalError
from portal.rules.permissions import Permission
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.checkout.place_order import ChangedSinceShownError
from portal.services.idempotency import KEY_LENGTH_MAX

REF = "#/components/schemas/{model}"
JSON = "application/json"
ABOUT = """\
What buyers, stores, managers of channels and the mall can do on the pages, for programs: the same prices, the same
rules, the same orders.

A key is sent as `Authorization: Bearer ptk_…`. It acts for one person on one channel, with the permissions that it
was given. It is shown once, and exchanged by POST /key/rotation: the old one goes on for a while beside the new one.
Where keys should not travel, POST /api/v1/token gives a token of 15 minutes for the client's id and key, with all of
its permissions or some (OAuth 2.0 client credentials); it is sent in the same place.
Amounts are whole minor units (won, cents) with their currency; instants are UTC. Refusals are problem documents
(RFC 9457): look at `code`, show `detail`, which is English or Korean by `Accept-Language`. Codes in capitals are
reasons why something cannot be just now; where some are named there may be others: treat one that you do not know by
its status. Every answer tells the key's window in `RateLimit-*`. Within version 1 fields are added, never taken away;
ignore those that you do not know. Every GET answers with an `ETag`: send it as `If-None-Match`, and 304 says that it is
still so. Writes that take `If-Match` do nothing (412) when the thing has changed since that answer.
Files go and come as they are: what is sent stands in a body as base64, what is answered is the file itself.

A purchase: PUT /cart/lines/{variant_id}, POST /quote, POST /orders, then GET /orders/{number} until `status` is `paid`.
"""
TOKENS = (
    "A token of 15 minutes for the client's id and key, with some of its permissions or all (`scope`). `channel:CODE` "
    "as a scope says that the client is for that channel, or is refused."
)
ALWAYS: tuple[Refusal, ...] = (
    KeyMissingError,
    KeyWrongError,
    KeyRevokedError,
    KeyExpiredError,
    TokenExpiredError,
    PlaceBlockedError,
    ChannelForbiddenError(channel="kr"),
    ChannelOverError,
    RateExceededError(17),
    RequestInvalidError,
)
WITH_BODY: tuple[Refusal, ...] = (
    JsonMalformedError,
    ContentTypeError,
    BodyTooLargeError(kilobytes=BODY_BYTES_MAX // 1024),
)
RATE_HEADERS = {
    "RateLimit-Limit": "How many requests the key has in a window of a minute.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "In how many seconds the next window begins.",
}
ENDING_HEADERS = {
    "Deprecation": "Since when it is told that this operation ends (RFC 9745).",
    "Sunset": "When it ends (RFC 8594).",
    "Link": "The policy, and the operation to use instead.",
}
REACH = {FOR_MALL: ", for the whole mall", FOR_CHANNELS: ", for the whole mall or the channels that one manages"}
_PATH_VALUE = re.compile(r"<(?:\w+:)?(\w+)>")


class ChangedProblem(Problem):
    """A refusal that may bring the quote of now with it (`changed_since_shown`)."""

    quote: Quote | None = Field(default=None, description="With `changed_since_shown`: what the order costs now.")


def document(root: str) -> dict[str, Any]:
    """The whole document; `root` is the path under which the portal is reached (of a channel, for instance)."""
    found = _document()
    schemes = {**found["components"]["securitySchemes"], "client": _client_credentials()}
    components = {**found["components"], "securitySchemes": schemes}
    return {**found, "servers": [{"url": f"{root}/api/v1"}], "components": components}


def _client_credentials() -> dict[str, Any]:
    """Tokens for the key of a client, as OAuth libraries know them."""
    scopes = {one.value: f"What needs `{one.value}`." for one in Permission}
    flow = {"tokenUrl": site.address("/api/v1/token"), "scopes": scopes}
    return {"type": "oauth2", "description": TOKENS, "flows": {"clientCredentials": flow}}


@cache
def _document() -> dict[str, Any]:
    refs, schemas = _schemas()
    paths: dict[str, Any] = {}
    for op in OPERATIONS:
        paths.setdefault(template_of(op.path), {})[op.method.lower()] = _operation(op, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Portal API", "version": "1", "description": ABOUT},
        "servers": [{"url": "/api/v1"}],
        "security": [{"key": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(op.tag for op in OPERATIONS)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key of the portal."}
            },
            "examples": {
                error.code: {"summary": sentence(error), "value": sample(error)}
                for op in OPERATIONS
                for error in refusals_of(op)
            },
            "headers": {
                name: {"description": text, "schema": {"type": "integer", "minimum": 0}}
                for name, text in RATE_HEADERS.items()
            },
        },
    }


def template_of(path: str) -> str:
    """The path as OpenAPI writes it."""
    return _PATH_VALUE.sub(r"{\1}", path)


def refusals_of(op: Operation) -> Iterator[PortalError]:
    """Everything that the operation may refuse, each as it would be raised."""
    needed = (KeyLimitedError(permission=op.permission.value),) if op.permission else ()
    named = (AddressUnknownError,) if op.path_values else ()
    matched = (ChangedSinceReadError,) if op.changed else ()
    for one in (*ALWAYS, *needed, *named, *(WITH_BODY if op.body else ()), *matched, *op.refusals):
        yield _bare(one) if isinstance(one, type) else one


def _bare(kind: type[PortalError]) -> PortalError:
    """A refusal of this kind without what it would carry; its code, status and sentence are those of its class."""
    error = kind.__new__(kind)
    PortalError.__init__(error)
    return error


def sample(error: PortalError) -> dict[str, Any]:
    """An example of a refusal, in English."""
    shown: dict[str, Any] = {
        "type": f"/api/v1/docs#{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": error.code,
        "detail": sentence(error),
    }
    if isinstance(error, RequestInvalidError):
        shown["errors"] = [{"field": "quantity", "code": "too_small", "detail": "This must be 1 or more."}]
    if isinstance(error, StepUpNeededError):
        shown["confirm_at"] = "https://shop.example/step-up/019a5f2e-7c11-7d3a-9a51-2f4f6d1c0b7e"
    if error.params:
        shown["params"] = dict(error.params)
    return shown


def sentence(error: PortalError) -> str:
    """The English sentence of a refusal, with its parameters if it has them here."""
    text = FOR_PROGRAMS.get(error.code) or error.sentence
    return text % error.params if error.params else text


def _schemas() -> tuple[Mapping[Any, Any], dict[str, Any]]:
    models: list[tuple[type[BaseModel], Any]] = [(Problem, "validation"), (ChangedProblem, "validation")]
    for op in OPERATIONS:
        models += [(op.body, "validation")] if op.body else []
        models += [(op.answer, "serialization")] if op.answer else []
    refs, defined = models_json_schema(list(dict.fromkeys(models)), ref_template=REF)
    return refs, defined["$defs"]


def _operation(op: Operation, refs: Mapping[Any, Any]) -> dict[str, Any]:
    reach = REACH.get(op.within, "")
    needs = f"\n\nPermission: `{op.permission.value}`{reach}." if isinstance(op.permission, Permission) else ""
    scopes = [op.permission.value] if op.permission is not None else []
    described: dict[str, Any] = {
        "operationId": op.name,
        "security": [{"key": []}, {"client": scopes}],
        "tags": [op.tag],
        "summary": op.summary,
        "description": op.description + needs,
        "parameters": list(_parameters(op)),
        "responses": dict(_responses(op, refs)),
    }
    if op.ending is not None:
        described["deprecated"] = True
        described["description"] += f"\n\nIt ends on {op.ending.sunset}. Use `{op.ending.instead}` instead."
    if op.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": refs[op.body, "validation"], "example": op.body_example}},
        }
    return described


def _parameters(op: Operation) -> Iterator[dict[str, Any]]:
    for name, value in op.path_values.items():
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": value.description,
            "schema": dict(value.schema),
            "example": value.example,
        }
    if op.query is not None:
        yield from _query_parameters(op.query)
    if op.is_idempotent:
        yield {
            "name": IDEMPOTENCY_HEADER,
            "in": "header",
            "required": True,
            "description": "Names this submission; the same key with the same body is done once.",
            "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX, "pattern": "^[!-~]+$"},
            "example": "5b0f7c1e-order-42",
        }

    if op.changed:
        yield {
            "name": IF_MATCH_HEADER,
            "in": "header",
            "required": False,
            "description": (
                "The `ETag` of the answer that was read: of it only the version counts. What has changed since is not "
                "changed by this, and answers 412."
            ),
            "schema": {"type": "string"},
            "example": 'W/"v7-0f6bc8ef9c1c4b0f8c1d8f7e6a5b4c3d"',
        }


def _query_parameters(model: type[BaseModel]) -> Iterator[dict[str, Any]]:
    schema = model.model_json_schema(mode="validation")
    for name, given in schema["properties"].items():
        described = {key: value for key, value in given.items() if key not in {"title", "description", "default"}}
        kinds = [one for one in described.pop("anyOf", []) if one != {"type": "null"}]
        described |= kinds[0] if kinds else {}
        if given.get("default") is not None:
            described["default"] = given["default"]
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": given.get("description", ""),
            "schema": described,
        }


def _responses(op: Operation, refs: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    rate = {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_HEADERS}
    headers = {name: {"description": text, "schema": {"type": "string"}} for name, text in op.headers.items()}
    if op.ending is not None:
        headers |= {name: {"description": text, "schema": {"type": "string"}} for name, text in ENDING_HEADERS.items()}
    if op.method == "GET":
        headers["ETag"] = {"description": "Send it as `If-None-Match`.", "schema": {"type": "string"}}
    good: dict[str, Any] = {"description": op.answer_text, "headers": {**headers, **rate}}
    if op.answer is not None:
        good["content"] = {JSON: {"schema": refs[op.answer, "serialization"], "example": op.example}}
    if op.files:
        kinds = {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in op.files}
        good["content"] = {kind: {**one, "example": op.example} for kind, one in kinds.items()}
    yield str(op.status), good
    if op.method == "GET":
        yield "304", {"description": "It is still what you have (`If-None-Match`)."}
    by_status: dict[int, dict[str, PortalError]] = {}
    for error in refusals_of(op):
        by_status.setdefault(error.status, {})[error.code] = error
    for status, errors in sorted(by_status.items()):
        has_quote = any(isinstance(error, ChangedSinceShownError) for error in errors.values())
        yield (
            str(status),
            {
                "description": f"{HTTPStatus(status).phrase}: " + ", ".join(f"`{code}`" for code in errors),
                "headers": _problem_headers(status, rate),
                "content": {
                    MIMETYPE: {
                        "schema": refs[ChangedProblem if has_quote else Problem, "validation"],
                        "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in errors},
                    }
                },
            },
        )


def _problem_headers(status: int, rate: Mapping[str, Any]) -> dict[str, Any]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}}}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        waiting = {"description": "In how many seconds to go on.", "schema": {"type": "integer", "minimum": 1}}
        return {"Retry-After": waiting, **rate}
    return dict(rate)
