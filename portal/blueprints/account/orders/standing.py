"""Where an order stands and what comes next, in a line of the list (B25)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from portal import formatting
from portal.queries.order_list import OrderRow
from portal.rules.progress import Progress, progress_of

PAID = frozenset({"paid", "shipped", "delivered", "partially_refunded"})


@dataclass(frozen=True, slots=True)
class Stands:
    """A mark (word, tone, icon), where the order's own state does not say it, and a sentence; both may be empty."""

    badge: tuple[str, str, str] | None = None
    next: str = ""


_MARKS: Mapping[Progress, Callable[[], tuple[str, str, str]]] = {
    Progress.WAITS: lambda: (gettext("On hold"), "purple", "shield-lock"),
    Progress.PREPARED: lambda: (gettext("Being prepared"), "blue", "package"),
    Progress.PARTLY: lambda: (gettext("Partly sent"), "blue", "truck-delivery"),
    Progress.ON_THE_WAY: lambda: (gettext("On the way"), "blue", "truck"),
    Progress.ARRIVED: lambda: (gettext("Delivered"), "green", "package"),
    Progress.CLOSED: lambda: (gettext("Delivered"), "green", "package"),
    Progress.COMES_BACK: lambda: (gettext("Coming back"), "yellow", "truck"),
}


def stands(order: OrderRow, now: datetime) -> Stands:
    """Where a row of the list stands, by its parts."""
    if order.status == "pending" and order.expires_at is not None:
        if order.fraud_hold:
            return Stands(next=gettext("We are looking at your order"))
        return Stands(next=gettext("Kept for you until %(at)s.", at=formatting.instant_zone(order.expires_at)))
    if order.status not in PAID:
        return Stands()
    progress = progress_of(order.parts)
    mark = _MARKS[progress]() if progress in _MARKS else None
    if order.fraud_hold and progress in {Progress.WAITS, Progress.PREPARED}:
        return Stands(mark, gettext("Somebody looks at the order before the stores send it, usually within a day."))
    if progress is Progress.WAITS:
        sentence = gettext("Something has to be cleared up before it is sent. You get a mail when it is on its way.")
        return Stands(mark, sentence)
    if progress is Progress.ARRIVED:
        return Stands(mark, gettext("You can review it, or give it back while the time for returns lasts."))
    if progress is Progress.CLOSED:
        return Stands(mark, gettext("The time for returns is over. You can still review it."))
    if progress is Progress.COMES_BACK:
        return Stands(mark, gettext("You are told when it has arrived and what of it is taken back."))
    return Stands(mark, _arrival(order, now))


def _arrival(order: OrderRow, now: datetime) -> str:
    first, last = order.arrives_from, order.arrives_until
    if first is None or last is None:
        return ""
    if last < now:
        return str(gettext("It should have arrived by %(day)s.", day=formatting.weekday(last)))
    days = formatting.weekday(max(first, now)), formatting.weekday(last)
    if days[0] == days[1]:
        return str(gettext("Arrives %(day)s", day=days[1]))
    return str(gettext("Arrives %(first)s to %(last)s", first=days[0], last=days[1]))
