"""A board of figures that comes regularly by mail: set and ended where one looks at it (ANA-01, ANA-02)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.checkout.words import say
from portal.blueprints.desk import zone_of_reader
from portal.blueprints.identity import current_actor
from portal.db import atomically
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.list_exports import find_figures_plan
from portal.rules.figures import Sight
from portal.rules.reports import MAIL, Every, Report
from portal.services.exports.keep_plans import Wish, end_plan, set_plan

EVERY: Mapping[str, str] = {
    Every.DAY: N_("Every day"),
    Every.WEEK: N_("Every Monday"),
    Every.MONTH: N_("On the first of a month"),
}


def figures_mail(session: Session, sight: Sight) -> dict[str, Any]:
    """Whether these figures come to the reader already, and how often they may."""
    plan = find_figures_plan(session, user_id=current_actor().user_id, sight=sight)
    return {
        "plan": plan,
        "often": gettext(EVERY[plan.every]) if plan else None,
        "choices": [(key, gettext(words)) for key, words in EVERY.items()],
    }


def set_figures_mail(sight: Sight, *, back: str) -> ResponseReturnValue:
    """Have these figures come by mail, as often as the form says."""
    actor, now = current_actor(), clock.now()
    every, locale = request.form.get("every", ""), str(get_locale() or "en")
    wish = Wish(Report.FIGURES, MAIL, every, locale, str(zone_of_reader()), sight)
    try:
        atomically(lambda s: set_plan(s, wish=wish, actor=actor, now=now))
    except PortalError as error:
        if error.status == 404:
            raise
        flash(say(error), "error")
    else:
        flash(_("These figures come by mail from now on."), "success")
    return done(location=back)


def end_figures_mail(plan_id: uuid.UUID, *, back: str) -> ResponseReturnValue:
    """Let them come no longer."""
    actor, now = current_actor(), clock.now()
    atomically(lambda s: end_plan(s, plan_id=plan_id, actor=actor, now=now))
    flash(_("These figures come no longer."), "success")
    return done(location=back)
