"""The store's stock: counted on the page or from a file, with every move of a variant (ORD-10, S18, S22)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.csv_files import csv_file, every_row
from portal.blueprints.desk import choice_arg, requires_in, text_arg
from portal.blueprints.desk_words import word
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.desk import Desk, around, desk_of, open_desk
from portal.blueprints.seller.fulfil_words import name_of
from portal.db import atomically, reading
from portal.formatting import instant_zone
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.stock import (
    StockFilter,
    StockRow,
    StockView,
    count_stock_views,
    last_change,
    list_moves,
    list_stock,
    stock_of,
)
from portal.rules.csv_table import whole_number
from portal.rules.permissions import Permission, Scope
from portal.rules.stock import COLUMNS, ON_HAND_MAX, Reason, Wanted
from portal.services.catalogue.errors import StockInvalidError, StockReservedError
from portal.services.stock.count_stock import Count, StockChangedError, StockReasonError, count_stock

FILE_PAGE = 1_000
FIELDS = ("on_hand", "safety", "alert_at")
LIST_ARGS = ("view", "q", "store", "cursor")


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/stock", "stock", index)
    bp.add_url_rule("/stock", "stock_save", save, methods=["POST"])
    bp.add_url_rule("/stock.csv", "stock_file", file)
    bp.add_url_rule("/stock/<int:variant_id>", "stock_moves", moves)


@requires_in(Permission.STOCK_EDIT, Scope.STORE)
def index() -> ResponseReturnValue:
    """What is there of each of the store's goods, to be changed in place."""
    return _page({}, {}, None)


@requires_in(Permission.STOCK_EDIT, Scope.STORE)
def save() -> ResponseReturnValue:
    """Take over the rows that were changed, all or none."""
    typed = {name: value.replace("\0", "").strip()[:20] for name, value in request.form.items()}
    reason, note = typed.get("reason", ""), request.form.get("note", "").replace("\0", "")
    counts, faults = _read(typed)
    if faults:
        return _page(typed | {"note": note}, faults, StockInvalidError())
    try:
        changed = atomically(
            lambda session: count_stock(
                session, counts=counts, reason=reason, note=note, actor=current_actor(), now=clock.now()
            )
        )
    except StockChangedError as error:
        return _page(typed | {"note": note}, _who_was_faster(error), error)
    except (StockReservedError, StockReasonError) as error:
        faults = {"reason": say(error)} if isinstance(error, StockReasonError) else _below_reserved(counts)
        return _page(typed | {"note": note}, faults, error)
    if changed:
        flash(ngettext("Stock of %(num)s product saved.", "Stock of %(num)s products saved.", changed), "success")
    return done(location=url_for("seller.stock", **_list_args()))


@requires_in(Permission.STOCK_EDIT, Scope.STORE)
def file() -> Response:
    """The list as a file, which can be changed and read again."""
    with reading() as session:
        desk = desk_of(session)
        chosen = _chosen(desk)
        rows = [
            (
                row.sku,
                row.on_hand,
                row.safety,
                "" if row.alert_at is None else row.alert_at,
                row.on_hand,
                row.reserved,
                row.free,
                row.name.get("ko") or row.name.get("en") or "",
            )
            for row in every_row(
                lambda cursor: list_stock(session, chosen=chosen, cursor=cursor, rows_max=FILE_PAGE, is_counted=False)
            )
        ]
    return csv_file(f"stock-{desk.store.slug}.csv", (*COLUMNS, "reserved", "for_sale", "name"), rows)


@requires_in(Permission.STOCK_EDIT, Scope.STORE)
def moves(variant_id: int) -> ResponseReturnValue:
    """One of the goods: what is there, and every move with its reason."""
    with reading() as session:
        found = stock_of(session, variant_ids=[variant_id], store_ids=sorted(current_actor().store_ids))
        if variant_id not in found:
            raise NotFoundError
        row = found[variant_id]
        rows = list_moves(session, variant_id=variant_id)
        names = {by: name_of(session, by) for by in {one.made_by for one in rows if one.made_by}}
        desk = open_desk(session, clock.now(), store_id=row.store_id)
    return render_template("seller/stock/moves.html", row=row, moves=rows, names=names, **around(desk, "seller.stock"))


def _page(typed: Mapping[str, str], faults: Mapping[str, str], error: PortalError | None) -> ResponseReturnValue:
    with reading() as session:
        desk = open_desk(session, clock.now())
        if desk is None:
            return render_template("seller/no_store.html", **around(None, "seller.stock"))
        chosen = _chosen(desk)
        found = list_stock(session, chosen=chosen, cursor=request.args.get("cursor"))
        counts = count_stock_views(session, store_id=desk.store.id)
        others = _not_shown(session, found.rows, typed, desk)
    page = page_or_partial(
        "seller/stock/index.html",
        {"stock": "seller/stock/_list.html"},
        found=found,
        rows=(*others, *found.rows),
        chosen=chosen,
        tabs=_tabs(desk, chosen, counts),
        chips=_chips(chosen),
        clear_href=url_for("seller.stock", view=chosen.view.value, store=desk.store_arg),
        list_args=_list_args(),
        reasons=[(one.value, word("stock_reason", one.value)) for one in Reason],
        typed=typed,
        faults=faults,
        words=chosen.search,
        **around(desk, "seller.stock"),
    )
    return page, error.status if error else 200


def _not_shown(session: Session, rows: tuple[StockRow, ...], typed: Mapping[str, str], desk: Desk) -> list[StockRow]:
    """Rows that were changed on the page and have left the list meanwhile: what was typed must not be lost."""
    shown = {row.variant_id for row in rows}
    wanted = {one for one in _ids(typed) if one not in shown and _is_changed(typed, one)}
    found = stock_of(session, variant_ids=wanted, store_ids=[desk.store.id]) if wanted else {}
    return [found[one] for one in sorted(found)]


def _read(typed: Mapping[str, str]) -> tuple[list[Count], dict[str, str]]:
    """The rows that differ from what the page had shown, and what is wrong in them."""
    counts, faults = [], {}
    for one in _ids(typed):
        if not _is_changed(typed, one):
            continue
        numbers = {}
        for name in FIELDS:
            value = _typed(typed, name, one)
            numbers[name] = whole_number(value, ON_HAND_MAX)
            if numbers[name] is None and (value or name != "alert_at"):
                faults[f"{name}-{one}"] = _("“%(text)s” is no number of units.", text=value)
        version = whole_number(typed.get(f"version-{one}", ""), ON_HAND_MAX)
        if numbers["on_hand"] is not None and numbers["safety"] is not None:
            counts.append(Count(one, Wanted(numbers["on_hand"], numbers["safety"], numbers["alert_at"]), version or 0))
    return counts, faults


def _ids(typed: Mapping[str, str]) -> list[int]:
    found = (whole_number(name.removeprefix("version-"), 2**31 - 1) for name in typed if name.startswith("version-"))
    return [one for one in found if one is not None]


def _is_changed(typed: Mapping[str, str], one: int) -> bool:
    return any(_typed(typed, name, one) != typed.get(f"was-{name}-{one}", "") for name in FIELDS)


def _typed(typed: Mapping[str, str], name: str, one: int) -> str:
    """A field as it was sent; one that was not is as it was shown."""
    return typed.get(f"{name}-{one}", typed.get(f"was-{name}-{one}", ""))


def _who_was_faster(error: StockChangedError) -> dict[str, str]:
    """For each of the goods that have moved since the page was opened: what is there now, and by whose act."""
    faults = {}
    with reading() as session:
        rows = stock_of(session, variant_ids=error.variants, store_ids=sorted(current_actor().store_ids))
        for one in error.variants:
            last = last_change(session, variant_id=one)
            told = {"sku": rows[one].sku, "now": rows[one].on_hand}
            if last is None:
                faults[f"on_hand-{one}"] = _("%(sku)s: %(now)s are on hand now. Count again.", **told)
                continue
            faults[f"on_hand-{one}"] = _(
                "%(sku)s: %(now)s are on hand now (%(why)s, %(who)s, %(at)s). Count again.",
                why=word("stock_reason", last.reason),
                who=name_of(session, last.made_by or ""),
                at=instant_zone(last.at),
                **told,
            )
    return faults


def _below_reserved(counts: list[Count]) -> dict[str, str]:
    with reading() as session:
        rows = stock_of(
            session,
            variant_ids=[one.variant_id for one in counts],
            store_ids=sorted(current_actor().store_ids),
        )
    return {
        f"on_hand-{one.variant_id}": say(StockReservedError(reserved=rows[one.variant_id].reserved))
        for one in counts
        if one.wanted.on_hand < rows[one.variant_id].reserved
    }


def _chosen(desk: Desk) -> StockFilter:
    return StockFilter(desk.store.id, StockView(choice_arg("view", set(StockView)) or StockView.ALL), text_arg("q"))


def _list_args() -> dict[str, Any]:
    return {name: request.args[name] for name in LIST_ARGS if request.args.get(name)}


def _tabs(desk: Desk, chosen: StockFilter, counts: Mapping[StockView, int]) -> list[dict[str, Any]]:
    names = {StockView.ALL: _("All"), StockView.LOW: _("Running low"), StockView.OUT: _("Sold out")}
    return [
        {
            "label": name,
            "href": url_for("seller.stock", view=view.value, store=desk.store_arg),
            "current": view is chosen.view,
            "count": counts[view],
        }
        for view, name in names.items()
    ]


def _chips(chosen: StockFilter) -> list[tuple[str, str]]:
    if not chosen.search:
        return []
    args = _list_args() | {"q": None, "cursor": None}
    return [(_("Search: %(words)s", words=chosen.search), url_for("seller.stock", **args))]
