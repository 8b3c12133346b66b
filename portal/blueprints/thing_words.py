"""What coupons speak of, by its name in the reader's language: sections, stores, countries, ways of paying."""

from __future__ import annotations

from collections.abc import Sequence

from babel import Locale
from babel.lists import format_list
from flask_babel import get_locale, gettext
from flask_babel import gettext as _

from portal.blueprints.checkout.method_names import method_name
from portal.queries.coupon_names import Names, named
from portal.rules.coupons.segments import GROUPS, SEGMENTS
from portal.rules.coupons.words import Named


def list_of(texts: Sequence[str], *, any_of: bool = True) -> str:
    """ "A, B or C" as the reader's language writes it."""
    return format_list(list(texts), style="or" if any_of else "standard", locale=get_locale() or Locale("en"))


def words_of(thing: Named, names: Names | None = None) -> str:
    """The names of things, joined by "or"."""
    return list_of(thing.names or [name_of(thing.source, key, names) for key in thing.keys])


def name_of(source: str, key: str, names: Names | None = None) -> str:
    """What one thing is called in the reader's language; one that nobody has named by its key."""
    locale = get_locale() or Locale("en")
    fixed = {"segment": SEGMENTS, "group": GROUPS}.get(source)
    if fixed is not None and key in fixed:
        return str(gettext(fixed[key]))
    if source == "segment":
        # What the mall calls its own segments is not for those who are in them, or are not.
        return str(_("selected customers"))
    if source == "group":
        return key
    if source == "country":
        return str(locale.territories.get(key, key))
    if source == "method":
        return method_name(key)
    return named(Named(source, (key,)), names or {}, str(locale))[0]
