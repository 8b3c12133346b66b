"""The shelves of the mall."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.permissions import Actor, Permission, may
from portal.services.catalogue.drafts import Texts
from portal.services.catalogue.errors import CatalogueForbiddenError

_SAVE = text(
    """
    INSERT INTO section (slug, name, position, parent_id)
    SELECT r.slug, r.name, r.position, (SELECT p.id FROM section p WHERE p.slug = r.parent)
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(slug text, name jsonb, position integer, parent text)
    ON CONFLICT (slug) DO UPDATE SET name = excluded.name, position = excluded.position
    RETURNING id, slug
    """
)


@dataclass(frozen=True, slots=True)
class SectionDraft:
    """A shelf; `parent` is the slug of the one it stands in, which must exist before."""

    slug: str
    name: Texts
    position: int = 0
    parent: str | None = None


def save_sections(session: Session, *, actor: Actor, drafts: Sequence[SectionDraft]) -> dict[str, int]:
    """Make sections or rename those whose slug is known. Returns ids by slug.

    Pages keep sections for some seconds: call queries.sections.forget_sections() to see them at once.
    Raises CatalogueForbiddenError for anybody but administrators and our own jobs.
    """
    if not may(actor, Permission.PRODUCT_EDIT, store_id=0):
        raise CatalogueForbiddenError
    rows = json.dumps(
        [
            {"slug": each.slug, "name": dict(each.name), "position": each.position, "parent": each.parent}
            for each in drafts
        ]
    )
    return {row.slug: row.id for row in session.execute(_SAVE, {"rows": rows})}
