"""Only for what these stores sell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Condition, Group, register
from portal.rules.coupons.conditions.fields import Field, FieldError, Kind, list_of, only
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.words import Named, Phrase
from portal.rules.pricing import PricedLine

STORES = Field("store_ids", N_("Stores"), Kind.IDS, source="store")


@register("store")
@dataclass(frozen=True, slots=True)
class Store(Condition):
    """`store_ids`: whose products the coupon covers."""

    store_ids: frozenset[int]

    title = N_("Store")
    group = Group.GOODS
    fields = (STORES,)

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        only(params, cls.fields)
        found = list_of(params, STORES)
        if not found:
            raise FieldError(STORES.name, N_("Choose at least one."))
        return cls(found)

    def words(self) -> Sequence[Phrase]:
        return (Phrase(N_("at %(stores)s"), {"stores": Named.of("store", self.store_ids)}),)

    def covers(self, line: PricedLine) -> bool:
        return line.store_id in self.store_ids

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        if any(self.covers(line) for line in facts.lines):
            return None if covered else reject(Code.WRONG_PRODUCTS)
        return reject(Code.WRONG_STORE, stores=Named.of("store", self.store_ids))
