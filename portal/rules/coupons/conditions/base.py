"""What a condition is, and the one list of them. How to add one: docs/recipes/add-a-coupon-condition.md."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, Self, TypeVar

from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_
from portal.rules.coupons.conditions.fields import Field, FieldError
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.terms import ConditionTerms, CouponTerms
from portal.rules.coupons.words import Phrase
from portal.rules.pricing import PricedLine


class ConditionUnknownError(PortalError):
    code = "condition_unknown"
    sentence = N_("There is no condition named %(name)s.")


class ConditionInvalidError(PortalError):
    """A condition that is not set as it can be. `name` and `field` say where; the sentence may be the field's own."""

    code = "condition_invalid"
    sentence = N_("The condition %(name)s is not set correctly.")

    def __init__(self, name: str, fault: FieldError | None = None) -> None:
        super().__init__(name=name, **(fault.params if fault else {}))
        self.name = name
        self.field = fault.name if fault else ""
        if fault:
            self.sentence = fault.sentence


class Group(StrEnum):
    """Where a condition stands in forms, and in the sentence of a coupon: the order of the members."""

    GOODS = "goods"
    PEOPLE = "people"
    PLACE = "place"
    ORDER = "order"
    TIME = "time"


class Condition(ABC):
    """One restriction of a coupon. It narrows the lines that the coupon covers, or refuses the cart, or both.

    `title` and `lead` are marked sentences for forms; `fields` are its parameters. `asks_about_person` says that it
    looks at facts which are read only for this: segments, groups, the tier.
    """

    __slots__ = ()

    title: ClassVar[str]
    lead: ClassVar[str] = ""
    group: ClassVar[Group]
    fields: ClassVar[tuple[Field, ...]] = ()
    asks_about_person: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        """Read the condition as it is stored. Raises FieldError, or ValueError, TypeError, KeyError."""

    @abstractmethod
    def words(self) -> Sequence[Phrase]:
        """The condition as parts of the sentence that the coupon is described with."""

    def covers(self, line: PricedLine) -> bool:
        """Say whether the coupon may work on this line."""
        return True

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        """Return why the coupon may not be used, if so. `covered` are the lines that every condition left over."""
        return None

    def is_minimum_met(self, currency: str, covered: Sequence[PricedLine]) -> bool:
        """Say whether what is kept of an order is still enough; asked again when something goes back (REF-05)."""
        return True


_registered: dict[str, type[Condition]] = {}
C = TypeVar("C", bound=type[Condition])


def register(name: str) -> Callable[[C], C]:
    """Make a condition known by its name."""

    def add(kind: C) -> C:
        if name in _registered:
            raise ValueError(f"two conditions are named {name}")
        _registered[name] = kind
        return kind

    return add


def unregister(name: str) -> None:
    """Forget a condition: for tests, which add their own."""
    _registered.pop(name, None)


def names() -> tuple[str, ...]:
    """Return the names of all conditions."""
    return tuple(sorted(_registered))


def kinds() -> dict[str, type[Condition]]:
    """Return all conditions by name, in the order of forms and sentences."""
    places = {group: place for place, group in enumerate(Group)}
    return dict(sorted(_registered.items(), key=lambda item: places[item[1].group]))


def parse(terms: ConditionTerms) -> Condition:
    """Make the condition of these terms. Raises ConditionUnknownError and ConditionInvalidError."""
    try:
        kind = _registered[terms.name]
    except KeyError as error:
        raise ConditionUnknownError(name=terms.name) from error
    try:
        return kind.parse(terms.params)
    except FieldError as error:
        raise ConditionInvalidError(terms.name, error) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConditionInvalidError(terms.name) from error


def asks_about_person(terms: CouponTerms) -> bool:
    """Say whether the coupon has a condition that needs to know the buyer."""
    return any(one.name in _registered and _registered[one.name].asks_about_person for one in terms.conditions)


@lru_cache(maxsize=64)
def minutes(text: str) -> int:
    """Read a time of day such as 09:30 as minutes; 24:00 is the end of the day."""
    hours, _, rest = text.partition(":")
    value = int(hours) * 60 + int(rest)
    if not 0 <= value <= 24 * 60 or not 0 <= int(rest) < 60:
        raise ValueError("a time of day is from 00:00 to 24:00")
    return value
