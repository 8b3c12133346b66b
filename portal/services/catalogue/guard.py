"""Who may change the goods of which store."""

from __future__ import annotations

from collections.abc import Iterable

from portal.rules.permissions import Actor, Permission, may
from portal.services.catalogue.errors import CatalogueForbiddenError


def require_stores(actor: Actor, permission: Permission, store_ids: Iterable[int]) -> None:
    """Raises CatalogueForbiddenError unless the actor has the permission for every one of the stores."""
    if not all(may(actor, permission, store_id=store_id) for store_id in set(store_ids)):
        raise CatalogueForbiddenError
