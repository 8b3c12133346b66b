"""The only readers and writers of HX-* headers: what a view answers to htmx, and what to a plain form."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse


def is_htmx() -> bool:
    """Whether htmx asks for a fragment. A history restoration wants the whole page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def target() -> str | None:
    """The id of the element that the answer will replace."""
    return request.headers.get("HX-Target")


def peeked_at() -> str | None:
    """The row whose preview htmx opens or closes in place; None when it wants anything else."""
    named = target() or ""
    return named.removeprefix("peek-") if is_htmx() and named.startswith("peek-") else None


def page_or_partial(page: str, partials: dict[str, str], **values: object) -> str:
    """Render the partial that htmx names by its target, else the whole page. Both take the same values."""
    chosen = partials.get(target() or "") if is_htmx() else None
    return render_template(chosen or page, **values)


def done(template: str | None = None, *, location: str, **values: object) -> BaseResponse:
    """Answer a write that worked: fragments for htmx (or HX-Redirect without a template), 303 for a plain form."""
    if not is_htmx():
        return redirect(location, code=303)
    if template is None:
        return leave_for(location)
    return make_response(render_template(template, **values))


def leave_for(location: str) -> BaseResponse:
    """Send the browser to another page. htmx must not see a redirect: it would follow it alone."""
    if not is_htmx():
        return redirect(location, code=303)
    answer = Response(status=204)
    answer.headers["HX-Redirect"] = location
    return answer


def invalid(template: str, *, page: str | None = None, status: int = 422, **values: object) -> tuple[str, int]:
    """Answer a write that was refused: the partial with the errors for htmx, `page` for a plain form."""
    name = template if is_htmx() or page is None else page
    return render_template(name, **values), status
