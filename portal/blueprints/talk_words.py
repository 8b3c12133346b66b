"""Words for what desks record of tickets, reviews and questions."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.text import N_

TALK_ACTIONS: Mapping[str, str] = {
    "review:written": N_("Review written"),
    "question:asked": N_("Question about a product"),
    "remark:answered": N_("Review or question answered"),
    "remark:hidden": N_("Review or question hidden"),
    "remark:shown": N_("Review or question shown again"),
    "ticket:opened": N_("Ticket opened"),
    "ticket:written": N_("Message in a ticket"),
    "ticket:moved": N_("Ticket moved"),
    "ticket:given": N_("Ticket given to somebody"),
    "ticket:passed": N_("Ticket passed on"),
    "ticket:escalated": N_("Answer to a ticket missed"),
}
