"""Mails from their templates, in the reader's language; every mail is a folder of subject.txt, body.txt, body.html."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal.kit import display
from portal.kit.rates import SOURCES
from portal.rules.figure_words import change_text, figure_text
from portal.site import address
from portal.translations import translations_of

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """The three forms of a mail, and the name of the channel that speaks in it."""

    subject: str
    text: str
    html: str
    sender: str | None


@cache
def _environment(locale: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    translations = translations_of(locale)
    environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]  # From the extension.
    environment.globals["site_address"] = address
    environment.filters["money"] = lambda minor, currency: display.format_money(minor, currency, locale)
    environment.filters["number"] = lambda value: display.format_number(value, locale)
    environment.filters["exchange_rate"] = lambda fx: display.format_exchange(fx.source, fx.target, fx.rate, locale)
    # What is marked for translation where it is defined, such as a figure's title.
    environment.filters["said"] = translations.gettext
    environment.filters["rate_source"] = lambda code: translations.gettext(SOURCES[code]) if code in SOURCES else code
    environment.filters["instant_in"] = lambda at, zone: display.format_instant(
        at, locale, ZoneInfo(zone), with_zone=True
    )
    environment.filters["day"] = lambda on: display.format_day(on, locale)
    environment.filters["figure"] = lambda value, measure, currency: figure_text(
        measure, value, currency, locale, translations.gettext
    )
    environment.globals["figure_change"] = lambda measure, now, before, currency: change_text(
        measure, now, before, currency, locale, translations.gettext
    )
    environment.filters["tr"] = lambda texts: texts.get(locale) or texts.get("en") or next(iter(texts.values()), "")
    return environment


def render_mail(template: str, *, locale: str, **values: object) -> RenderedMail:
    """Fill the templates of `email/<template>/`. A missing value is a fault."""
    environment = _environment(locale)
    subject, text = (
        environment.get_template(f"email/{template}/{name}").render(locale=locale, **values)
        for name in ("subject.txt", "body.txt")
    )
    html = environment.get_template(f"email/{template}/body.html").make_module({"locale": locale, **values})
    # The template itself says which of its values speaks for a channel.
    speaker = getattr(html, "sender", None)
    sender = environment.filters["tr"](environment.getattr(speaker, "channel_name")) if speaker else None
    return RenderedMail(" ".join(subject.split()), text, str(html), sender)
