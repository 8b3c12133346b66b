"""The form of a version of the rules of mileage: as it was typed, edited by its buttons, and read as rules (BAL-04)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from portal.blueprints.admin.rule_list import field_id, is_number, press, whole, words
from portal.kit.moments import read_moment, typed_moment
from portal.rules.earning import NO_TERMS, RULES_MAX, SOURCES, EarnRule, EarnTerms
from portal.rules.tiers import read_decimal
from portal.services.loyalty.write_version import NOTE_LENGTH_MAX

FIELD_LENGTH_MAX = 400
NUMBERS = ("order_cap", "month_cap", *SOURCES, "life_days")


@dataclass(slots=True)
class RuleForm:
    """One rule, everything as text."""

    name: str = ""
    kind: str = "percent"
    amount: str = ""
    products: str = ""
    sections: list[str] = field(default_factory=list)
    stores: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    tiers: list[str] = field(default_factory=list)
    segments: list[str] = field(default_factory=list)
    starts_at: str = ""
    ends_at: str = ""


@dataclass(slots=True)
class MileageForm:
    """A version as it is being written; `faults` by the id of the field; `focus` is the rule that was touched."""

    newest: int
    zone: ZoneInfo
    note: str = ""
    starts_at: str = ""
    numbers: dict[str, str] = field(default_factory=dict)
    rules: list[RuleForm] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    focus: int | None = None

    def slugs(self) -> set[str]:
        """The products that are named, by their slugs."""
        return {slug for rule in self.rules for slug in words(rule.products)}

    def terms(self, products: Mapping[str, int]) -> EarnTerms:
        """What was typed, as rules; what cannot be read is among the faults afterwards."""
        rules = tuple(self._rule(n, rule, products) for n, rule in enumerate(self.rules, start=1))
        return EarnTerms(rules=rules, **{name: self._number(name) for name in NUMBERS})  # type: ignore[arg-type]  # Only caps may be None.

    def start(self) -> datetime | None:
        """When the version is to hold from; None for at once."""
        return self.moment("starts_at", self.starts_at)

    def moment(self, field: str, typed: str) -> datetime | None:
        """A moment of the reader's zone."""
        if not typed:
            return None
        found = read_moment(typed, self.zone)
        if found is None:
            self.faults[field] = _("Write a moment like 2026-11-28 09:00.")
        return found

    def act(self, wanted: str) -> None:
        """Do what one of the form's buttons says: add, or up, down, remove with the place of a rule."""
        self.focus = press(self.rules, wanted, most=RULES_MAX, new=RuleForm)

    def refuse(self, faults: Mapping[tuple[int, str], str]) -> None:
        """Put the sentences of rules and fields to their fields; what could not be read has said so already."""
        for (n, name), sentence in faults.items():
            self.faults.setdefault(field_id(n, name) if n else name, sentence)

    def _rule(self, n: int, rule: RuleForm, products: Mapping[str, int]) -> EarnRule:
        unknown = [slug for slug in words(rule.products) if slug not in products]
        if unknown:
            self.faults[field_id(n, "products")] = _("There is no product “%(slug)s”.", slug=unknown[0])
        amount = read_decimal(rule.amount)
        starts_at = self.moment(field_id(n, "period"), rule.starts_at)
        return EarnRule(
            name=rule.name,
            percent=None if rule.kind == "multiplier" else amount,
            multiplier=amount if rule.kind == "multiplier" else None,
            product_ids=frozenset(products[slug] for slug in words(rule.products) if slug in products),
            section_ids=frozenset(map(whole, rule.sections)),
            store_ids=frozenset(map(whole, rule.stores)),
            channel_ids=frozenset(map(whole, rule.channels)),
            tiers=frozenset(rule.tiers),
            segments=frozenset(rule.segments),
            starts_at=starts_at,
            ends_at=self.moment(field_id(n, "period"), rule.ends_at),
        )

    def _number(self, name: str) -> int | None:
        typed = self.numbers.get(name, "").replace(",", "")
        if not typed:
            usual: int | None = getattr(NO_TERMS, name)
            return usual
        if not is_number(typed):
            self.faults[name] = _("Write a whole number.")
            return 1
        return int(typed)


def filled_form(terms: EarnTerms, slugs: Mapping[int, str], *, newest: int, zone: ZoneInfo) -> MileageForm:
    """A new version that begins as another one is."""
    numbers = {name: "" if getattr(terms, name) is None else str(getattr(terms, name)) for name in NUMBERS}
    return MileageForm(newest, zone, numbers=numbers, rules=[_filled(rule, slugs, zone) for rule in terms.rules])


def read_form(values: MultiDict[str, str], zone: ZoneInfo) -> MileageForm:
    """What somebody has sent."""

    def text(name: str) -> str:
        return values.get(name, "").replace("\0", "").strip()[:FIELD_LENGTH_MAX]

    def several(name: str) -> list[str]:
        return [one.replace("\0", "")[:FIELD_LENGTH_MAX] for one in values.getlist(name) if one]

    form = MileageForm(whole(text("newest")), zone, note=text("note")[:NOTE_LENGTH_MAX], starts_at=text("starts_at"))
    form.numbers = {name: text(name) for name in NUMBERS}
    for n in range(1, min(whole(text("count")), RULES_MAX) + 1):
        form.rules.append(
            RuleForm(
                name=text(field_id(n, "name")),
                kind="multiplier" if text(field_id(n, "kind")) == "multiplier" else "percent",
                amount=text(field_id(n, "amount")),
                products=text(field_id(n, "products")),
                sections=several(field_id(n, "sections")),
                stores=several(field_id(n, "stores")),
                channels=several(field_id(n, "channels")),
                tiers=several(field_id(n, "tiers")),
                segments=several(field_id(n, "segments")),
                starts_at=text(field_id(n, "starts_at")),
                ends_at=text(field_id(n, "ends_at")),
            )
        )
    return form


def _filled(rule: EarnRule, slugs: Mapping[int, str], zone: ZoneInfo) -> RuleForm:
    amount = rule.multiplier if rule.percent is None else rule.percent
    return RuleForm(
        name=rule.name,
        kind="percent" if rule.is_rate else "multiplier",
        amount=f"{amount or Decimal(0):f}",
        products=", ".join(slugs.get(one, f"#{one}") for one in sorted(rule.product_ids)),
        sections=[str(one) for one in sorted(rule.section_ids)],
        stores=[str(one) for one in sorted(rule.store_ids)],
        channels=[str(one) for one in sorted(rule.channel_ids)],
        tiers=sorted(rule.tiers),
        segments=sorted(rule.segments),
        starts_at=typed_moment(rule.starts_at, zone),
        ends_at=typed_moment(rule.ends_at, zone),
    )
