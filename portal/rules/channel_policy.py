"""Limits and terms of a channel that are set in the desk: what they are, how they are read, where they are kept.

They stand in the channel's policy under the names that their rules look for (rules/split.py, top_ups.py, step_up.py,
gift_cards.py, fx.py). What is left empty is not kept: then the mall's own holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from portal.kit.currency import POINTS, exponent
from portal.kit.money import MAX_MINOR, AmountInvalidError, parse_minor
from portal.kit.text import N_
from portal.rules.fx import AGE_MAX_DAYS
from portal.rules.gift_cards import VALID_AT_LEAST
from portal.rules.step_up import ABOVE, COUPON_USES, StepUpAction
from portal.rules.top_ups import LIMITS

BASIS_POINTS: Final = 10_000
_DIGITS_MAX: Final = 12


class Kind(StrEnum):
    """How a term is written: an amount of the channel's currency, points, a percentage, a number, or yes and no."""

    AMOUNT = "amount"
    POINTS = "points"
    PERCENT = "percent"
    COUNT = "count"
    YES = "yes"


@dataclass(frozen=True, slots=True)
class Term:
    """A term: its place in the policy, its words, and its bounds, both inclusive.

    Amounts are in minor units, percentages in basis points. `usual` is the mall's own for every currency.
    """

    path: tuple[str, ...]
    label: str
    kind: Kind
    low: int = 0
    high: int = MAX_MINOR
    usual: int | None = None

    @property
    def name(self) -> str:
        """The name of its field."""
        return "-".join(self.path).replace(":", "_")


@dataclass(frozen=True, slots=True)
class Group:
    """Terms that belong together."""

    title: str
    terms: tuple[Term, ...]


def _above(action: StepUpAction, label: str) -> Term:
    return Term(("step_up", action.value), label, Kind.AMOUNT)


GROUPS: Final = (
    Group(
        N_("Paying with mileage"),
        (
            Term(("mileage", "minimum_points"), N_("At least, in points"), Kind.POINTS, usual=0),
            Term(("mileage", "maximum_points"), N_("At most, in points"), Kind.POINTS, low=1),
            Term(("mileage", "step_points"), N_("In steps of so many points"), Kind.POINTS, low=1, usual=1),
            Term(
                ("mileage", "max_share_basis_points"),
                N_("At most this part of an order, in percent"),
                Kind.PERCENT,
                high=BASIS_POINTS,
                usual=BASIS_POINTS,
            ),
        ),
    ),
    Group(
        N_("Topping up the deposit"),
        (
            Term(("top_up", "closed"), N_("The deposit cannot be topped up here"), Kind.YES),
            Term(("top_up", "minimum_minor"), N_("At least, at once"), Kind.AMOUNT, low=1),
            Term(("top_up", "maximum_minor"), N_("At most, at once"), Kind.AMOUNT, low=1),
            Term(("top_up", "daily_minor"), N_("At most within 24 hours"), Kind.AMOUNT, low=1),
        ),
    ),
    Group(
        N_("Gift cards"),
        (
            Term(("gift_card", "closed"), N_("No gift cards are sold here"), Kind.YES),
            Term(
                ("gift_card", "valid_days"),
                N_("Days that a card lives, at least five years"),
                Kind.COUNT,
                1,
                36_500,
                usual=VALID_AT_LEAST.days,
            ),
        ),
    ),
    Group(
        N_("A second proof above"),
        (
            _above(StepUpAction.TOP_UP, N_("Topping up the deposit")),
            _above(StepUpAction.BUY_GIFT_CARD, N_("Buying a gift card")),
            _above(StepUpAction.WITHDRAW, N_("Withdrawing the deposit")),
            Term(
                ("step_up", StepUpAction.USE_COUPONS.value, "uses"),
                N_("Coupons of one person within the time below"),
                Kind.COUNT,
                1,
                1_000,
                usual=COUPON_USES["uses"],
            ),
            Term(
                ("step_up", StepUpAction.USE_COUPONS.value, "minutes"),
                N_("Minutes for which coupons are counted"),
                Kind.COUNT,
                1,
                1_440,
                usual=COUPON_USES["minutes"],
            ),
        ),
    ),
    Group(
        N_("Exchange rates"),
        (
            Term(
                ("fx", "age_max_days"),
                N_("Days after which a rate is too old to sell with"),
                Kind.COUNT,
                0,
                365,
                usual=AGE_MAX_DAYS,
            ),
        ),
    ),
)
TERMS: Final[Mapping[str, Term]] = {term.name: term for group in GROUPS for term in group.terms}
# Of each pair the first may not be above the second, as they hold together with the mall's own.
ORDERED: Final[Sequence[tuple[str, str]]] = (
    ("mileage-minimum_points", "mileage-maximum_points"),
    ("top_up-minimum_minor", "top_up-maximum_minor"),
    ("top_up-maximum_minor", "top_up-daily_minor"),
)


def place_of(term: Term, currency: str) -> tuple[str, ...]:
    """Where it stands in the policy: thresholds of a second proof by currency."""
    is_threshold = term.path[0] == "step_up" and term.kind is Kind.AMOUNT
    return (*term.path, currency) if is_threshold else term.path


def usual_of(term: Term, currency: str) -> int | None:
    """The mall's own value, in minor units, points, basis points or a number; None where nothing bounds it."""
    if term.path[0] == "top_up" and term.kind is Kind.AMOUNT:
        limits = LIMITS.get(currency)
        return None if limits is None else int(getattr(limits, term.path[1]))
    if term.path[0] == "step_up" and term.kind is Kind.AMOUNT:
        return ABOVE[StepUpAction(term.path[1])].get(currency, 0)
    return term.usual


def typed_of(policy: Mapping[str, Any], currency: str) -> dict[str, str]:
    """The terms of a policy as their fields show them; empty where the mall's own holds."""
    found = {name: _get(policy, place_of(term, currency)) for name, term in TERMS.items()}
    return {name: written_of(TERMS[name], value, currency) for name, value in found.items()}


def kept_of(policy: Mapping[str, Any], currency: str) -> dict[str, int | None]:
    """The terms of a policy as numbers; None where the mall's own holds, and 1 where something is so."""
    found = {name: _get(policy, place_of(term, currency)) for name, term in TERMS.items()}
    return {name: None if value is None else int(value) for name, value in found.items()}


def read_typed(typed: Mapping[str, str], currency: str) -> tuple[dict[str, int | bool], dict[str, str]]:
    """What was typed, by the name of the term, without what was left empty; and a sentence for each wrong field."""
    values: dict[str, int | bool] = {}
    faults: dict[str, str] = {}
    for name, term in TERMS.items():
        written = typed.get(name, "").strip()
        if term.kind is Kind.YES:
            values |= {name: True} if written else {}
        elif written:
            number = _number(term, written, currency)
            if number is None:
                faults[name] = _UNREADABLE[term.kind]
            elif not term.low <= number <= term.high:
                faults[name] = N_("This is outside of what can be.")
            else:
                values[name] = number
    for low, high in ORDERED:
        bounds = [values.get(name, usual_of(TERMS[name], currency)) for name in (low, high)]
        if faults.keys().isdisjoint((low, high)) and None not in bounds and bounds[0] > bounds[1]:  # type: ignore[operator]  # None is not among them.
            faults[high] = N_("It is below the bound before it.")
    return values, faults


def with_terms(policy: Mapping[str, Any], values: Mapping[str, int | bool], currency: str) -> dict[str, Any]:
    """The policy with these terms in place of those that it had; everything else of it stays."""
    made = _copied(policy)
    for name, term in TERMS.items():
        *above, last = place_of(term, currency)
        place = made
        for step in above:
            place = place.setdefault(step, {})
        place.pop(last, None)
        if name in values:
            place[last] = values[name]
    return _without_empty(made)


_UNREADABLE: Final = {
    Kind.AMOUNT: N_("Write amounts as the currency has them, such as 1,000."),
    Kind.POINTS: N_("Write a whole number."),
    Kind.COUNT: N_("Write a whole number."),
    Kind.PERCENT: N_("Write a percentage with at most two decimals, such as 50 or 12.5."),
}


def _number(term: Term, written: str, currency: str) -> int | None:
    if term.kind is Kind.AMOUNT:
        return _minor(written, currency)
    if term.kind is Kind.PERCENT:
        # A percentage with two decimals is written like an amount of a currency that has as many.
        return _minor(written.removesuffix("%").strip(), "USD")
    return _minor(written, POINTS)


def _minor(written: str, currency: str) -> int | None:
    if len(written) > _DIGITS_MAX * 2:
        return None
    try:
        return parse_minor(written, currency)
    except AmountInvalidError:
        return None


def written_of(term: Term, value: Any, currency: str) -> str:
    """A value as its field shows it; empty for None."""
    if value is None:
        return ""
    if term.kind is Kind.YES:
        return "1" if value else ""
    places = {Kind.AMOUNT: exponent(currency), Kind.PERCENT: 2}.get(term.kind, 0)
    number = Decimal(int(value)).scaleb(-places)
    return f"{number.normalize():f}" if term.kind is Kind.PERCENT else f"{number:f}"


def _get(policy: Mapping[str, Any], path: Sequence[str]) -> Any:
    found: Any = policy
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _copied(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _copied(value) if isinstance(value, Mapping) else value for name, value in policy.items()}


def _without_empty(policy: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: _without_empty(value) if isinstance(value, Mapping) else value for name, value in policy.items()}
    return {name: value for name, value in found.items() if value != {}}
