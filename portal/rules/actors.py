"""Who acts: roles in the mall, roles in a store, and whose things a permission reaches (IDN-01, IDN-05)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final
from uuid import UUID

from portal.rules.permission_names import Permission


class Role(StrEnum):
    VISITOR = "visitor"
    BUYER = "buyer"
    SELLER = "seller"
    # Answers for channels: which, says each channel (CHN-01).
    CHANNEL_MANAGER = "channel_manager"
    ADMIN = "admin"
    # Finer kinds of administrator (IDN-05).
    FINANCE = "finance"
    RISK = "risk"
    MARKETING = "marketing"
    OPERATIONS = "operations"
    AUDITOR = "auditor"
    # Our own jobs and sweeps, which act for nobody.
    SYSTEM = "system"


ADMIN_ROLES: Final = frozenset({Role.ADMIN, Role.FINANCE, Role.RISK, Role.MARKETING, Role.OPERATIONS, Role.AUDITOR})


class StoreRole(StrEnum):
    """What somebody is in a store. Owners may do all that a store can."""

    OWNER = "owner"
    MANAGER = "manager"
    FULFILMENT = "fulfilment"
    SUPPORT = "support"
    ACCOUNTANT = "accountant"


class Scope(IntEnum):
    """Whose things a permission reaches."""

    OWN = 1
    STORE = 2
    CHANNEL = 3
    ALL = 4


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as far as decisions need to know. `store_ids` are the stores of which he is a member.

    `store_roles` are his roles in those where he is less than an owner. `managed_ids` are the channels that he manages.
    `limited_to` is what an API key was given of its user's permissions; None for somebody who acts himself.
    `client_id` is the key's client.
    """

    user_id: UUID | None = None
    roles: frozenset[Role] = frozenset({Role.VISITOR})
    store_ids: frozenset[int] = frozenset()
    store_roles: frozenset[tuple[int, StoreRole]] = frozenset()
    session_id: UUID | None = None
    channel_id: int | None = None
    managed_ids: frozenset[int] = frozenset()
    limited_to: frozenset[Permission] | None = None
    client_id: UUID | None = None

    @property
    def is_signed_in(self) -> bool:
        return self.user_id is not None

    @property
    def is_admin(self) -> bool:
        """Has any administrator's role, full or finer."""
        return bool(self.roles & ADMIN_ROLES)


VISITOR: Final = Actor()
SYSTEM: Final = Actor(roles=frozenset({Role.SYSTEM}))


def roles_of(given: Iterable[str], *, sells: bool, manages: bool) -> frozenset[Role]:
    """The roles that somebody was given, and those that follow from his stores and from the channels he manages."""
    found = {Role(one) for one in given}
    return frozenset(found | ({Role.SELLER} if sells else set()) | ({Role.CHANNEL_MANAGER} if manages else set()))


def roles_in(store_ids: Iterable[int], roles: Iterable[str]) -> frozenset[tuple[int, StoreRole]]:
    """What an actor's `store_roles` are of his stores and his roles in them, in the same order."""
    pairs = zip(store_ids, map(StoreRole, roles), strict=True)
    return frozenset(pair for pair in pairs if pair[1] is not StoreRole.OWNER)
