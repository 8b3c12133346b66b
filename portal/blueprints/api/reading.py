"""Requests as values: strict about types, unknown names, sizes and what JSON is."""

from __future__ import annotations

from typing import TypeVar

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
from portal.kit.text import N_
from portal.services.idempotency import KEY_LENGTH_MAX, IdempotencyKeyMissingError

M = TypeVar("M", bound=BaseModel)

BODY_BYTES_MAX = 64 * 1024
IDEMPOTENCY_HEADER = "Idempotency-Key"

_UNKNOWN = N_("There is no such parameter.")
_REPEATED = N_("This parameter can be given once.")


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


def read_body(model: type[M]) -> M:
    """The body. Raises ContentTypeError, BodyTooLargeError, JsonMalformedError and RequestInvalidError."""
    if request.mimetype != "application/json":
        raise ContentTypeError
    request.max_content_length = BODY_BYTES_MAX
    try:
        raw = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise BodyTooLargeError(kilobytes=BODY_BYTES_MAX // 1024) from None
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        if any(one["type"] == "json_invalid" for one in error.errors(include_url=False, include_context=False)):
            raise JsonMalformedError from None
        raise RequestInvalidError(field_problems(error)) from None


def read_idempotency_key() -> str:
    """The header of a request that must be done once (PAY-10). Raises IdempotencyKeyMissingError."""
    key = request.headers.get(IDEMPOTENCY_HEADER, "")
    if not 0 < len(key) <= KEY_LENGTH_MAX or not all("!" <= letter <= "~" for letter in key):
        raise IdempotencyKeyMissingError
    return key
