"""One product on each channel: sold or not, prices for a time, texts and units of its own, what came there (CHN-03)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.desk import requires_in
from portal.blueprints.identity import current_actor
from portal.blueprints.override_words import decision_rows
from portal.blueprints.seller.desk import around, open_desk
from portal.blueprints.seller.fulfil_words import name_of
from portal.blueprints.shelves import shelf_choices
from portal.blueprints.versions import shown_version
from portal.db import atomically, reading
from portal.formatting import instant_in
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.moments import read_moment
from portal.kit.money import parse_minor
from portal.queries.channel_goods import locals_of, notes_of_product, variants_here, windows_of
from portal.queries.channels import ChannelView, channel_directory, selling_channels
from portal.queries.house_rules import decisions_of
from portal.queries.store_products import EditableProduct, load_editable
from portal.rules.csv_table import whole_number
from portal.rules.permissions import Permission, Scope, may
from portal.rules.products import LANGUAGES
from portal.rules.stock import ON_HAND_MAX
from portal.services.catalogue.assign_products import assign_products
from portal.services.catalogue.local_product import LocalTexts, LocalTextsUnfitError, save_local_texts
from portal.services.catalogue.price_windows import end_window, save_window
from portal.services.stock.set_aside_stock import set_aside_stock

TEXT_MAX = 6_000
Faults = Mapping[str, str]


def hang(bp: Blueprint) -> None:
    path = "/products/<int:product_id>/channels"
    bp.add_url_rule(path, "product_channels", show)
    bp.add_url_rule(f"{path}/<int:channel_id>/sale", "product_channel_sale", switch, methods=["POST"])
    bp.add_url_rule(f"{path}/<int:channel_id>/texts", "product_channel_texts", save_texts, methods=["POST"])
    bp.add_url_rule(f"{path}/<int:channel_id>/units", "product_channel_units", save_units, methods=["POST"])
    bp.add_url_rule(f"{path}/prices", "product_channel_price", add_price, methods=["POST"])
    bp.add_url_rule(f"{path}/prices/<int:window_id>/end", "product_channel_price_end", end_price, methods=["POST"])


@requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
def show(product_id: int) -> ResponseReturnValue:
    """The product on each channel."""
    return _page(_load(product_id))


@requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
def switch(product_id: int, channel_id: int) -> ResponseReturnValue:
    """Sell it on a channel, or no more."""
    product, place = _load(product_id), _place(channel_id)
    is_sold = request.form.get("sold") == "1"
    actor, now = current_actor(), clock.now()
    assigned = atomically(
        lambda s: assign_products(
            s, channel_id=place.id, product_ids=[product.id], is_sold=is_sold, actor=actor, now=now
        )
    )
    if assigned.unpriced:
        return _page(product, problem=_("Give the goods their usual price on this channel first."), status=409)
    flash(
        _("Sold on %(channel)s.", channel=translated(place.name))
        if is_sold
        else _("Not sold on %(channel)s any more.", channel=translated(place.name)),
        "success",
    )
    return done(location=url_for("seller.product_channels", product_id=product.id))


@requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
def save_texts(product_id: int, channel_id: int) -> ResponseReturnValue:
    """Keep what the channel says in its own words, and whether it follows the master by hand."""
    product, place = _load(product_id), _place(channel_id)
    section = request.form.get("section", "")
    texts = LocalTexts(
        {code: " ".join(_typed(f"name-{code}").split()) for code in LANGUAGES},
        {code: _typed(f"description-{code}").replace("\r\n", "\n").strip() for code in LANGUAGES},
        whole_number(section, 2**31 - 1),
        request.form.get("manual") == "1",
    )
    actor, now, version, why = current_actor(), clock.now(), shown_version(), _typed("why")
    return _done_or_told(
        product,
        lambda s: save_local_texts(
            s, product_id=product.id, channel_id=place.id, version=version, texts=texts, why=why, actor=actor, now=now
        ),
        place=place,
    )


@requires_in(Permission.STOCK_EDIT, Scope.STORE)
def save_units(product_id: int, channel_id: int) -> ResponseReturnValue:
    """Set units aside for a channel, variant by variant, all or none."""
    product, place = _load(product_id), _place(channel_id)
    actor, now = current_actor(), clock.now()
    wanted, faults = [], {}
    for one in product.variants:
        numbers = []
        for name in ("kept", "floor"):
            field = f"{name}-{channel_id}-{one.id}"
            typed = request.form.get(field)
            if typed is None:
                continue
            number = whole_number(typed.strip() or "0", ON_HAND_MAX)
            if number is None:
                faults[field] = _("“%(text)s” is no number of units.", text=typed[:20])
            numbers.append(number)
        if len(numbers) == 2:  # Both fields of the variant were sent.
            wanted.append((one.id, numbers[0], numbers[1]))
    if faults:
        return _page(product, faults=faults, place=place, status=422)

    def write(session: Session) -> None:
        for variant_id, kept, floor in wanted:
            assert kept is not None
            assert floor is not None
            set_aside_stock(
                session, variant_id=variant_id, channel_id=place.id, kept=kept, floor=floor, actor=actor, now=now
            )

    return _done_or_told(product, write, place=place)


@requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
def add_price(product_id: int) -> ResponseReturnValue:
    """Let a price hold for a time."""
    product = _load(product_id)
    place = channel_directory().channels.get(request.form.get("channel", ""))
    if place is None:
        raise NotFoundError
    zone = ZoneInfo(place.time_zone)
    variant = whole_number(request.form.get("variant", ""), 2**31 - 1)
    ids = [one.id for one in product.variants if one.state == "active" and variant in (None, one.id)]
    actor, now = current_actor(), clock.now()
    begins = read_moment(_typed("from"), zone) if _typed("from") else now
    ends = read_moment(_typed("until"), zone)
    faults = {}
    if begins is None:
        faults["from"] = _("Write a moment like 2026-11-28 09:00.")
    if ends is None:
        faults["until"] = _("Write a moment like 2026-11-28 09:00.")
    amount = 0
    try:
        amount = parse_minor(_typed("price"), place.currency)
    except PortalError as error:
        faults["price"] = say(error)
    if begins is None or ends is None or faults or not ids:
        return _page(product, faults=faults, status=422)
    first, last = begins, ends

    def write(session: Session) -> None:
        for one in ids:
            save_window(
                session,
                variant_id=one,
                channel_id=place.id,
                amount_minor=amount,
                valid_from=first,
                valid_until=last,
                actor=actor,
                now=now,
            )

    saved = None
    if first > now:
        saved = _("Saved; the price holds from %(when)s.", when=instant_in(first, zone))
    return _done_or_told(product, write, saved=saved)


@requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
def end_price(product_id: int, window_id: int) -> ResponseReturnValue:
    """End a price that holds, or take back one that has not begun."""
    product = _load(product_id)
    actor, now = current_actor(), clock.now()
    return _done_or_told(
        product, lambda s: end_window(s, window_id=window_id, product_id=product.id, actor=actor, now=now)
    )


def _done_or_told(
    product: EditableProduct,
    write: Callable[[Session], None],
    *,
    place: ChannelView | None = None,
    saved: str | None = None,
) -> ResponseReturnValue:
    """Write and go back to the page, or show what was refused; `saved` is said of what does not hold at once."""
    try:
        atomically(write)
    except LocalTextsUnfitError as error:
        assert place is not None  # The form of a channel's texts.
        faults = {f"{name}-{place.code}": gettext(words) for name, words in error.faults.items()}
        return _page(product, faults=faults, place=place, status=error.status)
    except PortalError as error:
        return _page(product, problem=say(error), place=place, status=error.status)
    flash(saved or _("Saved; it holds at once."), "success")
    return done(location=url_for("seller.product_channels", product_id=product.id))


def _typed(name: str) -> str:
    return request.form.get(name, "").replace("\0", "").strip()[:TEXT_MAX]


def _place(channel_id: int) -> ChannelView:
    found = next((one for one in selling_channels() if one.id == channel_id), None)
    if found is None:
        raise NotFoundError
    return found


def _load(product_id: int) -> EditableProduct:
    with reading() as session:
        product = load_editable(session, product_id=product_id, store_ids=sorted(current_actor().store_ids))
    if product is None:
        raise NotFoundError
    return product


def _page(
    product: EditableProduct,
    *,
    faults: Faults | None = None,
    problem: str | None = None,
    place: ChannelView | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    """The page; what was typed into a form that was refused stands in it again."""
    now = clock.now()
    with reading() as session:
        desk = open_desk(session, now, store_id=product.store_id)
        here: dict[int, list[Any]] = {}
        for one in variants_here(session, product_id=product.id):
            here.setdefault(one.channel_id, []).append(one)
        values: dict[str, Any] = {
            "locals": locals_of(session, product_id=product.id),
            "windows": windows_of(session, product_id=product.id, now=now),
            "notes": notes_of_product(session, product_id=product.id),
        }
        decisions = decisions_of(session, product_id=product.id)
        acted = {one.by for one in (*values["notes"], *decisions)} | {one.made_by for one in values["windows"]}
        names = {by: name_of(session, by) for by in acted}
    page = render_template(
        "seller/products/channels.html",
        product=product,
        sold_here=here,
        places=selling_channels(),
        by_id={one.id: one for one in channel_directory().channels.values()},
        variants={one.id: one for one in product.variants},
        shelves=shelf_choices(),
        languages=[("en", _("English")), ("ko", _("Korean"))],
        typed=request.form if status != 200 else {},  # The page as it opens has nothing typed.
        typed_at=place.id if place else None,
        faults=faults or {},
        problem=problem,
        now=now,
        may_count=may(current_actor(), Permission.STOCK_EDIT, store_id=product.store_id),
        actor_word=lambda by: names[by],
        decided={
            one.id: decision_rows([row for row in decisions if row.channel_id == one.id], lambda by: names[by])
            for one in selling_channels()
        },
        **values,
        **around(desk, "seller.products"),
    )
    return page, status
