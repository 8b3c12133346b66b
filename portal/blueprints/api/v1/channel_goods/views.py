"""A store's product on each channel, through the services that its desk uses (CHN-03)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.schemas import Amount
from portal.blueprints.api.v1.channel_goods import examples
from portal.blueprints.api.v1.channel_goods.schemas import (
    GoodsEverywhere,
    GoodsHere,
    PriceForTime,
    PriceForTimeIn,
    SaleIn,
    TextsHere,
    TextsIn,
    UnitsIn,
    VariantHere,
)
from portal.blueprints.api.v1.overrides import decision_out
from portal.blueprints.api.v1.products.views import PRODUCT, TAG, load_own
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.channel_goods import HereVariant, LocalRow, WindowRow, locals_of, variants_here, windows_of
from portal.queries.channels import ChannelView, selling_channels
from portal.queries.house_rules import DecisionRow, decisions_of
from portal.queries.sections import section_directory
from portal.queries.store_products import EditableProduct
from portal.rules.permissions import Permission
from portal.services.catalogue.assign_products import assign_products
from portal.services.catalogue.edit_product import SectionMissingError
from portal.services.catalogue.errors import CatalogueForbiddenError, ChannelUnknownError, StockInvalidError
from portal.services.catalogue.local_product import (
    LocalTexts,
    LocalTextsChangedError,
    LocalTextsUnfitError,
    save_local_texts,
)
from portal.services.catalogue.price_windows import (
    NotPricedHereError,
    WindowOverlapsError,
    WindowUnfitError,
    WindowUnknownError,
    end_window,
    save_window,
)
from portal.services.stock.set_aside_stock import SetAsideTooMuchError, StockMissingError, set_aside_stock

CHANNEL = {"channel": PathValue("The channel's code.", {"type": "string", "minLength": 1}, "kr")}
HERE = {**PRODUCT, **CHANNEL}
WINDOW = {"window_id": PathValue("The id of the price.", {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}, 7)}
PATH = "/store/products/<int:product_id>/channels"
REFUSALS = (NotFoundError, CatalogueForbiddenError, ChannelUnknownError)


@operation(
    "GET",
    PATH,
    tag=TAG,
    summary="Show a product on each channel",
    description="Whether it is sold, its prices with those for a time, its units and its texts there.",
    permission=Permission.PRODUCT_EDIT,
    answer=GoodsEverywhere,
    example=examples.EVERYWHERE,
    path_values=PRODUCT,
    refusals=(NotFoundError,),
)
def show_goods_everywhere(product_id: int) -> GoodsEverywhere:
    with reading() as session:
        product = load_own(session, product_id)
        return GoodsEverywhere(items=_everywhere(session, product, selling_channels()))


@operation(
    "PUT",
    f"{PATH}/<string:channel>/sale",
    tag=TAG,
    summary="Sell a product on a channel, or no more",
    permission=Permission.PRODUCT_EDIT,
    body=SaleIn,
    body_example=examples.SALE,
    answer=GoodsHere,
    example=examples.HERE,
    path_values=HERE,
    refusals=(*REFUSALS, NotPricedHereError),
)
def put_sale_here(product_id: int, channel: str, body: SaleIn) -> GoodsHere:
    product, place = _product(product_id), _place(channel)
    actor, now = api_actor(), clock.now()
    assigned = atomically(
        lambda s: assign_products(
            s, channel_id=place.id, product_ids=[product.id], is_sold=body.is_sold, actor=actor, now=now
        )
    )
    if assigned.unpriced:
        raise NotPricedHereError
    return _shown(product, place)


@operation(
    "PUT",
    f"{PATH}/<string:channel>/units",
    tag=TAG,
    summary="Set units aside for a channel",
    description="Orders of the channel take of its own units first. All of it is done, or none.",
    permission=Permission.STOCK_EDIT,
    body=UnitsIn,
    body_example=examples.UNITS,
    answer=GoodsHere,
    example=examples.HERE,
    path_values=HERE,
    refusals=(*REFUSALS, StockInvalidError, StockMissingError, SetAsideTooMuchError(free=3)),
)
def put_units_here(product_id: int, channel: str, body: UnitsIn) -> GoodsHere:
    product, place = _product(product_id), _place(channel)
    _check_variants(product, [one.variant_id for one in body.variants])
    actor, now = api_actor(), clock.now()

    def write(session: Session) -> None:
        for one in body.variants:
            set_aside_stock(
                session,
                variant_id=one.variant_id,
                channel_id=place.id,
                kept=one.kept,
                floor=one.floor,
                actor=actor,
                now=now,
            )

    atomically(write)
    return _shown(product, place)


@operation(
    "PUT",
    f"{PATH}/<string:channel>/texts",
    tag=TAG,
    summary="Tell of a product in a channel's own words",
    description="All of it is as it is sent; what is left out follows the master. What changes needs a reason.",
    permission=Permission.PRODUCT_EDIT,
    body=TextsIn,
    body_example=examples.WORDS,
    answer=GoodsHere,
    example=examples.HERE,
    path_values=HERE,
    refusals=(*REFUSALS, SectionMissingError, LocalTextsUnfitError({}), LocalTextsChangedError),
)
def put_texts_here(product_id: int, channel: str, body: TextsIn) -> GoodsHere:
    product, place = _product(product_id), _place(channel)
    section = next((one.id for one in section_directory() if one.slug == body.section), None)
    if body.section is not None and section is None:
        raise SectionMissingError
    texts = LocalTexts(dict(body.name), dict(body.description), section, body.by_hand)
    actor, now = api_actor(), clock.now()
    atomically(
        lambda s: save_local_texts(
            s,
            product_id=product.id,
            channel_id=place.id,
            version=body.version,
            texts=texts,
            why=body.why,
            actor=actor,
            now=now,
        )
    )
    return _shown(product, place)


@operation(
    "POST",
    f"{PATH}/<string:channel>/prices",
    tag=TAG,
    summary="Let a price hold for a time",
    description="At most a year. Of the same goods only one can hold at a time: sent twice it is refused.",
    permission=Permission.PRODUCT_EDIT,
    body=PriceForTimeIn,
    body_example=examples.FOR_TIME,
    answer=GoodsHere,
    status=201,
    answer_text="The product on the channel.",
    example=examples.HERE,
    path_values=HERE,
    refusals=(
        *REFUSALS,
        NotPricedHereError,
        WindowUnfitError("The end comes after the beginning."),
        WindowOverlapsError,
    ),
)
def add_price_here(product_id: int, channel: str, body: PriceForTimeIn) -> Reply:
    product, place = _product(product_id), _place(channel)
    offered = [one.id for one in product.variants if one.state == "active"]
    wanted = list(dict.fromkeys(body.variant_ids or offered))
    _check_variants(product, wanted)
    actor, now = api_actor(), clock.now()

    def write(session: Session) -> None:
        for one in wanted:
            save_window(
                session,
                variant_id=one,
                channel_id=place.id,
                amount_minor=body.amount_minor,
                valid_from=body.valid_from or now,
                valid_until=body.valid_until,
                actor=actor,
                now=now,
            )

    atomically(write)
    return Reply(_shown(product, place), 201)


@operation(
    "POST",
    f"{PATH}/<string:channel>/prices/<int:window_id>/end",
    tag=TAG,
    summary="End a price that holds for a time",
    description="One that has not begun is taken back.",
    permission=Permission.PRODUCT_EDIT,
    answer=GoodsHere,
    example=examples.HERE,
    path_values={**HERE, **WINDOW},
    refusals=(*REFUSALS, WindowUnknownError),
)
def end_price_here(product_id: int, channel: str, window_id: int) -> GoodsHere:
    product, place = _product(product_id), _place(channel)
    with reading() as session:
        known = {one.id for one in windows_of(session, product_id=product.id, now=clock.now())}
    if window_id not in known:
        raise WindowUnknownError
    actor, now = api_actor(), clock.now()
    atomically(lambda s: end_window(s, window_id=window_id, product_id=product.id, actor=actor, now=now))
    return _shown(product, place)


def _product(product_id: int) -> EditableProduct:
    with reading() as session:
        return load_own(session, product_id)


def _place(code: str) -> ChannelView:
    found = next((one for one in selling_channels() if one.code == code), None)
    if found is None:
        raise NotFoundError
    return found


def _check_variants(product: EditableProduct, wanted: list[int]) -> None:
    if not set(wanted) <= {one.id for one in product.variants}:
        raise NotFoundError


def _shown(product: EditableProduct, place: ChannelView) -> GoodsHere:
    with reading() as session:
        return _everywhere(session, product, [place])[0]


def _everywhere(session: Session, product: EditableProduct, places: Sequence[ChannelView]) -> list[GoodsHere]:
    here = variants_here(session, product_id=product.id)
    windows = windows_of(session, product_id=product.id, now=clock.now())
    texts = locals_of(session, product_id=product.id)
    decisions = decisions_of(session, product_id=product.id)
    return [
        _here(
            place,
            [one for one in here if one.channel_id == place.id],
            [one for one in windows if one.channel_id == place.id],
            texts.get(place.id),
            [one for one in decisions if one.channel_id == place.id],
        )
        for place in places
    ]


def _here(
    place: ChannelView,
    variants: Sequence[HereVariant],
    windows: Sequence[WindowRow],
    texts: LocalRow | None,
    decisions: Sequence[DecisionRow],
) -> GoodsHere:
    unit = place.currency
    return GoodsHere(
        channel=place.code,
        is_sold=any(not one.is_off for one in variants),
        variants=[
            VariantHere(
                variant_id=one.variant_id,
                price=Amount.of(one.amount_minor, unit),
                price_now=Amount.maybe(one.now_minor, unit),
                kept=one.kept,
                floor=one.floor,
            )
            for one in variants
        ],
        prices=[
            PriceForTime(
                id=one.id,
                variant_id=one.variant_id,
                price=Amount.of(one.amount_minor, one.currency),
                valid_from=one.valid_from,
                valid_until=one.valid_until,
            )
            for one in windows
        ],
        texts=_texts(texts) if texts else None,
        decisions=[decision_out(one) for one in decisions],
    )


def _texts(row: LocalRow) -> TextsHere:
    section = next((one.slug for one in section_directory() if one.id == row.section_id), None)
    own = set(row.own)
    return TextsHere(
        version=row.version,
        name=row.name if "name" in own else {},
        description=row.description if "description" in own else {},
        section=section if "section" in own else None,
        by_hand=row.is_manual,
        waits=row.waits,
    )
