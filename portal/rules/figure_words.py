"""Figures as pages and mails write them, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from portal.kit import display
from portal.kit.money import as_decimal
from portal.kit.text import N_
from portal.rules.figures import Good, Measure, Unit, change_of

# In tenths of a second.
HOURS_FROM = 2 * 36_000
Translate = Callable[[str], str]


def figure_text(measure: Measure, value: int | None, currency: str, locale: str, translate: Translate) -> str:
    """A figure in full, with its unit; a dash where there is nothing to divide by."""
    if value is None:
        return "–"
    if measure.unit is Unit.MONEY:
        return display.format_money(value, currency, locale)
    if measure.unit is Unit.SHARE:
        return display.format_rate(value, locale)
    if measure.unit is Unit.SECONDS:
        return _span(value, locale, translate)
    return display.format_number(value, locale)


def _span(tenths: int, locale: str, translate: Translate) -> str:
    """Seconds; from two hours on, as a transfer takes, hours."""
    if tenths < HOURS_FROM:
        return translate(N_("%(seconds)s s")) % {"seconds": display.format_decimal(as_tenths(tenths), locale)}
    hours = as_tenths((tenths + 1_800) // 3_600)
    return translate(N_("%(hours)s h")) % {"hours": display.format_decimal(hours, locale)}


def as_tenths(value: int) -> Decimal:
    """Tenths as a decimal number."""
    return as_decimal(value * 10, "USD")


def is_better(measure: Measure, now: int | None, before: int | None) -> bool | None:
    """Whether a change is for the better; None where nothing has changed, or the measure is neither good nor bad."""
    change = change_of(now, before)
    if not change or measure.good is Good.NEITHER:
        return None
    return (change > 0) == (measure.good is Good.UP)


def change_text(
    measure: Measure, now: int | None, before: int | None, currency: str, locale: str, translate: Translate
) -> str | None:
    """By how much a figure has changed, and whether that is better; None where that says nothing (A18)."""
    change = change_of(now, before)
    if not change or now is None or before is None:
        return None
    sign, words = ("+", N_("more")) if change > 0 else ("−", N_("less"))
    better = is_better(measure, now, before)
    if better is not None:
        words = N_("better") if better else N_("worse")
    difference = figure_text(measure, abs(now - before), currency, locale, translate)
    return f"{sign}{difference} ({sign}{display.format_rate(abs(change), locale)}) {translate(words)}"
