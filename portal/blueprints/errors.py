"""One place where refusals and faults become pages, fragments or problem documents."""

from __future__ import annotations

import structlog
from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from portal.blueprints.access import NotFoundError, ask_to_sign_in
from portal.blueprints.identity import signed_in
from portal.htmx import is_htmx
from portal.kit.errors import PortalError, fill
from portal.kit.ids import new_code
from portal.kit.text import N_

log = structlog.get_logger()

SENTENCES = {
    400: N_("The request could not be read."),
    404: NotFoundError.sentence,
    405: N_("This address does not take that kind of request."),
    413: N_("What was sent is too large."),
    415: N_("This kind of content is not understood here."),
    429: N_("That was too often in a short time. Wait a little, then go on."),
    500: N_("Something went wrong on our side. Nothing was charged by this step."),
    503: N_("The shop is not reachable for a moment. Nothing was charged by this step."),
}


def init_errors(app: Flask) -> None:
    app.register_error_handler(PortalError, show_portal_error)
    app.register_error_handler(DataError, show_unfit_value)
    app.register_error_handler(CSRFError, show_expired_form)
    app.register_error_handler(HTTPException, show_http_error)
    app.register_error_handler(Exception, show_fault)


def show_portal_error(error: PortalError) -> ResponseReturnValue:
    answered = answer(error.status, error.code, fill(gettext(error.sentence), error.params))
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s:
        answered.headers["Retry-After"] = str(retry_after_s)
    return answered


def show_unfit_value(error: DataError) -> ResponseReturnValue:
    """A value that the database cannot hold, such as a zero byte in an address: whoever sent it is told so."""
    log.warning("value_unfit", path=request.path, reason=str(error.orig))
    return answer(400, "value_unfit", gettext(SENTENCES[400]))


def show_expired_form(error: CSRFError) -> ResponseReturnValue:
    """A form of a session that has ended: back to the sign-in, unless the person is still known."""
    log.info("form_refused", reason=str(error.description))
    if request.blueprint not in {"api", "webhooks"} and not signed_in():
        return ask_to_sign_in()
    return answer(400, "form_expired", gettext("This form is no longer fresh. Open the page again; nothing was done."))


def show_http_error(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error
    sentence = SENTENCES.get(status, SENTENCES[400] if status < 500 else SENTENCES[500])
    answered = answer(status, (error.name or "error").lower().replace(" ", "_"), gettext(sentence))
    retry_after = getattr(error, "retry_after", None)
    if retry_after:
        answered.headers["Retry-After"] = str(retry_after)
    return answered


def show_fault(error: Exception) -> ResponseReturnValue:
    """We are wrong: the log gets all of it, the person a number to name."""
    reference = new_code(8)
    log.error("fault", reference=reference, path=request.path, exc_info=error)
    return answer(500, "internal_error", gettext(SENTENCES[500]), reference)


def answer(status: int, code: str, sentence: str, reference: str | None = None) -> Response:
    """The error in the form that the caller reads: problem+json, a fragment for htmx, or a page."""
    if request.path.startswith(("/api/", "/webhooks/")):
        problem = {"type": "about:blank", "title": sentence, "status": status, "code": code}
        if reference:
            problem["reference"] = reference
        response = jsonify(problem)
        response.mimetype = "application/problem+json"
    else:
        template = "errors/_banner.html" if is_htmx() else "errors/page.html"
        response = Response(render_template(template, status=status, code=code, sentence=sentence, reference=reference))
        response.headers["X-Error-Code"] = code
    response.status_code = status
    return response
