"""What a list's address says: filters, sort, page; and the same said back in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import request
from flask_babel import gettext as _

from portal.blueprints.context import translated
from portal.blueprints.identity import current_channel
from portal.formatting import here, money
from portal.kit.money import AmountInvalidError, parse_minor
from portal.queries.catalogue import Filters, Sort
from portal.queries.products import StoreChoice


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The choices of an address. `unread` names the price fields that hold no amount."""

    filters: Filters
    sort: Sort
    cursor: str | None
    store: str
    unread: tuple[str, ...]


def read_narrowing(base: Filters, *, stores: Sequence[StoreChoice] = (), usual: Sort = Sort.NEW) -> Narrowing:
    """Read the address. What makes no sense there is left out: somebody typed it, and the list says what it shows."""
    bounds: dict[str, int | None] = {}
    unread = []
    for name in ("min", "max"):
        try:
            bounds[name] = _amount(request.args.get(name, ""))
        except AmountInvalidError:
            bounds[name] = None
            unread.append(name)
    low, high = bounds["min"], bounds["max"]
    if low is not None and high is not None and low > high:
        low, high = high, low
    wanted = request.args.get("store", "")
    store = next((one for one in stores if one.slug == wanted), None)
    asked = request.args.get("sort", "")
    offered = [*SORTS, Sort.MATCH] if usual is Sort.MATCH else list(SORTS)
    filters = replace(
        base,
        store_id=store.id if store else base.store_id,
        price_min=low,
        price_max=high,
        in_stock=request.args.get("stock") == "1",
    )
    return Narrowing(
        filters=filters,
        sort=Sort(asked) if asked in offered else usual,
        cursor=request.args.get("cursor"),
        store=store.slug if store else "",
        unread=tuple(unread),
    )


SORTS = (Sort.NEW, Sort.PRICE_UP, Sort.PRICE_DOWN, Sort.NAME)


def sort_options(usual: Sort) -> list[tuple[str, str]]:
    """The ways to sort, in words; the usual one has no word in the address."""
    words = {
        Sort.MATCH: _("Best match"),
        Sort.NEW: _("Newest first"),
        Sort.PRICE_UP: _("Price: low to high"),
        Sort.PRICE_DOWN: _("Price: high to low"),
        Sort.NAME: _("Name"),
    }
    offered = [usual, *(each for each in SORTS if each is not usual)]
    return [("" if each is usual else str(each), words[each]) for each in offered]


def chips(narrowing: Narrowing, stores: Sequence[StoreChoice]) -> list[tuple[str, str]]:
    """Active filters in words, each with the address that takes it away (S05)."""
    currency = current_channel().currency
    filters = narrowing.filters
    found = []
    if narrowing.store:
        name = next(translated(dict(one.name)) for one in stores if one.slug == narrowing.store)
        found.append((name, here(store=None, cursor=None)))
    if filters.price_min is not None:
        amount = money(filters.price_min, currency)
        found.append((_("from %(amount)s", amount=amount), here(min=None, cursor=None)))
    if filters.price_max is not None:
        amount = money(filters.price_max, currency)
        found.append((_("up to %(amount)s", amount=amount), here(max=None, cursor=None)))
    if filters.in_stock:
        found.append((_("in stock"), here(stock=None, cursor=None)))
    return found


def _amount(text: str) -> int | None:
    return parse_minor(text, current_channel().currency) if text.strip() else None
