"""Everybody's balances, and the uses of every coupon: two lists with filters, saved views and files (ANA-03)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.admin.desk import around, may_all, period_options, requires_all
from portal.blueprints.bulk import of_list
from portal.blueprints.context import translated
from portal.blueprints.desk import PERIODS, Days, choice_arg, days_arg, period_start, plain_arg, text_arg
from portal.blueprints.desk_words import word, words
from portal.blueprints.identity import current_actor
from portal.blueprints.payment_history import day_chips
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.db import look, reading, transaction
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.queries.books_overview import owners_matching
from portal.queries.channels import channel_currencies
from portal.queries.figure_names import campaign_names
from portal.queries.listings.books import BalanceFilter
from portal.queries.listings.coupons import UseFilter
from portal.queries.listings.pages import list_balances, list_redemptions
from portal.queries.users import masked
from portal.rules.figures import POINTS
from portal.rules.permissions import Permission, Scope
from portal.services.accounts.view_balance import note_balance_views
from portal.statuses import status_of

KINDS = ("deposit", "refund_credit", "gift", "mileage", "mileage_pending")
USES = ("reserved", "redeemed", "released")
Chips = list[tuple[str, str]]


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/balances", "balances", balances)
    bp.add_url_rule("/redemptions", "redemptions", redemptions)


def _currencies() -> list[str]:
    return sorted(channel_currencies() | {POINTS})


def balance_filter() -> BalanceFilter:
    """The balances that the address asks for."""
    sought = text_arg("q")
    return BalanceFilter(
        kind=choice_arg("kind", KINDS),
        currency=choice_arg("currency", _currencies()),
        is_open=plain_arg("open") == "1",
        is_frozen=plain_arg("frozen") == "1",
        owners=tuple(look(lambda s: owners_matching(s, sought))) if sought else None,
    )


def use_filter() -> UseFilter:
    """The uses of coupons that the address asks for. Days win over a period."""
    days, campaign = days_arg(), plain_arg("campaign") or ""
    return UseFilter(
        status=choice_arg("status", USES),
        campaign_id=int(campaign) if campaign.isdecimal() and len(campaign) < 10 else None,
        claimed_from=days.start or period_start(plain_arg("period"), clock.now()),
        claimed_until=days.end,
        search=text_arg("q"),
    )


BALANCES = offer(
    Inbox(
        "admin.balances",
        Permission.BALANCE_VIEW,
        Scope.ALL,
        ("kind", "currency", "open", "frozen", "q"),
        lambda session, _store: list_balances(session, chosen=balance_filter(), cursor=None),
    )
)
REDEMPTIONS = offer(
    Inbox(
        "admin.redemptions",
        Permission.COUPON_VIEW,
        Scope.ALL,
        ("status", "campaign", "period", "from", "until", "q"),
        lambda session, _store: list_redemptions(session, chosen=use_filter(), cursor=None),
    )
)


@requires_all(Permission.BALANCE_VIEW)
def balances() -> ResponseReturnValue:
    """What people have; whose balances were shown is written down (IDN-05)."""
    chosen = balance_filter()
    with reading() as session:
        views = views_for(session, BALANCES)
        found = list_balances(session, chosen=chosen, cursor=request.args.get("cursor"))
        frame = around(session, "admin.balances")
    if (there := opens_with(views)) is not None:
        return there
    people = sorted({row.user_id for row in found.rows})
    with transaction() as session:
        note_balance_views(session, user_ids=people, actor=current_actor(), now=clock.now())
    return page_or_partial(
        "admin/balances/index.html",
        {"balances": "admin/balances/_list.html"},
        views=views,
        found=found,
        chosen=chosen,
        sought=text_arg("q"),
        chips=_balance_chips(chosen),
        clear_href=url_for("admin.balances"),
        kinds=[("", _("Any"))] + [(key, text) for key, text in words("account") if key in KINDS],
        currencies=[("", _("Any"))] + [(one, one) for one in _currencies()],
        **_freezing("balances"),
        **frame,
    )


@requires_all(Permission.COUPON_VIEW)
def redemptions() -> ResponseReturnValue:
    """What coupons took off which orders, of all campaigns."""
    chosen, days = use_filter(), days_arg()
    with reading() as session:
        views = views_for(session, REDEMPTIONS)
        found = list_redemptions(session, chosen=chosen, cursor=request.args.get("cursor"))
        names = _campaigns(session)
        frame = around(session, "admin.redemptions")
    if (there := opens_with(views)) is not None:
        return there
    return page_or_partial(
        "admin/redemptions/index.html",
        {"redemptions": "admin/redemptions/_list.html"},
        views=views,
        found=found,
        chosen=chosen,
        days=days,
        chips=_use_chips(chosen, days, dict(names)),
        clear_href=url_for("admin.redemptions"),
        states=[("", _("Any"))] + [(one, gettext(status_of(one, "coupon_use").word)) for one in USES],
        campaigns=[("", _("Any")), *names],
        periods=period_options(),
        masked=masked,
        **_freezing("redemptions"),
        **frame,
    )


def _freezing(name: str) -> dict[str, Any]:
    """What the bar needs that freezes the accounts of chosen rows; nothing for whoever may not."""
    if not may_all(Permission.USER_RESTRICT):
        return {"freezes": None, "freeze_reasons": ()}
    return {"freezes": of_list("admin.users_freeze", list=name), "freeze_reasons": words("freeze_reason")}


def _campaigns(session: Session) -> Sequence[tuple[int, str]]:
    named = [(key, translated(dict(name))) for key, name in campaign_names(session).items()]
    return sorted(named, key=lambda pair: pair[1])


def _without(inbox: Inbox, name: str) -> str:
    args: dict[str, Any] = {key: values for key, values in request.args.lists() if key in inbox.known}
    return url_for(inbox.endpoint, **{**args, name: None})


def _balance_chips(chosen: BalanceFilter) -> Chips:
    found: Chips = []
    if chosen.kind:
        found.append((_("Kind: %(name)s", name=word("account", chosen.kind)), _without(BALANCES, "kind")))
    if chosen.currency:
        found.append((chosen.currency, _without(BALANCES, "currency")))
    if chosen.is_open:
        found.append((_("Above zero"), _without(BALANCES, "open")))
    if chosen.is_frozen:
        found.append((_("Frozen"), _without(BALANCES, "frozen")))
    if sought := text_arg("q"):
        found.append((_("Search: %(words)s", words=sought), _without(BALANCES, "q")))
    return found


def _use_chips(chosen: UseFilter, days: Days, names: dict[int, str]) -> Chips:
    found: Chips = []
    if chosen.status:
        state = gettext(status_of(chosen.status, "coupon_use").word)
        found.append((_("State: %(state)s", state=state), _without(REDEMPTIONS, "status")))
    if chosen.campaign_id is not None:
        name = names.get(chosen.campaign_id, str(chosen.campaign_id))
        found.append((_("Campaign: %(name)s", name=name), _without(REDEMPTIONS, "campaign")))
    period = request.args.get("period", "")
    if period in PERIODS and days.first is None:
        found.append((gettext(PERIODS[period][1]), _without(REDEMPTIONS, "period")))
    found += day_chips(days, lambda name: _without(REDEMPTIONS, name))
    if chosen.search:
        found.append((_("Search: %(words)s", words=chosen.search), _without(REDEMPTIONS, "q")))
    return found
