"""Language and appearance: for visitors in the cookie, for profiles in both."""

from __future__ import annotations

from flask import flash, g, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, refresh

from portal.blueprints.access import public
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.entry import onward
from portal.blueprints.identity import LOCALE_KEY, LOCALES, THEME_KEY, current_actor
from portal.db import atomically
from portal.htmx import leave_for
from portal.services.accounts.change_preferences import PreferenceUnknownError, Theme, change_preferences


@bp.route("/preferences", methods=["GET", "POST"])
@public
def preferences() -> ResponseReturnValue:
    if request.method == "GET":
        return render_template("account/preferences.html", locales=LOCALES)
    locale, theme = request.form.get(LOCALE_KEY) or None, request.form.get(THEME_KEY) or None
    if (locale and locale not in LOCALES) or (theme and theme not in set(Theme)):
        raise PreferenceUnknownError
    user_id = current_actor().user_id
    if user_id is not None and (locale or theme):
        atomically(lambda opened: change_preferences(opened, user_id=user_id, locale=locale, theme=theme))
    if locale:
        session[LOCALE_KEY] = locale
    if theme:
        session[THEME_KEY] = theme
    session.permanent = True
    if locale:
        # What is said below is already said in the new language.
        g.pop("locale", None)
        refresh()
    if not request.form.get("next"):
        flash(gettext("Saved"), "toast")
    return leave_for(onward(request.form.get("next"), url_for(".preferences")))
