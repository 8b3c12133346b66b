"""How the checkout answers: the page, its renewed parts, or the page again with what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import Response, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.checkout.forms import Typed
from portal.blueprints.checkout.page import CheckoutPage, gather, show_quote_faults
from portal.blueprints.checkout.words import say
from portal.blueprints.identity import current_actor
from portal.db import reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.orders import latest_number
from portal.services.checkout.routing import METHOD_MISSING

# Who submits again within this time meant the order that he has just placed (B20).
JUST_NOW = timedelta(minutes=10)


def show_page(page: CheckoutPage, *, status: int = 200, code: str | None = None, notice: str = "") -> Response:
    """The whole page. `code` names the fault for programs; `notice` is good news above the form."""
    answer = make_response(
        render_template("checkout/show.html", page=page, form=page.form, has_errors=status >= 400, notice=notice),
        status,
    )
    if code is not None:
        answer.headers["X-Error-Code"] = code
    return answer


def show_parts(page: CheckoutPage, *, code_accepted: bool, fields: Sequence[str] = ()) -> str:
    """What may have changed with a choice: amounts first, then the parts around them."""
    return render_template(
        "checkout/update.htmx.html", page=page, form=page.form, code_accepted=code_accepted, fields=fields
    )


def show_again(
    typed: Typed, *, key: str | None, mode: str, status: int = 422, code: str = "form_invalid", paying: bool = False
) -> Response:
    """The page as it was sent, with the faults at their fields. Nothing is lost but the card.

    Who was `paying` hears with all the rest that no way of paying is chosen yet.
    """
    page = gather(typed, now=clock.now())
    if paying and page.to_pay_minor and typed.choices.method is None:
        typed.refuse("method", METHOD_MISSING, METHOD_MISSING.code)
    if key:
        page.key = key
    page.account_mode = mode
    show_quote_faults(page)
    return show_page(page, status=status, code=typed.fault_code or code)


def refuse(typed: Typed, error: PortalError, *, key: str | None, mode: str) -> Response:
    """The page again with one refusal that belongs to no field."""
    typed.form.form_errors.append(say(error))
    typed.fault_code = error.code
    answer = show_again(typed, key=key, mode=mode, status=error.status, code=error.code)
    if retry_after_s := getattr(error, "retry_after_s", None):
        answer.headers["Retry-After"] = str(retry_after_s)
    return answer


def show_empty(*, status: int, code: str | None = None) -> ResponseReturnValue:
    """Nothing to buy. Who sends a form has just bought it in another tab, and is led to that order."""
    actor, number = current_actor(), None
    if actor.user_id is not None:
        with reading() as session:
            number = latest_number(session, buyer_id=actor.user_id, since=clock.now() - JUST_NOW)
    if number is not None and code is not None:
        return leave_for(url_for("orders.show", number=number))
    answer = make_response(render_template("checkout/empty.html", number=number), status)
    if code is not None:
        answer.headers["X-Error-Code"] = code
    return answer
