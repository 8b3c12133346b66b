"""Reviews and questions on the desks: a store answers them, the mall hides what may not be read."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import flash, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg
from portal.blueprints.shop.cards import product_url
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit.errors import PortalError
from portal.queries.remarks import list_remarks
from portal.rules.remarks import RemarkKind

# What stands around the page, whose remarks (None for everybody's), and the store in the address.
Enter = Callable[[Session], tuple[dict[str, Any], int | None, str | None]]


def remarks_page(
    blueprint: str, enter: Enter, *, error: PortalError | None = None, remark_id: uuid.UUID | None = None
) -> ResponseReturnValue:
    """The list, with what was refused beside the one that it is about."""
    kind = RemarkKind(choice_arg("kind", set(RemarkKind)) or RemarkKind.QUESTION)
    views = {"open": _("Without an answer"), "shown": _("All that everybody reads"), "hidden": _("Hidden")}
    view = choice_arg("view", set(views)) or "open"
    with reading() as session:
        frame, store_id, store_arg = enter(session)
        found = list_remarks(session, kind=kind, view=view, store_id=store_id, cursor=request.args.get("cursor"))

    def to(**changes: object) -> str:
        values: dict[str, Any] = {"kind": kind.value, "view": view, "store": store_arg}
        return url_for(f"{blueprint}.remarks", **(values | changes))

    page = page_or_partial(
        "desk/remarks/index.html",
        {"remarks": "desk/remarks/_list.html"},
        found=found,
        kind=kind.value,
        kinds=[
            {"label": name, "href": to(kind=one.value), "current": one is kind}
            for one, name in ((RemarkKind.QUESTION, _("Questions")), (RemarkKind.REVIEW, _("Reviews")))
        ],
        views=[{"label": name, "href": to(view=one), "current": one == view} for one, name in views.items()],
        act_href=lambda act, row: url_for(
            f"{blueprint}.remark_{act}", remark_id=row.id, kind=kind.value, view=view, store=store_arg
        ),
        given=request.form,
        wrong=remark_id,
        problem=say(error) if error else None,
        product_url=product_url,
        **frame,
    )
    return make_response(page, error.status if error else 200)


def act_on_remark(
    blueprint: str, enter: Enter, remark_id: uuid.UUID, work: Callable[[Session], None], told: str
) -> ResponseReturnValue:
    """Do it and go back to the list."""
    try:
        atomically(work)
    except PortalError as error:
        if error.status == 404:
            raise
        return remarks_page(blueprint, enter, error=error, remark_id=remark_id)
    flash(told, "toast")
    args: dict[str, Any] = {name: request.args[name] for name in ("kind", "view", "store") if request.args.get(name)}
    return done(location=url_for(f"{blueprint}.remarks", **args))


def shown_version() -> int | None:
    """The row version that the form was made of."""
    typed = request.form.get("version", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else None
