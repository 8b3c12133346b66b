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
from portal.blueprints.admin.disputes import reason_word
from portal.blueprints.admin.figure_rows import rows_href
from portal.blueprints.context import translated
from portal.blueprints.desk import channel_arg, choice_arg
from portal.blueprints.desk_words import word
from portal.blueprints.figure_mails import end_figures_mail, figures_mail, set_figures_mail
from portal.blueprints.figures import Asked, Split, asked, board_file, board_page, kept, scope_of
from portal.db import reading
from portal.htmx import page_or_partial
from portal.queries.channels import channel_directory
from portal.queries.figure_names import campaign_names, section_names, store_names
from portal.queries.figures import Scope, currencies_sold_in
from portal.rules.figures import Board, Measure, Sight
from portal.rules.measures import BOARDS, QUESTIONS
from portal.rules.permissions import Permission

CHARTS: Mapping[Board, tuple[str, ...]] = {
    Board.SALES: ("sales", "orders_paid"),
    Board.PAYMENTS: ("captured", "success_rate"),
    Board.INCENTIVES: ("discount", "mileage_granted"),
    Board.BALANCES: ("deposit_owed", "mileage_owed"),
    Board.RISK: ("decisions", "losses_avoided"),
    Board.CHANNELS: ("sales", "orders_paid"),
}


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
        scope = _scope(session)
        page = board_page(
            session,
            names=BOARDS[board],
            charts=CHARTS[board],
            splits=_splits(session, board),
            scope=scope,
            wanted=wanted,
            href_of=_rows_of(wanted, scope),
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
        by_mail=by_mail,
        mail_href=url_for("admin.figures_mail", **_kept(board=board.value)),
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
    days: dict[str, Any] = {"from": wanted.period.first.isoformat(), "until": wanted.period.last.isoformat()}
    same = days | {"channel": request.args.get("channel"), "currency": scope.currency}
    paid = {"sales", "orders_paid"}
    of_cases = {"false_positives", "review_time", "losses_avoided", "cases_decided"}

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


def _splits(session: Session, board: Board) -> list[Split]:
    channels = {str(view.id): translated(dict(view.name)) for view in channel_directory().channels.values()}

    def channel(ref: str) -> str:
        return channels.get(ref, ref)

    def named(names: Mapping[int, Mapping[str, str]]) -> Callable[[str], str]:
        return lambda ref: translated(dict(names[int(ref)])) if ref.isdigit() and int(ref) in names else ref

    if board is Board.SALES:
        return [
            Split(_("By store"), _("Store"), "store", ("store_sales", "store_orders"), named(store_names(session))),
            Split(_("By section"), _("Section"), "key", ("section_sales",), named(section_names(session))),
            Split(_("By channel"), _("Channel"), "channel", ("sales", "orders_paid"), channel),
        ]
    if board is Board.CHANNELS:
        # A channel sells in its own currency: a table for each, as sums of several say nothing.
        return [
            Split(
                _("By channel, %(currency)s", currency=currency),
                _("Channel"),
                "channel",
                ("sales", "orders_paid", "paid_share", "average_order", "success_rate", "discount", "refunded"),
                channel,
                currency,
            )
            for currency in currencies_sold_in(session)
        ]
    if board is Board.PAYMENTS:
        return [
            Split(_("By method"), _("Method"), "key", ("captured", "payments"), lambda ref: word("method", ref)),
            Split(_("By gateway"), _("Gateway"), "key", ("attempts", "success_rate", "declined"), str.capitalize),
        ]
    if board is Board.INCENTIVES:
        names = campaign_names(session)
        return [Split(_("By campaign"), _("Campaign"), "key", ("coupon_cost", "coupon_uses"), named(names))]
    if board is Board.RISK:
        return [
            Split(
                _("By verdict"),
                _("Verdict"),
                "key",
                ("cases_decided", "review_time"),
                lambda ref: word("case_verdict", ref),
            ),
            Split(_("By reason"), _("Reason"), "key", ("disputed", "disputes"), reason_word),
        ]
    return []
