"""Sections and search: lists that are narrowed, sorted and paged by their address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.blueprints.access import NotFoundError, public
from portal.blueprints.identity import current_channel, current_locale
from portal.blueprints.shop.blueprint import bp
from portal.blueprints.shop.cards import card_rate, shown
from portal.blueprints.shop.narrowing import Narrowing, chips, read_narrowing, sort_options
from portal.db import reading
from portal.formatting import number
from portal.htmx import page_or_partial
from portal.kit.paging import CursorInvalidError, Page
from portal.queries.catalogue import Card, Filters, Sort, list_products, long_enough, search_words
from portal.queries.products import StoreChoice, stores_of_sections
from portal.queries.sections import section_directory
from portal.rules.fx import FxRate

PARTIALS = {"goods": "shop/lists/_goods.html"}
QUERY_MAX = 100


@bp.get("/sections/<slug>")
@public
def section(slug: str) -> str:
    """Show what stands on a shelf, and on the shelves in it."""
    directory = section_directory()
    shelf = next((one for one in directory if one.slug == slug), None)
    if shelf is None:
        raise NotFoundError
    inside = [one for one in directory if one.parent_id == shelf.id]
    ids = (shelf.id, *(one.id for one in inside))
    with reading() as session:
        stores = stores_of_sections(session, channel_id=current_channel().id, section_ids=ids)
        narrowing = read_narrowing(Filters(section_ids=ids), stores=stores)
        page, rate = find(session, narrowing), card_rate(session)
    return page_or_partial(
        "shop/section.html",
        PARTIALS,
        shelf=shelf,
        inside=inside,
        current_section=slug,
        **list_values(page, narrowing, rate=rate, stores=stores),
    )


@bp.get("/search")
@public
def search() -> str:
    """Show what was searched for: by parts of words, in both languages."""
    query = " ".join(request.args.get("q", "").replace("\0", "").split())[:QUERY_MAX]
    words = search_words(query)
    if not long_enough(words):
        return render_template("shop/search.html", query=query, listed=None, too_short=bool(query))
    with reading() as session:
        narrowing = read_narrowing(Filters(words=words), usual=Sort.MATCH)
        page, rate = find(session, narrowing), card_rate(session)
    values = list_values(page, narrowing, rate=rate, usual=Sort.MATCH)
    return page_or_partial("shop/search.html", PARTIALS, query=query, too_short=False, **values)


def find(session: Any, narrowing: Narrowing) -> Page[Card]:
    """The page of an address; an old cursor is the first page, because somebody kept the link."""
    values: dict[str, Any] = {
        "channel_id": current_channel().id,
        "filters": narrowing.filters,
        "sort": narrowing.sort,
        "locale": current_locale(),
    }
    try:
        return list_products(session, cursor=narrowing.cursor, **values)
    except CursorInvalidError:
        return list_products(session, **values)


def list_values(
    page: Page[Card],
    narrowing: Narrowing,
    *,
    rate: FxRate | None,
    stores: Sequence[StoreChoice] = (),
    usual: Sort = Sort.NEW,
) -> dict[str, Any]:
    """What _goods.html and the form above it take."""
    total = page.total or 0
    counted = number(total) + ("+" if page.total_is_capped else "")
    return {
        "listed": page,
        "goods": shown(page.rows, rate),
        "currency": current_channel().currency,
        "stores": stores,
        "narrowing": narrowing,
        "sorts": sort_options(usual),
        "chosen_sort": "" if narrowing.sort is usual else str(narrowing.sort),
        "filter_chips": chips(narrowing, stores),
        "counted": ngettext("%(counted)s product", "%(counted)s products", total, counted=counted),
        "shown_text": _shown(page, counted),
    }


def _shown(page: Page[Card], counted: str) -> str:
    """Such as "51-100 of 1,204"."""
    if not page.rows:
        return ""
    first, last = page.rows[0].number, page.rows[-1].number
    return str(_("%(first)s–%(last)s of %(total)s", first=number(first), last=number(last), total=counted))
