"""What happened to a part, in words: who did what, when and why (S19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import gettext as _

from portal import formatting
from portal.blueprints.desk_words import word
from portal.blueprints.refund_words import reason_word
from portal.blueprints.return_words import MOVES
from portal.kit.text import N_
from portal.queries.store_story import StoryEvent
from portal.statuses import status_of

WHO: Mapping[str, str] = {"store": N_("Your store"), "buyer": N_("Buyer"), "mall": N_("Mall")}


def story_events(placed_at: datetime, story: Sequence[StoryEvent], currency: str) -> list[dict[str, Any]]:
    """The part's timeline, from the placing on. Why the mall's review held or ended it stays with the mall."""
    placed = {"title": _("Order placed"), "at": placed_at, "who": _("Buyer"), "icon": "shopping-bag", "tone": "blue"}
    return [placed] + [
        {"at": one.at, "who": one.name or gettext(WHO[one.by]), "text": _why(one)} | _look(one, currency)
        for one in story
    ]


def _look(one: StoryEvent, currency: str) -> dict[str, Any]:
    """What happened: words, tone and icon."""
    if one.what == "part":
        return {"state": one.state, "kind": "part"}
    if one.what == "return":
        tone, icon, words = MOVES[one.state or "requested"]
        return {"title": _("Return: %(state)s", state=gettext(words)), "tone": tone, "icon": icon}
    if one.what in {"refund", "shipment"}:
        look = status_of(one.state or "", one.what)
        state = gettext(look.word)
        if one.what == "shipment":
            title = _("Parcel: %(state)s", state=state)
        elif one.amount_minor:
            amount = formatting.money(one.amount_minor, currency)
            title = _("Refund of %(amount)s: %(state)s", amount=amount, state=state)
        else:
            title = _("Refund: %(state)s", state=state)
        return {"title": title, "tone": look.tone, "icon": look.icon}
    titles = {
        "hold": (_("Held"), "purple", "lock"),
        "hold_end": (_("The hold has ended"), "green", "check"),
        "address": (_("Delivery address changed"), "blue", "pencil"),
        "option": (_("Option changed: %(change)s", change=one.state or ""), "blue", "pencil"),
    }
    title, tone, icon = titles[one.what]
    return {"title": title, "tone": tone, "icon": icon}


def _why(one: StoryEvent) -> str:
    if one.reason == "fraud":
        return str(_("The mall is checking this order. You will be told when you can go on."))
    reason = ""
    if one.reason:
        reason = reason_word(one.reason) if one.what in {"refund", "return"} else word("hold", one.reason)
    return ": ".join(part for part in (reason, one.note) if part)
