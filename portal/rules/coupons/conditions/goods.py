"""What the conditions on goods share: some are included, some excluded, and excluded wins."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Condition
from portal.rules.coupons.conditions.fields import Field, FieldError, Kind, list_of, only
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.words import Named, Phrase
from portal.rules.pricing import PricedLine


def in_and_out(source: str, *, is_long: bool = False, hint: str = "") -> tuple[Field, Field]:
    """The two parameters of a condition on goods."""
    return (
        Field("included", N_("Only on"), Kind.IDS, source=source, is_long=is_long, hint=hint),
        Field("excluded", N_("Not on"), Kind.IDS, source=source, is_long=is_long, hint=hint),
    )


@dataclass(frozen=True, slots=True)
class GoodsCondition(Condition):
    """`included` (empty is all) and `excluded` ids. Excluded wins."""

    included: frozenset[int]
    excluded: frozenset[int]

    source: ClassVar[str]

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        only(params, cls.fields)
        included, excluded = (list_of(params, field) for field in cls.fields)
        if not included and not excluded:
            raise FieldError("included", N_("Choose at least one."))
        if included and included <= excluded:
            raise FieldError("excluded", N_("What is included cannot all be excluded."))
        return cls(included, excluded)

    @abstractmethod
    def ids_of(self, line: PricedLine) -> frozenset[int]:
        """What the line counts as."""

    def covers(self, line: PricedLine) -> bool:
        ids = self.ids_of(line)
        return not ids & self.excluded and (not self.included or bool(ids & self.included))

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        if covered:
            return None
        if not self.included:
            return reject(Code.WRONG_PRODUCTS)
        return reject(Code.WRONG_PRODUCTS, goods=Named.of(self.source, self.included))

    def words(self) -> Sequence[Phrase]:
        found = []
        if self.included:
            found.append(Phrase(N_("on %(goods)s"), {"goods": Named.of(self.source, self.included)}))
        if self.excluded:
            found.append(Phrase(N_("not on %(goods)s"), {"goods": Named.of(self.source, self.excluded)}))
        return found
