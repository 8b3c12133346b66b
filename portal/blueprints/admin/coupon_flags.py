"""The desk of suspicions about coupons: look, confirm or undo, and set the rules (CPN-14)."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.bulk import chosen_uuids, do_each, of_list
from portal.blueprints.checkout.words import say
from portal.blueprints.coupon_desk_words import ACTS, act_name, rule_name, rule_text
from portal.blueprints.desk import choice_arg, days_arg, plain_arg, text_arg
from portal.blueprints.identity import current_actor
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.coupon_abuse import load_settings
from portal.queries.coupon_flags import list_flags, load_flag
from portal.queries.listings.coupons import FlagFilter
from portal.queries.users import masked
from portal.rules.coupons.abuse import AbuseRule, read_setting
from portal.rules.permissions import Permission, Scope
from portal.services.coupons.change_abuse_rule import change_abuse_rule
from portal.services.coupons.decide_flag import confirm_flag, undo_flag
from portal.statuses import status_of

MENU = "admin.coupon_flags"
STATES = ("open", "confirmed", "undone")


def hang(bp: Blueprint) -> None:
    path = "/coupon-flags/<uuid:flag_id>"
    bp.add_url_rule("/coupon-flags", "coupon_flags", index)
    bp.add_url_rule(path, "coupon_flag", show)
    bp.add_url_rule(f"{path}/confirmation", "coupon_flag_confirmation", confirm, methods=["POST"])
    bp.add_url_rule(f"{path}/undoing", "coupon_flag_undoing", undo, methods=["POST"])
    bp.add_url_rule("/coupon-flags/decisions", "coupon_flags_decide", decide_chosen, methods=["POST"])
    bp.add_url_rule("/coupon-flags/rules", "coupon_rules", rules)
    bp.add_url_rule("/coupon-flags/rules/<key>", "coupon_rule", change, methods=["POST"])


def flag_filter() -> FlagFilter:
    """The suspicions that the address asks for: the open ones, unless it says otherwise."""
    days, everything = days_arg(), plain_arg("view") == "all"
    return FlagFilter(
        state=choice_arg("state", STATES) or (None if everything else "open"),
        rule=choice_arg("rule", set(AbuseRule)),
        raised_from=days.start,
        raised_until=days.end,
        search=text_arg("q"),
    )


INBOX = offer(
    Inbox(
        MENU,
        Permission.FRAUD_VIEW,
        Scope.ALL,
        ("view", "state", "rule", "from", "until", "q"),
        lambda session, _store: list_flags(session, chosen=flag_filter()),
    )
)


@requires_all(Permission.FRAUD_VIEW)
def index() -> ResponseReturnValue:
    """The open ones, or all that there ever were, narrowed by rule, state, days and code."""
    chosen, days, everything = flag_filter(), days_arg(), request.args.get("view") == "all"
    with reading() as session:
        views = views_for(session, INBOX)
        found = list_flags(session, chosen=chosen, cursor=request.args.get("cursor"))
        frame = around(session, MENU)
    if (there := opens_with(views)) is not None:
        return there
    tabs = [
        {"label": _("Open"), "href": url_for(MENU), "current": not everything},
        {"label": _("All"), "href": url_for(MENU, view="all"), "current": everything},
    ]
    return page_or_partial(
        "admin/coupon_flags/index.html",
        {"flags": "desk/coupons/_flags.html"},
        found=found,
        views=views,
        chosen=chosen,
        days=days,
        everything=everything,
        states=[("", _("Any"))] + [(one, gettext(status_of(one, "flag").word)) for one in STATES],
        rules=[("", _("Any"))] + [(one.value, rule_name(one.value)) for one in AbuseRule],
        tab_list=tabs,
        rule_name=rule_name,
        masked=masked,
        may_decide=may_all(Permission.FRAUD_DECIDE),
        bulk_href=of_list("admin.coupon_flags_decide"),
        **frame,
    )


@requires_all(Permission.FRAUD_VIEW)
def show(flag_id: uuid.UUID) -> ResponseReturnValue:
    """One: what was counted, what its holder says, and what can be done."""
    return _page(flag_id)


@requires_all(Permission.FRAUD_DECIDE)
def confirm(flag_id: uuid.UUID) -> ResponseReturnValue:
    """It is abuse."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "")
    return _act(
        flag_id,
        lambda s: confirm_flag(s, flag_id=flag_id, reason=reason, actor=actor, now=now),
        _("Confirmed. What it was about is withdrawn."),
    )


@requires_all(Permission.FRAUD_DECIDE)
def undo(flag_id: uuid.UUID) -> ResponseReturnValue:
    """It is none."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "")
    return _act(
        flag_id,
        lambda s: undo_flag(s, flag_id=flag_id, reason=reason, actor=actor, now=now),
        _("Undone. What was suspended works again."),
    )


@requires_all(Permission.FRAUD_DECIDE)
def decide_chosen() -> ResponseReturnValue:
    """Say of several at once whether they are abuse, with one reason."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "")
    decide = {"confirm": confirm_flag, "undo": undo_flag}.get(request.form.get("do", ""))
    if decide is None:
        raise NotFoundError
    do_each(chosen_uuids(), lambda s, flag_id: decide(s, flag_id=flag_id, reason=reason, actor=actor, now=now))
    return done(location=of_list(MENU))


@requires_all(Permission.FRAUD_VIEW)
def rules() -> ResponseReturnValue:
    """The rules with their thresholds."""
    return _rules()


@requires_all(Permission.FRAUD_CONFIGURE)
def change(key: str) -> ResponseReturnValue:
    """Set one rule anew."""
    actor, now, typed = current_actor(), clock.now(), request.form
    if key not in set(AbuseRule) or typed.get("act") not in ACTS:
        raise NotFoundError
    try:
        setting = read_setting(
            key,
            threshold=typed.get("threshold", ""),
            window_minutes=typed.get("window_minutes", ""),
            act=typed["act"],
        )
        atomically(lambda s: change_abuse_rule(s, setting=setting, actor=actor, now=now))
    except PortalError as error:
        return _rules(key, error)
    flash(_("The rule “%(name)s” is set.", name=rule_name(key)), "success")
    return done(location=url_for("admin.coupon_rules"))


def _act(flag_id: uuid.UUID, work: Callable[[Session], None], told: str) -> ResponseReturnValue:
    try:
        atomically(work)
    except PortalError as error:
        return _page(flag_id, error)
    flash(told, "success")
    return done(location=url_for("admin.coupon_flag", flag_id=flag_id))


def _page(flag_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        flag = load_flag(session, flag_id=flag_id)
        if flag is None:
            raise NotFoundError
        frame = around(session, MENU)
    page = render_template(
        "admin/coupon_flags/show.html",
        flag=flag,
        problem=say(error) if error else None,
        given=request.form.get("reason", ""),
        rule_name=rule_name,
        rule_text=rule_text,
        masked=masked,
        may_decide=may_all(Permission.FRAUD_DECIDE),
        **frame,
    )
    return page, error.status if error else 200


def _rules(rule: str | None = None, error: PortalError | None = None) -> ResponseReturnValue:
    with reading() as session:
        settings = load_settings(session)
        frame = around(session, MENU)
    page = render_template(
        "admin/coupon_flags/rules.html",
        settings=list(settings.values()),
        wrong=rule,
        problem=say(error) if error else None,
        given=request.form,
        acts=[(key, act_name(key)) for key in ACTS],
        rule_name=rule_name,
        rule_text=rule_text,
        may_change=may_all(Permission.FRAUD_CONFIGURE),
        **frame,
    )
    return page, error.status if error else 200
