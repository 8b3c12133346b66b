"""Who may come in: every route says either what permission it needs or that it is public."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import request, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.identity import current_actor
from portal.htmx import is_htmx, leave_for
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.rules.permissions import Permission, Role, may

P = ParamSpec("P")
R = TypeVar("R")

ACCESS = "portal_access"


class PermissionMissingError(PortalError):
    """The person is known and may not do this."""

    code = "permission_missing"
    status = 403
    sentence = N_("You need the permission “%(permission)s” for this. An administrator can give it to you.")


class NotFoundError(PortalError):
    """There is no such thing, or it is somebody else's: one answer for both."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a route that anybody may use."""
    setattr(view, ACCESS, "public")
    return view


def requires(permission: Permission) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Let in who has the permission in any scope; services check whose object it is."""

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            actor = current_actor()
            if not may(actor, permission):
                if actor.roles == frozenset({Role.VISITOR}):
                    return ask_to_sign_in()
                raise PermissionMissingError(permission=permission.value)
            return view(*args, **kwargs)

        setattr(guarded, ACCESS, permission)
        return cast("Callable[P, ResponseReturnValue]", guarded)

    return decorate


def requires_sign_in(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Let in everybody who has signed in, whatever his roles: for pages about oneself only."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not current_actor().is_signed_in:
            return ask_to_sign_in()
        return view(*args, **kwargs)

    setattr(guarded, ACCESS, "signed in")
    return cast("Callable[P, ResponseReturnValue]", guarded)


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a visitor to the sign-in page, and back afterwards to the page that he was on (not to a fragment)."""
    if request.method == "GET" and not is_htmx():
        back = request.full_path.rstrip("?")
    else:
        back = request.headers.get("HX-Current-URL") or request.referrer or "/"
    return leave_for(url_for("account.sign_in", next=path_only(back)))


def path_only(address: str) -> str:
    """The path and query of an address of ours; anything else becomes the front page, so that nobody is led away."""
    parts = urlsplit(address)
    path = parts.path if parts.path.startswith("/") and not parts.path.startswith("//") else "/"
    if "\\" in path:
        path = "/"
    prefix = request.script_root
    if prefix and path.startswith(prefix + "/"):
        path = path[len(prefix) :]
    return path + ("?" + parts.query if parts.query else "")
