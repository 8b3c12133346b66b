"""The administrators' figures: boards over one catalogue of measures (ANA-01, A18-A25)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.admin.desk import around, channel_options, may_all, requires_all
from portal.blueprints.admin.figure_rows import namer, rows_href
from portal.blueprints.context import translated
from portal.blueprints.desk import channel_arg, choice_arg
from portal.blueprints.figure_mails import end_figures_mail, figures_mail, set_figures_mail
from portal.blueprints.figures import ARGUMENTS, Asked, Split, asked, board_file, board_page, kept, scope_of
from portal.blueprints.saved_views import Inbox, offer, opens_with, views_for
from portal.db import reading
from portal.htmx import page_or_partial
from portal.queries.channels import channel_directory
from portal.queries.figures import Scope, currencies_sold_in
from portal.rules.figures import Board, Measure, Sight
from portal.rules.measures import BOARDS, MEASURES, QUESTIONS
from portal.rules.permissions import Permission
from portal.rules.permissions import Scope as Reach

CHARTS: Mapping[Board, tuple[str, ...]] = {
    Board.SALES: ("sales", "orders_paid"),
    Board.PAYMENTS: ("captured", "success_rate"),
    Board.INCENTIVES: ("discount", "mileage_granted", "roii", "engagement"),
    Board.BALANCES: ("deposit_owed", "mileage_owed"),
    Board.RISK: ("decisions", "losses_avoided"),
    Board.CHANNELS: ("sales", "orders_paid"),
}

BOARD_VIEWS = offer(Inbox("admin.figures", Permission.ANALYTICS_VIEW, Reach.ALL, ("board", *ARGUMENTS, "channel")))


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/figures", "figures", show)
    bp.add_url_rule("/figures.csv", "figures_file", file)
    bp.add_url_rule("/figures/mail", "figures_mail", mail, methods=["POST"])
    bp.add_url_rule("/figures/mail/<uuid:plan_id>/end", "figures_mail_end", end_mail, methods=["POST"])


@requires_all(Permission.ANALYTICS_VIEW)
def show() -> ResponseReturnValue:
    """One board, for the period and the channel of the address."""
    board, wanted = _board(), asked()
    with reading() as session:
        views = views_for(session, BOARD_VIEWS)
        if (there := opens_with(views)) is not None:
            return there
        scope = _scope(session)
        page = board_page(
            session,
            names=BOARDS[board],
            charts=CHARTS[board],
            splits=_splits(session, board, scope),
            scope=scope,
            wanted=wanted,
            href_of=_rows_of(wanted, scope),
            split_href=_split_rows_of(wanted, scope),
            file_href=url_for("admin.figures_file", **_kept(board=board.value)),
        )
        currencies = currencies_sold_in(session)
        by_mail = figures_mail(session, _sight(board, scope))
        frame = around(session, "admin.figures")
    return page_or_partial(
        "admin/figures/index.html",
        {"figures": "figures/_board.html", "figure-tiles": "figures/_tiles.html"},
        board=board.value,
        question=gettext(QUESTIONS[board][1]),
        tabs=[
            {"label": gettext(name), "href": _address(board=one.value), "current": one is board}
            for one, (name, _question) in QUESTIONS.items()
        ],
        channels=channel_options(),
        views=views,
        by_mail=by_mail,
        mail_href=url_for("admin.figures_mail", **_kept(board=board.value)),
        has_no_range=board is Board.INCENTIVES,
        ranges_href=url_for("admin.experiments") if may_all(Permission.COUPON_VIEW) else None,
        mail_end=lambda plan_id: url_for("admin.figures_mail_end", plan_id=plan_id, **_kept(board=board.value)),
        currencies=[] if request.args.get("channel") else [(one, one) for one in currencies],
        **page,
        **frame,
    )


@requires_all(Permission.ANALYTICS_VIEW)
def file() -> ResponseReturnValue:
    """The board's measures by day."""
    board, wanted = _board(), asked()
    with reading() as session:
        return board_file(session, name=board.value, names=BOARDS[board], scope=_scope(session), wanted=wanted)


@requires_all(Permission.ANALYTICS_VIEW)
def mail() -> ResponseReturnValue:
    """Have the board of the address come regularly by mail."""
    board = _board()
    with reading() as session:
        sight = _sight(board, _scope(session))
    return set_figures_mail(sight, back=_address(board=board.value))


@requires_all(Permission.ANALYTICS_VIEW)
def end_mail(plan_id: uuid.UUID) -> ResponseReturnValue:
    """Let it come no longer."""
    return end_figures_mail(plan_id, back=_address(board=_board().value))


def _sight(board: Board, scope: Scope) -> Sight:
    return Sight(board.value, scope.currency, scope.channel_id)


def _board() -> Board:
    return Board(choice_arg("board", list(Board)) or Board.SALES)


def _scope(session: Session) -> Scope:
    directory = channel_directory()
    channel_id = channel_arg()
    currency = directory.by_id(channel_id).currency if channel_id else None
    default = directory.channels[directory.default].currency if directory.channels else "KRW"
    return scope_of(session, channel_id=channel_id, channel_currency=currency, default=default)


def _kept(**more: Any) -> dict[str, Any]:
    return kept("channel") | more


def _address(**more: Any) -> str:
    return url_for("admin.figures", **_kept(**more))


def _rows_of(wanted: Asked, scope: Scope) -> Callable[[Measure], str | None]:
    """Where the rows behind a figure stand: the same days, channel and currency (A20)."""
    days: dict[str, Any] = _days(wanted)
    same = days | {"channel": request.args.get("channel"), "currency": scope.currency}
    paid = {"sales", "orders_paid"}
    of_cases = {"false_positives", "review_time", "cases_decided"}

    def href(measure: Measure) -> str | None:
        if measure.name in of_cases:
            verdict = "genuine" if measure.name == "false_positives" else None
            may_see = may_all(Permission.FRAUD_VIEW)
            return url_for("admin.cases", **days, view="closed", verdict=verdict) if may_see else None
        if may_all(Permission.ORDER_LIST) and measure.name == "orders_placed":
            return url_for("admin.orders", **same)
        if may_all(Permission.ORDER_LIST) and measure.name in paid:
            return url_for("admin.orders", **same, paid="1")
        return rows_href(measure, days, scope)

    return href


def _splits(session: Session, board: Board, scope: Scope) -> list[Split]:
    channels = {str(view.id): translated(dict(view.name)) for view in channel_directory().channels.values()}

    def by_key(title: str, column: str, *measures: str, by: str = "key") -> Split:
        return Split(title, column, by, measures, namer(session, MEASURES[measures[0]].fact))

    def by_channel(title: str, *measures: str, currency: str | None = None) -> Split:
        return Split(title, _("Channel"), "channel", measures, lambda ref: channels.get(ref, ref), currency)

    if board is Board.SALES:
        return [
            by_key(_("By store"), _("Store"), "store_sales", "store_orders", by="store"),
            by_key(_("By section"), _("Section"), "section_sales"),
            by_channel(_("By channel"), "sales", "orders_paid"),
        ]
    if board is Board.CHANNELS:
        # A channel sells in its own currency: a table for each, as sums of several say nothing.
        names = ("sales", "orders_paid", "paid_share", "average_order", "success_rate", "discount", "refunded")
        return [
            by_channel(_("By channel, %(currency)s", currency=currency), *names, currency=currency)
            for currency in ([scope.currency] if scope.channel_id else currencies_sold_in(session))
        ]
    if board is Board.PAYMENTS:
        return [
            by_key(_("By method"), _("Method"), "captured", "payments"),
            by_key(_("By gateway"), _("Gateway"), "attempts", "success_rate", "declined", "gateway_failures"),
        ]
    if board is Board.INCENTIVES:
        return [
            by_key(_("By campaign"), _("Campaign"), "coupon_cost", "coupon_uses"),
            by_key(_("Of what was given"), _("Campaign"), "coupons_given", "redemption_rate"),
            by_channel(_("By channel"), "discount", "discounted_share", "average_discount"),
            by_key(_("By experiment"), _("Automation"), "roii"),
            by_key(_("What people were offered or asked"), _("Kind"), "told", "engagement"),
        ]
    if board is Board.RISK:
        return [
            by_key(_("By verdict"), _("Verdict"), "cases_decided", "review_time"),
            by_key(_("By reason"), _("Reason"), "disputed", "disputes"),
        ]
    return []


def _split_rows_of(wanted: Asked, scope: Scope) -> Callable[[Split, Measure, str], str | None]:
    """Where the rows of one thing of a split stand."""
    codes = {str(view.id): code for code, view in channel_directory().channels.items()}

    def href(split: Split, measure: Measure, ref: str) -> str | None:
        more = {split.by: codes.get(ref, ref) if split.by == "channel" else ref}
        return rows_href(measure, _days(wanted), scope, **more, currency=split.currency or scope.currency)

    return href


def _days(wanted: Asked) -> dict[str, str]:
    return {"from": wanted.period.first.isoformat(), "until": wanted.period.last.isoformat()}
