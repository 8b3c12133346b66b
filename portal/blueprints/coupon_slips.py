"""What a coupon gives and where it is valid, as it stands on its slip, with amounts of the reader's channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from flask_babel import gettext
from sqlalchemy.orm import Session

from portal import formatting
from portal.blueprints.context import translated
from portal.blueprints.coupon_words import percent_of, say_phrase, things_in
from portal.blueprints.identity import current_channel
from portal.queries.coupon_names import Names, load_names
from portal.queries.wallet import CampaignTerms
from portal.rules.coupons.conditions import parse
from portal.rules.coupons.terms import ConditionTerms
from portal.rules.coupons.words import Amounts, Phrase


@dataclass(frozen=True, slots=True)
class SlipWords:
    """What stands on a slip: what it is worth, and its terms, one short piece each."""

    benefit: str
    terms: Sequence[str]


def write_slips(session: Session, campaigns: Sequence[CampaignTerms]) -> Mapping[int, SlipWords]:
    """The words of campaigns, by their ids; one statement for each kind of thing that they name."""
    phrases = {one.id: _phrases(one) for one in campaigns}
    names = load_names(session, [thing for said in phrases.values() for thing in things_in(said)])
    return {one.id: SlipWords(_benefit(one), _terms(one, phrases[one.id], names)) for one in campaigns}


def _phrases(campaign: CampaignTerms) -> list[Phrase]:
    conditions = (ConditionTerms(one["name"], one.get("params") or {}) for one in campaign.conditions)
    return [_of_channel(phrase) for one in conditions for phrase in parse(one).words()]


def _of_channel(phrase: Phrase) -> Phrase:
    """The phrase with the amounts of the reader's currency only; with all where it has none."""
    currency = current_channel().currency
    params = {
        key: Amounts({currency: value.minor[currency]})
        if isinstance(value, Amounts) and currency in value.minor
        else value
        for key, value in phrase.params.items()
    }
    return replace(phrase, params=params)


def _benefit(campaign: CampaignTerms) -> str:
    """What it gives, in a few words: "10% off", "₩5,000 off", "Free shipping"."""
    if campaign.kind == "free_shipping":
        return str(gettext("Free shipping"))
    if campaign.kind == "percentage":
        return str(gettext("%(percent)s off", percent=percent_of(campaign.percent or Decimal(0))))
    amount = _amount(campaign.amounts)
    return str(gettext("%(amount)s off", amount=amount) if amount else gettext("A discount in another currency"))


def _terms(campaign: CampaignTerms, phrases: Sequence[Phrase], names: Names) -> list[str]:
    pieces = [gettext("off the shipping")] if campaign.target == "shipping" and campaign.kind != "free_shipping" else []
    most = _amount(campaign.max_discounts)
    if most and campaign.kind != "fixed":
        pieces.append(gettext("at most %(amounts)s", amounts=most))
    if campaign.store_name:
        pieces.append(gettext("at %(stores)s", stores=translated(campaign.store_name)))
    pieces += [say_phrase(phrase, names) for phrase in phrases]
    often = campaign.per_user_cap
    if often is not None:
        pieces.append(gettext("once per person") if often == 1 else gettext("%(count)s times per person", count=often))
    return pieces


def _amount(amounts: Mapping[str, int]) -> str:
    """The amount of the reader's currency; nothing where it has none."""
    currency = current_channel().currency
    minor = amounts.get(currency)
    return formatting.money(minor, currency) if minor is not None else ""
