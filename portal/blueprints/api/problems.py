"""Refusals as problem documents: one shape, stable codes, a sentence in the language that was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from flask import Response
from flask_babel import gettext
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from portal import site
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.schemas import FieldProblem
from portal.blueprints.checkout.words import say
from portal.blueprints.errors import SENTENCES as SENTENCES_OF_STATUS
from portal.db import atomically
from portal.formatting import iso
from portal.kit import clock
from portal.kit.errors import PortalError, Rejection
from portal.kit.ids import new_code
from portal.kit.money import Money
from portal.kit.text import N_
from portal.rules.addresses import AddressUnfitError
from portal.rules.coupons.words import Named
from portal.rules.webhooks import WebhookUnfitError
from portal.services.accounts.step_up import StepUpNeededError, begin_step_up
from portal.services.catalogue.apply_assignments import RowRefusedError
from portal.services.catalogue.local_product import LocalTextsUnfitError
from portal.services.channels.move_channel import ChannelMoveRefusedError
from portal.services.channels.save_channel import ChannelUnfitError

log = structlog.get_logger()

MIMETYPE = "application/problem+json"
FIELDS_SHOWN_MAX = 50
# Forms have a field for each language of a text.
_LANGUAGE = re.compile(r"[_-](en|ko)$")

# Where the sentence of a page speaks of forms, a program is told the same in its own terms.
FOR_PROGRAMS: Mapping[str, str] = {
    "idempotency_key_reused": N_("This Idempotency-Key was used with another body. Use a new key for another order."),
    "changed_since_shown": N_("Prices, stock or coupons are not those of this fingerprint. Look at `quote`."),
    "cursor_invalid": N_("This cursor is not of this query. Start from the first page."),
    "cart_empty": N_("The cart is empty. If the order was just placed, it is in the list of orders."),
    "address_unfit": N_("Some fields of the address are missing or not right."),
}

# What pydantic finds, as our own codes and sentences.
_FAULTS: Mapping[str, tuple[str, str]] = {
    "missing": ("field_missing", N_("This field is needed.")),
    "extra_forbidden": ("field_unknown", N_("There is no such field.")),
    "int_type": ("not_an_integer", N_("A whole number is needed here.")),
    "int_parsing": ("not_an_integer", N_("A whole number is needed here.")),
    "int_from_float": ("not_an_integer", N_("A whole number is needed here.")),
    "int_parsing_size": ("too_large", N_("This number is too large.")),
    "bool_type": ("not_a_boolean", N_("Either true or false is needed here.")),
    "string_type": ("not_text", N_("Text is needed here.")),
    "string_too_long": ("too_long", N_("At most %(max_length)s characters can be given here.")),
    "string_too_short": ("too_short", N_("At least %(min_length)s characters are needed here.")),
    "string_pattern_mismatch": ("malformed", N_("This does not have the form that is described for it.")),
    "greater_than_equal": ("too_small", N_("This must be %(ge)s or more.")),
    "less_than_equal": ("too_large", N_("This must be %(le)s or less.")),
    "too_long": ("too_many", N_("At most %(max_length)s entries can be given here.")),
    "too_short": ("too_few", N_("At least %(min_length)s entries are needed here.")),
    "list_type": ("not_a_list", N_("A list is needed here.")),
    "dict_type": ("not_an_object", N_("An object is needed here.")),
    "model_type": ("not_an_object", N_("An object is needed here.")),
    "model_attributes_type": ("not_an_object", N_("An object is needed here.")),
    "enum": ("not_one_of", N_("Only these are known: %(expected)s.")),
    "literal_error": ("not_one_of", N_("Only these are known: %(expected)s.")),
}
_OTHER_FAULT = ("value_invalid", N_("This value cannot be used here."))


class RequestInvalidError(PortalError):
    """The request can be read, and is not as the document describes it."""

    code = "request_invalid"
    status = 422
    sentence = N_("The request is not as it is described. See `errors`.")

    def __init__(self, errors: Sequence[FieldProblem] = ()) -> None:
        super().__init__()
        self.errors = tuple(errors)


class JsonMalformedError(PortalError):
    code = "json_malformed"
    status = 400
    sentence = N_("The body is not JSON.")


class ContentTypeError(PortalError):
    code = "content_type_unsupported"
    status = 415
    sentence = N_("The body must be sent as application/json.")


class BodyTooLargeError(PortalError):
    code = "body_too_large"
    status = 413
    sentence = N_("The body is larger than %(kilobytes)s kB.")


class AddressUnknownError(PortalError):
    """No operation has this path."""

    code = "not_found"
    status = 404
    sentence = N_("There is nothing at this address.")


def field_problems(error: ValidationError) -> list[FieldProblem]:
    """What pydantic found, at most FIELDS_SHOWN_MAX of it."""
    found = []
    for fault in error.errors(include_url=False, include_input=False)[:FIELDS_SHOWN_MAX]:
        code, sentence = _FAULTS.get(fault["type"], _OTHER_FAULT)
        path = ".".join(str(step) for step in fault["loc"])
        context = {name: str(value) for name, value in fault.get("ctx", {}).items()}
        found.append(FieldProblem(field=path, code=code, detail=gettext(sentence, **context)))
    return found


def fault(field: str, code: str, sentence: str) -> FieldProblem:
    return FieldProblem(field=field, code=code, detail=gettext(sentence))


def rejected_fields(prefix: str, faults: Mapping[str, Rejection]) -> list[FieldProblem]:
    """Faults of fields that a rule found."""
    return [FieldProblem(field=f"{prefix}{name}", code=one.code, detail=say(one)) for name, one in faults.items()]


def as_problem(error: PortalError) -> dict[str, Any]:
    """A refusal of ours as a problem document."""
    body = problem(error.status, error.code, sentence_of(error), params=error.params)
    errors: Iterable[FieldProblem] = getattr(error, "errors", ())
    if isinstance(error, AddressUnfitError):
        errors = rejected_fields("address.", error.faults)
    if isinstance(error, WebhookUnfitError):
        names = {"kinds": "events"}
        errors = [fault(names.get(name, name), "value_invalid", text) for name, text in error.faults.items()]
    if isinstance(error, ChannelUnfitError | LocalTextsUnfitError):
        found = {_LANGUAGE.sub(r".\1", name): text for name, text in error.faults.items()}
        errors = [fault(name, "value_invalid", text) for name, text in found.items()]
    listed = [one.model_dump() for one in errors]
    return body | ({"errors": listed} if listed else {})


def sentence_of(error: PortalError) -> str:
    if error.code in FOR_PROGRAMS:
        return str(gettext(FOR_PROGRAMS[error.code]))
    if isinstance(error, ChannelMoveRefusedError):
        return f"{say(error)} {gettext(error.reason)}"
    if isinstance(error, RowRefusedError):
        return f"{say(error)} {say(error.reason)}"
    return say(error)


def problem(
    status: int, code: str, detail: str, *, params: Mapping[str, object] | None = None, reference: str | None = None
) -> dict[str, Any]:
    """A problem document."""
    body: dict[str, Any] = {
        "type": f"/api/v1/docs#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if params:
        body["params"] = {name: _plain(value) for name, value in params.items()}
    if reference:
        body["reference"] = reference
    return body


def answer(body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> Response:
    """Send a problem document."""
    response = Response(orjson.dumps(body), status=body["status"], mimetype=MIMETYPE)
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "no-store"
    if body["status"] == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def show_refusal(error: PortalError) -> Response:
    retry_after_s = getattr(error, "retry_after_s", None)
    return answer(as_problem(error), headers={"Retry-After": str(retry_after_s)} if retry_after_s else None)


def show_step_up(error: StepUpNeededError) -> Response:
    """The person confirms in a browser; the same request goes through afterwards, with the same key, once."""
    now = clock.now()
    step_up_id = atomically(
        lambda s: begin_step_up(
            s, actor=api_actor(), action=error.action, binding=error.binding, kept=error.kept, now=now
        )
    )
    return answer(as_problem(error) | {"confirm_at": site.address(f"/step-up/{step_up_id}")})


def show_http_error(error: HTTPException) -> Response:
    """What the framework refuses: an unknown path, a method that the path does not know."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status < HTTPStatus.BAD_REQUEST:
        return Response(status=status, headers=error.get_response().headers)
    if status == HTTPStatus.NOT_FOUND:
        return show_refusal(AddressUnknownError())
    sentence = SENTENCES_OF_STATUS.get(status, SENTENCES_OF_STATUS[400])
    code = (error.name or "error").lower().replace(" ", "_")
    methods = getattr(error, "valid_methods", None)
    return answer(
        problem(status, code, gettext(sentence)), headers={"Allow": ", ".join(sorted(methods))} if methods else None
    )


def show_fault(error: Exception) -> Response:
    """We are wrong: the log gets all of it, the client a number to name."""
    reference = new_code(8)
    log.error("fault", reference=reference, face="api", exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return answer(problem(status, "internal_error", gettext(SENTENCES_OF_STATUS[status]), reference=reference))


def _plain(value: object) -> object:
    if isinstance(value, Money):
        return {"amount_minor": value.minor, "currency": value.currency}
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Named):
        return list(value.keys)
    return value if isinstance(value, int | str | None) else str(value)
