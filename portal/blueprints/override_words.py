"""Decisions by which channels differ from the mall, in words: limits, borders, a channel's own words and products."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.border_words import BORDER_KINDS
from portal.blueprints.context import translated
from portal.kit.text import N_
from portal.queries.house_rules import DecisionRow
from portal.queries.sections import section_directory
from portal.rules.channel_policy import TERMS
from portal.rules.overrides import COLOUR, LOGO, SECTION

TEXT_SHOWN = 160
OWN: Mapping[str, str] = {
    "channel-name-en": N_("Name in English"),
    "channel-name-ko": N_("Name in Korean"),
    "channel-issuer-en": N_("Company on receipts, in English"),
    "channel-issuer-ko": N_("Company on receipts, in Korean"),
    "channel-legal-en": N_("What law wants said on each page, in English"),
    "channel-legal-ko": N_("What law wants said on each page, in Korean"),
    "channel-notice-en": N_("Message to buyers, in English"),
    "channel-notice-ko": N_("Message to buyers, in Korean"),
    COLOUR: N_("Colour"),
    LOGO: N_("Logo"),
    "product-name-en": N_("Product's name in English"),
    "product-name-ko": N_("Product's name in Korean"),
    "product-description-en": N_("Product's description in English"),
    "product-description-ko": N_("Product's description in Korean"),
    SECTION: N_("Product's category"),
}


def decision_rows(decisions: Sequence[DecisionRow], called: Callable[[str], str]) -> list[dict[str, Any]]:
    """What a table of decisions shows; `called` names who decided."""
    labels = {term.name: gettext(term.label) for term in TERMS.values()}
    labels |= {f"border-{kind}": gettext(text) for kind, text in BORDER_KINDS.items()}
    labels |= {term: gettext(text) for term, text in OWN.items()}
    return [
        {
            "row": one,
            "label": labels.get(one.term, one.term),
            "before": _said(one, one.before),
            "after": _said(one, one.after),
            "who": called(one.by),
        }
        for one in decisions
    ]


def _said(decision: DecisionRow, value: str | None) -> str:
    """A value as people read it; without one what holds instead."""
    if value is None:
        if decision.product_id is not None:
            return str(_("the product's own"))
        return "–" if decision.term in OWN else str(_("the mall's own"))
    if decision.term == LOGO:
        return str(_("A picture"))
    if decision.term == SECTION:
        names = {one.slug: translated(dict(one.name)) for one in section_directory()}
        return names.get(value, value)
    return value if len(value) <= TEXT_SHOWN else value[:TEXT_SHOWN].rstrip() + "…"
