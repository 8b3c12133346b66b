"""The builder's form: what was typed, read as a draft, with a sentence at every field that cannot be so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from portal.blueprints.coupon_words import say_phrase
from portal.blueprints.desk import zone_of_reader
from portal.kit.errors import fill
from portal.kit.money import AmountInvalidError, as_decimal, parse_minor
from portal.queries.campaign_things import emails_of, find_people, find_products
from portal.rules.coupons.conditions import Condition, kinds
from portal.rules.coupons.conditions.fields import Field, FieldError, Kind
from portal.rules.coupons.draft import CampaignDraft, Distribution, Fault
from portal.rules.coupons.funding import Funder, Funding
from portal.rules.coupons.terms import ConditionTerms, Limits, OnRefund
from portal.rules.coupons.words import Phrase
from portal.rules.pricing import Kind as BenefitKind
from portal.rules.pricing import Target

TEXT_MAX = 20_000
LOCALES = ("en", "ko")
LIMITS = ("total", "per_user", "per_code", "per_day")


@dataclass
class CampaignForm:
    """Everything as text. `faults` are sentences by the id of the field; `currencies` those of the channels."""

    values: MultiDict[str, str]
    currencies: Sequence[str]
    store_id: int | None = None
    faults: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        return self.values.get(name, "").replace("\0", "")[:TEXT_MAX].strip()

    def holds(self, start: str) -> bool:
        """Whether any field whose name begins so is filled in."""
        return any(name.startswith(start) and self.get(name) for name in self.values)

    def all(self, name: str) -> Sequence[str]:
        return [one.replace("\0", "")[:TEXT_MAX] for one in self.values.getlist(name)]

    def refuse(self, found: Mapping[str, Fault]) -> None:
        """Put the faults of a draft to its fields."""
        for name, fault in found.items():
            self.faults.setdefault(field_id(name), say_fault(fault))

    def draft(self, session: Session) -> CampaignDraft | None:
        """What was typed; None when something cannot be read, which is among the faults then."""
        kind = self._choice("kind", BenefitKind, BenefitKind.PERCENTAGE)
        target = Target.SHIPPING if kind is BenefitKind.FREE_SHIPPING else self._choice("target", Target, Target.ORDER)
        starts, ends = self._instant("valid_from"), self._instant("valid_until")
        numbers = {name: self._whole(name) for name in (*LIMITS, "priority", "grace_hours")}
        funder = Funder.SELLER if self.store_id is not None else self._choice("funding", Funder, Funder.PLATFORM)
        draft = CampaignDraft(
            names={locale: self.get(f"name_{locale}") for locale in LOCALES if self.get(f"name_{locale}")},
            kind=kind,
            target=target,
            valid_from=starts or datetime.now(zone_of_reader()),
            valid_until=ends or datetime.now(zone_of_reader()),
            percent=self._percent("percent") if kind is BenefitKind.PERCENTAGE else None,
            amounts=self._amounts("amounts") if kind is BenefitKind.FIXED else {},
            max_discount=self._amounts("max_discounts") if kind is not BenefitKind.FIXED else {},
            conditions=tuple(self._conditions(session)),
            store_id=self.store_id,
            funding=Funding(funder, self._shares() if funder is Funder.SHARED else {}),
            distribution=self._choice("distribution", Distribution, Distribution.CODE),
            lane=self.get("lane"),
            stackable=bool(self.get("stackable")),
            priority=100 if numbers["priority"] is None else numbers["priority"],
            grace_hours=numbers["grace_hours"] or 0,
            limits=Limits(**{name: numbers[name] for name in LIMITS}, budgets=self._amounts("budgets")),
            on_refund=self._choice("on_refund", OnRefund, OnRefund.KEEP),
        )
        return None if self.faults else draft

    def _choice(self, name: str, kind: Any, otherwise: Any) -> Any:
        try:
            return kind(self.get(name)) if self.get(name) else otherwise
        except ValueError:
            self.faults[name] = _("Choose from the list.")
            return otherwise

    def _instant(self, name: str) -> datetime | None:
        try:
            return datetime.fromisoformat(self.get(name)).replace(tzinfo=zone_of_reader())
        except ValueError:
            self.faults[name] = _("Enter a day and a time.")
            return None

    def _percent(self, name: str) -> Decimal | None:
        typed = self.get(name).removesuffix("%").strip()
        try:
            return Decimal(typed) if typed and len(typed) <= 12 else None
        except InvalidOperation:
            self.faults[name] = _("Enter a percentage, such as 10 or 12.5.")
            return None

    def _whole(self, name: str) -> int | None:
        typed = self.get(name).replace(",", "")
        if not typed:
            return None
        if typed.isascii() and typed.isdigit() and len(typed) <= 12:
            return int(typed)
        self.faults[name] = _("Enter whole numbers only.")
        return None

    def _amounts(self, name: str) -> dict[str, int]:
        found = {}
        for currency in self.currencies:
            if typed := self.get(f"{name}-{currency}"):
                try:
                    found[currency] = parse_minor(typed, currency)
                except AmountInvalidError as error:
                    self.faults[name] = str(fill(gettext(error.sentence), error.params))
        return found

    def _shares(self) -> dict[int, Decimal]:
        found = {}
        for name in self.values:
            store_id = name.removeprefix("share-")
            if name.startswith("share-") and store_id.isascii() and store_id.isdigit() and self.get(name):
                percent = self._percent(name)
                if percent is None:
                    self.faults["seller_shares"] = self.faults.pop(name, _("Enter a percentage, such as 10 or 12.5."))
                else:
                    found[int(store_id)] = percent
        return found

    def _conditions(self, session: Session) -> Iterable[ConditionTerms]:
        for name, kind in offered(self.store_id).items():
            params: dict[str, Any] = {}
            for part in kind.fields:
                if part.kind is Kind.FLAG:
                    continue
                try:
                    value = self._value(session, name, part)
                except FieldError as error:
                    self.faults[field_id(f"conditions.{name}.{part.name}")] = say_phrase(
                        Phrase(error.sentence, error.params)
                    )
                    continue
                if value is not None:
                    params[part.name] = value
            if params or self.get(f"c-{name}-wanted"):
                yield ConditionTerms(name, params)

    def _value(self, session: Session, name: str, part: Field) -> Any:
        own = f"c-{name}-{part.name}"
        typed = {"": self.all(own)}
        if part.kind is Kind.AMOUNTS:
            typed = {currency: self.all(f"{own}-{currency}") for currency in self.currencies}
        if part.source == "product":
            return self._products(session, part, typed[""])
        if part.source == "user":
            return self._people(session, part, typed[""])
        return part.read(typed)

    def _products(self, session: Session, part: Field, typed: Sequence[str]) -> list[int] | None:
        words = words_in(typed)
        found = find_products(session, words, store_id=self.store_id) if words else {}
        missing = [word for word in words if word not in found]
        if missing:
            raise FieldError(part.name, _("There is no product %(name)s here.", name=missing[0][:80]))
        return sorted(set(found.values())) or None

    def _people(self, session: Session, part: Field, typed: Sequence[str]) -> list[str] | None:
        words = words_in(typed)
        found = find_people(session, words) if words else {}
        missing = [word for word in words if word not in found]
        if missing:
            raise FieldError(part.name, _("Nobody here has the address %(email)s.", email=missing[0][:80]))
        return sorted({str(one) for one in found.values()}) or None


def say_fault(fault: Fault) -> str:
    """The sentence of a fault in the reader's language."""
    return say_phrase(Phrase(fault.sentence, fault.params))


def offered(store_id: int | None, *, by_manager: bool = False) -> Mapping[str, type[Condition]]:
    """The conditions that a builder offers: a store's own campaigns are in it anyway.

    Stores and managers of channels name no people.
    """
    hidden = {"store", "user"} if store_id is not None else {"user"} if by_manager else set()
    return {name: kind for name, kind in kinds().items() if name not in hidden}


def words_in(typed: Iterable[str]) -> list[str]:
    """What stands in lines, with commas or without, each once."""
    return list(dict.fromkeys(word for text in typed for word in text.replace(",", " ").split()))


def field_id(name: str) -> str:
    """How a field of a draft is called in the page: `conditions.section.included` is `c-section-included`."""
    first, _dot, rest = name.partition(".")
    return "c-" + rest.replace(".", "-") if first == "conditions" and rest else name


def filled_form(session: Session, draft: CampaignDraft, *, version: int, currencies: Sequence[str]) -> CampaignForm:
    """The form of a campaign that is opened for editing, or copied."""
    values: MultiDict[str, str] = MultiDict()
    zone = zone_of_reader()

    def put(name: str, value: object) -> None:
        if value not in (None, ""):
            values.add(name, str(value))

    put("version", version)
    for locale in LOCALES:
        put(f"name_{locale}", draft.names.get(locale))
    for name in ("kind", "target", "distribution", "on_refund"):
        put(name, getattr(draft, name))
    put("percent", None if draft.percent is None else f"{draft.percent:f}")
    for name, amounts in (
        ("amounts", draft.amounts),
        ("max_discounts", draft.max_discount),
        ("budgets", draft.limits.budgets),
    ):
        for currency, minor in amounts.items():
            put(f"{name}-{currency}", f"{as_decimal(minor, currency):f}")
    put("valid_from", draft.valid_from.astimezone(zone).strftime("%Y-%m-%dT%H:%M"))
    put("valid_until", draft.valid_until.astimezone(zone).strftime("%Y-%m-%dT%H:%M"))
    put("grace_hours", draft.grace_hours)
    for name in LIMITS:
        put(name, getattr(draft.limits, name))
    put("lane", draft.lane)
    put("stackable", "y" if draft.stackable else None)
    put("priority", draft.priority)
    put("funding", draft.funding.by)
    for store_id, percent in draft.funding.seller_shares.items():
        put(f"share-{store_id}", f"{percent:f}")
    for one in draft.conditions:
        for part in kinds()[one.name].fields:
            _show(session, put, f"c-{one.name}-{part.name}", part, one.params.get(part.name))
    return CampaignForm(values, currencies, draft.store_id)


def _show(session: Session, put: Any, name: str, part: Field, value: Any) -> None:
    if part.kind is Kind.FLAG:
        put(name, "y")
    elif part.source == "user" and value:
        put(name, "\n".join(emails_of(session, [UUID(one) for one in value])))
    else:
        for key, texts in part.show(value).items():
            for text in texts:
                put(f"{name}-{key}" if key else name, text)
