"""Parts of pages that are the same for everybody, rendered once: `{{ kept(macro, argument, …) }}` instead of a call.

What may be kept is a macro of a file that is imported. It cannot see the page, so all that it depends on are its
arguments, the language, and the channel with the way in which it was reached; these are the key. A changed brand,
shelf, price or text is another argument and shows at once; nothing is ever called back, and what is not used any more
makes room.

What may not go in: anything about a person. Such a macro asks neither request, session nor current_user, makes no CSRF
token, and gets no argument that somebody has typed (`tests/architecture/test_kept.py` looks at all of them). Arguments
are values that can be compared for good: texts, numbers, tuples, frozen records.
"""

from __future__ import annotations

from functools import lru_cache

from flask import Flask, g, request
from jinja2.runtime import Macro
from markupsafe import Markup

from portal.blueprints.identity import current_channel, current_locale

# The mall's cards in two languages; a part is about a thousand characters long.
KEPT_MAX = 4096


def init_kept(app: Flask) -> None:
    app.jinja_env.globals["kept"] = kept


def kept(macro: Macro, *arguments: object) -> Markup:
    """What the macro says to these arguments. Raises TypeError for one that cannot be compared for good."""
    here = g._get_current_object()  # noqa: SLF001  # Werkzeug's public name: a page keeps many parts.
    reader: tuple[str, int, str] | None = getattr(here, "kept_for", None)
    if reader is None or reader[0] != getattr(here, "locale", None):
        reader = here.kept_for = (current_locale(), current_channel().id, request.script_root)
    return _rendered(macro, *reader, arguments)


@lru_cache(maxsize=KEPT_MAX)
def _rendered(macro: Macro, _locale: str, _channel_id: int, _root: str, arguments: tuple[object, ...]) -> Markup:
    # The module of an imported template lives as long as the application, and its macros with it.
    return Markup(macro(*arguments))  # noqa: S704  # A macro's own output, escaped where it was put together.
