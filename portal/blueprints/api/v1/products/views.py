"""What a store sells, for its programs, through the services that its desk uses (CAT-01, ORD-10)."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app, request
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor, current_client
from portal.blueprints.api.operations import PathValue, Reply, operation
from portal.blueprints.api.own_store import own_store
from portal.blueprints.api.schemas import BIGINT_MAX
from portal.blueprints.api.v1.products import examples
from portal.blueprints.api.v1.products.reading import edit_of
from portal.blueprints.api.v1.products.render import as_product, as_stock, find_variant
from portal.blueprints.api.v1.products.schemas import (
    ProductChange,
    ProductRequest,
    Stock,
    StockChange,
    StoreProduct,
    StoreProductItem,
    StoreProductPage,
    StoreProductQuery,
)
from portal.config import Settings
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.store_products import EditableProduct, ProductFilter, list_store_products, load_editable
from portal.rules.permissions import Permission
from portal.rules.products import (
    CustomsCodeUnfitError,
    DescriptionTooLongError,
    NameMissingError,
    NothingForSaleError,
    OptionUnfitError,
    ProductState,
    SkuUnfitError,
    TooManyPicturesError,
    TooManyVariantsError,
)
from portal.rules.stock import Wanted
from portal.services.catalogue.edit_product import (
    PictureUnknownError,
    ProductChangedError,
    SectionMissingError,
    create_product,
    edit_product,
)
from portal.services.catalogue.errors import (
    CatalogueForbiddenError,
    ChannelUnknownError,
    PriceInvalidError,
    SkuTakenError,
    StockInvalidError,
    StockReservedError,
)
from portal.services.idempotency import (
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    claim_key,
    fingerprint,
    keep_answer,
)
from portal.services.stock.count_stock import Count, StockChangedError, count_stock

TAG = "Products"
_ID = {"type": "integer", "minimum": 1, "maximum": BIGINT_MAX}
PRODUCT = {"product_id": PathValue("The product's id.", _ID, examples.PRODUCT_ID)}
VARIANT = {"variant_id": PathValue("The variant's id.", _ID, examples.VARIANT_ID)}
UNFIT = (
    NameMissingError,
    DescriptionTooLongError,
    OptionUnfitError,
    TooManyVariantsError(count=120, maximum=100),
    SkuUnfitError(sku="~1"),
    NothingForSaleError,
    TooManyPicturesError(maximum=8),
    CustomsCodeUnfitError,
    SectionMissingError,
    PictureUnknownError,
    SkuTakenError(sku="MOA-BOWL-SAGE"),
    PriceInvalidError(sku="MOA-BOWL-SAGE"),
    ChannelUnknownError,
    StockInvalidError,
    CatalogueForbiddenError,
)


@operation(
    "GET",
    "/store/products",
    tag=TAG,
    summary="List a store's products",
    description="With drafts and, by `state`, what is archived; the newest first.",
    permission=Permission.PRODUCT_EDIT,
    query=StoreProductQuery,
    answer=StoreProductPage,
    example=examples.PAGE,
    refusals=(NotFoundError, CursorInvalidError),
)
def list_own_products(query: StoreProductQuery) -> StoreProductPage:
    state = ProductState(query.state) if query.state else None
    with reading() as session:
        chosen = ProductFilter(own_store(session, query.store, NotFoundError), state, None, query.q)
        page = list_store_products(session, chosen=chosen, cursor=query.cursor)
    return StoreProductPage.of(
        page,
        [
            StoreProductItem(
                id=row.id,
                name=row.name,
                state=row.state,  # type: ignore[arg-type]  # One of the table's states.
                section=row.section,
                variants=row.variants,
                free=row.free,
                updated_at=row.updated_at,
            )
            for row in page.rows
        ],
    )


@operation(
    "POST",
    "/store/products",
    tag=TAG,
    summary="Make a product",
    description=(
        "A draft, or one that is for sale at once. Send an `Idempotency-Key` of your own: the same one makes one "
        "product, however often it is sent."
    ),
    permission=Permission.PRODUCT_EDIT,
    body=ProductRequest,
    body_example=examples.REQUEST,
    answer=StoreProduct,
    status=201,
    answer_text="The product.",
    example=examples.PRODUCT,
    refusals=(NotFoundError, *UNFIT, IdempotencyKeyMissingError, IdempotencyKeyReusedError),
    is_idempotent=True,
    headers={
        "Location": "The address of the product.",
        "Idempotent-Replayed": "`true` if an earlier request with the same key has made it.",
    },
)
def make_own_product(body: ProductRequest, key: str) -> Reply:
    settings: Settings = current_app.config["PORTAL"]
    actor, now, client_id = api_actor(), clock.now(), current_client().client.id
    scope, lifetime = f"api:{client_id}:products", timedelta(hours=settings.idempotency_hours)
    mark, name = fingerprint(body.model_dump(mode="json")), fingerprint([str(client_id), key])

    def work(session: Session) -> tuple[int, bool]:
        known = claim_key(session, scope=scope, key=key, mark=mark, now=now, lifetime=lifetime)
        if known is not None:
            return int((known.answer or {})["product"]), True
        store_id = own_store(session, body.store, NotFoundError)
        made = create_product(session, store_id=store_id, edit=edit_of(body, None), key=name, actor=actor, now=now)
        keep_answer(session, scope=scope, key=key, subject_id=None, status=201, answer={"product": made})
        return made, False

    product_id, is_repeat = atomically(work)
    headers = {"Location": f"{request.script_root}/api/v1/store/products/{product_id}"}
    if is_repeat:
        headers["Idempotent-Replayed"] = "true"
    with reading() as session:
        return Reply(as_product(session, load_own(session, product_id)), 201, headers)


@operation(
    "GET",
    "/store/products/<int:product_id>",
    tag=TAG,
    summary="Show a store's product",
    description="As its store keeps it: all variants, the prices on all channels, and the stock.",
    permission=Permission.PRODUCT_EDIT,
    answer=StoreProduct,
    example=examples.PRODUCT,
    path_values=PRODUCT,
    refusals=(NotFoundError,),
)
def show_own_product(product_id: int) -> StoreProduct:
    with reading() as session:
        return as_product(session, load_own(session, product_id))


@operation(
    "PUT",
    "/store/products/<int:product_id>",
    tag=TAG,
    summary="Change a product",
    description=(
        "All of it, or nothing: texts, pictures, variants, prices and state are as they are sent. A variant that is "
        "not named is not offered any more, and a channel without a price does not sell it. Stock is counted at "
        "PUT /store/stock/{variant_id}."
    ),
    permission=Permission.PRODUCT_EDIT,
    body=ProductChange,
    body_example=examples.CHANGE,
    answer=StoreProduct,
    example=examples.PRODUCT,
    path_values=PRODUCT,
    refusals=(NotFoundError, ProductChangedError, *UNFIT, StockReservedError(reserved=2)),
)
def change_own_product(product_id: int, body: ProductChange) -> StoreProduct:
    actor, now = api_actor(), clock.now()

    def work(session: Session) -> None:
        before = load_own(session, product_id)
        edit = edit_of(body, before)
        edit_product(session, product_id=product_id, version=body.version, edit=edit, actor=actor, now=now)

    atomically(work)
    with reading() as session:
        return as_product(session, load_own(session, product_id))


@operation(
    "PUT",
    "/store/stock/<int:variant_id>",
    tag=TAG,
    summary="Count the stock of a variant",
    description=(
        "Says what is on hand, not what is added: sent twice it changes nothing the second time. With a `version` it "
        "is refused if something was sold or counted since."
    ),
    permission=Permission.STOCK_EDIT,
    body=StockChange,
    body_example=examples.COUNT,
    answer=Stock,
    example=examples.STOCK,
    path_values=VARIANT,
    refusals=(NotFoundError, StockChangedError([1]), StockReservedError(reserved=2), StockInvalidError),
)
def count_own_stock(variant_id: int, body: StockChange) -> Stock:
    actor, now = api_actor(), clock.now()

    def work(session: Session) -> Stock:
        known = find_variant(session, variant_id, store_ids=actor.store_ids)
        wanted = Wanted(
            body.on_hand,
            known.safety if body.kept_back is None else body.kept_back,
            known.alert_at if body.warn_at is None else body.warn_at,
        )
        count = Count(variant_id, wanted, body.version)
        count_stock(session, counts=[count], reason=body.reason, note=body.note, actor=actor, now=now)
        return as_stock(find_variant(session, variant_id, store_ids=actor.store_ids))

    return atomically(work)


def load_own(session: Session, product_id: int) -> EditableProduct:
    """A product of the key's stores; another one is not there."""
    found = None
    if product_id <= BIGINT_MAX:
        found = load_editable(session, product_id=product_id, store_ids=sorted(api_actor().store_ids))
    if found is None:
        raise NotFoundError
    return found
