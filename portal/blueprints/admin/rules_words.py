"""Routing rules read back as sentences, in the reader's language."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.lists import format_list
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.context import translated
from portal.blueprints.desk_words import word
from portal.formatting import money, rate
from portal.queries.channels import channel_directory
from portal.queries.gateway_accounts import account_names
from portal.queries.payments import AttemptView
from portal.queries.routing_rules import load_rules
from portal.rules.route_rules import RouteRule


@dataclass(frozen=True, slots=True)
class Names:
    """What accounts and channels are called, by their ids."""

    accounts: Mapping[int, str]
    channels: Mapping[int, str]

    def account(self, account_id: int) -> str:
        return self.accounts.get(account_id, f"#{account_id}")


@dataclass(frozen=True, slots=True)
class DecidedWords:
    """What decided, as a sentence; `version` is the one to look at, None where none was in force.

    `known` is what else was known of the payment.
    """

    version: int | None
    sentence: str
    known: str


def names_of(accounts: Iterable[tuple[int, str]]) -> Names:
    channels = {view.id: translated(dict(view.name)) for view in channel_directory().channels.values()}
    return Names(dict(accounts), channels)


def decided_words(session: Session, attempts: Iterable[AttemptView]) -> Mapping[uuid.UUID, DecidedWords]:
    """What decided the way of each attempt that kept it, by the attempt's id."""
    told = {one.id: one.decision for one in attempts if one.decision is not None}
    versions = {decision["version"] for decision in told.values() if decision["rule"] is not None}
    rules = load_rules(session, versions) if versions else {}
    names = names_of(account_names(session).items()) if versions else Names({}, {})
    return {attempt_id: _decided(decision, rules, names) for attempt_id, decision in told.items()}


def _decided(decision: Mapping[str, Any], rules: Mapping[int, Sequence[RouteRule]], names: Names) -> DecidedWords:
    version, n, share = decision["version"], decision["rule"], decision.get("share")
    known = _known(decision)
    if not version:
        return DecidedWords(None, _("No rules were in force: every account in its own order."), known)
    if n is None:
        said = _("No rule of version %(version)s fitted: every account in its own order.", version=version)
        return DecidedWords(version, said, known)
    sentence = rule_sentence(rules[version][n - 1], names)
    said = _("Rule %(n)s of version %(version)s decided: %(sentence)s", n=n, version=version, sentence=sentence)
    if share is not None:
        said = f"{said} {_('Among a hundred buyers this one has the place %(place)s.', place=share + 1)}"
    return DecidedWords(version, said, known)


def _known(decision: Mapping[str, Any]) -> str:
    country, language = decision.get("country"), decision.get("locale")
    told = [
        _("Country: %(country)s", country=_places().get(country, country) if country else "–"),
        _("Language: %(language)s", language=_tongues().get(language, language) if language else "–"),
    ]
    if decision.get("has_token"):
        told.append(_("with a card, typed into the page or kept"))
    return " · ".join(told)


def rule_sentence(rule: RouteRule, names: Names) -> str:
    """A rule as one would say it: which payments, and to which accounts they go first."""
    asked = _conditions(rule, names)
    payments = _("Payments %(conditions)s", conditions=", ".join(asked)) if asked else _("All payments")
    called = [names.account(target) for target in rule.targets]
    if rule.shares:
        parts = [
            _("%(percent)s to %(account)s", percent=rate(share * 100), account=name)
            for share, name in zip(rule.shares, called, strict=True)
        ]
        said = _(
            "%(payments)s are divided among buyers: %(parts)s. The other accounts follow in their own order.",
            payments=payments,
            parts=", ".join(parts),
        )
        return str(said)
    order = called[0]
    for name in called[1:]:
        order = _("%(first)s, then to %(next)s", first=order, next=name)
    said = _(
        "%(payments)s go to %(accounts)s. The other accounts follow in their own order.",
        payments=payments,
        accounts=order,
    )
    return str(said)


def _conditions(rule: RouteRule, names: Names) -> list[str]:
    places, tongues = _places(), _tongues()
    asked = []
    if rule.channel_ids:
        channels = [names.channels.get(one, f"#{one}") for one in sorted(rule.channel_ids)]
        asked.append(_("in the channel %(names)s", names=_any_of(channels)))
    if rule.methods:
        asked.append(_("by %(methods)s", methods=_any_of(word("method", one) for one in sorted(rule.methods))))
    if rule.countries:
        countries = [str(places.get(one, one)) for one in sorted(rule.countries)]
        asked.append(_("from buyers in %(countries)s", countries=_any_of(countries)))
    if rule.locales:
        languages = [str(tongues.get(one, one)) for one in sorted(rule.locales)]
        asked.append(_("on pages in %(languages)s", languages=_any_of(languages)))
    if rule.currency:
        asked.append(_amounts(rule, rule.currency))
    return asked


def _places() -> Mapping[str, str]:
    locale = get_locale()
    return locale.territories if locale else {}


def _tongues() -> Mapping[str, str]:
    locale = get_locale()
    return locale.languages if locale else {}


def _amounts(rule: RouteRule, currency: str) -> str:
    low = money(rule.minimum_minor, currency) if rule.minimum_minor is not None else ""
    high = money(rule.maximum_minor, currency) if rule.maximum_minor is not None else ""
    if low and high:
        said = _("from %(low)s to %(high)s %(currency)s", low=low, high=high, currency=currency)
    elif low:
        said = _("of %(low)s %(currency)s or more", low=low, currency=currency)
    elif high:
        said = _("of up to %(high)s %(currency)s", high=high, currency=currency)
    else:
        said = _("in %(currency)s", currency=currency)
    return str(said)


def _any_of(items: Iterable[str]) -> str:
    return str(format_list(list(items), style="or", locale=get_locale()))
