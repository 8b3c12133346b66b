"""A store's own figures (ANA-02)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.context import translated
from portal.blueprints.desk import channel_arg, requires_in
from portal.blueprints.figure_mails import end_figures_mail, figures_mail, set_figures_mail
from portal.blueprints.figure_rows import asked_measure, rows_page
from portal.blueprints.figures import ARGUMENTS, Asked, Split, asked, board_file, board_page, kept, left_out, scope_of
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.blueprints.seller.desk import around, desk_of, open_desk
from portal.db import reading
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.kit.text import N_
from portal.queries.channels import channel_directory
from portal.queries.figure_names import section_names
from portal.queries.figures import Scope, currencies_of_store
from portal.rules.figures import STORE, Measure, Sight
from portal.rules.measures import STORE_BOARD, STORE_QUESTION
from portal.rules.permissions import Permission
from portal.rules.permissions import Scope as Reach

CHARTS = ("store_sales", "store_orders")
VIEWS = offer(Inbox("seller.figures", Permission.ANALYTICS_VIEW, Reach.STORE, ARGUMENTS))


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/figures", "figures", show)
    bp.add_url_rule("/figures.csv", "figures_file", file)
    bp.add_url_rule("/figures/rows", "figure_rows", rows)
    bp.add_url_rule("/figures/mail", "figures_mail", mail, methods=["POST"])
    bp.add_url_rule("/figures/mail/<uuid:plan_id>/end", "figures_mail_end", end_mail, methods=["POST"])


@requires_in(Permission.ANALYTICS_VIEW, Reach.STORE)
def show() -> ResponseReturnValue:
    """What the store sells, by day, section and channel."""
    wanted = asked()
    directory = channel_directory().channels
    channels = {str(view.id): translated(dict(view.name)) for view in directory.values()}
    codes = {str(view.id): code for code, view in directory.items()}
    with reading() as session:
        desk = open_desk(session, clock.now())
        if desk is None:
            return render_template("seller/no_store.html", **around(None, "seller.figures"))
        views = views_for(session, VIEWS, store_id=desk.store.id)
        if (there := opens_with(views)) is not None:
            return there
        sections = section_names(session)
        scope = _scope(session, desk.store.id)
        splits = [
            Split(
                _("By section"),
                _("Section"),
                "key",
                ("section_sales",),
                lambda ref: translated(dict(sections.get(int(ref), {}))) or ref,
            ),
            Split(
                _("By channel"),
                _("Channel"),
                "channel",
                ("store_sales", "store_orders"),
                lambda ref: channels.get(ref, ref),
            ),
        ]
        same = kept("store")
        page = board_page(
            session,
            names=STORE_BOARD,
            charts=CHARTS,
            splits=splits,
            scope=scope,
            wanted=wanted,
            href_of=lambda measure: _rows_href(measure, wanted, scope),
            split_href=lambda split, measure, ref: _rows_href(
                measure, wanted, scope, **{split.by: codes.get(ref, ref) if split.by == "channel" else ref}
            ),
            file_href=url_for("seller.figures_file", **same),
        )
        asked_for = request.args.get("store") or desk.store.slug
        if asked_for != desk.store.slug:
            page["remarks"].append(left_out(asked_for))
        currencies = currencies_of_store(session, desk.store.id)
        by_mail = figures_mail(session, _sight(scope))
    return page_or_partial(
        "seller/figures.html",
        {"figures": "figures/_board.html", "figure-tiles": "figures/_tiles.html"},
        currencies=[(one, one) for one in currencies],
        channels=[],
        views=views,
        question=gettext(STORE_QUESTION),
        by_mail=by_mail,
        mail_href=url_for("seller.figures_mail", **same),
        mail_end=lambda plan_id: url_for("seller.figures_mail_end", plan_id=plan_id, **same),
        **page,
        **around(desk, "seller.figures"),
    )


@requires_in(Permission.ANALYTICS_VIEW, Reach.STORE)
def file() -> ResponseReturnValue:
    """The store's measures by day."""
    wanted = asked()
    with reading() as session:
        desk = desk_of(session)
        scope = _scope(session, desk.store.id)
        return board_file(session, name=desk.store.slug, names=STORE_BOARD, scope=scope, wanted=wanted)


@requires_in(Permission.ANALYTICS_VIEW, Reach.STORE)
def rows() -> ResponseReturnValue:
    """The rows behind one of them, of this store alone; a section or a channel narrows them (A20)."""
    measure = asked_measure()
    with reading() as session:
        desk = desk_of(session)
        section = section_names(session).get(request.args.get("key", 0, type=int))
        page = rows_page(
            session,
            measure=measure,
            scope=replace(_scope(session, desk.store.id), channel_id=channel_arg()),
            wanted=asked(),
            noun=N_("Order"),
            of=translated(dict(section)) if section else None,
            href_of=lambda row: url_for("seller.order", part_id=row.owner or row.ref, store=desk.store_arg),
        )
    return render_template("figures/rows.html", **page, **around(desk, "seller.figures"))


def _rows_href(measure: Measure, wanted: Asked, scope: Scope, **more: str) -> str:
    same: dict[str, Any] = {"from": wanted.period.first.isoformat(), "until": wanted.period.last.isoformat()}
    same |= {"currency": scope.currency, "store": request.args.get("store")}
    return url_for("seller.figure_rows", of=measure.name, **same | more)


@requires_in(Permission.ANALYTICS_VIEW, Reach.STORE)
def mail() -> ResponseReturnValue:
    """Have them come regularly by mail."""
    with reading() as session:
        sight = _sight(_scope(session, desk_of(session).store.id))
    return set_figures_mail(sight, back=url_for("seller.figures", **kept("store")))


@requires_in(Permission.ANALYTICS_VIEW, Reach.STORE)
def end_mail(plan_id: uuid.UUID) -> ResponseReturnValue:
    """Let them come no longer."""
    return end_figures_mail(plan_id, back=url_for("seller.figures", **kept("store")))


def _sight(scope: Scope) -> Sight:
    return Sight(STORE, scope.currency, store_id=scope.store_id)


def _scope(session: Session, store_id: int) -> Scope:
    directory = channel_directory()
    default = directory.channels[directory.default].currency
    sold = currencies_of_store(session, store_id)
    found = scope_of(session, channel_id=None, channel_currency=None, default=default)
    currency = found.currency if found.currency in sold or not sold else sold[0]
    return replace(found, currency=currency, store_id=store_id)
