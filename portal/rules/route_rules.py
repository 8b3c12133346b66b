"""Rules by which administrators say which accounts come first for a payment (PAY-04).

The first rule that fits decides. It never leaves an account out: those that it does not name stand behind, in their own
order, so that a rule which is wrong costs a fee and not a sale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.kit.currency import is_currency
from portal.kit.money import MAX_MINOR
from portal.kit.text import N_

RULES_MAX = 50
WHOLE = 100


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Accounts in order, and for which payments. A condition that is empty is not asked.

    With `shares`, as many as targets and 100 in all, each buyer falls to one of them, and the others follow. Amounts
    are minor units of `currency`, both bounds inclusive.
    """

    targets: tuple[int, ...]
    shares: tuple[int, ...] = ()
    channel_ids: frozenset[int] = frozenset()
    countries: frozenset[str] = frozenset()
    locales: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    currency: str | None = None
    minimum_minor: int | None = None
    maximum_minor: int | None = None

    def fits(
        self, *, channel_id: int, method: str, currency: str, minor: int, country: str | None, locale: str | None
    ) -> bool:
        """Whether a payment meets every condition. What is not known of a payment meets none."""
        return (
            (not self.channel_ids or channel_id in self.channel_ids)
            and (not self.methods or method in self.methods)
            and (not self.countries or country in self.countries)
            and (not self.locales or locale in self.locales)
            and (self.currency is None or currency == self.currency)
            and (self.minimum_minor is None or minor >= self.minimum_minor)
            and (self.maximum_minor is None or minor <= self.maximum_minor)
        )

    def order(self, share: int) -> tuple[int, ...]:
        """The targets in the order in which they are asked, for a buyer whose place among a hundred is `share`."""
        end = 0
        for target, part in zip(self.targets, self.shares, strict=False):
            end += part
            if share < end:
                return (target, *(one for one in self.targets if one != target))
        return self.targets


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A version of the rules, in their order. Version 0 has none and is what a new mall goes by."""

    version: int
    rules: tuple[RouteRule, ...] = ()


NO_RULES = RuleSet(0)


def share_of(version: int, buyer: str | None) -> int:
    """A buyer's place among a hundred under a version: the same in every process and at every look.

    It goes by the buyer and not by the payment, as the page must show the card fields of the account that will take
    the card before there is a payment.
    """
    digest = hashlib.sha256(f"{version}:{buyer}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % WHOLE


def rule_faults(rule: RouteRule, *, account_ids: Collection[int], channel_ids: Collection[int]) -> dict[str, str]:
    """What cannot be so in a rule: a sentence by the field's name; nothing for a sound one."""
    faults: dict[str, str] = {}
    if not rule.targets or len(set(rule.targets)) != len(rule.targets) or not set(rule.targets) <= set(account_ids):
        faults["targets"] = N_("Name at least one account, and each only once.")
    elif rule.shares and (len(rule.shares) != len(rule.targets) or sum(rule.shares) != WHOLE or min(rule.shares) < 1):
        faults["targets"] = N_("The shares are whole numbers above zero and make 100 together.")
    if not rule.channel_ids <= set(channel_ids):
        faults["channels"] = N_("Choose one of the channels.")
    if any(len(one) != 2 or not one.isascii() or not one.isalpha() or not one.isupper() for one in rule.countries):
        faults["countries"] = N_("Name countries by two letters, such as KR, US.")
    if rule.currency is not None and not is_currency(rule.currency):
        faults["currency"] = N_("Name a currency by its ISO code, such as KRW.")
    return faults | _amount_faults(rule)


def _amount_faults(rule: RouteRule) -> dict[str, str]:
    bounds = [one for one in (rule.minimum_minor, rule.maximum_minor) if one is not None]
    if bounds and rule.currency is None:
        return {"amounts": N_("Amounts need a currency.")}
    if any(not 1 <= one <= MAX_MINOR for one in bounds) or bounds != sorted(bounds):
        return {"amounts": N_("The smallest amount is above zero and not above the largest.")}
    return {}


def to_json(rules: Sequence[RouteRule]) -> list[dict[str, Any]]:
    """Rules as they are stored; conditions that are not asked are absent."""
    return [
        {
            name: sorted(value) if isinstance(value, frozenset) else list(value) if isinstance(value, tuple) else value
            for name in RouteRule.__slots__
            if (value := getattr(rule, name)) not in (None, (), frozenset())
        }
        for rule in rules
    ]


def from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[RouteRule, ...]:
    """Rules as they were stored."""
    return tuple(
        RouteRule(
            targets=tuple(one["targets"]),
            shares=tuple(one.get("shares", ())),
            channel_ids=frozenset(one.get("channel_ids", ())),
            countries=frozenset(one.get("countries", ())),
            locales=frozenset(one.get("locales", ())),
            methods=frozenset(one.get("methods", ())),
            currency=one.get("currency"),
            minimum_minor=one.get("minimum_minor"),
            maximum_minor=one.get("maximum_minor"),
        )
        for one in stored
    )
