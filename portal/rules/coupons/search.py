"""Branch and bound over stackable coupons. See lanes.py for what it is asked.

A branch is left when no completion can save more than the best set found. Three bounds say so, cheapest first:

1. What a coupon takes never rises when others take before it. So the sum of what the undecided would take now bounds
   what they will take, one per lane.
2. In exact proportions a line keeps w * f(W) of its w, where f never falls as the eligible subtotal W rises. So more
   coupons never leave more of a line, and applying all undecided ones, rivals too, bounds every choice of them.
3. Percentages compound: one per lane, the strongest on each line, with fixed amounts at their most.

The last two are in exact proportions, so they allow for what rounding can shift on the way (`_slack`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.rules.pricing import Discount, Kind, apply

# A wallet that would keep a checkout waiting (ten lanes of three rivals can) gets the best set found so far. Counted in
# coupons looked at, not in time, so that the answer does not depend on the machine.
_LOOKS_MAX = 10_000

_ONE = 1_000_000  # Shares are counted in millionths, always rounded so that a bound is too generous.


@dataclass(frozen=True, slots=True)
class Candidate:
    """A coupon in the search. `places` are where it works, in the list of lines followed by fees."""

    key: str
    discount: Discount
    places: tuple[int, ...]
    stackable: bool
    lane: str
    stays: int  # What a percentage without maximum leaves, in millionths; of any other coupon nothing is known: 0.

    def takes(self, left: Sequence[int]) -> int:
        return self.discount.takes(sum([left[i] for i in self.places]))


def candidate(discount: Discount, *, places: Sequence[int], stackable: bool, lane: str) -> Candidate:
    """Make a candidate. An empty lane competes with none, so it becomes one of the coupon's own."""
    stays = 0
    if discount.kind is Kind.PERCENTAGE:
        numerator, denominator = (discount.percent or 0).as_integer_ratio()
        stays = max(0, _ONE - -(-numerator * _ONE // (100 * denominator)))
    return Candidate(discount.key, discount, tuple(places), stackable, lane or f"\0{discount.key}", stays)


class Search:
    """Finds the best set of stackable candidates, which stand in the order of application."""

    def __init__(self, candidates: Sequence[Candidate], left: Sequence[int]) -> None:
        self.candidates = candidates
        self.start = list(left)
        self.best: tuple[Candidate, ...] = ()
        self.best_saving = 0
        self.is_proven = True
        self._looks = 0
        self._slack = [0]
        for at in reversed(range(len(candidates))):
            self._slack.append(self._slack[-1] + self._noise(at))
        self._slack.reverse()

    def run(self) -> None:
        self._greedy()
        if self._is_worth_it(0, self.start, 0, frozenset()):
            self._walk(0, self.start, 0, ())
        self._drop_idle()

    def _greedy(self) -> None:
        """Begin with the best of each lane: a good set known early lets most branches be left at once."""
        by_lane: dict[str, tuple[int, Candidate]] = {}
        for one in self.candidates:
            takes = one.takes(self.start)
            if one.lane not in by_lane or takes > by_lane[one.lane][0]:
                by_lane[one.lane] = (takes, one)
        picked = {one.key for _, one in by_lane.values()}
        self.best = tuple(one for one in self.candidates if one.key in picked)
        self.best_saving = self._saving(self.best)
        # Then exchange rivals, one lane at a time: what takes most alone need not take most beside the others.
        for one in self.candidates:
            if one not in self.best:
                others = {*(kept.key for kept in self.best if kept.lane != one.lane), one.key}
                changed = tuple(other for other in self.candidates if other.key in others)
                if (saving := self._saving(changed)) > self.best_saving:
                    self.best, self.best_saving = changed, saving

    def _walk(self, at: int, left: list[int], saving: int, chosen: tuple[Candidate, ...]) -> None:
        """Decide the candidates from `at` on; `left` and `saving` are what the chosen ones made of the order."""
        lanes = frozenset(one.lane for one in chosen)
        for here in range(at, len(self.candidates)):
            one = self.candidates[here]
            # Without effect here it cannot help: the state would stay as it is.
            if one.lane in lanes or not (taken := one.takes(left)):
                continue
            after = list(left)
            apply(one.discount, one.places, after)
            now = saving + taken
            if now > self.best_saving:
                self.best, self.best_saving = (*chosen, one), now
            if self._is_worth_it(here + 1, after, now, lanes | {one.lane}):
                self._walk(here + 1, after, now, (*chosen, one))
            if not self.is_proven or not self._is_worth_it(here + 1, left, saving, lanes):
                return

    def _is_worth_it(self, at: int, left: list[int], saving: int, lanes: frozenset[str]) -> bool:
        """Say whether candidates from `at` on could lift the saving above the best so far."""
        missing = self.best_saving - saving + 1
        self._looks += len(self.candidates) - at
        if self._looks > _LOOKS_MAX:
            self.is_proven = False
            return False
        undecided: list[tuple[int, Candidate]] = []
        most: dict[str, int] = {}
        for one in self.candidates[at:]:
            if one.lane not in lanes and (takes := one.takes(left)):
                undecided.append((takes, one))
                if takes > most.get(one.lane, 0):
                    most[one.lane] = takes
        if sum(most.values()) < missing:
            return False
        self._looks += 2 * len(undecided)
        least = missing - self._slack[at] // 4 - 2
        if self._all_applied(undecided, left) < least:
            return False
        return len(most) == len(undecided) or self._compounded(undecided, most, left) >= least

    @staticmethod
    def _all_applied(undecided: Sequence[tuple[int, Candidate]], left: Sequence[int]) -> int:
        """Bound 2: what all of them would save, in exact proportions."""
        kept = [amount * _ONE for amount in left]
        before = sum(kept)
        for _, one in undecided:
            eligible = sum([kept[i] for i in one.places])
            if not eligible:
                continue
            discount = one.discount
            if discount.kind is Kind.PERCENTAGE:
                stays = eligible * one.stays // _ONE
            elif discount.kind is Kind.FIXED:
                stays = max(0, eligible - (discount.amount_minor or 0) * _ONE)
            else:
                stays = 0
            if discount.max_discount_minor is not None:
                stays = max(stays, eligible - discount.max_discount_minor * _ONE)
            for i in one.places:
                kept[i] = kept[i] * stays // eligible
        return (before - sum(kept)) // _ONE

    @staticmethod
    def _compounded(undecided: Sequence[tuple[int, Candidate]], most: dict[str, int], left: Sequence[int]) -> int:
        """Bound 3: lanes of percentages at the strongest rival on each line, other lanes at their most."""
        capped = {
            one.lane
            for takes, one in undecided
            if one.discount.kind is not Kind.PERCENTAGE or takes == one.discount.max_discount_minor
        }
        strongest: dict[str, dict[int, int]] = {}
        for _, one in undecided:
            if one.lane not in capped:
                stays = strongest.setdefault(one.lane, {})
                for i in one.places:
                    stays[i] = min(stays.get(i, _ONE), one.stays)
        kept = [_ONE] * len(left)
        for stays in strongest.values():
            for i, share in stays.items():
                kept[i] = kept[i] * share // _ONE
        percentages = sum(amount * (_ONE - share) for amount, share in zip(left, kept, strict=True))
        return sum(most[lane] for lane in capped) + percentages // _ONE

    def _noise(self, at: int) -> int:
        """Return what rounding in one application can shift, in quarters of a unit.

        The discount itself by half a unit, if it is a percentage; and its allocation over n lines by n/4 from some
        lines to others, where a later coupon works on some of them only.
        """
        one = self.candidates[at]
        places = set(one.places)
        is_split = any(
            not places.isdisjoint(later.places) and not places.issubset(later.places)
            for later in self.candidates[at + 1 :]
        )
        return (2 if one.discount.kind is Kind.PERCENTAGE else 0) + (len(places) if is_split else 0)

    def _drop_idle(self) -> None:
        """Leave out what the best set does without: a coupon that adds nothing should stay in the wallet."""
        for one in reversed(self.best):
            without = tuple(other for other in self.best if other is not one)
            saving = self._saving(without)
            if saving >= self.best_saving:
                self.best, self.best_saving = without, saving

    def _saving(self, chosen: Sequence[Candidate]) -> int:
        left = list(self.start)
        for one in chosen:
            apply(one.discount, one.places, left)
        return sum(self.start) - sum(left)
