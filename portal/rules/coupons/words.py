"""What a coupon says of itself, as parts that a face writes in the reader's language (CPN-07, CPN-10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Named:
    """Things by their keys: sections, stores, channels, countries. `source` says of which kind.

    `names` are filled in by whoever can look them up; the face knows those of fixed lists by itself.
    """

    source: str
    keys: tuple[str, ...]
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, source: str, keys: Iterable[object]) -> "Named":
        """The keys in a fixed order, whatever they are kept as."""
        return cls(source, tuple(sorted((str(key) for key in keys), key=lambda key: (len(key), key))))


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a sentence: English with %(name)s places, marked with N_. Params may be Money, Named, numbers."""

    sentence: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Amounts:
    """The same amount in several currencies, in minor units: 20,000 KRW or 15 USD."""

    minor: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the week, 0 is Monday: Monday to Friday are weekdays, Saturday and Sunday the weekend."""

    days: frozenset[int]


@dataclass(frozen=True, slots=True)
class Period:
    """From an instant on and up to another, which is not in it."""

    starts_at: datetime
    ends_at: datetime | None
