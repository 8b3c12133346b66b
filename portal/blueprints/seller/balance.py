"""What the store is owed: its balance, its closed statements and what they are made of (BAL-13, S21)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError
from portal.blueprints.context import translated
from portal.blueprints.desk import choice_arg, requires_in
from portal.blueprints.desk_words import word
from portal.blueprints.documents import pdf_answer
from portal.blueprints.identity import current_actor
from portal.blueprints.seller.desk import around, open_desk
from portal.blueprints.statements import FIGURES, rows_of, statement_file, statement_pdf
from portal.db import reading
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.queries.payouts import StatementRow, list_statements, load_seller_statement, rule_of, statement_lines
from portal.queries.seller_balance import coming_to, fresh_figures, owed_to
from portal.rules.payouts import Period, next_end
from portal.rules.permissions import Permission, Scope
from portal.services.payouts.close_period import zone_of_mall


def hang(bp: Blueprint) -> None:
    one = "/statements/<uuid:statement_id>"
    bp.add_url_rule("/balance", "balance", index)
    bp.add_url_rule(one, "statement", show)
    bp.add_url_rule(f"{one}/lines.csv", "statement_file", file)
    bp.add_url_rule(f"{one}/statement.pdf", "statement_paper", paper)


@requires_in(Permission.PAYOUT_VIEW, Scope.STORE)
def index() -> ResponseReturnValue:
    """The present balance with what it is made of since the last statement, and the statements."""
    now = clock.now()
    with reading() as session:
        desk = open_desk(session, now)
        if desk is None:
            return render_template("seller/no_store.html", **around(None, "seller.balance"))
        store_id = desk.store.id
        owed = owed_to(session, store_id=store_id)
        coming = {one.currency: one for one in coming_to(session, store_id=store_id)}
        running = [
            {"owed": one, "figures": fresh_figures(session, store_id=store_id, currency=one.currency, until=now)}
            for one in owed
        ]
        found = list_statements(session, store_id=store_id, cursor=request.args.get("cursor"))
        rule = rule_of(session, store_id=store_id)
        ends_at = next_end(now, Period(rule), zone_of_mall(session))
    return page_or_partial(
        "seller/balance/index.html",
        {"statements": "seller/balance/_list.html"},
        running=[{**one, "rows": rows_of(one["figures"])} for one in running],  # type: ignore[arg-type]  # As made above.
        coming=coming,
        found=found,
        rule=rule,
        ends_at=ends_at,
        now=now,
        **around(desk, "seller.balance"),
    )


@requires_in(Permission.PAYOUT_VIEW, Scope.STORE)
def show(statement_id: uuid.UUID) -> ResponseReturnValue:
    """One statement: its figures, each opening its lines, and each line its order."""
    now = clock.now()
    figure = choice_arg("figure", FIGURES)
    statement = _load(statement_id)
    with reading() as session:
        desk = open_desk(session, now, store_id=statement.store_id)
        found = statement_lines(session, statement_id=statement_id, figure=figure, cursor=request.args.get("cursor"))
    return page_or_partial(
        "seller/balance/show.html",
        {"lines": "seller/balance/_lines.html"},
        statement=statement,
        rows=rows_of(statement),
        found=found,
        figure=figure,
        tabs=_tabs(statement, figure),
        order_href=lambda line: url_for("seller.order", part_id=line.part_id) if line.part_id else None,
        entry_href=lambda _line: None,
        **around(desk, "seller.balance"),
    )


@requires_in(Permission.PAYOUT_VIEW, Scope.STORE)
def file(statement_id: uuid.UUID) -> ResponseReturnValue:
    """The lines as a file."""
    return statement_file(_load(statement_id))


@requires_in(Permission.PAYOUT_VIEW, Scope.STORE)
def paper(statement_id: uuid.UUID) -> ResponseReturnValue:
    """The statement on paper."""
    statement = _load(statement_id)
    with reading() as session:
        desk = open_desk(session, clock.now(), store_id=statement.store_id)
    return pdf_answer(*statement_pdf(statement, translated(dict(desk.store.name)) if desk else ""))


def _load(statement_id: uuid.UUID) -> StatementRow:
    """A statement of one's own stores. Raises NotFoundError."""
    with reading() as session:
        found = load_seller_statement(session, statement_id=statement_id)
    if found is None or found.store_id not in current_actor().store_ids:
        raise NotFoundError
    return found


def _tabs(statement: StatementRow, figure: str | None) -> list[dict[str, Any]]:
    here = url_for("seller.statement", statement_id=statement.id)
    tabs = [{"label": _("All"), "href": here, "current": figure is None}]
    tabs += [
        {"label": word("figure", one), "href": f"{here}?figure={one}", "current": figure == one} for one in FIGURES
    ]
    return tabs
