"""Corrections of balances: the list, one with its lines, and its way from a draft to the books and back (BAL-07)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.admin.reveal import is_revealed, reveal_mark
from portal.blueprints.checkout.words import say
from portal.blueprints.csv_files import csv_stream
from portal.blueprints.desk import choice_arg
from portal.blueprints.desk_words import word
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading, transaction
from portal.htmx import done, page_or_partial
from portal.jobs.adjustments import work_on_adjustment
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.money import as_decimal
from portal.queries.adjustments import (
    AdjustmentRow,
    LineRow,
    balances_now,
    count_lines,
    list_adjustments,
    list_lines,
    load_adjustment,
)
from portal.queries.users import masked, masked_email
from portal.rules.adjustments import KINDS
from portal.rules.permissions import Permission
from portal.rules.states import Machine, states
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.accounts.view_balance import note_balance_views
from portal.services.adjustments.decide_adjustment import (
    approve_adjustment,
    cancel_adjustment,
    confirm_adjustment,
    refuse_adjustment,
    undo_adjustment,
)
from portal.statuses import status_of

# So few are carried out while one waits; more are a worker's.
AT_ONCE = 20
EXPORT_ROWS = 1_000
LINE_STATES = ("ready", "refused", "applied", "failed", "undone", "kept")


def hang(bp: Blueprint) -> None:
    one = "/adjustments/<uuid:adjustment_id>"
    bp.add_url_rule("/adjustments", "adjustments", index)
    bp.add_url_rule(one, "adjustment", show)
    bp.add_url_rule(f"{one}/report.csv", "adjustment_report", report)
    bp.add_url_rule(f"{one}/confirmation", "adjustment_confirmation", confirm, methods=["POST"])
    bp.add_url_rule(f"{one}/approval", "adjustment_approval", approve, methods=["POST"])
    bp.add_url_rule(f"{one}/refusal", "adjustment_refusal", refuse, methods=["POST"])
    bp.add_url_rule(f"{one}/cancellation", "adjustment_cancellation", cancel, methods=["POST"])
    bp.add_url_rule(f"{one}/reversal", "adjustment_reversal", undo, methods=["POST"])
    bp.add_url_rule(f"{one}/balance-view", "adjustment_balance_view", reveal, methods=["POST"])


@requires_all(Permission.LEDGER_VIEW)
def index() -> ResponseReturnValue:
    """All corrections, the latest first."""
    known = states(Machine.ADJUSTMENT)
    state = choice_arg("state", known)
    with reading() as session:
        found = list_adjustments(session, state=state, cursor=request.args.get("cursor"))
        frame = around(session, "admin.adjustments")
    options = [("", _("Any"))] + [(one, gettext(status_of(one, "adjustment").word)) for one in known]
    partials = {"adjustments": "admin/adjustments/_list.html"}
    return page_or_partial("admin/adjustments/index.html", partials, found=found, state=state, states=options, **frame)


@requires_all(Permission.LEDGER_VIEW)
def show(adjustment_id: uuid.UUID) -> ResponseReturnValue:
    """One correction: what it does, how far it is, and its lines."""
    return _page(adjustment_id)


@requires_all(Permission.LEDGER_VIEW)
def report(adjustment_id: uuid.UUID) -> Response:
    """Every line with what became of it. People by id: the file leaves the house."""
    with reading() as session:
        row = _load(session, adjustment_id)
    head = (_("Line"), _("Person"), _("Amount"), _("State"), _("Reason"), _("Entry"), _("Reversing entry"))

    def rows() -> Iterator[tuple[object, ...]]:
        cursor: str | None = None
        while True:
            with reading() as opened:
                page = list_lines(opened, adjustment_id=adjustment_id, state=None, cursor=cursor, rows_max=EXPORT_ROWS)
            for line in page.rows:
                yield (
                    line.n,
                    line.user_id or "",
                    "" if line.amount_minor is None else as_decimal(line.amount_minor, row.currency),
                    gettext(status_of(line.state, "adjustment_line").word),
                    word("adjustment_code", line.code),
                    line.entry_id or "",
                    line.undo_entry_id or "",
                )
            cursor = page.next_cursor
            if cursor is None:
                return

    return csv_stream(f"correction-{adjustment_id.hex[-8:]}.csv", head, rows())


@requires_all(Permission.BALANCE_ADJUST)
def confirm(adjustment_id: uuid.UUID) -> ResponseReturnValue:
    """Send a draft on its way."""
    actor, now = current_actor(), clock.now()
    return _act(
        adjustment_id,
        lambda s: confirm_adjustment(s, adjustment_id=adjustment_id, actor=actor, now=now),
        _("Confirmed."),
    )


@requires_all(Permission.BALANCE_ADJUST)
def approve(adjustment_id: uuid.UUID) -> ResponseReturnValue:
    """Agree as the second person."""
    actor, now = current_actor(), clock.now()
    return _act(
        adjustment_id,
        lambda s: approve_adjustment(s, adjustment_id=adjustment_id, actor=actor, now=now),
        _("Approved. It is being carried out."),
    )


@requires_all(Permission.BALANCE_ADJUST)
def refuse(adjustment_id: uuid.UUID) -> ResponseReturnValue:
    """Say no as the second person."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "")
    return _act(
        adjustment_id,
        lambda s: refuse_adjustment(s, adjustment_id=adjustment_id, reason=reason, actor=actor, now=now),
        _("Refused. Nothing was moved."),
    )


@requires_all(Permission.BALANCE_ADJUST)
def cancel(adjustment_id: uuid.UUID) -> ResponseReturnValue:
    """Call off one's own."""
    actor, now = current_actor(), clock.now()
    return _act(
        adjustment_id,
        lambda s: cancel_adjustment(s, adjustment_id=adjustment_id, actor=actor, now=now),
        _("Called off. Nothing was moved."),
    )


@requires_all(Permission.BALANCE_ADJUST)
def undo(adjustment_id: uuid.UUID) -> ResponseReturnValue:
    """Take it back by reversing entries."""
    actor, now, reason = current_actor(), clock.now(), request.form.get("reason", "")
    return _act(
        adjustment_id,
        lambda s: undo_adjustment(s, adjustment_id=adjustment_id, reason=reason, actor=actor, now=now),
        _("It is being undone by reversing entries."),
    )


@requires_all(Permission.BALANCE_VIEW)
def reveal(adjustment_id: uuid.UUID) -> ResponseReturnValue:
    """Show the balances of the people on this page, and record that they were shown."""
    cursor, state = request.form.get("cursor") or None, request.form.get("state") or None
    with transaction() as session:
        _load(session, adjustment_id)
        page = list_lines(session, adjustment_id=adjustment_id, state=_line_state(state), cursor=cursor)
        people = sorted({line.user_id for line in page.rows if line.user_id})
        note_balance_views(session, user_ids=people, actor=current_actor(), now=clock.now())
    shown = reveal_mark(_mark(adjustment_id, cursor, state))
    return done(
        location=url_for("admin.adjustment", adjustment_id=adjustment_id, cursor=cursor, state=state, shown=shown)
    )


def _act(adjustment_id: uuid.UUID, work: Callable[[Session], object], told: str) -> ResponseReturnValue:
    try:
        atomically(work)
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        return _page(adjustment_id, error)
    with reading() as session:
        row = _load(session, adjustment_id)
    if row.state in {"running", "undoing"} and row.lines <= AT_ONCE:
        work_on_adjustment(str(adjustment_id))
    flash(told, "success")
    return done(location=url_for("admin.adjustment", adjustment_id=adjustment_id))


def _page(adjustment_id: uuid.UUID, error: PortalError | None = None) -> ResponseReturnValue:
    cursor, state = request.args.get("cursor"), _line_state(request.args.get("state"))
    actor = current_actor()
    with reading() as session:
        row = _load(session, adjustment_id)
        found = list_lines(session, adjustment_id=adjustment_id, state=state, cursor=cursor)
        counts = count_lines(session, adjustment_id=adjustment_id)
        shown = may_all(Permission.BALANCE_VIEW) and is_revealed(_mark(adjustment_id, cursor, state))
        people = [line.user_id for line in found.rows if line.user_id]
        now_there = balances_now(session, user_ids=people, kind=row.kind, currency=row.currency) if shown else {}
        frame = around(session, "admin.adjustments")
    may_adjust = may_all(Permission.BALANCE_ADJUST) and (not KINDS[row.kind] or may_all(Permission.MILEAGE_ADJUST))
    tabs = [
        {
            "label": gettext(status_of(one, "adjustment_line").word),
            "href": url_for("admin.adjustment", adjustment_id=adjustment_id, state=one),
            "current": state == one,
            "count": counts[one],
        }
        for one in LINE_STATES
        if counts.get(one)
    ]
    everything = url_for("admin.adjustment", adjustment_id=adjustment_id)
    tabs.insert(0, {"label": _("All"), "href": everything, "current": state is None, "count": row.lines})
    page = page_or_partial(
        "admin/adjustments/show.html",
        {"lines": "admin/adjustments/_lines.html"},
        row=row,
        found=found,
        counts=counts,
        settled=row.lines - counts.get("ready", 0) if row.state != "undoing" else row.lines - counts.get("applied", 0),
        tabs=tabs,
        lines=[_line(line, now_there) for line in found.rows],
        shown=shown,
        may_show=may_all(Permission.BALANCE_VIEW),
        may_adjust=may_adjust,
        is_own=row.made_by == actor.user_id,
        problem=say(error) if error else None,
        cursor=cursor,
        line_state=state,
        **frame,
    )
    return page, error.status if error else 200


def _line(line: LineRow, now_there: Any) -> dict[str, Any]:
    """A line for the page: masked, and with what was (or would be) there before and after, where that is shown."""
    before, after = line.before_minor, line.after_minor
    if line.state == "ready" and line.user_id in now_there and line.amount_minor is not None:
        before = now_there[line.user_id][0]
        after = before + line.amount_minor
    given = masked_email(line.given) if "@" in line.given else line.given
    return {
        "line": line,
        "person": masked(line.name) if line.name else given,
        "given": given,
        "before": before,
        "after": after,
        "too_low": line.state == "ready"
        and line.user_id in now_there
        and now_there[line.user_id][1] + (line.amount_minor or 0) < 0,
    }


def _load(session: Session, adjustment_id: uuid.UUID) -> AdjustmentRow:
    row = load_adjustment(session, adjustment_id=adjustment_id)
    if row is None:
        raise NotFoundError
    return row


def _line_state(given: str | None) -> str | None:
    return given if given in LINE_STATES else None


def _mark(adjustment_id: uuid.UUID, cursor: str | None, state: str | None) -> str:
    """What is shown: the balances of one page of lines."""
    return f"adjustment:{adjustment_id}:{state or ''}:{cursor or ''}"
