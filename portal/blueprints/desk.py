"""What the desks of sellers and administrators share: who may enter, and how a list's address is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import wraps
from typing import ParamSpec
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from flask import g, request
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone
from werkzeug.datastructures import MultiDict

from portal.blueprints.access import PermissionMissingError, requires
from portal.blueprints.identity import current_actor, narrow_stores
from portal.kit.text import N_
from portal.queries.channels import channel_directory
from portal.rules.permissions import Permission, Scope, scopes_of

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]

SEARCH_MAX = 120
# Outside of these no instant in UTC need exist, and nothing was ever paid.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9999, 1, 1)
# Days back, the present one included; the words are those of the filter.
PERIODS: Mapping[str, tuple[int, str]] = {
    "today": (1, N_("Today")),
    "7d": (7, N_("Last 7 days")),
    "30d": (30, N_("Last 30 days")),
    "90d": (90, N_("Last 90 days")),
}


def requires_in(permission: Permission, scope: Scope) -> Callable[[View[P]], View[P]]:
    """Let in who holds the permission in this very scope.

    A buyer may list orders too, his own; that must not open the list of everybody's. Within a store's scope the view
    finds only those of the actor's stores in which his role allows it.
    """

    def decorate(view: View[P]) -> View[P]:
        @requires(permission)
        @wraps(view)
        def narrowed(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if scope not in scopes_of(current_actor(), permission):
                raise PermissionMissingError(permission=permission.value)
            if scope is Scope.STORE:
                narrow_stores(permission)
            return view(*args, **kwargs)

        return narrowed

    return decorate


def list_arguments() -> MultiDict[str, str]:
    """The arguments by which a list is read: those of the address, or of the view whose rows are counted."""
    found: MultiDict[str, str] = g.get("list_arguments", request.args)
    return found


@contextmanager
def list_address(query: str) -> Iterator[None]:
    """Read lists as if this were their address."""
    g.list_arguments = MultiDict(parse_qsl(query))
    try:
        yield
    finally:
        del g.list_arguments


def plain_arg(name: str) -> str | None:
    """An argument of the list as it stands there."""
    return list_arguments().get(name)


def text_arg(name: str) -> str:
    """A text of the address, cut to what any search can mean."""
    return list_arguments().get(name, "").replace("\0", "").strip()[:SEARCH_MAX]


def choice_arg(name: str, allowed: Collection[str]) -> str | None:
    """A choice of the address; anything else is as if nothing had been chosen."""
    value = list_arguments().get(name)
    return value if value in allowed else None


def sort_arg(columns: Collection[str]) -> str | None:
    """The column by which the address sorts, with "-" before it where it falls; another is as if none were chosen."""
    value = list_arguments().get("sort", "")
    return value if value.removeprefix("-") in columns else None


def channel_arg() -> int | None:
    """The id of the channel whose code is in the address."""
    code = list_arguments().get("channel")
    found = channel_directory().channels.get(code) if code else None
    return found.id if found else None


def period_start(name: str | None, now: datetime) -> datetime | None:
    """The first instant of a period that ends now, by the reader's own days."""
    if name is None or name not in PERIODS:
        return None
    days = PERIODS[name][0]
    return midnight(now.astimezone(zone_of_reader()).date() - timedelta(days=days - 1))


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the reader's own calendar, both included, and the instants that bound them."""

    first: date | None
    last: date | None

    @property
    def start(self) -> datetime | None:
        return midnight(self.first) if self.first else None

    @property
    def end(self) -> datetime | None:
        """The first instant after them."""
        return midnight_after(self.last) if self.last else None


def days_arg() -> Days:
    """The days of the address, `from` and `until`; what is no date is as if nothing had been chosen."""
    return Days(date_arg("from"), date_arg("until"))


def date_arg(name: str) -> date | None:
    """A day of the address; what is none is as if nothing had been chosen."""
    try:
        found = date.fromisoformat(list_arguments().get(name, ""))
    except ValueError:
        return None
    return found if FIRST_DAY <= found <= LAST_DAY else None


def zone_of_reader() -> ZoneInfo:
    """The reader's zone. Flask-Babel's own are pytz's, with which a time of day cannot be combined."""
    return ZoneInfo(str(get_timezone() or "UTC"))


def midnight_after(day: date) -> datetime:
    """When a day of the reader is over."""
    return midnight(day + timedelta(days=1))


def midnight(day: date) -> datetime:
    """When a day of the reader begins."""
    return datetime.combine(day, time(), tzinfo=zone_of_reader()).astimezone(UTC)
