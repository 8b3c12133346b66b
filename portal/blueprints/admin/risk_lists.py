"""The lists of risk: who and what is blocked or trusted, with reason, owner and end; in and out as CSV (FRD-04)."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict

from portal.blueprints.account.entry import network_address
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.checkout.words import say
from portal.blueprints.csv_files import csv_file, every_row
from portal.blueprints.desk import choice_arg, midnight_after, text_arg, zone_of_reader
from portal.blueprints.desk_words import words
from portal.blueprints.identity import current_actor
from portal.db import atomically, reading
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.queries.risk_lists import list_entries
from portal.rules.csv_table import BYTES_MAX, decode, read_table
from portal.rules.permissions import Permission
from portal.rules.risk_lists import EntryUnfitError, ListKind, ListMode, read_day, read_reason, read_value
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, StepUpNeededError, require_step_up
from portal.services.fraud.change_lists import EntryExistsError, add_entry, index_of, remove_entry

MENU = "admin.risk_lists"
COLUMNS = ("kind", "mode", "value", "reason", "until")


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/risk-lists", "risk_lists", index)
    bp.add_url_rule("/risk-lists/file", "risk_lists_file", export)
    bp.add_url_rule("/risk-lists/entries", "risk_list_entries", add, methods=["POST"])
    bp.add_url_rule("/risk-lists/import", "risk_lists_import", take_file, methods=["POST"])
    bp.add_url_rule("/risk-lists/entries/<uuid:listed_id>/removal", "risk_list_removal", remove, methods=["POST"])


@requires_all(Permission.FRAUD_VIEW)
def index() -> ResponseReturnValue:
    """What counts now, with its filters, and the form for one more."""
    return _page()


@requires_all(Permission.FRAUD_CONFIGURE)
def export() -> ResponseReturnValue:
    """The list under its filters as a file, which import takes again."""
    now = clock.now()
    with reading() as session:
        rows = list(every_row(lambda cursor: list_entries(session, **_filters(), now=now, cursor=cursor)))
    lines = [
        (row.kind, row.mode, row.value or "", row.reason, row.expires_at.date() if row.expires_at else "")
        for row in rows
    ]
    return csv_file("risk-lists.csv", COLUMNS, lines)


@requires_all(Permission.FRAUD_CONFIGURE)
def add() -> ResponseReturnValue:
    """Put one value on a list."""
    try:
        atomically(lambda session: _add_confirmed(session, request.form))
    except StepUpNeededError:
        raise  # It leads to the page that asks.
    except PortalError as error:
        return _page(error)
    flash(_("It stands on the list, and counts from now on."), "success")
    return done(location=url_for(MENU))


@requires_all(Permission.FRAUD_CONFIGURE)
def take_file() -> ResponseReturnValue:
    """Put the rows of a file on the lists: all of them, or none. What stands there already is left as it is."""
    upload = request.files.get("file")
    try:
        # What was read goes on by itself once it is confirmed, where no file comes along any more.
        typed = request.form.get("rows") or decode(upload.read(BYTES_MAX + 1) if upload else b"")
        rows = read_table(typed, COLUMNS, optional=("until",))
        added = atomically(lambda session: _add_rows(session, typed, rows))
    except StepUpNeededError:
        request.form = ImmutableMultiDict([*request.form.items(multi=True), ("rows", typed)])
        raise
    except PortalError as error:
        return _page(error)
    flash(
        ngettext("%(num)s entry was added.", "%(num)s entries were added.", added)
        + " "
        + ngettext("%(num)s was there already.", "%(num)s were there already.", len(rows) - added),
        "success",
    )
    return done(location=url_for(MENU))


@requires_all(Permission.FRAUD_CONFIGURE)
def remove(listed_id: uuid.UUID) -> ResponseReturnValue:
    """Take an entry off."""
    try:
        atomically(lambda s: _remove_confirmed(s, listed_id))
    except StepUpNeededError:
        raise
    except PortalError as error:
        return _page(error)
    flash(_("It no longer stands on the list."), "success")
    return done(location=url_for(MENU))


class RowUnfitError(PortalError):
    """A row of a file, and what is wrong with it."""

    code = "list_row_unfit"
    status = 422

    def __init__(self, number: int, fault: str) -> None:
        super().__init__()
        self.number, self.fault = number, fault


def _confirm(session: Session, what: str) -> None:
    """Whoever changes the lists has proved himself for just this: they decide who may buy."""
    require_step_up(
        session, actor=current_actor(), action=StepUpAction.CHANGE_RISK_LIST, binding=Binding(what), now=clock.now()
    )


def _add_confirmed(session: Session, typed: Any) -> None:
    _add(session, typed)
    _confirm(session, f"add:{typed.get('mode')}:{typed.get('kind')}:{typed.get('value')}")


def _remove_confirmed(session: Session, listed_id: uuid.UUID) -> None:
    remove_entry(session, entry_id=listed_id, actor=current_actor(), now=clock.now())
    _confirm(session, f"remove:{listed_id}")


def _add_rows(session: Session, typed: str, rows: Any) -> int:
    added = sum(_add_row(session, row.number, row.cells) for row in rows)
    if added:
        _confirm(session, f"file:{hashlib.sha256(typed.encode()).hexdigest()}")
    return added


def _add_row(session: Any, number: int, cells: Any) -> bool:
    try:
        _add(session, cells)
    except EntryExistsError:
        return False
    except PortalError as error:
        raise RowUnfitError(number, say(error)) from error
    return True


def _add(session: Any, typed: Any) -> None:
    now = clock.now()
    kind, mode = typed.get("kind", ""), typed.get("mode", "")
    if kind not in set(ListKind) or mode not in set(ListMode):
        raise EntryUnfitError
    last = read_day(typed.get("until", ""), today=now.astimezone(zone_of_reader()).date())
    add_entry(
        session,
        value=read_value(ListKind(kind), typed.get("value", "")),
        mode=ListMode(mode),
        reason=read_reason(typed.get("reason", "")),
        expires_at=midnight_after(last) if last else None,
        actor=current_actor(),
        ip=network_address(),
        now=now,
    )


def _filters() -> dict[str, Any]:
    kind, mode, typed = choice_arg("kind", set(ListKind)), choice_arg("mode", set(ListMode)), text_arg("q")
    found = None
    if typed:
        for one in [ListKind(kind)] if kind else _kinds_of(typed):
            try:
                found = index_of(read_value(one, typed))
            except PortalError:
                continue
            break
        found = found or b""
    return {"kind": kind, "mode": mode, "index": found}


def _kinds_of(typed: str) -> list[ListKind]:
    if "@" in typed:
        return [ListKind.EMAIL]
    return [ListKind.NETWORK] if "/" in typed else [ListKind.IP, ListKind.USER, ListKind.CARD]


def _page(error: PortalError | None = None) -> ResponseReturnValue:
    now: datetime = clock.now()
    filters = _filters()
    with reading() as session:
        found = list_entries(session, **filters, now=now, cursor=request.args.get("cursor"))
        frame = around(session, MENU)
    problem = say(error) if error else None
    if isinstance(error, RowUnfitError):
        problem = _("Row %(number)s: %(fault)s Nothing of the file was taken.", number=error.number, fault=error.fault)
    context = {
        "found": found,
        "filters": filters,
        "typed": text_arg("q"),
        "kinds": words("list_kind"),
        "modes": words("list_mode"),
        "problem": problem,
        "given": request.form,
        "may_change": may_all(Permission.FRAUD_CONFIGURE),
        **frame,
    }
    if error is not None:
        return render_template("admin/risk_lists/index.html", **context), error.status
    return page_or_partial("admin/risk_lists/index.html", {"entries": "admin/risk_lists/_list.html"}, **context)
