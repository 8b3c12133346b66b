"""A store changes what it says of itself, and when it takes no orders (S18)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Photo, Product, Store
from portal.queries.store_products import PHOTO
from portal.rules.permissions import Actor, Permission
from portal.rules.stores import Profile, check_profile
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.catalogue.guard import require_stores
from portal.services.catalogue.refresh_listings import refresh_listings


class StoreChangedError(PortalError):
    """Since the form was opened a colleague has saved the profile."""

    code = "store_changed"
    status = 409
    sentence = N_("Meanwhile somebody else has changed this store. Nothing was saved by you.")


class StorePictureError(PortalError):
    code = "store_picture_unknown"
    sentence = N_("This picture does not belong to your store. Upload it again.")


def edit_store(session: Session, *, store_id: int, version: int, profile: Profile, actor: Actor, now: datetime) -> None:
    """Change a store's profile as it was at `version`.

    Raises CatalogueForbiddenError, StoreUnfitError, StorePictureError, StoreChangedError.
    """
    require_stores(actor, Permission.STORE_EDIT, [store_id])
    check_profile(profile, now=now)
    store = session.execute(select(Store).where(Store.id == store_id).with_for_update()).scalar_one()
    if store.version != version:
        raise StoreChangedError
    if profile.picture != store.picture and not _is_own(session, profile.picture, store_id):
        raise StorePictureError
    before, renamed = _told(store), dict(profile.name) != store.name
    pause = profile.pause
    store.name, store.description, store.picture = dict(profile.name), dict(profile.description), profile.picture
    store.contact_email, store.contact_phone = profile.contact_email, profile.contact_phone
    store.return_address = profile.return_address
    store.paused_from, store.paused_until = (pause.start, pause.until) if pause else (None, None)
    store.pause_message = dict(pause.message) if pause else {}
    store.version, store.changed_by, store.changed_at = store.version + 1, label(actor), now
    session.flush()
    if renamed:  # It is found by the name of its store.
        ids = session.scalars(select(Product.id).where(Product.store_id == store_id)).all()
        refresh_listings(session, product_ids=ids)
    record(session, Fact(AuditAction.STORE_SAVED, f"store:{store_id}", before, _told(store)), actor=actor, now=now)


def _is_own(session: Session, key: str | None, store_id: int) -> bool:
    if key is None:
        return True
    try:
        photo_id = uuid.UUID(key.removeprefix(PHOTO)) if key.startswith(PHOTO) else None
    except ValueError:
        return False
    return photo_id is not None and session.scalar(select(Photo.store_id).where(Photo.id == photo_id)) == store_id


def _told(store: Store) -> Mapping[str, Any]:
    """What the trail keeps: what everybody reads, and of the rest whether it is there."""
    return {
        "name": dict(store.name),
        "description": dict(store.description),
        "picture": store.picture,
        "has_contact": bool(store.contact_email or store.contact_phone),
        "has_return_address": bool(store.return_address),
        "paused_from": store.paused_from,
        "paused_until": store.paused_until,
    }
