"""Which of a buyer's coupons together save most, and why the others were left out (CPN-05, CPN-06).

A coupon stands alone unless it is stackable; of stackable ones in one lane at most one is used. The search is exact:
it walks the coupons in the order of application with the true arithmetic of the pricing (see search.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from portal.kit.errors import Rejection
from portal.rules.coupons.evaluate import EligibilityResult
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.search import Candidate, Search, candidate
from portal.rules.pricing import Discount, PricedLine, ShippingFee, apply, order_fees, places_of


@dataclass(frozen=True, slots=True)
class NotChosen:
    """An eligible coupon that was left out, and why."""

    key: str
    rejection: Rejection


@dataclass(frozen=True, slots=True)
class BestSet:
    """The set with the largest saving, in order of application. `is_proven` is False if the search was cut short."""

    discounts: tuple[Discount, ...]
    saving_minor: int
    not_chosen: tuple[NotChosen, ...] = ()
    is_proven: bool = True

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(discount.key for discount in self.discounts)


def best_set(
    results: Iterable[EligibilityResult], *, lines: Sequence[PricedLine], shipping: Sequence[ShippingFee] = ()
) -> BestSet:
    """Find the valid set of eligible coupons with the largest saving.

    None of the chosen is idle: without any of them the saving is smaller. Ties go to the earlier in application.
    """
    candidates = _candidates(results, lines, shipping)
    left = [line.gross_minor for line in lines] + [fee.fee_minor for fee in order_fees(lines, shipping)]
    search = Search([one for one in candidates if one.stackable], left)
    search.run()
    chosen, saving = search.best, search.best_saving
    for one in candidates:
        takes = one.takes(left)
        if not one.stackable and (takes > saving or (takes == saving and len(chosen) > 1)):
            chosen, saving = (one,), takes
    discounts = tuple(one.discount for one in chosen)
    not_chosen = tuple(NotChosen(one.key, _why_not(one, chosen, left)) for one in candidates if one not in chosen)
    return BestSet(discounts, saving, not_chosen, search.is_proven)


def conflicts(results: Sequence[EligibilityResult]) -> tuple[NotChosen, ...]:
    """Return which of the coupons that a buyer chose himself cannot stand beside an earlier one of them."""
    kept: list[EligibilityResult] = []
    refused: list[NotChosen] = []
    for result in results:
        terms = result.terms
        other = next((one.terms for one in kept if not _combine(one, result)), None)
        if other is None:
            kept.append(result)
        else:
            rejection = reject(Code.NOT_STACKABLE, other=other.name, alternatives=[one.terms.key for one in kept])
            refused.append(NotChosen(terms.key, rejection))
    return tuple(refused)


def _combine(one: EligibilityResult, other: EligibilityResult) -> bool:
    if one.terms.key == other.terms.key or not (one.terms.stackable and other.terms.stackable):
        return False
    return not one.terms.lane or one.terms.lane != other.terms.lane


def _candidates(
    results: Iterable[EligibilityResult], lines: Sequence[PricedLine], shipping: Sequence[ShippingFee]
) -> list[Candidate]:
    fees = order_fees(lines, shipping)
    found = [
        candidate(
            result.discount,
            places=places_of(result.discount, lines, fees),
            stackable=result.terms.stackable,
            lane=result.terms.lane,
        )
        for result in results
        if result.discount is not None
    ]
    return sorted(found, key=lambda one: one.discount.sort_key())


def _why_not(one: Candidate, chosen: Sequence[Candidate], left: Sequence[int]) -> Rejection:
    keys = [other.key for other in chosen]
    if not chosen:
        return reject(Code.NO_EFFECT)
    if not one.stackable or not chosen[0].stackable:
        return reject(Code.NOT_STACKABLE, other=chosen[0].discount.name, alternatives=keys)
    rival = next((other for other in chosen if other.lane == one.lane), None)
    if rival is not None:
        return reject(Code.NOT_STACKABLE, other=rival.discount.name, alternatives=keys)
    rest = list(left)
    for other in chosen:
        if other.discount.sort_key() < one.discount.sort_key():
            apply(other.discount, other.places, rest)
    return reject(Code.NO_EFFECT if not one.takes(rest) else Code.NOT_BEST, alternatives=keys)
