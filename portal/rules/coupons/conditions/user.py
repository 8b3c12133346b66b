"""Only for these people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Condition, Group, register
from portal.rules.coupons.conditions.fields import Field, FieldError, Kind, list_of, only
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.words import Phrase
from portal.rules.pricing import PricedLine

USERS = Field(
    "user_ids", N_("People"), Kind.KEYS, source="user", is_long=True, hint=N_("E-mail addresses, one per line.")
)


@register("user")
@dataclass(frozen=True, slots=True)
class User(Condition):
    """`user_ids`: who may use the coupon. Kept as ids, never as addresses."""

    user_ids: frozenset[UUID]

    title = N_("People")
    group = Group.PEOPLE
    fields = (USERS,)

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        only(params, cls.fields)
        try:
            found = frozenset(UUID(one) for one in list_of(params, USERS))
        except ValueError as error:
            if isinstance(error, FieldError):
                raise
            raise FieldError(USERS.name, N_("Nobody here has this e-mail address.")) from error
        if not found:
            raise FieldError(USERS.name, N_("Choose at least one."))
        return cls(found)

    def words(self) -> Sequence[Phrase]:
        return (Phrase(N_("for %(count)s chosen people"), {"count": len(self.user_ids)}),)

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        return None if facts.user_id in self.user_ids else reject(Code.NOT_ELIGIBLE)
