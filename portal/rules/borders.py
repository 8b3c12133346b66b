"""Which goods and data of a channel may cross which border, from a moment on (CHN-09). Pure.

A rule names a country, or `*` for every country but the channel's own. What concerns customs looks at shipments: what
one store sends to the buyer. One from the country in which it is delivered crosses no border.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.money import Money, round_away
from portal.kit.text import N_
from portal.rules.coupons.words import Named

ANYWHERE: Final = "*"
CUSTOMS_CODE: Final = re.compile(r"[0-9]{4,10}")
# Customs of Korea know a person by a P and twelve digits; of other countries only the length is known here.
PERSONAL_CODES: Final[Mapping[str, re.Pattern[str]]] = {"KR": re.compile(r"P[0-9]{12}")}
PERSONAL_CODE_ELSEWHERE: Final = re.compile(r"[A-Z0-9]{5,20}")


class BorderKind(StrEnum):
    """What a rule is about."""

    DELIVERS = "delivers"
    BARRED = "barred"
    VALUE_MAX = "value_max"
    CODE_ABOVE = "code_above"
    DUTY_FREE = "duty_free"
    DUTY_RATE = "duty_rate"
    DATA_STAYS = "data_stays"


# What these are about is an amount, in the channel's currency.
LIMITS: Final = frozenset({BorderKind.VALUE_MAX, BorderKind.CODE_ABOVE, BorderKind.DUTY_FREE})
# What these are about are goods, by category or customs code, or all.
OF_GOODS: Final = frozenset({BorderKind.BARRED, BorderKind.DUTY_RATE})
# Some countries take many times the value of farm produce.
DUTY_RATE_MAX: Final = 200_000
_WHOLE: Final = 10_000


class Customs(StrEnum):
    """What customs make of a shipment that crosses a border, by the rules of the channel."""

    DUTY_FREE = "duty_free"
    DUTIABLE = "dutiable"
    NO_RULE = "no_rule"


@dataclass(frozen=True, slots=True)
class BorderRule:
    """A rule of a channel. `section_id` or `customs_code` (its first digits) say which goods it is about.

    Without either all goods are. `rate_basis_points` is the duty on them. `words` tell buyers why, {locale: text}.
    """

    id: int
    kind: BorderKind
    country: str
    valid_from: datetime
    section_id: int | None = None
    customs_code: str | None = None
    limit_minor: int | None = None
    rate_basis_points: int | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    def is_for(self, country: str, *, own: str) -> bool:
        """Whether it speaks of this country, in a channel of the country `own`."""
        return country == self.country or (self.country == ANYWHERE and country != own)


@dataclass(frozen=True, slots=True)
class Goods:
    """Units of one thing in a shipment; the value is what is paid for them, without tax, in minor units."""

    name: str
    section_ids: frozenset[int]
    customs_code: str | None
    value_minor: int


@dataclass(frozen=True, slots=True)
class Shipment:
    """What one store sends: from where, and what."""

    store_id: int
    store_name: str
    country: str
    goods: Sequence[Goods]

    @property
    def value_minor(self) -> int:
        return sum(one.value_minor for one in self.goods)


@dataclass(frozen=True, slots=True)
class Borders:
    """What holds for a channel at one moment."""

    country: str
    currency: str
    rules: Sequence[BorderRule] = ()

    @property
    def served(self) -> tuple[str, ...]:
        """The countries that the channel delivers to, its own first."""
        others = {one.country for one in self.rules if one.kind is BorderKind.DELIVERS}
        return (self.country, *sorted(others - {self.country}))

    def of(self, kind: BorderKind, country: str) -> list[BorderRule]:
        """The rules of a kind that speak of a country."""
        return [one for one in self.rules if one.kind is kind and one.is_for(country, own=self.country)]

    def shares_data_with(self, country: str) -> bool:
        """Whether partners in this country may be given personal data of the channel's buyers."""
        return country == self.country or not self.of(BorderKind.DATA_STAYS, country)

    def limit(self, kind: BorderKind, country: str) -> int | None:
        """The lowest limit of a kind for shipments into a country."""
        found = [one.limit_minor for one in self.of(kind, country) if one.limit_minor is not None]
        return min(found, default=None)

    def needs_code(self, shipment: Shipment, country: str) -> bool:
        """Whether customs of the country ask for the buyer's own code with this shipment."""
        limit = self.limit(BorderKind.CODE_ABOVE, country)
        return shipment.country != country and limit is not None and shipment.value_minor > limit

    def customs_of(self, shipment: Shipment, country: str) -> Customs:
        """Under which head it comes into the country."""
        limit = self.limit(BorderKind.DUTY_FREE, country)
        if limit is None:
            return Customs.NO_RULE
        return Customs.DUTY_FREE if shipment.value_minor <= limit else Customs.DUTIABLE

    def duty_of(self, shipment: Shipment, country: str) -> int | None:
        """What customs are expected to ask of the receiver, in minor units, rounded once; None where no rate says.

        Of a shipment above the value that is free, all of it counts. The rule that is closest to the goods holds:
        most digits of the customs code, then the category, then all goods; of equals the latest.
        """
        rates = sorted(self.of(BorderKind.DUTY_RATE, country), key=_closeness, reverse=True)
        is_due = shipment.country != country and self.customs_of(shipment, country) is Customs.DUTIABLE
        if not rates or not is_due:
            return None
        due = Fraction(0)
        for goods in shipment.goods:
            rule = next((one for one in rates if _speaks_of(one, goods)), None)
            due += Fraction(goods.value_minor * ((rule and rule.rate_basis_points) or 0), _WHOLE)
        return round_away(due)


class BorderRefusedError(PortalError):
    """Something may not cross a border; the sentence says what to change."""

    code = "border_refused"


class CountryNotServedError(BorderRefusedError):
    code = "country_not_served"
    sentence = N_("This shop does not deliver to %(country)s. Choose an address in %(served)s.")


class GoodsBarredError(BorderRefusedError):
    code = "goods_barred"
    sentence = N_(
        "%(goods)s cannot be delivered to %(country)s. Take it out of the cart, or choose an address elsewhere."
    )


class GoodsBarredBecauseError(BorderRefusedError):
    code = "goods_barred"
    sentence = N_(
        "%(goods)s cannot be delivered to %(country)s: %(why)s Take it out of the cart, or choose an address elsewhere."
    )


class ShipmentTooValuableError(BorderRefusedError):
    code = "shipment_too_valuable"
    sentence = N_(
        "What %(store)s sends from abroad is worth %(value)s, and at most %(limit)s may come into %(country)s at once."
        " Take something out of the cart, and order it another time."
    )


class PersonalCodeMissingError(BorderRefusedError):
    code = "personal_code_missing"
    sentence = N_(
        "What %(store)s sends from abroad is worth more than %(limit)s:"
        " enter your personal customs code for %(country)s."
    )
    field = "personal_code"


class PersonalCodeUnfitError(BorderRefusedError):
    code = "personal_code_unfit"
    sentence = N_("A personal customs code of Korea is a P with 12 digits; others have 5 to 20 letters and digits.")
    field = "personal_code"


class DataStaysError(BorderRefusedError):
    code = "data_stays"
    sentence = N_(
        "%(store)s works in %(country)s, and this shop gives no names and addresses of buyers to partners there."
        " Take its goods out of the cart."
    )


def borders_at(rules: Iterable[BorderRule], *, country: str, currency: str, now: datetime) -> Borders:
    """What holds at `now` for a channel of a country."""
    return Borders(country, currency, [one for one in rules if one.valid_from <= now])


def read_personal_code(typed: str | None, country: str) -> str | None:
    """A personal customs code as customs know it; None for nothing. Raises PersonalCodeUnfitError."""
    code = re.sub(r"[\s-]", "", typed or "").upper()
    if not code:
        return None
    if not PERSONAL_CODES.get(country, PERSONAL_CODE_ELSEWHERE).fullmatch(code):
        raise PersonalCodeUnfitError
    return code


def refusals(
    borders: Borders, shipments: Sequence[Shipment], *, country: str, personal_code: str | None, locale: str
) -> list[BorderRefusedError]:
    """Why these shipments may not go to a country, each with what to change; nothing when they may."""
    there = Named("country", (country,))
    if country not in borders.served:
        return [CountryNotServedError(country=there, served=Named("country", borders.served))]
    found: list[BorderRefusedError] = []
    for shipment in shipments:
        if not borders.shares_data_with(shipment.country):
            found.append(DataStaysError(store=shipment.store_name, country=Named("country", (shipment.country,))))
        found += _barred(borders, shipment, country, locale)
        if shipment.country == country:
            continue
        most = borders.limit(BorderKind.VALUE_MAX, country)
        told = {"store": shipment.store_name, "country": there}
        if most is not None and shipment.value_minor > most:
            value = Money(shipment.value_minor, borders.currency)
            found.append(ShipmentTooValuableError(value=value, limit=Money(most, borders.currency), **told))
        if personal_code is None and borders.needs_code(shipment, country):
            limit = borders.limit(BorderKind.CODE_ABOVE, country) or 0
            found.append(PersonalCodeMissingError(limit=Money(limit, borders.currency), **told))
    return found


def _barred(borders: Borders, shipment: Shipment, country: str, locale: str) -> list[BorderRefusedError]:
    found: list[BorderRefusedError] = []
    rules = borders.of(BorderKind.BARRED, country)
    for goods in shipment.goods:
        rule = next((one for one in rules if _speaks_of(one, goods)), None)
        if rule is None:
            continue
        told = {"goods": goods.name, "country": Named("country", (country,))}
        why = rule.words.get(locale) or rule.words.get("en")
        found.append(GoodsBarredBecauseError(why=why, **told) if why else GoodsBarredError(**told))
    return found


def _closeness(rule: BorderRule) -> tuple[int, bool, int]:
    return len(rule.customs_code or ""), rule.section_id is not None, rule.id


def _speaks_of(rule: BorderRule, goods: Goods) -> bool:
    if rule.section_id is not None:
        return rule.section_id in goods.section_ids
    return rule.customs_code is None or (goods.customs_code or "").startswith(rule.customs_code)
