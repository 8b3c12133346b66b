"""Which of the stores of a key's person a request means."""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.blueprints.api.keys import api_actor
from portal.kit.errors import PortalError
from portal.queries.store_orders import list_stores


def own_store(session: Session, slug: str, missing: type[PortalError]) -> int:
    """The store of this slug, or the first where none is named. Raises `missing` where the person has no such store."""
    stores = list_stores(session, sorted(api_actor().store_ids))
    found = next((one.id for one in stores if slug in ("", one.slug)), None)
    if found is None:
        raise missing
    return found
