"""Tickets in words: what they are about, and their story as both sides read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import gettext as _

from portal.blueprints.context import translated
from portal.kit.text import N_
from portal.queries.ticket_things import Thing
from portal.queries.tickets import TicketDetail
from portal.rules.tickets import AboutKind, Side, TicketKind
from portal.statuses import status_of

KINDS: Mapping[str, str] = {
    TicketKind.DELAY: N_("It has not arrived"),
    TicketKind.DAMAGE: N_("It arrived damaged"),
    TicketKind.WRONG: N_("Something is wrong or missing"),
    TicketKind.QUESTION: N_("A question"),
    TicketKind.PAYMENT: N_("Payment, refund or receipt"),
    TicketKind.ACCOUNT: N_("My account"),
    TicketKind.OTHER: N_("Something else"),
}
# The others follow from messages, which stand in the story themselves.
_TOLD_STATES = frozenset({"solved", "reopened", "closed"})


def kind_word(kind: str) -> str:
    """What a ticket is about."""
    found = KINDS.get(kind)
    return gettext(found) if found else kind


def kind_options() -> list[tuple[str, str]]:
    return [(key, gettext(words)) for key, words in KINDS.items()]


def thing_word(thing: Thing) -> str:
    """What a ticket is tied to, as its buyer and the desks call it."""
    number, store = thing.order_number, translated(dict(thing.store_name)) if thing.store_name else ""
    if thing.about.kind is AboutKind.PART:
        return str(_("Order %(number)s, %(store)s", number=number, store=store))
    if thing.about.kind is AboutKind.PARCEL:
        words = _("Parcel %(label)s of order %(number)s, %(store)s", label=thing.label, number=number, store=store)
        return str(words)
    if thing.about.kind is AboutKind.RETURN:
        words = _("Return %(label)s of order %(number)s, %(store)s", label=thing.label, number=number, store=store)
        return str(words)
    return str(_("The whole order %(number)s", number=number))


def story(detail: TicketDetail, reader: Side) -> list[dict[str, Any]]:
    """Messages and moves as they came; desks read names, buyers and stores not those of the other side's people."""
    entries: list[dict[str, Any]] = [
        {
            "at": message.at,
            "message": message,
            "own": message.side == reader,
            "who": _speaker(detail, message.side, message.author_name, reader),
        }
        for message in detail.messages
    ]
    for move in detail.moves:
        if move.state in _TOLD_STATES:
            look = status_of(move.state, "ticket")
            entries.append({"at": move.at, "word": gettext(look.word), "icon": look.icon, "tone": look.tone})
    return sorted(entries, key=lambda entry: entry["at"])


def _speaker(detail: TicketDetail, side: str, name: str, reader: Side) -> str:
    if side == Side.BUYER:
        return str(_("You")) if reader is Side.BUYER else name
    store = translated(dict(detail.row.store_name)) if detail.row.store_name else ""
    house = store if side == Side.STORE else str(_("The mall"))
    is_colleague = reader == side or reader is Side.MALL
    return str(_("%(name)s, %(house)s", name=name, house=house)) if is_colleague else house
