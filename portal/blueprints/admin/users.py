"""People: masked until somebody asks, and every such look is recorded (A15, IDN-05)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.account.browsers import describe
from portal.blueprints.admin.desk import around, channel_options, may_all, requires_all
from portal.blueprints.admin.reveal import ARGUMENT, is_revealed, reveal_mark
from portal.blueprints.context import translated
from portal.blueprints.desk import Days, channel_arg, choice_arg, days_arg, text_arg
from portal.blueprints.desk_words import WORDS, word, words
from portal.blueprints.identity import current_actor
from portal.blueprints.payment_history import day_chips
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.blueprints.score_words import score_view
from portal.db import reading, transaction
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.text import N_
from portal.models.account import UserState
from portal.queries.accounts import list_sessions
from portal.queries.admin_orders import orders_of
from portal.queries.channels import channel_directory
from portal.queries.freezes import freezes_of
from portal.queries.purchases import load_score
from portal.queries.remediation import remediations_of
from portal.queries.users import BLOCKED, Seen, UserFilter, list_users, load_user, masked, masked_email
from portal.rules.permissions import Permission, Scope
from portal.rules.roles import may_touch
from portal.services.accounts.view_balance import view_balance
from portal.services.accounts.view_user import note_user_views, view_user
from portal.statuses import status_of

STATES = (*(state.value for state in UserState), BLOCKED)
SEEN: Mapping[Seen, str] = {
    Seen.WEEK: N_("In the last 7 days"),
    Seen.MONTH: N_("In the last 30 days"),
    Seen.QUARTER: N_("In the last 90 days"),
    Seen.LONG_AGO: N_("Not for 90 days"),
}
ARGUMENTS = ("role", "state", "channel", "seen", "from", "until", "q")


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/users", "users", index)
    bp.add_url_rule("/users/<uuid:user_id>", "user", show)
    bp.add_url_rule("/users/<uuid:user_id>/profile-view", "user_profile_view", reveal_profile, methods=["POST"])
    bp.add_url_rule("/users/<uuid:user_id>/balance-view", "user_balance_view", reveal_balance, methods=["POST"])


def _filter() -> UserFilter:
    days, seen = days_arg(), choice_arg("seen", set(Seen))
    return UserFilter(
        role=choice_arg("role", WORDS["role"]),
        state=choice_arg("state", STATES),
        search=text_arg("q"),
        channel_id=channel_arg(),
        seen=Seen(seen) if seen else None,
        joined_from=days.start,
        joined_until=days.end,
    )


INBOX = offer(
    Inbox(
        "admin.users",
        Permission.USER_LIST,
        Scope.ALL,
        ARGUMENTS,
        lambda session, _store: list_users(session, chosen=_filter(), cursor=None, now=clock.now()),
    )
)


@requires_all(Permission.USER_LIST)
def index() -> ResponseReturnValue:
    """The list, the newest first, nobody recognisable who is not known already. Who is found by name is recorded."""
    now, days, chosen = clock.now(), days_arg(), _filter()
    with reading() as session:
        views = views_for(session, INBOX)
        found = list_users(session, chosen=chosen, cursor=request.args.get("cursor"), now=now)
        frame = around(session, "admin.users")
    if (there := opens_with(views)) is not None:
        return there
    if chosen.search and found.rows:
        with transaction() as session:
            seen_ids = [row.id for row in found.rows]
            note_user_views(session, user_ids=seen_ids, what="search", actor=current_actor(), now=now)
    return page_or_partial(
        "admin/users/index.html",
        {"users": "admin/users/_list.html"},
        views=views,
        found=found,
        chosen=chosen,
        chips=_chips(chosen, days),
        clear_href=url_for("admin.users"),
        roles=[("", _("Any")), *words("role")[:-1]],
        states=[("", _("Any"))] + [(state, gettext(status_of(state, "user").word)) for state in STATES],
        channels=channel_options(),
        seen_options=[("", _("Any time"))] + [(key.value, gettext(text)) for key, text in SEEN.items()],
        days=days,
        masked=masked,
        masked_email=masked_email,
        **frame,
    )


def _chips(chosen: UserFilter, days: Days) -> list[tuple[str, str]]:
    args: dict[str, Any] = {key: values for key, values in request.args.lists() if key in INBOX.known}

    def without(name: str) -> str:
        return url_for("admin.users", **{**args, name: None})

    channel = channel_directory().by_id(chosen.channel_id) if chosen.channel_id is not None else None
    chips = [
        (text, without(name))
        for name, text in (
            ("role", chosen.role and _("Role: %(name)s", name=word("role", chosen.role))),
            ("state", chosen.state and _("State: %(state)s", state=gettext(status_of(chosen.state, "user").word))),
            ("channel", channel and _("Channel: %(name)s", name=translated(dict(channel.name)))),
            ("seen", chosen.seen and _("Last seen: %(when)s", when=gettext(SEEN[chosen.seen]))),
            ("q", chosen.search and _("Search: %(words)s", words=chosen.search)),
        )
        if text
    ]
    return chips + day_chips(days, without)


@requires_all(Permission.USER_VIEW)
def show(user_id: uuid.UUID) -> ResponseReturnValue:
    """One person: roles, sign-in, stores, orders, accounts; name, address and balances masked until asked for."""
    now = clock.now()
    with reading() as session:
        found = load_user(session, user_id=user_id)
        if found is None:
            raise NotFoundError
        orders = orders_of(session, user_id=user_id) if may_all(Permission.ORDER_LIST) else []
        freezes = freezes_of(session, user_id=user_id)
        score = load_score(session, user_id=user_id) if may_all(Permission.ANALYTICS_VIEW) else None
        sessions = list_sessions(session, user_id=user_id, now=now)
        works = remediations_of(session, user_id=user_id) if may_all(Permission.FRAUD_VIEW) else []
        frame = around(session, "admin.users")
    profile_shown = is_revealed(f"profile:{user_id}")
    balances_shown = may_all(Permission.BALANCE_VIEW) and is_revealed(f"balances:{user_id}")
    user = found.user
    return page_or_partial(
        "admin/users/show.html",
        {},
        detail=found,
        user=user,
        name=user.name if profile_shown else masked(user.name),
        email=user.email if profile_shown else masked_email(user.email),
        profile_shown=profile_shown,
        balances_shown=balances_shown,
        may_show_balances=may_all(Permission.BALANCE_VIEW),
        orders=orders,
        freezes=freezes,
        score=score_view(score) if score else None,
        sessions=[(one, describe(one.user_agent)) for one in sessions],
        is_own=current_actor().user_id == user_id,
        may_touch=may_touch(current_actor().roles, user.roles),
        works=works,
        marks=request.args.getlist(ARGUMENT),
        now=now,
        **frame,
    )


@requires_all(Permission.USER_VIEW)
def reveal_profile(user_id: uuid.UUID) -> ResponseReturnValue:
    """Show name and e-mail address, and record that they were shown."""
    now = clock.now()
    with transaction() as session:
        if load_user(session, user_id=user_id) is None:
            raise NotFoundError
        view_user(session, user_id=user_id, what="profile", actor=current_actor(), now=now)
    return _back(user_id, f"profile:{user_id}")


@requires_all(Permission.BALANCE_VIEW)
def reveal_balance(user_id: uuid.UUID) -> ResponseReturnValue:
    """Show balances, and record that they were shown."""
    now = clock.now()
    with transaction() as session:
        if load_user(session, user_id=user_id) is None:
            raise NotFoundError
        view_balance(session, user_id=user_id, actor=current_actor(), now=now)
    return _back(user_id, f"balances:{user_id}")


def _back(user_id: uuid.UUID, what: str) -> ResponseReturnValue:
    marks = [*request.form.getlist(ARGUMENT)[:2], reveal_mark(what)]
    return done(location=url_for("admin.user", user_id=user_id, shown=marks))
