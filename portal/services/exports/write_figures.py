"""The mail with the figures of a board, which somebody gets regularly (ANA-01, ANA-02)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select, true
from sqlalchemy.orm import Session

from portal import site
from portal.crypto import sign_link
from portal.models import Channel, ReportPlan, Store, User
from portal.queries.figure_rows import source_of
from portal.queries.figures import Figure, Scope, load_figures, load_freshness
from portal.rules.figures import Compare, Period, Sight
from portal.rules.measures import MEASURES, names_of, question_of
from portal.rules.permissions import Actor, Permission, may, scopes_of
from portal.rules.permissions import Scope as Reach
from portal.rules.reports import Every, days_of
from portal.services.exports.ask_export import ExportUnknownError
from portal.services.notifications.write_mail import write_mail

STOP_PURPOSE = "figures by mail"
STOP_PATH = "/figures/mails"


def may_see(actor: Actor, sight: Sight) -> bool:
    """Whether somebody may look at these figures: those of his own store, or of the whole mall."""
    if sight.store_id is not None:
        return may(actor, Permission.ANALYTICS_VIEW, store_id=sight.store_id)
    return Reach.ALL in scopes_of(actor, Permission.ANALYTICS_VIEW)


def sight_of(plan: ReportPlan) -> Sight:
    """What a plan shows."""
    assert plan.board is not None  # The table sees to it that figures have both.
    assert plan.currency is not None
    return Sight(plan.board, plan.currency, plan.channel_id, plan.store_id)


def write_figures(session: Session, *, plan: ReportPlan, actor: Actor, due: datetime, now: datetime) -> bool:
    """Write the mail of a morning, once; False as long as the figures are not yet as fresh as that morning.

    Raises ExportUnknownError for who may see them no longer.
    """
    sight, zone = sight_of(plan), ZoneInfo(plan.zone)
    if not may_see(actor, sight):
        raise ExportUnknownError
    fresh = load_freshness(session).renewed_at
    if fresh is None or fresh < due:
        return False
    owner = session.get_one(User, plan.made_by)
    days = days_of(Every(plan.every), due, zone)
    beside = days.beside(Compare.PREVIOUS)
    figures = load_figures(
        session,
        measures=[MEASURES[name] for name in names_of(sight.board)],
        scope=Scope(sight.currency, sight.channel_id, sight.store_id),
        period=days,
        beside=beside,
    )
    channels = session.execute(
        select(Channel.id, Channel.code, Channel.name, Channel.time_zone).where(
            Channel.id == sight.channel_id if sight.channel_id else true()
        )
    ).all()
    store = session.get(Store, sight.store_id) if sight.store_id else None
    channel = channels[0] if sight.channel_id else None
    same = _address_of(sight, days, channel, store)
    write_mail(
        session,
        template="figures",
        dedup_key=f"figures:{plan.id}:{due.isoformat()}",
        recipient=owner.email,
        user_id=owner.id,
        locale=owner.locale or plan.locale,
        now=now,
        unsubscribe=stop_address(plan.id),
        name=owner.name,
        question=question_of(sight.board),
        of=store.name if store else channel.name if channel else None,
        days=days,
        beside=beside,
        currency=sight.currency,
        lines=[_line(one, actor, same) for one in figures],
        grows=_is_under_way(channels, days.last, now),
        link=_page("/seller/figures" if store else "/admin/figures", same),
    )
    return True


def stop_address(plan_id: uuid.UUID) -> str:
    """The address that ends these mails, without signing in: who holds it was sent it."""
    return site.address(f"{STOP_PATH}/{sign_link(STOP_PURPOSE, plan_id.bytes)}")


def _address_of(sight: Sight, days: Period, channel: Row[Any] | None, store: Store | None) -> Mapping[str, str]:
    """The same sight as arguments of the dashboard's address (A22)."""
    same = {"from": days.first.isoformat(), "until": days.last.isoformat(), "currency": sight.currency}
    same |= {"store": store.slug} if store else {"board": sight.board}
    return same | ({"channel": channel.code} if channel else {})


def _page(path: str, arguments: Mapping[str, str]) -> str:
    return site.address(f"{path}?{urlencode(arguments)}")


def _line(figure: Figure, actor: Actor, same: Mapping[str, str]) -> dict[str, Any]:
    """A figure, and where its rows stand as far as the reader may see them (A20)."""
    source, path = source_of(figure.measure), "/seller/figures/rows" if "store" in same else "/admin/figures/rows"
    # Whoever may see a store's figures may see their rows, which are its own orders.
    may_open = source is not None and ("store" in same or Reach.ALL in scopes_of(actor, source.permission))
    return {
        "measure": figure.measure,
        "now": figure.now,
        "before": figure.before,
        "rows": _page(path, {"of": figure.measure.name, **same}) if may_open else None,
    }


def _is_under_way(channels: Any, last: date, now: datetime) -> bool:
    """Whether the last day is not over everywhere: a channel's day is one of its own calendar."""
    return any(now.astimezone(ZoneInfo(one.time_zone)).date() <= last for one in channels)
