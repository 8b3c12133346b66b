"""Many orders at once: confirming what was chosen, parcels from a file, and how far that is (S10, S11, S15)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.csv_files import csv_file
from portal.blueprints.desk import requires_in
from portal.blueprints.documents import pdf_answer
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.desk import Desk, around, desk_of, open_desk
from portal.blueprints.seller.label_words import as_run
from portal.blueprints.seller.orders import list_filter
from portal.blueprints.slips import slips_pdf
from portal.blueprints.uploads import read_upload
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.jobs.queue import enqueue_part_run
from portal.kit import clock
from portal.kit.errors import fill
from portal.queries.bulk_runs import RunView, goods_to_send, load_run
from portal.queries.labels import count_run
from portal.queries.store_order import load_store_order
from portal.queries.store_orders import StoreView, matching_parts
from portal.rules.csv_table import FileUnfitError, decode
from portal.rules.parcel_csv import COLUMNS, ParcelFile, read_parcels
from portal.rules.permissions import Permission, Scope
from portal.services.fulfilment.bulk_run import AT_ONCE_MAX, ITEMS_MAX, RunItem, begin_run, work_run
from portal.services.fulfilment.check_parcels import check_parcels

SHOWN_MAX = 200
SLIPS_MAX = 200


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/orders/acceptance", "orders_acceptance", accept, methods=["POST"])
    bp.add_url_rule("/orders/slips", "orders_slips", slips, methods=["POST"])
    bp.add_url_rule("/runs/<uuid:run_id>", "run", show)
    bp.add_url_rule("/parcels/import", "parcels_import", upload, methods=["GET", "POST"])
    bp.add_url_rule("/parcels", "parcels", apply, methods=["POST"])
    bp.add_url_rule("/parcels/template.csv", "parcels_template", template)


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def accept() -> ResponseReturnValue:
    """Confirm the chosen orders, or all that the list shows."""
    with reading() as session:
        desk = desk_of(session)
    # What was ticked and has left the list since is tried too: its row says why nothing was done.
    ticked = not request.form.get("all_matching")
    items = chosen_parts(desk, view=StoreView.ALL if ticked else StoreView.ACTION)
    if not items:
        return done(location=url_for("seller.orders", view=StoreView.ACTION.value, store=desk.store_arg))
    return begin(desk, "accept", items)


@requires_in(Permission.STORE_ORDER_VIEW, Scope.STORE)
def slips() -> Response:
    """A pick list and a slip for each of the chosen orders that may go on, as one PDF."""
    now, stores = clock.now(), sorted(current_actor().store_ids)
    with reading() as session:
        desk = desk_of(session)
        view = StoreView.TO_SEND if request.args.get("view") == StoreView.TO_SEND.value else StoreView.ACTION
        wanted = None if request.form.get("all_matching") else _ids(request.form.getlist("ids"))
        # What was ticked and has left the list since stands on the pick list with the reason.
        view = view if wanted is None else StoreView.ALL
        found = matching_parts(session, chosen=list_filter(desk, now, view=view), ids=wanted, limit=SLIPS_MAX)
        orders = [load_store_order(session, part_id=part_id, store_ids=stores, now=now) for part_id, _number in found]
    known = [order for order in orders if order is not None]
    if not known:
        raise NotFoundError
    store = translated(dict(desk.store.name))
    return pdf_answer(*slips_pdf(known, store=store, name=f"slips-{desk.store.slug}"))


@requires_in(Permission.STORE_ORDER_VIEW, Scope.STORE)
def show(run_id: uuid.UUID) -> ResponseReturnValue:
    """How far a run is; it goes on whoever looks."""
    with reading() as session:
        run = load_run(session, run_id=run_id, store_ids=sorted(current_actor().store_ids))
        if run is None:
            raise NotFoundError
        if run.kind == "label":
            run = as_run(run, count_run(session, run_id=run_id))
        desk = open_desk(session, clock.now(), store_id=run.store_id)
    return page_or_partial(
        "seller/orders/run.html",
        {"run": "seller/orders/_run.html"},
        run=run,
        failures=_failures(run),
        **around(desk, "seller.orders"),
    )


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def upload() -> ResponseReturnValue:
    """A file of parcels, shown with what is wrong with it before anything is written."""
    with reading() as session:
        desk = desk_of(session)
    values: dict[str, Any] = {"text": "", "fit": (), "known": 0, "problems": (), "refused": None}
    status = 200
    if request.method == "POST":
        content = read_upload()
        try:
            text = decode(content)
            values |= {"text": text} | _checked(desk, read_parcels(text))
        except FileUnfitError as error:
            values["refused"], status = say(error), error.status
    page = render_template(
        "seller/orders/parcels_import.html",
        columns=COLUMNS,
        shown_max=SHOWN_MAX,
        **values,
        **around(desk, "seller.orders"),
    )
    return page, status


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def apply() -> ResponseReturnValue:
    """Send the parcels of the file that fit; those that were told of before are left alone."""
    with reading() as session:
        desk = desk_of(session)
    checked = _checked(desk, read_parcels(decode(request.form.get("text", "").encode())))
    items = checked["fit"]
    if not items:
        flash(_("Nothing of this file is left to be sent."), "success" if checked["known"] else "error")
        return done(location=url_for("seller.parcels_import", store=desk.store_arg))
    return begin(desk, "ship", items)


@requires_in(Permission.STORE_ORDER_FULFIL, Scope.STORE)
def template() -> Response:
    """What is to be sent, with the two columns to be filled in."""
    with reading() as session:
        desk = desk_of(session)
        goods = goods_to_send(session, store_id=desk.store.id, limit=ITEMS_MAX)
    rows = [(number, sku, left, "", "", translated(dict(name))) for number, sku, name, left in goods]
    return csv_file(f"parcels-{desk.store.slug}.csv", (*COLUMNS, "goods"), rows)


def begin(desk: Desk, kind: str, items: Sequence[RunItem]) -> ResponseReturnValue:
    """Take many orders a step on: few while one waits, more by a worker."""
    actor, now = current_actor(), clock.now()
    run_id = atomically(
        lambda session: begin_run(session, store_id=desk.store.id, kind=kind, items=items, actor=actor, now=now)
    )
    if len(items) > AT_ONCE_MAX:
        enqueue_part_run(run_id)
    else:
        while atomically(lambda session: work_run(session, run_id=run_id, now=clock.now())):
            pass
    return done(location=url_for("seller.run", run_id=run_id))


def chosen_parts(desk: Desk, *, view: StoreView | None = None) -> list[RunItem]:
    """The orders that were ticked, or all that the list shows."""
    if view is None:
        view = StoreView.TO_SEND if request.args.get("view") == StoreView.TO_SEND.value else StoreView.ACTION
    ids = [*request.form.getlist("ids"), *request.form.get("chosen", "").split()]
    with reading() as session:
        found = matching_parts(
            session,
            chosen=list_filter(desk, clock.now(), view=view),
            ids=None if request.form.get("all_matching") else _ids(ids),
            limit=ITEMS_MAX,
        )
    return [RunItem(part_id, number) for part_id, number in found]


def _ids(texts: Sequence[str]) -> list[uuid.UUID]:
    found = []
    for text in texts[:ITEMS_MAX]:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


def _checked(desk: Desk, file: ParcelFile) -> dict[str, Any]:
    """The parcels of the file that this store can send, and what is wrong with the others in words."""
    with reading() as session:
        checked = check_parcels(session, file, store_id=desk.store.id, now=clock.now())
    problems = [(one.row, one.order, say(one.refusal)) for one in checked.problems]
    return {"fit": checked.fit, "known": checked.known, "problems": problems}


def _failures(run: RunView) -> list[dict[str, Any]]:
    return [{**one, "why": fill(gettext(one["sentence"]), one["params"])} for one in list(run.failed)[:SHOWN_MAX]]
