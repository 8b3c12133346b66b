"""The JSON API under /api/v1: the same services as the pages, for programs with a key."""

from __future__ import annotations

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from portal.blueprints.api import problems
from portal.blueprints.api.docs import describe, show_docs
from portal.blueprints.api.limits import show_rate
from portal.blueprints.api.operations import OPERATIONS, served, show_ending
from portal.blueprints.api.token_endpoint import give_token
from portal.blueprints.api.v1 import load_resources
from portal.extensions import csrf
from portal.kit.errors import PortalError
from portal.services.accounts.step_up import StepUpNeededError

PREFIX = "/api/v1"
LOCALES = ("en", "ko")


def blueprints() -> list[Blueprint]:
    """One blueprint with every operation, the document and its page."""
    load_resources()
    bp = Blueprint("api", __name__, url_prefix=PREFIX)
    for op in OPERATIONS:
        bp.add_url_rule(op.path, op.name, served(op), methods=[op.method], provide_automatic_options=False)
    bp.add_url_rule("/token", "token", give_token, methods=["POST"], provide_automatic_options=False)
    bp.add_url_rule("/openapi.json", "openapi", describe)
    bp.add_url_rule("/docs", "docs", show_docs)
    bp.register_error_handler(StepUpNeededError, problems.show_step_up)
    bp.register_error_handler(PortalError, problems.show_refusal)
    bp.register_error_handler(HTTPException, problems.show_http_error)
    bp.register_error_handler(Exception, problems.show_fault)
    bp.before_app_request(_set_apart)
    bp.after_request(show_rate)
    bp.after_request(show_ending)
    # Nothing here looks at a cookie, so no other site can ask in somebody's name.
    csrf.exempt(bp)
    return [bp]


def _set_apart() -> Response | None:
    """Programs are not browsers: no session is read or begun, and the language is what the request says."""
    if not request.path.startswith("/api/") or request.endpoint == "api.docs":
        return None
    g.identity = None
    g.locale = request.accept_languages.best_match(LOCALES, default="en")
    refused = request.routing_exception
    return problems.show_http_error(refused) if refused is not None else None
