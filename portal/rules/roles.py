"""Who may give which roles to whom (IDN-05)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from portal.rules.permissions import ADMIN_ROLES, Role

# What is given and taken by hand, in the order of forms. Buyers are made by signing up, sellers by their stores.
GRANTABLE: Final = (Role.ADMIN, Role.FINANCE, Role.RISK, Role.MARKETING, Role.OPERATIONS, Role.AUDITOR)
REASON_LENGTH_MAX: Final = 500


def roles_after(before: Iterable[str], chosen: Iterable[Role]) -> list[str]:
    """All roles of somebody whose grantable ones are from now on `chosen`; the others stay."""
    stays = {role for role in before if role not in ADMIN_ROLES}
    return sorted(stays | {role.value for role in chosen if role in ADMIN_ROLES})


def may_touch(actor_roles: Iterable[str], target_roles: Iterable[str]) -> bool:
    """Whether one may act on somebody's sign-in: on an administrator's, of whatever kind, only the full one may."""
    return not ADMIN_ROLES & set(target_roles) or Role.ADMIN in set(actor_roles)
