"""A planned refund: what comes back of each line and by each tender, and what becomes of coupons and mileage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from portal.rules.ask_back import Asked


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """Units of a line (or a part's fee, with `line_id` None) and what of each tender share goes back.

    Of `held` shares less went back than was due, or more when negative. Without units it only gives back what was held,
    or, with `is_less`, what something cheaper cost less that was taken in exchange, `tax_minor` in it. `restocking` is
    what the store keeps of shares as its fee, and did not go back either.
    """

    part_id: UUID
    line_id: UUID | None
    units: int
    amount_minor: int
    shares: tuple[tuple[int, int], ...]
    platform_minor: int = 0
    promised: int = 0
    restock: int = 0
    held: tuple[tuple[int, int], ...] = ()
    is_late: bool = False
    is_less: bool = False
    tax_minor: int = 0
    restocking: tuple[tuple[int, int], ...] = ()

    @property
    def restocking_minor(self) -> int:
        return sum(amount for _, amount in self.restocking)


@dataclass(frozen=True, slots=True)
class PlannedLeg:
    """What one tender gives back, and where it goes: original, deposit or bank. `closed` says why not its own way.

    Of what is only held nothing goes back: it is let go of (release).
    """

    tender_id: UUID
    type: str
    amount_minor: int
    points: int | None
    destination: str
    closed: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedCoupon:
    """Whether a coupon comes back; `why` is one word: back, part_kept or expired."""

    use_id: UUID
    names: Mapping[str, str]
    why: str

    @property
    def comes_back(self) -> bool:
        return self.why == "back"


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """Everything that a refund does, to the unit.

    Points: `points_back` were spent, `points_taken` were earned; `points_matured` of these could be spent already.
    """

    currency: str
    lines: tuple[PlannedLine, ...]
    legs: tuple[PlannedLeg, ...]
    coupons: tuple[PlannedCoupon, ...]
    points_taken: int = 0
    points_matured: int = 0
    points_owed: int = 0
    is_whole: bool = False
    kept_fees: int = field(default=0)
    asked: tuple[Asked, ...] = ()

    @property
    def asked_minor(self) -> int:
        """What is asked back of discounts with this refund; negative when what was asked before is given back."""
        return sum(one.amount_minor for one in self.asked)

    @property
    def restocking_minor(self) -> int:
        """What stores keep of the goods as their restocking fees."""
        return sum(line.restocking_minor for line in self.lines)

    @property
    def total_minor(self) -> int:
        return sum(leg.amount_minor for leg in self.legs)

    @property
    def platform_minor(self) -> int:
        """What the platform had given of discounts and need not give any more."""
        return sum(line.platform_minor for line in self.lines) + sum(one.platform_minor for one in self.asked)

    @property
    def points_back(self) -> int:
        return sum(leg.points or 0 for leg in self.legs)

    @property
    def part_ids(self) -> tuple[UUID, ...]:
        return tuple(dict.fromkeys(line.part_id for line in self.lines if not line.is_late))

    @property
    def mark(self) -> str:
        """A mark of everything that the buyer is shown: what is executed must have the same."""
        return hashlib.sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()[:32]

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return body | {"total_minor": self.total_minor, "points_back": self.points_back}
