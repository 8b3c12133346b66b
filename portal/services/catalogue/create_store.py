"""Stores: made or, by the name that an import knows them by, renewed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.permissions import Actor, Permission, may
from portal.services.catalogue.drafts import Texts
from portal.services.catalogue.errors import CatalogueForbiddenError

_SAVE = text(
    """
    INSERT INTO store (slug, name, description, picture, country, shipping, commission_basis_points, external_ref)
    SELECT r.slug, r.name, r.description, r.picture, r.country, r.shipping, r.commission_basis_points, r.ref
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(slug text, name jsonb, description jsonb, picture text,
           country text, shipping jsonb, commission_basis_points bigint, ref text)
    ON CONFLICT (external_ref) DO UPDATE
       SET name = excluded.name, description = excluded.description, picture = excluded.picture,
           country = excluded.country
    RETURNING id, external_ref
    """
)


@dataclass(frozen=True, slots=True)
class StoreDraft:
    """A store. `shipping` maps a currency to {"fee": minor, "free_over": minor or null, "days": [min, max]}."""

    ref: str
    slug: str
    name: Texts
    description: Texts = field(default_factory=dict)
    picture: str | None = None
    country: str = "KR"
    shipping: Mapping[str, Any] = field(default_factory=dict)
    commission_basis_points: int = 1000


def create_store(session: Session, *, actor: Actor, draft: StoreDraft) -> int:
    """Make a store and return its id."""
    return create_stores(session, actor=actor, drafts=[draft])[draft.ref]


def create_stores(session: Session, *, actor: Actor, drafts: Sequence[StoreDraft]) -> dict[str, int]:
    """Make stores, or renew the texts of those whose `ref` is known; shipping terms and commission stay theirs.

    Returns ids by ref. Raises CatalogueForbiddenError for anybody but administrators and our own jobs.
    """
    if not may(actor, Permission.STORE_EDIT, store_id=0):
        raise CatalogueForbiddenError
    rows = json.dumps(
        [
            {
                "ref": each.ref,
                "slug": each.slug,
                "name": dict(each.name),
                "description": dict(each.description),
                "picture": each.picture,
                "country": each.country,
                "shipping": dict(each.shipping),
                "commission_basis_points": each.commission_basis_points,
            }
            for each in drafts
        ]
    )
    return {row.external_ref: row.id for row in session.execute(_SAVE, {"rows": rows})}
