"""The stores of the mall, and the whole of one."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, requires_all
from portal.blueprints.desk import text_arg
from portal.db import reading
from portal.htmx import page_or_partial
from portal.queries.mall_stores import list_mall_stores, load_mall_store
from portal.queries.users import masked
from portal.rules.permissions import Permission


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/stores", "stores", index)
    bp.add_url_rule("/stores/<int:store_id>", "store", show)


@requires_all(Permission.STORE_LIST)
def index() -> ResponseReturnValue:
    """The list, the oldest first."""
    words = text_arg("q")
    with reading() as session:
        found = list_mall_stores(session, search=words, cursor=request.args.get("cursor"))
        frame = around(session, "admin.stores")
    chips = [(_("Search: %(words)s", words=words), url_for("admin.stores"))] if words else []
    return page_or_partial(
        "admin/stores/index.html",
        {"stores": "admin/stores/_list.html"},
        found=found,
        words=words,
        chips=chips,
        clear_href=url_for("admin.stores"),
        **frame,
    )


@requires_all(Permission.STORE_LIST)
def show(store_id: int) -> ResponseReturnValue:
    """One store: its terms, its members, what waits there, and the ways to what hangs on it."""
    with reading() as session:
        detail = load_mall_store(session, store_id=store_id)
        if detail is None:
            raise NotFoundError
        frame = around(session, "admin.stores")
    return render_template("admin/stores/show.html", detail=detail, store=detail.store, masked=masked, **frame)
