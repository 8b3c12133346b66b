"""The books: accounts with their running balance, entries with their postings (BAL-01, A14)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError, PermissionMissingError
from portal.blueprints.admin.desk import around, may_all, requires_all
from portal.blueprints.admin.reveal import is_revealed, reveal_mark
from portal.blueprints.desk import choice_arg, text_arg
from portal.blueprints.desk_words import WORDS, word, words
from portal.blueprints.identity import current_actor
from portal.db import reading, transaction
from portal.htmx import done, page_or_partial
from portal.kit import clock
from portal.kit.paging import Page
from portal.kit.text import N_
from portal.queries.books_overview import owners_matching
from portal.queries.histories import HistoryFilter, HistoryRow, list_history
from portal.queries.ledger import (
    balance_of,
    list_accounts,
    list_entries,
    load_account,
    load_entry,
    order_number,
    platform_accounts,
)
from portal.queries.listings.books import JournalFilter
from portal.rules.permissions import Permission
from portal.services.accounts.view_balance import view_balance


def hang(bp: Blueprint) -> None:
    bp.add_url_rule("/ledger", "ledger", index)
    bp.add_url_rule("/ledger/accounts", "ledger_accounts", accounts)
    bp.add_url_rule("/ledger/accounts/<int:account_id>", "ledger_account", account)
    bp.add_url_rule(
        "/ledger/accounts/<int:account_id>/balance-view", "ledger_balance_view", reveal_balance, methods=["POST"]
    )
    bp.add_url_rule("/ledger/entries/<int:entry_id>", "ledger_entry", entry)


def journal_filter() -> JournalFilter:
    """The postings of the kind of entry that the address asks for."""
    return JournalFilter(kind=choice_arg("kind", WORDS["entry"]))


@requires_all(Permission.LEDGER_VIEW)
def index() -> ResponseReturnValue:
    """The latest entries, and the mall's own accounts."""
    kind = choice_arg("kind", WORDS["entry"])
    with reading() as session:
        found = list_entries(session, kind=kind, cursor=request.args.get("cursor"))
        own = platform_accounts(session)
        frame = around(session, "admin.ledger")
    return page_or_partial(
        "admin/ledger/index.html",
        {"entries": "admin/ledger/_entries.html"},
        found=found,
        kind=kind,
        kinds=[("", _("Any")), *words("entry")],
        own=own,
        **frame,
    )


@requires_all(Permission.LEDGER_VIEW)
def accounts() -> ResponseReturnValue:
    """All accounts by kind and owner, without balances."""
    kind, sought = choice_arg("kind", WORDS["account"]), text_arg("q")
    with reading() as session:
        owners = owners_matching(session, sought) if sought else None
        found = list_accounts(session, kind=kind, owners=owners, cursor=request.args.get("cursor"))
        frame = around(session, "admin.ledger")
    return page_or_partial(
        "admin/ledger/accounts.html",
        {"accounts": "admin/ledger/_accounts.html"},
        found=found,
        kind=kind,
        sought=sought,
        chips=_chips(kind, sought),
        kinds=[("", _("Any")), *words("account")],
        **frame,
    )


def _chips(kind: str | None, sought: str) -> list[tuple[str, str]]:
    found = []
    if kind:
        found.append((_("Kind: %(name)s", name=word("account", kind)), url_for(".ledger_accounts", q=sought or None)))
    if sought:
        found.append((_("Search: %(words)s", words=sought), url_for(".ledger_accounts", kind=kind)))
    return found


@requires_all(Permission.LEDGER_VIEW)
def account(account_id: int) -> ResponseReturnValue:
    """One account with its postings; a person's balance only after it was asked for (IDN-05)."""
    now = clock.now()
    with reading() as session:
        found = load_account(session, account_id=account_id)
        if found is None:
            raise NotFoundError
        shown = found.user_id is None or is_revealed(f"balance:{account_id}")
        page: Page[HistoryRow] = Page(())
        balance = None
        if shown:
            page = list_history(
                session, account_id=account_id, chosen=HistoryFilter(), cursor=request.args.get("cursor")
            )
            balance = balance_of(session, found)
        frame = around(session, "admin.ledger")
    return page_or_partial(
        "admin/ledger/account.html",
        {"statement": "admin/ledger/_statement.html"},
        account=found,
        balance=balance,
        found=page,
        shown=shown,
        may_show=may_all(Permission.BALANCE_VIEW),
        now=now,
        **frame,
    )


@requires_all(Permission.BALANCE_VIEW)
def reveal_balance(account_id: int) -> ResponseReturnValue:
    """Show a person's account, and record that it was shown."""
    if not may_all(Permission.LEDGER_VIEW):
        raise PermissionMissingError(permission=Permission.LEDGER_VIEW.value)
    with transaction() as session:
        found = load_account(session, account_id=account_id)
        if found is None or found.user_id is None:
            raise NotFoundError
        view_balance(session, user_id=found.user_id, account_id=account_id, actor=current_actor(), now=clock.now())
    return done(
        location=url_for("admin.ledger_account", account_id=account_id, shown=reveal_mark(f"balance:{account_id}"))
    )


@requires_all(Permission.LEDGER_VIEW)
def entry(entry_id: int) -> ResponseReturnValue:
    """One entry: that it balances, what it undoes or was undone by, and its accounts."""
    with reading() as session:
        found = load_entry(session, entry_id=entry_id)
        if found is None:
            raise NotFoundError
        number = order_number(session, found.order_id) if found.order_id else None
        frame: dict[str, Any] = around(session, "admin.ledger")
    return render_template("admin/ledger/entry.html", entry=found, number=number, cause=_cause(found.idem_key), **frame)


# What the key of an entry begins with, the page of what caused it, its argument, and the permission of the page.
_CAUSES = {
    "adjustment": ("admin.adjustment", "adjustment_id", Permission.LEDGER_VIEW, N_("Correction")),
    "payout": ("admin.payout", "payout_id", Permission.PAYOUT_VIEW, N_("Payout")),
    "withdrawal": ("admin.withdrawal", "withdrawal_id", Permission.WITHDRAWAL_APPROVE, N_("Withdrawal")),
    "dispute": ("admin.dispute", "dispute_id", Permission.DISPUTE_HANDLE, N_("Dispute")),
}


def _cause(key: str) -> tuple[str, str] | None:
    """What caused an entry beside an order: its word and its page, as far as one may open it."""
    name, _colon, rest = key.partition(":")
    try:
        endpoint, argument, permission, said = _CAUSES[name]
        found = uuid.UUID(rest.partition(":")[0])
    except (KeyError, ValueError):
        return None
    given: dict[str, Any] = {argument: found}
    return (gettext(said), url_for(endpoint, **given)) if may_all(permission) else None
