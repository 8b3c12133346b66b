"""One's balances: each with its whole history, as a page, as a file, on paper, and as of any past day (BAL-10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.blueprints.access import NotFoundError, requires
from portal.blueprints.account.blueprint import bp
from portal.blueprints.account.own import own_id
from portal.blueprints.balance_papers import balance_pdf
from portal.blueprints.checkout.words import say
from portal.blueprints.csv_files import csv_stream
from portal.blueprints.desk import Days, choice_arg, date_arg, days_arg, midnight_after, text_arg
from portal.blueprints.desk_words import WORDS, word
from portal.blueprints.documents import pdf_answer
from portal.blueprints.identity import current_channel
from portal.blueprints.payment_history import day_chips
from portal.db import database, reading
from portal.htmx import page_or_partial
from portal.kit import clock
from portal.kit.money import as_decimal
from portal.kit.paging import Page
from portal.queries.histories import (
    HistoryFilter,
    HistoryRow,
    OwnAccount,
    Statement,
    StatementTooLongError,
    balance_before,
    kinds_in,
    list_history,
    load_statement,
    own_accounts,
    whole_history,
)
from portal.rules.permissions import Permission

LIST_ARGS = ("q", "what", "from", "until", "on")


@bp.get("/account/balances")
@requires(Permission.BALANCE_VIEW)
def balances() -> ResponseReturnValue:
    """Every account that one has, each opening its history."""
    with reading() as session:
        accounts = own_accounts(session, user_id=own_id(), currency=current_channel().currency)
    return render_template("account/balances.html", accounts=accounts, now=clock.now(), word=word)


@bp.get("/account/balances/<string:kind>/<string:currency>")
@requires(Permission.BALANCE_VIEW)
def history(kind: str, currency: str) -> ResponseReturnValue:
    """One account: every posting with the balance after it, the latest first."""
    account = _own(kind, currency)
    chosen, days = _asked()
    on = date_arg("on")
    found: Page[HistoryRow] = Page((), total=0)
    kinds: list[str] = []
    on_minor = 0 if on else None
    if account.id is not None:
        with reading() as session:
            found = list_history(session, account_id=account.id, chosen=chosen, cursor=request.args.get("cursor"))
            kinds = kinds_in(session, account_id=account.id)
            if on is not None:
                on_minor = balance_before(session, account_id=account.id, at=midnight_after(on))
    return page_or_partial(
        "account/history.html",
        {"history": "account/_history.html"},
        account=account,
        found=found,
        chosen=chosen,
        days=days,
        on=on,
        on_minor=on_minor,
        kinds=[("", _("Any")), *sorted(((one, word("entry", one)) for one in kinds), key=lambda pair: pair[1])],
        chips=_chips(chosen, days, account),
        list_args=_list_args(),
        clear_href=url_for(".history", kind=kind, currency=currency),
        now=clock.now(),
        word=word,
    )


@bp.get("/account/balances/<string:kind>/<string:currency>/history.csv")
@requires(Permission.BALANCE_VIEW)
def history_file(kind: str, currency: str) -> Response:
    """The list of the address as a file, however long it is."""
    account = _own(kind, currency)
    chosen, _days = _asked()
    head = (_("Date"), _("Number"), _("What"), _("Order"), _("Currency"), _("Amount"), _("Balance afterwards"))

    def rows() -> Iterator[tuple[object, ...]]:
        if account.id is None:
            return
        with reading() as session:
            for row in whole_history(session, account_id=account.id, chosen=chosen):
                yield (
                    row.at.isoformat(timespec="seconds"),
                    row.entry_id,
                    word("entry", row.kind),
                    row.number or "",
                    currency,
                    as_decimal(row.amount_minor, currency),
                    as_decimal(row.balance_after_minor, currency),
                )

    return csv_stream(f"{kind}-{currency.lower()}.csv", head, rows())


@bp.get("/account/balances/<string:kind>/<string:currency>/statement.pdf")
@requires(Permission.BALANCE_VIEW)
def history_statement(kind: str, currency: str) -> ResponseReturnValue:
    """The days of the address on paper: opening, every posting, closing."""
    account = _own(kind, currency)
    days = days_arg()
    stated = Statement(0, 0, 0, 0, ())
    try:
        if account.id is not None:
            with database.snapshot() as session:
                stated = load_statement(session, account_id=account.id, start=days.start, end=days.end)
    except StatementTooLongError as refused:
        page = render_template(
            "account/statement_refused.html",
            reason=say(refused),
            back=url_for(".history", kind=kind, currency=currency, **_list_args()),
        )
        return page, refused.status
    return pdf_answer(*balance_pdf(account, days, stated, user_id=own_id()))


def _own(kind: str, currency: str) -> OwnAccount:
    """One's account of this kind. Kinds that anybody may have exist without postings too. Raises NotFoundError."""
    with reading() as session:
        accounts = own_accounts(session, user_id=own_id(), currency=current_channel().currency)
    found = next((one for one in accounts if (one.kind, one.currency) == (kind, currency)), None)
    if found is None:
        raise NotFoundError
    return found


def _asked() -> tuple[HistoryFilter, Days]:
    """The filter of the address. What is searched may also be the word for a kind."""
    days = days_arg()
    words = text_arg("q")
    chosen = HistoryFilter(kind=choice_arg("what", WORDS["entry"]), start=days.start, end=days.end, words=words)
    if words:
        said = tuple(kind for kind in WORDS["entry"] if words.casefold() in word("entry", kind).casefold())
        chosen = replace(chosen, kinds_said=said)
    return chosen, days


def _list_args() -> dict[str, Any]:
    """What of the address belongs to the list, and goes with its files."""
    return {name: request.args[name] for name in LIST_ARGS if request.args.get(name)}


def _chips(chosen: HistoryFilter, days: Days, account: OwnAccount) -> list[tuple[str, str]]:
    args = _list_args()

    def without(name: str) -> str:
        kept = {key: value for key, value in args.items() if key != name}
        return url_for(".history", kind=account.kind, currency=account.currency, **kept)

    found = day_chips(days, without)
    if chosen.kind:
        found.append((_("Kind: %(name)s", name=word("entry", chosen.kind)), without("what")))
    if chosen.words:
        found.append((_("Search: %(words)s", words=chosen.words), without("q")))
    return found
