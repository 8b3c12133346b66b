"""What a condition is, and the one list of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Self, TypeVar

from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.terms import ConditionTerms
from portal.rules.pricing import PricedLine


class ConditionUnknownError(PortalError):
    code = "condition_unknown"
    sentence = N_("There is no condition named %(name)s.")


class ConditionInvalidError(PortalError):
    code = "condition_invalid"
    sentence = N_("The condition %(name)s is not set correctly.")


class Condition(ABC):
    """One restriction of a coupon. It narrows the lines that the coupon covers, or refuses the cart, or both."""

    __slots__ = ()

    @classmethod
    @abstractmethod
    def parse(cls, params: Mapping[str, Any]) -> Self:
        """Read the condition as it is stored. Raises ValueError, TypeError or KeyError when it makes no sense."""

    def covers(self, line: PricedLine) -> bool:
        """Say whether the coupon may work on this line."""
        return True

    def check(self, facts: Facts, covered: Sequence[PricedLine]) -> Rejection | None:
        """Return why the coupon may not be used, if so. `covered` are the lines that every condition left over."""
        return None


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


def names() -> tuple[str, ...]:
    """Return the names of all conditions."""
    return tuple(sorted(_registered))


def parse(terms: ConditionTerms) -> Condition:
    """Make the condition of these terms. Raises ConditionUnknownError and ConditionInvalidError."""
    try:
        kind = _registered[terms.name]
    except KeyError as error:
        raise ConditionUnknownError(name=terms.name) from error
    try:
        return kind.parse(terms.params)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConditionInvalidError(name=terms.name) from error


def ids(params: Mapping[str, Any], name: str) -> frozenset[int]:
    """Read a list of ids; a missing one is empty."""
    read = params.get(name, ())
    if isinstance(read, str) or any(type(one) is not int for one in read):
        raise ValueError(f"{name} is a list of ids")
    return frozenset(read)


@lru_cache(maxsize=64)
def minutes(text: str) -> int:
    """Read a time of day such as 09:30 as minutes; 24:00 is the end of the day."""
    hours, _, rest = text.partition(":")
    value = int(hours) * 60 + int(rest)
    if not 0 <= value <= 24 * 60 or not 0 <= int(rest) < 60:
        raise ValueError("a time of day is from 00:00 to 24:00")
    return value
