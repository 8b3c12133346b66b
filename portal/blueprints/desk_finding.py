"""The box at the head of both desks: suggestions, the one thing meant, else all by kind (A17, S07)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from portal.blueprints.desk import text_arg
from portal.blueprints.identity import current_actor
from portal.db import reading, transaction
from portal.htmx import is_htmx, page_or_partial
from portal.kit import clock
from portal.kit.text import N_
from portal.queries.finding.everything import find_everything, only_exact
from portal.queries.finding.words import Finder, Hit, Words
from portal.rules.permissions import Permission
from portal.services.accounts.view_user import note_user_views

# The names of kinds.
KINDS: Mapping[str, str] = {
    "order": N_("Orders"),
    "part": N_("Orders"),
    "payment": N_("Payments"),
    "person": N_("People"),
    "refund": N_("Refunds"),
    "return": N_("Returns"),
    "ticket": N_("Tickets"),
    "receipt": N_("Receipts and credit notes"),
    "cash_receipt": N_("Cash receipts"),
    "invoice": N_("Invoices"),
    "dispute": N_("Disputes"),
    "case": N_("Cases"),
    "coupon": N_("Coupons"),
    "gift_card": N_("Gift cards"),
    "payout": N_("Payouts"),
    "withdrawal": N_("Withdrawals"),
    "store": N_("Stores"),
    "product": N_("Products"),
    "stock": N_("Stock"),
}
# Where the page of one is: endpoint and argument.
Place = tuple[str, str]


def answer(
    *,
    finders: Sequence[Finder],
    places: Mapping[str, Place],
    store_ids: tuple[int, ...] | None,
    may: Callable[[Permission], bool],
    frame: Callable[[], dict[str, Any]],
    hint: str,
) -> ResponseReturnValue:
    """The suggestions for htmx; for a browser the one page that was meant, or the list.

    Whoever is found by what is personal has that recorded. Suggestions are recorded, too: a name, a phone number or an
    e-mail address must be typed in full to find anybody.
    """
    words = Words(text_arg("q"), store_ids)
    with reading() as session:
        found = find_everything(session, words=words, finders=finders, may=may)
    seen = {hit.person_id for hits in found.values() for hit in hits if hit.person_id} if words.marks else set()
    if seen:
        with transaction() as session:
            note_user_views(session, user_ids=seen, what="search", actor=current_actor(), now=clock.now())

    def href(hit: Hit) -> str:
        endpoint, argument = places[hit.kind]
        values: dict[str, Any] = {argument: hit.key}
        return url_for(endpoint, **values)

    meant = only_exact(found)
    if meant is not None and not is_htmx():
        return redirect(href(meant), code=303)
    return page_or_partial(
        "desk/search.html",
        {"suggestions": "desk/_suggestions.html"},
        query=words.text,
        found=found,
        kinds=KINDS,
        href=href,
        hint=hint,
        **frame(),
    )
