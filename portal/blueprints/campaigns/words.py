"""Campaigns in words: what each setting is called, and the sentence that a campaign is described with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from babel import Locale
from flask_babel import get_locale, gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.coupon_words import sentence_of, things_in
from portal.blueprints.thing_words import name_of
from portal.formatting import in_locale
from portal.kit import clock
from portal.kit.text import N_
from portal.queries.campaign_things import Options
from portal.queries.coupon_names import load_names
from portal.rules.coupons.conditions import kinds
from portal.rules.coupons.conditions.fields import Field, Kind
from portal.rules.coupons.describe import describe
from portal.rules.coupons.draft import CampaignDraft

STATE_WORDS: Mapping[str, str] = {
    "draft": N_("Draft"),
    "scheduled": N_("Scheduled"),
    "running": N_("Running"),
    "paused": N_("Paused"),
    "ended": N_("Ended"),
    "revoked": N_("Withdrawn"),
}
KINDS: Mapping[str, str] = {
    "percentage": N_("Percentage"),
    "fixed": N_("Fixed amount"),
    "free_shipping": N_("Free shipping"),
}
TARGETS: Mapping[str, str] = {
    "order": N_("The whole order"),
    "line": N_("Single goods, before coupons on the order"),
    "shipping": N_("Shipping"),
}
DISTRIBUTIONS: Mapping[str, str] = {
    "code": N_("By a code"),
    "claim": N_("Claimed from a page"),
    "automatic": N_("Applies by itself"),
    "grant": N_("Given to people"),
}
OWNERS: Mapping[str, str] = {"platform": N_("The platform's"), "store": N_("Stores'")}
FUNDERS: Mapping[str, str] = {
    "platform": N_("The platform"),
    "shared": N_("Platform and stores, by agreed parts"),
    "seller": N_("The store"),
}


def option_lists(*, with_owner: bool) -> Mapping[str, Sequence[tuple[str, str]]]:
    """The choices of the list's filters."""
    lists = {"state": STATE_WORDS, "kind": KINDS, "distribution": DISTRIBUTIONS}
    if with_owner:
        lists["owner"] = OWNERS
    return {
        name: [("", _("Any"))] + [(key, gettext(word)) for key, word in words.items()] for name, words in lists.items()
    }


ON_REFUND: Mapping[str, str] = {
    "keep": N_("What is kept keeps its discount"),
    "ask_back": N_("The discount on what is kept is asked back"),
}
_LABELS: Mapping[str, Mapping[str, str]] = {
    "kind": KINDS,
    "target": TARGETS,
    "distribution": DISTRIBUTIONS,
    "funding": FUNDERS,
    "on_refund": ON_REFUND,
}


def label(kind: str, key: str) -> str:
    """What a setting is called in the reader's language."""
    return str(gettext(_LABELS[kind][key]))


def labels(kind: str) -> list[tuple[str, str]]:
    """The choices of a setting, for those who make campaigns of the platform's."""
    return [(key, label(kind, key)) for key in _LABELS[kind] if (kind, key) != ("funding", "seller")]


_CHECKS: Mapping[str, str] = {
    "currency": N_("Another currency"),
    "issuer": N_("Nothing of the store"),
    "covered": N_("No goods that all conditions leave"),
    "effect": N_("Nothing to take off"),
}


def check_name(name: str) -> str:
    """What did not fit: a condition by its title."""
    kind = kinds().get(name)
    return str(gettext(kind.title if kind else _CHECKS.get(name, name)))


def choices_of(part: Field, options: Options) -> list[tuple[str, str]]:
    """What a field of a condition lets one choose from, by name."""
    if part.kind is Kind.DAYS:
        days = (get_locale() or Locale("en")).days["format"]["abbreviated"]
        return [(str(day), days[day]) for day in range(7)]
    return [
        (
            option.key,
            name_of(part.source, option.key, {(part.source, option.key): option.names} if option.names else {}),
        )
        for option in options.get(part.source, ())
    ]


def preview_of(session: Session, draft: CampaignDraft, locale: str) -> str:
    """What the campaign promises, as one sentence in that language."""
    phrases = describe(draft.terms(locale=locale, issued_at=clock.now()), draft.limits)
    names = load_names(session, things_in(phrases))
    with in_locale(locale):
        return sentence_of(phrases, names)
