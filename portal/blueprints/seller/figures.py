"""A store's own figures (ANA-02)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.context import translated
from portal.blueprints.desk import requires_in
from portal.blueprints.figures import Split, asked, board_file, board_page, scope_of
from portal.blueprints.seller.desk import around, open_desk
from portal.db import reading
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.queries.channels import channel_directory
from portal.queries.figure_names import section_names
from portal.queries.figures import Scope, currencies_of_store
from portal.rules.measures import STORE_BOARD
from portal.rules.permissions import Permission
from portal.rules.permissions import Scope as Reach

CHARTS = ("store_sales", "store_orders")


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/figures", "figures", show)
    bp.add_url_rule("/figures.csv", "figures_file", file)


@requires_in(Permission.ANALYTICS_VIEW, Reach.STORE)
def show() -> ResponseReturnValue:
    """What the store sells, by day, section and channel."""
    wanted = asked()
    channels = {str(view.id): translated(dict(view.name)) for view in channel_directory().channels.values()}
    with reading() as session:
        desk = open_desk(session, clock.now())
        if desk is None:
            return render_template("seller/no_store.html", **around(None, "seller.figures"))
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
        kept: dict[str, Any] = {key: value for key, value in request.args.items() if key != "cursor"}
        page = board_page(
            session,
            names=STORE_BOARD,
            charts=CHARTS,
            splits=splits,
            scope=scope,
            wanted=wanted,
            href_of=lambda _measure: None,
            file_href=url_for("seller.figures_file", **kept),
        )
        currencies = currencies_of_store(session, desk.store.id)
    return page_or_partial(
        "seller/figures.html",
        {"figures": "figures/_board.html", "figure-tiles": "figures/_tiles.html"},
        currencies=[(one, one) for one in currencies],
        channels=[],
        **page,
        **around(desk, "seller.figures"),
    )


@requires_in(Permission.ANALYTICS_VIEW, Reach.STORE)
def file() -> ResponseReturnValue:
    """The store's measures by day."""
    wanted = asked()
    with reading() as session:
        desk = open_desk(session, clock.now())
        if desk is None:
            raise NotFoundError
        scope = _scope(session, desk.store.id)
        return board_file(session, name=desk.store.slug, names=STORE_BOARD, scope=scope, wanted=wanted)


def _scope(session: Session, store_id: int) -> Scope:
    directory = channel_directory()
    default = directory.channels[directory.default].currency
    sold = currencies_of_store(session, store_id)
    found = scope_of(session, channel_id=None, channel_currency=None, default=default)
    currency = found.currency if found.currency in sold or not sold else sold[0]
    return replace(found, currency=currency, store_id=store_id)
