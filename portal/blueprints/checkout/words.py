"""Refusals in the reader's words, with amounts as he writes them."""

from __future__ import annotations

from datetime import datetime

from portal import formatting
from portal.blueprints.templating import gettext
from portal.blueprints.thing_words import words_of
from portal.kit.errors import PortalError, Rejection, fill
from portal.kit.money import Money
from portal.rules.coupons.words import Named


def say(refusal: Rejection | PortalError) -> str:
    """The sentence of a refusal in the reader's language, and what would work now where something would."""
    params = {name: _written(value) for name, value in refusal.params.items()}
    said = fill(gettext(refusal.sentence), params)
    hint = refusal.hint if isinstance(refusal, Rejection) else ""
    return f"{said} {fill(gettext(hint), params)}" if hint else said


def _written(value: object) -> object:
    if isinstance(value, Money):
        return formatting.money(value.minor, value.currency)
    if isinstance(value, datetime):
        return formatting.instant(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return formatting.number(value)
    return words_of(value) if isinstance(value, Named) else value
