"""Alerts of figures that left their bounds, and the bounds (ANA-05)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import formatting
from portal.blueprints.admin.desk import around, channel_options, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.context import translated
from portal.blueprints.desk import zone_of_reader
from portal.blueprints.figures import shown
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.alerts import AlertRow, list_alerts, list_bounds
from portal.queries.channels import channel_directory
from portal.queries.figure_names import store_names
from portal.queries.figures import WITHOUT_CURRENCY, load_freshness
from portal.rules.bounds import Bound, BoundUnfitError, Direction, Single, currency_of, read_limit, span_of
from portal.rules.figures import POINTS, Unit, change_of
from portal.rules.measures import BOARDS, MEASURES, STORE_BOARD
from portal.rules.permissions import Permission
from portal.services.figures.keep_bounds import end_bound, see_alert, set_bound

DIRECTIONS: Mapping[str, str] = {
    Direction.ABOVE: N_("is above"),
    Direction.BELOW: N_("is below"),
    Direction.CHANGE: N_("changes against the days before by at least"),
}
SINGLES: Mapping[str, str] = {
    Single.COUPON_USE: N_("One coupon use"),
    Single.MILEAGE_USE: N_("Mileage spent in one order"),
}
UNITS: Mapping[Unit, str] = {
    Unit.SHARE: "%",
    Unit.SECONDS: N_("seconds"),
    Unit.POINTS: N_("points"),
    Unit.COUNT: N_("pieces"),
    Unit.MONEY: N_("money"),
}


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/alerts", "alerts", index)
    bp.add_url_rule("/alerts/bounds", "alert_bound_new", create, methods=["POST"])
    bp.add_url_rule("/alerts/bounds/<uuid:bound_id>/end", "alert_bound_end", end, methods=["POST"])
    bp.add_url_rule("/alerts/<uuid:alert_id>/look", "alert_look", look, methods=["POST"])


@requires_all(Permission.ANALYTICS_VIEW)
def index() -> ResponseReturnValue:
    """Alerts that nobody has seen, or all; and what is watched."""
    return _page()


@requires_all(Permission.ANALYTICS_VIEW)
def create() -> ResponseReturnValue:
    """Watch a figure."""
    actor, now, typed = current_actor(), clock.now(), request.form
    try:
        bound = _read()
        is_shared = typed.get("shared") == "1"
        atomically(lambda s: set_bound(s, bound=bound, is_shared=is_shared, actor=actor, now=now))
    except PortalError as error:
        return _page(error)
    flash(_("The figure is watched."), "success")
    return done(location=url_for("admin.alerts"))


@requires_all(Permission.ANALYTICS_VIEW)
def end(bound_id: uuid.UUID) -> ResponseReturnValue:
    """Watch it no longer."""
    actor, now = current_actor(), clock.now()
    atomically(lambda s: end_bound(s, bound_id=bound_id, actor=actor, now=now))
    flash(_("The figure is watched no longer."), "success")
    return done(location=url_for("admin.alerts"))


@requires_all(Permission.ANALYTICS_VIEW)
def look(alert_id: uuid.UUID) -> ResponseReturnValue:
    """Say that one takes care of it."""
    actor, now = current_actor(), clock.now()
    atomically(lambda s: see_alert(s, alert_id=alert_id, actor=actor, now=now))
    return done(location=url_for("admin.alerts"))


def _read() -> Bound:
    typed = request.form
    measure, chosen = typed.get("measure", ""), typed.get("direction", "")
    if chosen not in set(Direction):
        raise BoundUnfitError("direction", N_("Choose when to tell."))
    direction = Direction(chosen)
    directory = channel_directory()
    channel = directory.channels.get(typed.get("channel", ""))
    wanted = typed.get("currency", "")
    if wanted not in {view.currency for view in directory.channels.values()}:
        wanted = directory.channels[directory.default].currency
    currency = currency_of(measure, channel.currency if channel else wanted)
    limit = read_limit(typed.get("limit", "")[:40], measure=measure, direction=direction, currency=currency)
    days, store = typed.get("days", ""), typed.get("store", "")
    return Bound(
        measure,
        direction,
        limit,
        int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0,
        currency,
        channel.id if channel else None,
        int(store) if store.isascii() and store.isdigit() and len(store) < 10 and measure in STORE_BOARD else None,
    )


def _page(error: PortalError | None = None) -> ResponseReturnValue:
    everything = request.args.get("view") == "all"
    with reading() as session:
        found = list_alerts(session, only_unseen=not everything, cursor=request.args.get("cursor"))
        bounds = list_bounds(session)
        stores = _stores(session)
        freshness = load_freshness(session)
        frame = around(session, "admin.alerts")
    field = getattr(error, "field", None)
    currencies = sorted({view.currency for view in channel_directory().channels.values()})
    page = render_template(
        "admin/alerts/index.html",
        found=found,
        bounds=bounds,
        everything=everything,
        freshness=freshness,
        measures=_measures(),
        directions=[(key, gettext(text)) for key, text in DIRECTIONS.items()],
        channels=channel_options(),
        stores=[("", _("Any")), *stores.items()],
        currencies=[(one, one) for one in currencies],
        name_of=_name,
        rule_of=lambda bound: _rule(bound, stores),
        value_of=_value,
        change_of=_change,
        rows_of=_rows,
        given=request.form,
        faults={field: say(error)} if error and field else {},
        problem=say(error) if error and not field else None,
        **frame,
    )
    return page, error.status if error else 200


def _stores(session: Session) -> dict[int, str]:
    return {key: translated(dict(name)) for key, name in store_names(session).items()}


def _measures() -> list[tuple[str, str]]:
    singles = [(key, gettext(text)) for key, text in SINGLES.items()]
    # What is split by something else than channel and store has no one value.
    named = [(name, _offered(name)) for name, one in MEASURES.items() if one.key is None or one.to_date]
    return [("", _("Choose")), *singles, *named]


def _offered(name: str) -> str:
    measure = MEASURES[name]
    title = gettext(measure.title)
    if name in STORE_BOARD:
        title = _("Store: %(name)s", name=title)
    return f"{title} ({gettext(UNITS[measure.unit])})"


def _name(bound: Bound) -> str:
    measure = bound.watched
    if measure is not None:
        return str(gettext(measure.title))
    return str(gettext(SINGLES[bound.measure])) if bound.measure in SINGLES else bound.measure


def _value(bound: Bound, value: int | None) -> str:
    measure = bound.watched
    if measure is not None:
        return shown(measure, value, bound.currency)
    if value is None:
        return "–"
    return formatting.number(value) if bound.currency == POINTS else formatting.money(value, bound.currency)


def _change(value: int, before: int | None) -> str:
    change = change_of(value, before)
    return "" if change is None else ("+" if change > 0 else "−") + formatting.rate(abs(change))


def _rule(bound: Bound, stores: Mapping[int, str]) -> str:
    """A bound in words: when, over which days, of which channel or store."""
    limit = formatting.rate(bound.limit) if bound.direction is Direction.CHANGE else _value(bound, bound.limit)
    words = [f"{gettext(DIRECTIONS[bound.direction])} {limit}"]
    if bound.single is None:
        words.append(ngettext("over %(num)s day", "over %(num)s days", bound.days))
    if bound.channel_id is not None:
        words.append(translated(dict(channel_directory().by_id(bound.channel_id).name)))
    if bound.store_id is not None:
        words.append(stores.get(bound.store_id, str(bound.store_id)))
    measure = bound.watched
    # Money says its currency itself, and points and what belongs to none have none.
    without = measure is None or measure.fact in WITHOUT_CURRENCY or measure.unit in {Unit.MONEY, Unit.POINTS}
    if bound.currency and not without:
        words.append(bound.currency)
    return " · ".join(words)


def _rows(alert: AlertRow) -> str | None:
    """Where one looks closer: the order, or the board of figures for the days that were looked at."""
    bound = alert.bound
    kind, _colon, ref = alert.subject.partition(":")
    if kind == "order":
        return url_for("admin.order", number=ref) if may_all(Permission.ORDER_VIEW) else None
    board = next((name for name, names in BOARDS.items() if bound.measure in names), None)
    if board is None:
        return None
    channel = channel_directory().by_id(bound.channel_id).code if bound.channel_id is not None else None
    days = span_of(bound, alert.raised_at.astimezone(zone_of_reader()).date())
    # `from` is a word of the language.
    asked: dict[str, Any] = {"from": days.first.isoformat(), "until": days.last.isoformat()}
    return url_for("admin.figures", board=board.value, channel=channel, **asked)
