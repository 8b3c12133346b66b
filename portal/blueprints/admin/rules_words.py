"""Routing rules read back as sentences, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from babel.lists import format_list
from flask_babel import get_locale
from flask_babel import gettext as _

from portal.blueprints.context import translated
from portal.blueprints.desk_words import word
from portal.formatting import money, rate
from portal.queries.channels import channel_directory
from portal.rules.route_rules import RouteRule


@dataclass(frozen=True, slots=True)
class Names:
    """What accounts and channels are called, by their ids."""

    accounts: Mapping[int, str]
    channels: Mapping[int, str]

    def account(self, account_id: int) -> str:
        return self.accounts.get(account_id, f"#{account_id}")


def names_of(accounts: Iterable[tuple[int, str]]) -> Names:
    channels = {view.id: translated(dict(view.name)) for view in channel_directory().channels.values()}
    return Names(dict(accounts), channels)


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
    locale = get_locale()
    places = dict(locale.territories) if locale else {}
    tongues = dict(locale.languages) if locale else {}
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
