"""The store's products: found, made, changed, and looked at as buyers see them (CAT-01, S04-S06, S18, S22)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from portal.blueprints.access import NotFoundError
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.desk import choice_arg, requires_in, text_arg
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.desk import Desk, around, desk_of, open_desk
from portal.blueprints.seller.fulfil_words import name_of
from portal.blueprints.seller.product_form import (
    ProductForm,
    fill_prices,
    opened,
    read,
    sent,
    tell,
)
from portal.blueprints.shelves import shelf_choices
from portal.blueprints.shop.cards import picture_url
from portal.blueprints.shop.product import show_preview
from portal.blueprints.uploads import ACCEPT_PICTURES, read_files, takes_files
from portal.db import atomically, reading
from portal.formatting import instant_zone
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.file_kinds import PICTURES, FileRefusedError, TooManyFilesError
from portal.kit.ids import new_token
from portal.queries.channels import selling_channels
from portal.queries.store_products import (
    EditableProduct,
    ProductFilter,
    count_product_states,
    list_store_products,
    load_editable,
)
from portal.rules.csv_table import whole_number
from portal.rules.permissions import Permission, Scope, may
from portal.rules.products import LANGUAGES, OPTIONS_MAX, ProductEdit, ProductState
from portal.rules.stock import Reason, Wanted
from portal.services.catalogue.edit_product import (
    ProductChangedError,
    create_product,
    edit_product,
    find_faults,
    keep_photos,
)
from portal.services.stock.count_stock import Count, count_stock


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/products", "products", index)
    bp.add_url_rule("/products/new", "product_new", new)
    bp.add_url_rule("/products/new", "product_create", create, methods=["POST"])
    bp.add_url_rule("/products/<int:product_id>", "product", edit)
    bp.add_url_rule("/products/<int:product_id>", "product_save", save, methods=["POST"])
    bp.add_url_rule("/products/<int:product_id>/preview", "product_preview", preview)


@requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
def index() -> ResponseReturnValue:
    """What the store sells, sells no more and has not sold yet."""
    with reading() as session:
        desk = open_desk(session, clock.now())
        if desk is None:
            return render_template("seller/no_store.html", **around(None, "seller.products"))
        chosen = _chosen(desk)
        found = list_store_products(session, chosen=chosen, cursor=request.args.get("cursor"))
        counts = count_product_states(session, store_id=desk.store.id)
    chips = []
    args: dict[str, Any] = {name: value for name, value in request.args.items() if name != "cursor"}
    if chosen.search:
        chips.append((_("Search: %(words)s", words=chosen.search), url_for(".products", **{**args, "q": None})))
    if chosen.section_id is not None:
        name = next((text for key, text in shelf_choices() if key == str(chosen.section_id)), "")
        chips.append((name, url_for(".products", **{**args, "section": None})))
    return page_or_partial(
        "seller/products/index.html",
        {"products": "seller/products/_list.html"},
        found=found,
        chosen=chosen,
        chips=chips,
        clear_href=url_for(".products", state=chosen.state, store=desk.store_arg),
        tabs=_tabs(desk, chosen, counts),
        shelves=shelf_choices(),
        first_channel=next((one.id for one in selling_channels()), None),
        picture_url=picture_url,
        **around(desk, "seller.products"),
    )


@requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
def new() -> ResponseReturnValue:
    """An empty form."""
    with reading() as session:
        return _page(session, desk_of(session), None, opened(None), key=new_token())


@requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
def edit(product_id: int) -> ResponseReturnValue:
    """A product's form as it is now."""
    with reading() as session:
        product = _load(session, product_id)
        return _page(session, _desk(session, product), product, opened(product))


@requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
@takes_files
def create() -> ResponseReturnValue:
    """Make a product; pressing twice makes one."""
    with reading() as session:
        desk = desk_of(session)
    return _take(desk.store.id, None)


@requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
@takes_files
def save(product_id: int) -> ResponseReturnValue:
    """Change a product, unless somebody else has done so meanwhile."""
    with reading() as session:
        product = _load(session, product_id)
    return _take(product.store_id, product)


@requires_in(Permission.PRODUCT_EDIT, Scope.STORE)
def preview(product_id: int) -> ResponseReturnValue:
    """A product as buyers of this channel would see it, whatever its state."""
    with reading() as session:
        product = _load(session, product_id)
    return show_preview(product.slug, back=url_for(".product", product_id=product_id))


def _take(store_id: int, product: EditableProduct | None) -> ResponseReturnValue:
    """What was sent: pictures are kept first, so that nothing has to be uploaded twice."""
    typed = MultiDict(request.form.items(multi=True))
    faults: dict[str, str] = {}
    added: list[str] = []
    now, actor = clock.now(), current_actor()
    try:
        files = read_files("files", taken=PICTURES)
        if files:
            added = atomically(lambda s: keep_photos(s, store_id=store_id, files=files, actor=actor, now=now))
    except (FileRefusedError, TooManyFilesError) as error:
        faults["files"] = say(error)
    form = sent(typed, product, added)
    form.faults.update(faults)
    if typed.get("do") == "fill":
        fill_prices(form)
    if typed.get("do", "save") != "save":
        return _again(store_id, product, form)
    wanted = read(form)
    refusal: PortalError | None = None
    if not form.faults:
        version = whole_number(typed.get("version", ""), 2**31 - 1) or 0
        try:
            product_id = atomically(lambda s: _write(s, store_id, product, version, wanted, form))
        except PortalError as error:
            refusal = error
            tell(form, error)
        else:
            flash(_("The product is saved."), "success")
            return done(location=url_for(".product", product_id=product_id))
    # Whoever is refused anyway learns of everything at once.
    with reading() as session:
        for fault in find_faults(session, edit=wanted, store_id=store_id, before=product):
            tell(form, fault)
    status = refusal.status if refusal else 422
    return _again(store_id, product, form, status=status, changed=isinstance(refusal, ProductChangedError))


def _write(
    session: Session,
    store_id: int,
    product: EditableProduct | None,
    version: int,
    wanted: ProductEdit,
    form: ProductForm,
) -> int:
    actor, now = current_actor(), clock.now()
    if product is None:
        key = form.typed.get("key", "")
        return create_product(session, store_id=store_id, edit=wanted, key=key, actor=actor, now=now)
    edit_product(session, product_id=product.id, version=version, edit=wanted, actor=actor, now=now)
    counts = _counts(wanted, form) if may(actor, Permission.STOCK_EDIT, store_id=store_id) else []
    if counts:
        count_stock(session, counts=counts, reason=Reason.COUNT, note="", actor=actor, now=now)
    return product.id


def _counts(wanted: ProductEdit, form: ProductForm) -> list[Count]:
    """Units of known variants that were typed over."""
    counts = []
    on_hand = {one.id: one.on_hand for one in wanted.variants if one.id is not None}
    for row in form.rows:
        known = row.known
        value = on_hand.get(known.id) if known else None
        if known is None or value is None or form.typed.get(f"was-stock-{row.key}") == str(value):
            continue
        seen = whole_number(form.typed.get(f"stock-version-{row.key}", ""), 2**31 - 1)
        counts.append(Count(known.id, Wanted(value, known.safety, known.alert_at), seen or 0))
    return counts


def _again(
    store_id: int, product: EditableProduct | None, form: ProductForm, *, status: int = 200, changed: bool = False
) -> ResponseReturnValue:
    """The form with all that was typed; after somebody else's change also with what differs from it now."""
    with reading() as session:
        fresh = _load(session, product.id) if product else None
        desk = open_desk(session, clock.now(), store_id=store_id)
        assert desk is not None
        version = fresh.version if fresh and changed else None
        told = _who(session, fresh) if fresh and changed else None
        differs = _differs(fresh, form) if fresh and changed else []
        key = form.typed.get("key", "")
        page = _page(session, desk, fresh, form, key=key, version=version, told=told, differs=differs)
    return page, status


def _who(session: Session, product: EditableProduct) -> str:
    told: str = _(
        "%(who)s changed this product on %(at)s. Nothing was saved by you; what you typed is still here.",
        who=name_of(session, product.changed_by or ""),
        at=instant_zone(product.updated_at),
    )
    return told


def _differs(product: EditableProduct, form: ProductForm) -> list[tuple[str, str, str]]:
    """Field by field: what is saved now and what is typed here."""
    labels = {"name-en": _("Name, English"), "name-ko": _("Name, Korean"), "state": _("State")}
    labels |= {"description-en": _("Description, English"), "description-ko": _("Description, Korean")}
    labels |= {"customs-code": _("Customs code")}
    for row in form.rows:
        labels[f"sku-{row.key}"] = _("SKU of %(name)s", name=row.label)
        for one in selling_channels():
            name = _("%(name)s, price in %(place)s", name=row.label, place=translated(one.name))
            labels[f"price-{row.key}-{one.code}"] = name
    now = opened(product).typed
    return [
        (label, now.get(name, ""), form.typed.get(name, ""))
        for name, label in labels.items()
        if now.get(name, "") != form.typed.get(name, "").replace("\r\n", "\n")
    ]


def _page(session: Session, desk: Desk, product: EditableProduct | None, form: ProductForm, **extra: Any) -> str:
    actor = current_actor()
    return render_template(
        "seller/products/edit.html",
        product=product,
        form=form,
        faults=form.faults,
        shelves=shelf_choices(),
        places=selling_channels(),
        languages=_languages(),
        options_max=OPTIONS_MAX,
        states=list(ProductState),
        accept=ACCEPT_PICTURES,
        may_count=may(actor, Permission.STOCK_EDIT, store_id=desk.store.id),
        picture_url=picture_url,
        changed_by=name_of(session, product.changed_by) if product and product.changed_by else None,
        **extra,
        **around(desk, "seller.products"),
    )


def _load(session: Session, product_id: int) -> EditableProduct:
    product = load_editable(session, product_id=product_id, store_ids=sorted(current_actor().store_ids))
    if product is None:
        raise NotFoundError
    return product


def _desk(session: Session, product: EditableProduct) -> Desk:
    desk = open_desk(session, clock.now(), store_id=product.store_id)
    assert desk is not None
    return desk


def _chosen(desk: Desk) -> ProductFilter:
    state = choice_arg("state", set(ProductState))
    section = choice_arg("section", {key for key, _name in shelf_choices()})
    return ProductFilter(
        desk.store.id, ProductState(state) if state else None, int(section) if section else None, text_arg("q")
    )


def _tabs(desk: Desk, chosen: ProductFilter, counts: dict[str, int]) -> list[dict[str, Any]]:
    kept: dict[str, Any] = {"store": desk.store_arg, "q": chosen.search or None, "section": chosen.section_id}
    views: list[tuple[ProductState | None, str, int]] = [
        (None, _("All"), counts[ProductState.ACTIVE] + counts[ProductState.DRAFT]),
        (ProductState.ACTIVE, _("On sale"), counts[ProductState.ACTIVE]),
        (ProductState.DRAFT, _("Drafts"), counts[ProductState.DRAFT]),
        (ProductState.ARCHIVED, _("Archived"), counts[ProductState.ARCHIVED]),
    ]
    return [
        {
            "label": label,
            "href": url_for(".products", state=state.value if state else None, **kept),
            "current": state is chosen.state,
            "count": count,
        }
        for state, label, count in views
    ]


def _languages() -> list[tuple[str, str]]:
    return list(zip(LANGUAGES, (_("English"), _("Korean")), strict=True))
