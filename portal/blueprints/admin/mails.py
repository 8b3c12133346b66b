"""The log of mails: what waits, what nobody took and why, and sending again (NOT-01)."""

from __future__ import annotations

import uuid

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.desk import choice_arg, plain_arg, text_arg
from portal.blueprints.desk_words import word, words
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.queries.mails import MailFilter, MailState, count_unsent, list_mails
from portal.queries.users import masked_email
from portal.rules.permissions import Permission
from portal.services.notifications.send_again import (
    MailOnceOnlyError,
    MailUnknownError,
    send_again,
    send_given_up_again,
)


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/mails", "mails", index)
    bp.add_url_rule("/mails/<uuid:mail_id>/again", "mail_again", again, methods=["POST"])
    bp.add_url_rule("/mails/given-up/again", "mails_again", all_again, methods=["POST"])


@requires_all(Permission.EVENT_VIEW)
def index() -> ResponseReturnValue:
    """All mails, the latest first, narrowed to a state, to what they are about, or to one person's."""
    named = dict(words("mail"))
    state = choice_arg("state", {one.value for one in MailState})
    template, email, now = choice_arg("about", named), text_arg("q"), clock.now()
    chosen = MailFilter(MailState(state) if state else None, template, email or None)
    with reading() as session:
        found = list_mails(session, chosen=chosen, cursor=plain_arg("cursor"))
        counts = count_unsent(session, now=now)
        frame = around(session, "admin.mails")

    def narrowed_to(name: str | None) -> str:
        return url_for("admin.mails", state=name, about=template, q=email or None)

    tabs = [
        {"label": label, "href": narrowed_to(name), "current": state == name, "count": count}
        for name, label, count in (
            (None, _("All"), None),
            ("waiting", _("Waiting"), counts.waiting),
            ("failing", _("Tried in vain"), counts.failing),
            ("given_up", _("Given up"), counts.given_up),
            ("sent", _("Sent"), None),
        )
    ]
    chips = []
    if template:
        about = _("About: %(name)s", name=word("mail", template))
        chips.append((about, url_for("admin.mails", state=state, q=email or None)))
    if email:
        chips.append((_("To: %(name)s", name=email), url_for("admin.mails", state=state, about=template)))
    return page_or_partial(
        "admin/mails/index.html",
        {"mails": "admin/mails/_list.html"},
        found=found,
        counts=counts,
        tabs=tabs,
        state=state,
        about=template,
        abouts=[("", _("Any")), *sorted(named.items(), key=lambda one: one[1])],
        email=email,
        chips=chips,
        clear_href=url_for("admin.mails", state=state),
        masked_email=masked_email,
        may_send=may_all(Permission.EVENT_REPLAY),
        may_see_people=may_all(Permission.USER_VIEW),
        **frame,
    )


@requires_all(Permission.EVENT_REPLAY)
def again(mail_id: uuid.UUID) -> ResponseReturnValue:
    """Send one mail now."""
    actor, now = current_actor(), clock.now()
    try:
        atomically(lambda s: send_again(s, mail_id=mail_id, actor=actor, now=now))
    except MailUnknownError:
        raise NotFoundError from None
    except MailOnceOnlyError as error:
        flash(say(error), "error")
    else:
        flash(_("The mail goes out now."), "success")
    return done(location=url_for("admin.mails"))


@requires_all(Permission.EVENT_REPLAY)
def all_again() -> ResponseReturnValue:
    """Send everything that was given up in the last days."""
    actor, now = current_actor(), clock.now()
    count = atomically(lambda s: send_given_up_again(s, actor=actor, now=now))
    flash(ngettext("%(num)s mail goes out now.", "%(num)s mails go out now.", count), "success")
    return done(location=url_for("admin.mails", state="waiting"))
