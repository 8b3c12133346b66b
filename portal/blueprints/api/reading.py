"""Requests as values: strict about types, unknown names, sizes and what JSON is."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from portal.blueprints.api.problems import (
    BodyTooLargeError,
    ContentTypeError,
    JsonMalformedError,
    RequestInvalidError,
    fault,
    field_problems,
)
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.services.idempotency import KEY_LENGTH_MAX, IdempotencyKeyMissingError

M = TypeVar("M", bound=BaseModel)

BODY_BYTES_MAX = 64 * 1024
IDEMPOTENCY_HEADER = "Idempotency-Key"
IF_MATCH_HEADER = "If-Match"
# What reads of a thing that has versions answer as its ETag; the hash behind the version is not looked at here.
_VERSION = re.compile(r'(?:W/)?"v([0-9]{1,10})-[0-9a-f]{32}"')

NO_VERSION = -1

_UNKNOWN = N_("There is no such parameter.")
_REPEATED = N_("This parameter can be given once.")


class ChangedSinceReadError(PortalError):
    """The thing is not in the version whose ETag was sent as `If-Match`."""

    code = "changed_since_read"
    status = 412
    sentence = N_("It has changed since it was read. Read it again; nothing was done.")


def read_query(model: type[M] | None) -> M | None:
    """The query of the address. Raises RequestInvalidError for what is unknown, repeated or not of its type."""
    errors = []
    values: dict[str, str] = {}
    known = model.model_fields if model is not None else {}
    for name, given in request.args.lists():
        if name not in known:
            errors.append(fault(name, "parameter_unknown", _UNKNOWN))
        elif len(given) > 1:
            errors.append(fault(name, "parameter_repeated", _REPEATED))
        else:
            values[name] = given[0]
    try:
        read = model.model_validate(values) if model is not None else None
    except ValidationError as error:
        raise RequestInvalidError([*errors, *field_problems(error)]) from None
    if errors:
        raise RequestInvalidError(errors)
    return read


def read_body(model: type[M], bytes_max: int = BODY_BYTES_MAX) -> M:
    """The body. Raises ContentTypeError, BodyTooLargeError, JsonMalformedError and RequestInvalidError."""
    if request.mimetype != "application/json":
        raise ContentTypeError
    request.max_content_length = bytes_max
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise BodyTooLargeError(kilobytes=bytes_max // 1024) from None
    _check_json(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        if any(one["type"] == "json_invalid" for one in error.errors(include_url=False, include_context=False)):
            raise JsonMalformedError from None
        raise RequestInvalidError(field_problems(error)) from None


def read_if_match() -> int | None:
    """The version that the client has read, by the ETag of that answer; None where it does not say.

    What is no ETag of a thing with versions is a version that nothing has: whether there is such a thing, and whether
    it may be changed, is said before (RFC 9110, 13.2.1).
    """
    text = request.headers.get(IF_MATCH_HEADER, "").strip()
    if text in ("", "*"):
        return None
    found = _VERSION.fullmatch(text)
    return NO_VERSION if found is None else int(found[1])


def _check_json(raw: bytes) -> None:
    """Refuse what one reader of JSON takes for this and another for that: names that are there twice, numbers that
    are none or without end, nesting without end. Raises JsonMalformedError."""
    try:
        json.loads(raw, object_pairs_hook=_named_once, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise JsonMalformedError from None


def _named_once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _value in pairs}) < len(pairs):
        raise ValueError


def _finite(text: str) -> None:
    if "inf" in repr(float(text)):
        raise ValueError(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def read_idempotency_key() -> str:
    """The header of a request that must be done once (PAY-10). Raises IdempotencyKeyMissingError."""
    key = request.headers.get(IDEMPOTENCY_HEADER, "")
    if not 0 < len(key) <= KEY_LENGTH_MAX or not all("!" <= letter <= "~" for letter in key):
        raise IdempotencyKeyMissingError
    return key
