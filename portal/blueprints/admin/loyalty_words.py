"""Rules of mileage read back as sentences, in the reader's language (BAL-04)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel.lists import format_list
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import formatting
from portal.blueprints.context import translated
from portal.queries.channels import channel_directory
from portal.queries.goods_names import load_goods_names
from portal.queries.loyalty import loyalty_directory
from portal.queries.sections import section_directory
from portal.queries.segments import list_segments
from portal.rules.earning import EarnRule, EarnTerms, overlaps


@dataclass(frozen=True, slots=True)
class Names:
    """What everything is called that rules name, in the reader's language."""

    stores: Mapping[int, str]
    sections: Mapping[int, str]
    products: Mapping[int, str]
    slugs: Mapping[int, str]
    channels: Mapping[int, str]
    tiers: Mapping[str, str]
    segments: Mapping[str, str]


def names_for(session: Session, rules: Iterable[EarnRule]) -> Names:
    """The names that these rules need, and all that a rule could be about."""
    goods = load_goods_names(session, product_ids={one for rule in rules for one in rule.product_ids})
    ladders = loyalty_directory(session).ladders.values()
    return Names(
        stores={key: translated(name) for key, name in goods.stores.items()},
        sections={one.id: translated(one.name) for one in section_directory(session)},
        products={key: translated(name) for key, name in goods.products.items()},
        slugs=goods.slugs,
        channels={view.id: translated(dict(view.name)) for view in channel_directory().channels.values()},
        tiers={tier.code: translated(tier.names) for ladder in ladders for tier in ladder.tiers},
        segments={one.key: one.title for one in list_segments(session) if one.is_live},
    )


def rule_sentence(rule: EarnRule, names: Names) -> str:
    """A rule in words: what it gives, for what, for whom, when."""
    if rule.percent is not None:
        gives = _("%(percent)s of what is paid", percent=f"{formatting.decimal(rule.percent)}%")
    else:
        gives = _("%(times)s times the points", times=formatting.decimal(rule.multiplier or Decimal(1)))
    told = [str(gives)]
    for called, sentence in (
        ([names.products.get(one, f"#{one}") for one in sorted(rule.product_ids)], _("for %(what)s")),
        ([names.sections.get(one, f"#{one}") for one in sorted(rule.section_ids)], _("in %(what)s")),
        ([names.stores.get(one, f"#{one}") for one in sorted(rule.store_ids)], _("of %(what)s")),
        ([names.channels.get(one, f"#{one}") for one in sorted(rule.channel_ids)], _("on %(what)s")),
        ([names.tiers.get(one, one) for one in sorted(rule.tiers)], _("for members of %(what)s")),
        ([names.segments.get(one, one) for one in sorted(rule.segments)], _("for the segment %(what)s")),
    ):
        if called:
            told.append(sentence % {"what": format_list(called, locale=get_locale() or "en")})
    if len(told) == 1:
        told.append(_("for everything"))
    if rule.starts_at is not None:
        told.append(_("from %(moment)s", moment=formatting.instant_zone(rule.starts_at)))
    if rule.ends_at is not None:
        told.append(_("until %(moment)s", moment=formatting.instant_zone(rule.ends_at)))
    return f"{rule.name}: {', '.join(told)}"


def terms_sentences(terms: EarnTerms, names: Names) -> list[str]:
    """A version in words: its rules, then caps and what else gives points."""
    told = [rule_sentence(rule, names) for rule in terms.rules]
    told.append(_("Where no rule fits, the channel's own rate counts."))
    if terms.order_cap is not None:
        told.append(_("At most %(points)s for one order.", points=formatting.money(terms.order_cap, "PTS")))
    if terms.month_cap is not None:
        told.append(_("At most %(points)s for one person in a month.", points=formatting.money(terms.month_cap, "PTS")))
    for points, sentence in (
        (terms.sign_up_points, _("Signing up gives %(points)s.")),
        (terms.review_points, _("A review gives %(points)s.")),
        (terms.referrer_points, _("Whoever invites somebody gets %(points)s with the first order that is kept.")),
        (terms.referee_points, _("Whoever was invited gets %(points)s with the first order that is kept.")),
    ):
        if points:
            told.append(sentence % {"points": formatting.money(points, "PTS")})
    told.append(_("Points live %(days)s days.", days=formatting.number(terms.life_days)))
    return [str(one) for one in told]


def overlap_sentences(rules: Sequence[EarnRule]) -> list[str]:
    """Where two rules meet, and which of them counts there."""
    told = []
    for one in overlaps(rules):
        names = {"upper": rules[one.upper - 1].name, "lower": rules[one.lower - 1].name}
        if one.is_rate:
            told.append(_("“%(upper)s” and “%(lower)s” meet: “%(upper)s” counts, as it stands above.", **names))
        else:
            told.append(_("“%(upper)s” and “%(lower)s” meet: only the higher multiplier counts.", **names))
    return [str(one) for one in told]
