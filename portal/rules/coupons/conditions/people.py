"""What the conditions on people share: a list of words, one of which has to fit."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.rules.coupons.conditions.base import Condition
from portal.rules.coupons.conditions.fields import FieldError, list_of, only
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.rejection import Refusal, reject
from portal.rules.coupons.words import Named, Phrase
from portal.rules.pricing import PricedLine


@dataclass(frozen=True, slots=True)
class PeopleCondition(Condition):
    """`any_of`: who has one of these may use the coupon."""

    any_of: frozenset[str]

    asks_about_person = True
    source: ClassVar[str]
    refusal: ClassVar[Refusal]

    @classmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        only(params, cls.fields)
        found = list_of(params, cls.fields[0])
        if not found:
            raise FieldError(cls.fields[0].name, N_("Choose at least one."))
        return cls(found)

    @abstractmethod
    def held(self, facts: Facts) -> frozenset[str]:
        """What the buyer has of these."""

    def words(self) -> Sequence[Phrase]:
        return (Phrase(N_("for %(people)s"), {"people": Named.of(self.source, self.any_of)}),)

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        if self.held(facts) & self.any_of:
            return None
        return reject(self.refusal, people=Named.of(self.source, self.any_of))
