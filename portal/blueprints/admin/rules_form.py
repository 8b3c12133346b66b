"""The form of a version of the routing rules: as it was typed, edited by its buttons, and read as rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.blueprints.admin.rule_list import DIGITS_MAX, field_id, is_number, press, whole, words
from portal.gateways.base import Method
from portal.kit.currency import exponent, is_currency
from portal.kit.money import AmountInvalidError, parse_minor
from portal.queries.routing_rules import VersionRow
from portal.rules.route_rules import RULES_MAX, RouteRule
from portal.services.payments.save_routing_rules import NOTE_LENGTH_MAX

FIELD_LENGTH_MAX = 200
TARGETS_MAX = 50
# Places for accounts that a rule shows at least.
PLACES_SHOWN = 3


@dataclass(slots=True)
class RuleForm:
    """One rule, everything as text. `targets` are pairs of an account's id and a share, both perhaps empty."""

    targets: list[tuple[str, str]] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    locales: list[str] = field(default_factory=list)
    countries: str = ""
    currency: str = ""
    smallest: str = ""
    largest: str = ""

    def places(self, accounts: int) -> list[tuple[str, str]]:
        """The accounts that are named, and room for more as long as there are any."""
        named = [one for one in self.targets if one != ("", "")]
        room = max(len(named), min(accounts, max(PLACES_SHOWN, len(named) + 1)))
        return named + [("", "")] * (room - len(named))


@dataclass(slots=True)
class RulesForm:
    """A version as it is being written; `faults` by the id of the field; `focus` is the rule that was touched."""

    newest: int
    note: str = ""
    rules: list[RuleForm] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    focus: int | None = None

    def values(self) -> list[RouteRule]:
        """What was typed, as rules; what cannot be read is among the faults afterwards."""
        return [self._rule(n, rule) for n, rule in enumerate(self.rules, start=1)]

    def act(self, wanted: str) -> None:
        """Do what one of the form's buttons says: add, or up, down, remove with the place of a rule."""
        self.focus = press(self.rules, wanted, most=RULES_MAX, new=RuleForm)

    def refuse(self, faults: Mapping[tuple[int, str], str]) -> None:
        """Put the sentences of rules and fields to their fields."""
        self.faults.update({field_id(n, name): sentence for (n, name), sentence in faults.items()})

    def _rule(self, n: int, rule: RuleForm) -> RouteRule:
        currency = rule.currency or None
        named = [one for one in rule.targets if one != ("", "")]
        typed = [share for _target, share in named] if any(share for _target, share in named) else []
        if not all(is_number(share) for share in typed if share):
            self.faults[field_id(n, "targets")] = _("Shares are whole numbers.")
        return RouteRule(
            targets=tuple(whole(target) for target, _share in named),
            shares=tuple(whole(share) for share in typed),
            channel_ids=frozenset(map(whole, rule.channels)),
            countries=frozenset(words(rule.countries)),
            locales=frozenset(rule.locales),
            methods=frozenset(rule.methods),
            currency=currency,
            minimum_minor=self._amount(n, rule.smallest, currency),
            maximum_minor=self._amount(n, rule.largest, currency),
        )

    def _amount(self, n: int, typed: str, currency: str | None) -> int | None:
        if not typed or (currency is not None and not is_currency(currency)):
            return None
        if currency is None:
            self.faults[field_id(n, "amounts")] = _("Amounts need a currency.")
            return None
        try:
            return parse_minor(typed, currency)
        except AmountInvalidError:
            self.faults[field_id(n, "amounts")] = _("Write amounts as the currency has them, such as 1,000.")
            return None


def filled_form(version: VersionRow | None, *, newest: int) -> RulesForm:
    """A new version that begins as another one is."""
    rules = [_filled(rule) for rule in version.rules] if version is not None else []
    return RulesForm(newest, rules=rules)


def read_form(values: MultiDict[str, str]) -> RulesForm:
    """What somebody has sent."""

    def text(name: str) -> str:
        return values.get(name, "").replace("\0", "").strip()[:FIELD_LENGTH_MAX]

    form = RulesForm(whole(text("newest")), note=text("note")[:NOTE_LENGTH_MAX])
    for n in range(1, min(whole(text("count")), RULES_MAX) + 1):
        # Both lists have an entry for each place that was shown.
        targets = [one[:DIGITS_MAX] for one in values.getlist(field_id(n, "target"))][:TARGETS_MAX]
        shares = [one.strip()[:DIGITS_MAX] for one in values.getlist(field_id(n, "share"))][:TARGETS_MAX]
        form.rules.append(
            RuleForm(
                targets=list(zip(targets, shares, strict=False)),
                channels=[one for one in values.getlist(field_id(n, "channels")) if is_number(one)],
                methods=[one for one in values.getlist(field_id(n, "methods")) if one in set(Method)],
                locales=[one[:FIELD_LENGTH_MAX] for one in values.getlist(field_id(n, "locales"))],
                countries=text(field_id(n, "countries")).upper(),
                currency=text(field_id(n, "currency")).upper(),
                smallest=text(field_id(n, "smallest")),
                largest=text(field_id(n, "largest")),
            )
        )
    return form


def _filled(rule: RouteRule) -> RuleForm:
    shares = [str(share) for share in rule.shares] or [""] * len(rule.targets)
    return RuleForm(
        targets=[(str(target), share) for target, share in zip(rule.targets, shares, strict=True)],
        channels=[str(one) for one in sorted(rule.channel_ids)],
        methods=sorted(rule.methods),
        locales=sorted(rule.locales),
        countries=", ".join(sorted(rule.countries)),
        currency=rule.currency or "",
        smallest=_typed(rule.minimum_minor, rule.currency),
        largest=_typed(rule.maximum_minor, rule.currency),
    )


def _typed(minor: int | None, currency: str | None) -> str:
    """As one would type it: 1234 cents are 12.34."""
    return "" if minor is None or currency is None else str(Decimal(minor).scaleb(-exponent(currency)))
