"""Counts of stock from a file: shown with what each row does before anything is written, and written as a whole."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import ngettext

from portal.blueprints.checkout.words import say
from portal.blueprints.desk import requires_in
from portal.blueprints.desk_words import word
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.desk import Desk, around, desk_of
from portal.blueprints.uploads import read_upload
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_
from portal.queries.stock import stock_by_sku
from portal.rules.csv_table import FileUnfitError, decode
from portal.rules.permissions import Permission, Scope
from portal.rules.stock import COLUMNS, CountProblem, Reason, read_counts, want
from portal.services.stock.count_stock import Count, StockChangedError, count_stock

SHOWN_MAX = 200
UNFIT = Rejection("ROWS_UNFIT", N_("Some rows of the file cannot be used."))


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/stock/import", "stock_import", upload, methods=["GET", "POST"])
    bp.add_url_rule("/stock/counts", "stock_counts", apply, methods=["POST"])


@requires_in(Permission.STOCK_EDIT, Scope.STORE)
def upload() -> ResponseReturnValue:
    """A file of counts and what it would change."""
    with reading() as session:
        desk = desk_of(session)
    if request.method == "GET":
        return _page(desk, {}, None)
    content = read_upload()
    try:
        text = decode(content)
        return _page(desk, {"text": text} | _checked(desk, text), None)
    except PortalError as error:
        return _page(desk, {}, error)


@requires_in(Permission.STOCK_EDIT, Scope.STORE)
def apply() -> ResponseReturnValue:
    """Write a file without faults; with one, or with goods that have moved since, nothing of it."""
    with reading() as session:
        desk = desk_of(session)
    text, reason = request.form.get("text", ""), request.form.get("reason", "")
    try:
        checked = _checked(desk, text)
        if checked["problems"]:
            return _page(desk, {"text": text} | checked, FileUnfitError(UNFIT))
        changed = atomically(
            lambda session: count_stock(
                session, counts=checked["counts"], reason=reason, note="CSV", actor=current_actor(), now=clock.now()
            )
        )
    except StockChangedError as error:
        # Between the look and the write: looked at again, with what is there now.
        return _page(desk, {"text": text} | _checked(desk, text), error)
    except PortalError as error:
        return _page(desk, {"text": text}, error)
    flash(ngettext("Stock of %(num)s product saved.", "Stock of %(num)s products saved.", changed), "success")
    return done(location=url_for("seller.stock", store=desk.store_arg))


def _checked(desk: Desk, text: str) -> dict[str, Any]:
    """What a file changes, how many of its rows change nothing, and what is wrong with others."""
    rows, problems = read_counts(text)
    with reading() as session:
        stock = stock_by_sku(session, skus=[row.sku for row in rows], store_id=desk.store.id)
    changes, counts, same = [], [], 0
    for row in rows:
        known = stock.get(row.sku)
        wanted = want(row, known.known) if known else Rejection("SKU", N_("Your store has no such goods."))
        if isinstance(wanted, Rejection) or known is None:
            problems.append(CountProblem(row.row, row.sku, wanted))  # type: ignore[arg-type]  # None has a refusal.
        elif wanted.changes(known.known):
            counts.append(Count(known.variant_id, wanted, known.version))
            changes.append((row.sku, known, wanted))
        else:
            same += 1
    told = [(one.row, one.sku, say(one.refusal)) for one in sorted(problems, key=lambda one: one.row)]
    return {"counts": counts, "changes": changes, "same": same, "problems": told}


def _page(desk: Desk, values: dict[str, Any], error: PortalError | None) -> ResponseReturnValue:
    known = {"text": "", "changes": (), "counts": (), "same": 0, "problems": ()}
    page = render_template(
        "seller/stock/import.html",
        columns=COLUMNS,
        shown_max=SHOWN_MAX,
        refused=say(error) if error else None,
        reasons=[(one.value, word("stock_reason", one.value)) for one in Reason],
        **(known | values),
        **around(desk, "seller.stock"),
    )
    return page, error.status if error else 200
