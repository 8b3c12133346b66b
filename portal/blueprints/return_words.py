"""Returns, exchanges and claims in words, the same for buyers and desks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext, ngettext

from portal.blueprints.context import translated
from portal.kit.text import N_
from portal.queries.return_lists import ReturnQueue
from portal.queries.returns import ReturnView

KINDS: Mapping[str, str] = {"return": N_("Return"), "exchange": N_("Exchange"), "claim": N_("Parcel claim")}
WISHES: Mapping[str, str] = {
    "refund": N_("Money back"),
    "exchange": N_("Another option"),
    "resend": N_("The same once more"),
}
UNIT_STATES: Mapping[str, str] = {
    "requested": N_("asked for"),
    "approved": N_("agreed"),
    "sent": N_("on its way back"),
    "received": N_("received"),
    "missing": N_("did not come"),
    "accepted": N_("taken"),
    "rejected": N_("not taken"),
    "sent_back": N_("sent back to you"),
    "refused": N_("refused"),
    "cancelled": N_("ended"),
}
CONDITIONS: Mapping[str, str] = {
    "new": N_("As new"),
    "opened": N_("Opened"),
    "damaged": N_("Damaged"),
}
WAYS: Mapping[str, str] = {
    "store": N_("The store pays for the way back."),
    "buyer": N_("The buyer pays for the way back."),
    "nobody": N_("Nothing has to be sent back."),
}
MOVES: Mapping[str, tuple[str, str, str]] = {
    "requested": ("yellow", "message-circle", N_("Asked for")),
    "approved": ("blue", "check", N_("Agreed; the label is ready")),
    "refused": ("red", "ban", N_("Refused")),
    "cancelled": ("grey", "circle-x", N_("Taken back by the buyer")),
    "lapsed": ("grey", "clock", N_("Nothing was sent in time")),
    "sent": ("blue", "truck", N_("On its way back")),
    "received": ("blue", "package", N_("Arrived at the store")),
    "inspected": ("blue", "check", N_("Looked at and decided")),
    "settled": ("green", "circle-check", N_("Done")),
}
WHO: Mapping[str, str] = {"buyer": N_("Buyer"), "store": N_("Store"), "mall": N_("Mall")}


def queue_names() -> Mapping[ReturnQueue, str]:
    """The lists of returns by their names, in the order of the tabs."""
    return {
        ReturnQueue.WAITING: gettext("Waiting for an answer"),
        ReturnQueue.COMING: gettext("Coming back"),
        ReturnQueue.ARRIVED: gettext("To be looked at"),
        ReturnQueue.TO_SEND: gettext("To be sent out"),
        ReturnQueue.CLAIMS: gettext("Claims"),
        ReturnQueue.LATE: gettext("Late"),
        ReturnQueue.ALL: gettext("All"),
    }


def kind_word(kind: str) -> str:
    return str(gettext(KINDS.get(kind, kind)))


def wish_word(wish: str) -> str:
    return str(gettext(WISHES.get(wish, wish)))


def condition_word(condition: str) -> str:
    return str(gettext(CONDITIONS.get(condition, condition)))


def options_text(options: Sequence[Mapping[str, Any]]) -> str:
    """Options as they are chosen: their values, in the reader's language."""
    return ", ".join(translated(dict(one["value"])) for one in options)


def counts_text(counts: Mapping[str, int]) -> str:
    """How many pieces are how far, in the order of the steps."""
    return " · ".join(
        f"{ngettext('%(num)s piece', '%(num)s pieces', counts[state])} {gettext(words)}"
        for state, words in UNIT_STATES.items()
        if counts.get(state)
    )


def events_of(case: ReturnView, *, named: bool = False) -> list[dict[str, Any]]:
    """The moves of a case for a timeline, the newest first; with the names of the store's people for desks."""
    return [
        {
            "tone": MOVES[one.state][0],
            "icon": MOVES[one.state][1],
            "title": gettext(MOVES[one.state][2]),
            "at": one.at,
            "who": (one.name if named else None) or gettext(WHO[one.by]),
            "text": one.reason if one.state == "refused" else "",
        }
        for one in reversed(case.moves)
        if one.state in MOVES
    ]
