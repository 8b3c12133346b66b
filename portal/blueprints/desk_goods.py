"""What a channel sells, which the desks of stores and of the mall share: by ticks, by shelf, by file (CHN-03)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.csv_files import csv_file
from portal.blueprints.desk import choice_arg, text_arg
from portal.blueprints.desk_words import actor_word
from portal.blueprints.identity import current_actor
from portal.blueprints.shelves import shelf_choices
from portal.blueprints.uploads import read_upload
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_
from portal.queries.channel_goods import (
    SOLD,
    GoodsFilter,
    GoodsRow,
    goods_ids,
    list_goods,
    notes_of_channel,
)
from portal.queries.channels import ChannelView, channel_directory
from portal.rules.channel_goods import COLUMNS, Outcome
from portal.rules.csv_table import FileUnfitError, decode
from portal.services.catalogue.apply_assignments import RowRefusedError, apply_assignments
from portal.services.catalogue.assign_products import AT_ONCE_MAX, assign_products
from portal.services.catalogue.check_assignments import check_assignments

View = Callable[..., ResponseReturnValue]
SHOWN_MAX = 200
LIST_ARGS = ("sold", "section", "q", "outcome", "cursor")
UNFIT = Rejection("ROWS_UNFIT", N_("Some rows of the file cannot be used."))


@dataclass(frozen=True, slots=True)
class Entered:
    """A desk that was opened. `store_id` None is the mall's, which sees every store's goods."""

    store_id: int | None
    frame: Mapping[str, Any]
    store_arg: str | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A desk before it is opened: who comes in, to the pages of a channel and to files for all of them.

    `seen` are the channels that he who asks sees; None is all.
    """

    blueprint: str
    guard: Callable[[View], View]
    guard_files: Callable[[View], View]
    enter: Callable[[Session], Entered]
    seen: Callable[[], frozenset[int] | None] = lambda: None

    def to(self, name: str, **values: Any) -> str:
        return url_for(f"{self.blueprint}.{name}", **values)


def hang(bp: Blueprint, area: Area) -> None:
    """Give a desk its routes."""
    rules: tuple[tuple[str, str, Callable[..., ResponseReturnValue], str], ...] = (
        ("<int:channel_id>/goods", "channel_goods", _index, "GET"),
        ("<int:channel_id>/goods/assignment", "channel_goods_assignment", _assign, "POST"),
        ("<int:channel_id>/goods/notes.csv", "channel_goods_notes", _notes_file, "GET"),
        ("goods/import", "channel_goods_import", _upload, "GET"),
        ("goods/import", "channel_goods_look", _upload, "POST"),
        ("goods/rows", "channel_goods_rows", _apply, "POST"),
        ("goods/template.csv", "channel_goods_template", _template, "GET"),
    )
    for path, name, view, method in rules:
        guard = area.guard if "channel_id" in path else area.guard_files
        bp.add_url_rule(f"/channels/{path}", name, guard(partial(view, area)), methods=[method])


def _channel(channel_id: int) -> ChannelView:
    for one in channel_directory().channels.values():
        if one.id == channel_id:
            return one
    raise NotFoundError


def _chosen(channel_id: int, store_id: int | None) -> GoodsFilter:
    section = choice_arg("section", {key for key, _name in shelf_choices()})
    return GoodsFilter(
        channel_id, choice_arg("sold", SOLD) or "", int(section) if section else None, text_arg("q"), store_id
    )


def _index(area: Area, channel_id: int) -> ResponseReturnValue:
    """The products of the mall as a channel has them, and what came to it of changes."""
    place = _channel(channel_id)
    outcome = choice_arg("outcome", set(Outcome)) or ""
    with reading() as session:
        desk = area.enter(session)
        chosen = _chosen(channel_id, desk.store_id)
        found = list_goods(session, chosen=chosen, cursor=request.args.get("cursor"))
        notes = notes_of_channel(session, channel_id=channel_id, outcome=outcome, store_id=desk.store_id)
    args = _asked()
    chips = []
    if chosen.search:
        chips.append(
            (
                _("Search: %(words)s", words=chosen.search),
                area.to("channel_goods", channel_id=channel_id, **{**args, "q": None}),
            )
        )
    return page_or_partial(
        "desk/goods/index.html",
        {"goods": "desk/goods/_list.html"},
        area=area,
        place=place,
        found=found,
        chosen=chosen,
        chips=chips,
        notes=notes,
        outcome=outcome,
        outcomes=[one.value for one in Outcome],
        shelves=shelf_choices(),
        list_args=args,
        clear_href=area.to("channel_goods", channel_id=channel_id, store=desk.store_arg),
        places=_places_shown(area.seen()),
        takes_files=area.seen() is None,
        tabs=[
            {
                "label": translated(one.name),
                "href": area.to("channel_goods", channel_id=one.id, store=desk.store_arg),
                "current": one.id == channel_id,
            }
            for one in _places_shown(area.seen()).values()
        ],
        state_of=_state_of,
        actor_word=actor_word,
        **desk.frame,
    )


def _assign(area: Area, channel_id: int) -> ResponseReturnValue:
    """Sell the chosen products on the channel, or no more."""
    _channel(channel_id)
    is_sold = request.form.get("do") != "stop"
    with reading() as session:
        desk = area.enter(session)
        if request.form.get("all_matching"):
            ids = list(goods_ids(session, chosen=_chosen(channel_id, desk.store_id), limit=AT_ONCE_MAX))
        else:
            typed = request.form.getlist("ids")[:AT_ONCE_MAX]
            ids = [int(one) for one in typed if one.isascii() and one.isdigit() and len(one) < 10]
    actor, now = current_actor(), clock.now()
    assigned = atomically(
        lambda s: assign_products(s, channel_id=channel_id, product_ids=ids, is_sold=is_sold, actor=actor, now=now)
    )
    told = (
        ngettext("%(num)s product is sold here now.", "%(num)s products are sold here now.", assigned.changed)
        if is_sold
        else ngettext(
            "%(num)s product is not sold here any more.",
            "%(num)s products are not sold here any more.",
            assigned.changed,
        )
    )
    flash(told, "success")
    if assigned.unpriced:
        without = len(assigned.unpriced)
        flash(
            ngettext(
                "%(num)s product has no price on this channel and cannot be sold: give it one first.",
                "%(num)s products have no price on this channel and cannot be sold: give them one first.",
                without,
            ),
            "warning",
        )
    return done(location=area.to("channel_goods", channel_id=channel_id, **_asked(but=())))


def _asked(*, but: tuple[str, ...] = ("cursor",)) -> dict[str, Any]:
    """The list's own arguments of this address."""
    return {name: request.args[name] for name in LIST_ARGS if name in request.args and name not in but}


def _notes_file(area: Area, channel_id: int) -> Response:
    """What came to a channel of changes, as a file."""
    place = _channel(channel_id)
    with reading() as session:
        desk = area.enter(session)
        notes = notes_of_channel(session, channel_id=channel_id, store_id=desk.store_id, limit=AT_ONCE_MAX)
    rows = [
        (
            one.at.isoformat(),
            place.code,
            one.product_id,
            translated(one.name),
            one.what,
            one.outcome,
            str(one.detail),
            one.by,
        )
        for one in notes
    ]
    return csv_file(
        f"catalogue-{place.code}.csv", ("at", "channel", "product", "name", "what", "outcome", "detail", "by"), rows
    )


def _upload(area: Area) -> ResponseReturnValue:
    """A file of what channels sell, shown with what is wrong with it before anything is written."""
    with reading() as session:
        desk = area.enter(session)
    if request.method == "GET":
        return _page(area, desk, {}, None)
    content = read_upload()
    try:
        text = decode(content)
        return _page(area, desk, {"text": text} | _checked(desk, text), None)
    except PortalError as error:
        return _page(area, desk, {}, error)


def _apply(area: Area) -> ResponseReturnValue:
    """Carry out a file without faults, whole or not at all."""
    with reading() as session:
        desk = area.enter(session)
    text = request.form.get("text", "")
    actor, now = current_actor(), clock.now()
    try:
        checked = _checked(desk, text)
        if checked["problems"]:
            return _page(area, desk, {"text": text} | checked, FileUnfitError(UNFIT))
        count = atomically(
            lambda s: apply_assignments(s, rows=checked["rows"], variants=checked["variants"], actor=actor, now=now)
        )
    except PortalError as error:
        return _page(area, desk, {"text": text}, error)
    flash(ngettext("%(num)s row is taken over.", "%(num)s rows are taken over.", count), "success")
    return done(location=area.to("channel_goods_import", store=desk.store_arg))


def _template(area: Area) -> Response:
    """An empty file with an example of each kind of row."""
    del area  # It is the same on each desk.
    code = next(iter(channel_directory().channels), "")
    currency = channel_directory()[code].currency if code else ""
    rows = [
        ("SKU-1", code, "yes", "", "", "", ""),
        ("SKU-2", code, "", currency, "10000", "2026-12-01 09:00", "2026-12-08 00:00"),
    ]
    return csv_file("channel-goods.csv", COLUMNS, rows)


def _checked(desk: Entered, text: str) -> dict[str, Any]:
    with reading() as session:
        found = check_assignments(session, text=text, store_id=desk.store_id)
    told = [(one.row, one.sku, say(one.refusal)) for one in found.problems]
    return {"rows": found.rows, "variants": found.variants, "problems": told}


def _page(area: Area, desk: Entered, values: dict[str, Any], error: PortalError | None) -> ResponseReturnValue:
    known = {"text": "", "rows": (), "problems": ()}
    refused = say(error) if error else None
    if isinstance(error, RowRefusedError):
        refused = f"{refused} {say(error.reason)}"
    page = render_template(
        "desk/goods/import.html",
        area=area,
        columns=COLUMNS,
        shown_max=SHOWN_MAX,
        refused=refused,
        places=_places_shown(),
        store_arg=desk.store_arg,
        **(known | values),
        **desk.frame,
    )
    return page, error.status if error else 200


def _places_shown(seen: frozenset[int] | None = None) -> dict[int, ChannelView]:
    found = {one.id: one for one in channel_directory().channels.values() if one.state != "closed"}
    return {key: one for key, one in found.items() if seen is None or key in seen}


def _state_of(row: GoodsRow) -> str:
    if not row.is_priced:
        return "unpriced"
    return "sold" if row.is_sold else "not_sold"
