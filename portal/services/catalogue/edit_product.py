"""A store edits one of its products: texts, pictures, options, prices and state, all or none (CAT-01, S18)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.documents.attachments import Attachment
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Photo, Product, Section
from portal.queries.store_products import PHOTO, EditableProduct, load_editable
from portal.rules.channel_goods import Field
from portal.rules.permissions import Actor, Permission
from portal.rules.products import ProductEdit, ProductState, VariantEdit, code_of, product_faults
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.catalogue.drafts import OptionDraft, PriceDraft, ProductDraft, VariantDraft
from portal.services.catalogue.errors import SkuTakenError
from portal.services.catalogue.guard import require_stores
from portal.services.catalogue.note_catalogue import note_master_change
from portal.services.catalogue.refresh_listings import refresh_listings
from portal.services.catalogue.save_products import save_product
from portal.services.catalogue.set_price import PriceChange, write_prices
from portal.services.idempotency import KEY_LENGTH_MAX, IdempotencyKeyMissingError


class ProductUnknownError(PortalError):
    """There is no such product, or it is another store's: one answer for both."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class ProductChangedError(PortalError):
    """Since the form was opened somebody else has saved the product."""

    code = "product_changed"
    status = 409
    sentence = N_("Meanwhile somebody else has changed this product. Nothing was saved by you.")


class SectionMissingError(PortalError):
    code = "product_section_missing"
    sentence = N_("Choose the category in which the product stands.")


class PictureUnknownError(PortalError):
    """A picture that is neither the product's nor uploaded by its store."""

    code = "product_picture_unknown"
    sentence = N_("This picture does not belong to your store. Upload it again.")


_LOCK = text("SELECT version, external_ref FROM product WHERE id = :id FOR UPDATE")
_REF = text("UPDATE product SET external_ref = coalesce(external_ref, :ref) WHERE id = :id RETURNING external_ref")
_SKUS = text(
    """
    UPDATE variant SET sku = t.sku FROM unnest(CAST(:ids AS bigint[]), CAST(:skus AS text[])) AS t(id, sku)
     WHERE variant.id = t.id
    """
)
_TAKEN = text("SELECT sku FROM variant WHERE sku = ANY(:skus) AND product_id IS DISTINCT FROM :product_id ORDER BY sku")
_STATES = text(
    """
    UPDATE variant SET state = CASE WHEN sku = ANY(:offered) THEN 'active' ELSE 'archived' END
     WHERE product_id = :product_id
    """
)
_CLEAR = text("DELETE FROM product_picture WHERE product_id = :product_id")
_PICTURES = text(
    """
    INSERT INTO product_picture (product_id, position, picture, alt)
    SELECT :product_id, r.position, r.picture, r.alt
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(position integer, picture text, alt jsonb)
    """
)
_STATE = text(
    "UPDATE product SET state = :state, picture = :picture, customs_code = :customs_code, version = :version"
    " WHERE id = :product_id"
)


def keep_photos(
    session: Session, *, store_id: int, files: Sequence[Attachment], actor: Actor, now: datetime
) -> list[str]:
    """Keep pictures that were made safe before; returns their keys. Raises CatalogueForbiddenError."""
    require_stores(actor, Permission.PRODUCT_EDIT, [store_id])
    ids = [new_id() for _file in files]
    rows = [
        {
            "id": photo_id,
            "store_id": store_id,
            "kind": file.kind.value,
            "content": file.content,
            "made_by": label(actor),
            "made_at": now,
        }
        for photo_id, file in zip(ids, files, strict=True)
    ]
    if rows:
        insert_rows(session, Photo, rows)
    return [f"{PHOTO}{one}" for one in ids]


def create_product(session: Session, *, store_id: int, edit: ProductEdit, key: str, actor: Actor, now: datetime) -> int:
    """Make a product of the store and return its id; the same form (`key`) sent twice makes one.

    Raises ProductUnfitError, SectionMissingError, PictureUnknownError, SkuTakenError, PriceInvalidError,
    StockInvalidError, CatalogueForbiddenError, IdempotencyKeyMissingError.
    """
    require_stores(actor, Permission.PRODUCT_EDIT, [store_id])
    if not key or len(key) > KEY_LENGTH_MAX or "\0" in key:
        raise IdempotencyKeyMissingError
    ref = f"desk:{store_id}:{key}"
    known = session.scalar(select(Product.id).where(Product.external_ref == ref))
    if known is not None:
        return known
    _check(session, edit, store_id, None)
    return _write(session, ref=ref, store_id=store_id, before=None, edit=edit, actor=actor, now=now)


def edit_product(
    session: Session, *, product_id: int, version: int, edit: ProductEdit, actor: Actor, now: datetime
) -> None:
    """Change a product as it was at `version`; variants that are not named are not offered any more.

    Raises ProductUnknownError, ProductChangedError and what create_product() raises of its content.
    """
    locked = session.execute(_LOCK, {"id": product_id}).one_or_none()
    before = load_editable(session, product_id=product_id, store_ids=actor.store_ids) if locked else None
    if locked is None or before is None:
        raise ProductUnknownError
    require_stores(actor, Permission.PRODUCT_EDIT, [before.store_id])
    if locked.version != version:
        raise ProductChangedError
    _check(session, edit, before.store_id, before)
    own = {one.id for one in before.variants}
    if any(one.id is not None and one.id not in own for one in edit.variants):
        raise ProductUnknownError
    ref = session.execute(_REF, {"id": product_id, "ref": f"product:{product_id}"}).scalar_one()
    _write(session, ref=ref, store_id=before.store_id, before=before, edit=edit, actor=actor, now=now)


def _check(session: Session, edit: ProductEdit, store_id: int, before: EditableProduct | None) -> None:
    fault = next(find_faults(session, edit=edit, store_id=store_id, before=before), None)
    if fault is not None:
        raise fault


def find_faults(
    session: Session, *, edit: ProductEdit, store_id: int, before: EditableProduct | None
) -> Iterator[PortalError]:
    """Everything for which such a content would be refused; `before` is the product that it changes."""
    yield from product_faults(edit)
    if session.scalar(select(Section.id).where(Section.id == edit.section_id)) is None:
        yield SectionMissingError()
    values = {"skus": [one.sku for one in edit.variants], "product_id": before.id if before else None}
    for taken in session.scalars(_TAKEN, values):
        yield SkuTakenError(sku=taken)
    known = {key for key, _alt in before.pictures} if before else set()
    named = {key for key, _alt in edit.pictures}
    is_foreign = any(not _is_own_photo(session, key, store_id) for key in named - known)
    if is_foreign or any(one.picture and one.picture not in named for one in edit.variants):
        yield PictureUnknownError()


def _is_own_photo(session: Session, key: str, store_id: int) -> bool:
    try:
        photo_id = uuid.UUID(key.removeprefix(PHOTO)) if key.startswith(PHOTO) else None
    except ValueError:
        return False
    return photo_id is not None and session.scalar(select(Photo.store_id).where(Photo.id == photo_id)) == store_id


def _write(
    session: Session,
    *,
    ref: str,
    store_id: int,
    before: EditableProduct | None,
    edit: ProductEdit,
    actor: Actor,
    now: datetime,
) -> int:
    main = edit.pictures[0][0] if edit.pictures else None
    if before is not None:
        _rename_skus(session, before, edit.variants)
    draft = ProductDraft(
        ref=ref,
        slug=code_of(edit.name.get("en") or edit.name.get("ko") or ""),
        store_id=store_id,
        section_id=edit.section_id,
        name=edit.name,
        description=edit.description,
        picture=main,
        variants=tuple(_draft(one, place) for place, one in enumerate(edit.variants)),
    )
    saved = save_product(session, actor=actor, draft=draft, now=now)
    product_id = saved.product_ids[ref]
    gone = [
        PriceChange(saved.variant_ids[one.sku], price.channel_id, None)
        for one in edit.variants
        for price in one.prices
        if price.amount_minor is None
    ]
    write_prices(session, changes=gone)
    offered = [one.sku for one in edit.variants if one.is_offered]
    session.execute(_STATES, {"product_id": product_id, "offered": offered})
    session.execute(_CLEAR, {"product_id": product_id})
    pictures = [{"position": n, "picture": key, "alt": dict(alt)} for n, (key, alt) in enumerate(edit.pictures)]
    session.execute(_PICTURES, {"product_id": product_id, "rows": json.dumps(pictures)})
    version = before.version + 1 if before else 1
    values = {"state": edit.state.value, "picture": main, "version": version, "product_id": product_id}
    session.execute(_STATE, {**values, "customs_code": edit.customs_code})
    refresh_listings(session, product_ids=[product_id])
    fact = Fact(AuditAction.PRODUCT_SAVED, f"product:{product_id}", _told(before), _wanted(edit))
    record(session, fact, actor=actor, now=now)
    fields = _changed(before, edit) if before else ()
    note_master_change(session, product_id=product_id, fields=fields, version=version, actor=actor, now=now)
    return product_id


def _changed(before: EditableProduct, edit: ProductEdit) -> list[Field]:
    """What of that which channels may tell in their own way is another now."""
    pairs = {
        Field.NAME: (dict(before.name), dict(edit.name)),
        Field.DESCRIPTION: (dict(before.description), dict(edit.description)),
        Field.SECTION: (before.section_id, edit.section_id),
    }
    return [field for field, (was, wanted) in pairs.items() if was != wanted]


def _rename_skus(session: Session, before: EditableProduct, variants: Sequence[VariantEdit]) -> None:
    """By way of names that nobody has: two variants may exchange theirs."""
    known = {one.id: one.sku for one in before.variants}
    renamed = {one.id: one.sku for one in variants if one.id is not None and known[one.id] != one.sku}
    if renamed:
        ids = list(renamed)
        session.execute(_SKUS, {"ids": ids, "skus": [f"~{one}" for one in ids]})
        kept = {one.sku for one in before.variants if one.id not in renamed}
        clash = kept & set(renamed.values())
        if clash:
            raise SkuTakenError(sku=min(clash))
        session.execute(_SKUS, {"ids": ids, "skus": list(renamed.values())})


def _draft(one: VariantEdit, place: int) -> VariantDraft:
    return VariantDraft(
        sku=one.sku,
        options=tuple(OptionDraft(name, value.texts, value.code) for name, value in one.options),
        prices=tuple(
            PriceDraft(price.channel_id, price.amount_minor, price.compare_at_minor)
            for price in one.prices
            if price.amount_minor is not None
        ),
        on_hand=one.on_hand if one.id is None else None,
        picture=one.picture,
        position=place,
    )


def _told(known: EditableProduct | None) -> Mapping[str, Any] | None:
    """What the trail keeps of a product: states and prices, by SKU and channel."""
    if known is None:
        return None
    offered = [one for one in known.variants if one.state == ProductState.ACTIVE]
    return {
        "name": dict(known.name),
        "state": known.state,
        "section": known.section_id,
        "customs_code": known.customs_code,
        "pictures": len(known.pictures),
        "prices": {one.sku: {str(c): amount for c, (amount, _) in one.prices.items()} for one in offered},
    }


def _wanted(edit: ProductEdit) -> Mapping[str, Any]:
    return {
        "name": dict(edit.name),
        "state": edit.state.value,
        "section": edit.section_id,
        "customs_code": edit.customs_code,
        "pictures": len(edit.pictures),
        "prices": {
            one.sku: {str(p.channel_id): p.amount_minor for p in one.prices if p.amount_minor is not None}
            for one in edit.variants
            if one.is_offered
        },
    }
