"""What one hears of, by which way and when (NOT-01)."""

from __future__ import annotations

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import requires_sign_in
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.identity import current_channel, current_identity
from portal.db import atomically, reading
from portal.htmx import leave_for
from portal.kit import clock
from portal.queries.notice_wishes import notice_wishes_of
from portal.rules.notice_topics import TOPIC_OF_MAIL, ByMail, Choice, NoticeWishes, Topic
from portal.services.notifications.keep_wishes import keep_notice_wishes

HOURS = range(24)


@bp.get("/account/notices/choices")
@requires_sign_in
def notice_choices() -> ResponseReturnValue:
    """The form."""
    with reading() as session:
        wishes = notice_wishes_of(session, own_id())
    return render_template(
        "account/notice_choices.html",
        wishes=wishes,
        topics=_topics(),
        mailed=set(TOPIC_OF_MAIL.values()),
        hours=[(str(hour), f"{hour:02d}:00") for hour in HOURS],
    )


@bp.post("/account/notices/choices")
@requires_sign_in
def keep_notice_choices() -> ResponseReturnValue:
    """Keep them; what is no choice is as if it had not been touched."""
    given, user_id, now, channel = request.form, own_id(), clock.now(), current_channel()
    choices = {
        topic: Choice(
            given.get(f"bell-{topic}") == "y",
            ByMail(given[f"mail-{topic}"]) if given.get(f"mail-{topic}") in set(ByMail) else ByMail.NOW,
        )
        for topic, _name, _hint in _topics()
    }
    first, last = _hour("quiet_from"), _hour("quiet_until")
    quiet = (first, last) if first is not None and last is not None and first != last else None
    wishes = NoticeWishes(choices, quiet, channel.time_zone)
    atomically(lambda s: keep_notice_wishes(s, user_id=user_id, wishes=wishes, channel_id=channel.id, now=now))
    flash(_("Saved"), "toast")
    return leave_for(url_for(".notice_choices"))


def _hour(name: str) -> int | None:
    typed = request.form.get(name, "")
    return int(typed) if typed in {str(hour) for hour in HOURS} else None


def _topics() -> list[tuple[Topic, str, str]]:
    """Those that concern the reader: with a name, and what always comes whatever is chosen."""
    identity = current_identity()
    works = bool(identity and (identity.store_ids or set(identity.roles) - {"buyer", "seller"}))
    named = [
        (Topic.ORDERS, _("Orders and refunds"), _("Receipts and what needs you always come.")),
        (Topic.DELIVERY, _("Delivery"), _("Damaged and lost parcels always stand behind the bell.")),
        (Topic.BALANCES, _("Balances and points"), _("Withdrawals and invoices always come.")),
        (Topic.TICKETS, _("Tickets"), ""),
        (Topic.GOODS, _("Wishlist, reviews and coupons"), ""),
    ]
    return [*named, (Topic.DESK, _("Work on the desk"), _("What is late always comes."))] if works else named
