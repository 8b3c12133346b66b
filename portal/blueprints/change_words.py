"""Words for how changes come through to channels, to receivers of webhooks, and what becomes of campaigns."""

from __future__ import annotations

from collections.abc import Mapping

from portal.blueprints.webhook_words import WEBHOOK_ACTIONS, WEBHOOK_WORDS
from portal.kit.text import N_

CHANGE_ACTIONS: Mapping[str, str] = {
    **WEBHOOK_ACTIONS,
    "channel:reconciled": N_("Channel reconciled"),
    "outbox:retried": N_("Failed events handled again"),
}

CHANGE_WORDS: Mapping[str, Mapping[str, str]] = {
    **WEBHOOK_WORDS,
    "lag_cause": {
        "redis": N_("Redis does not answer"),
        "relay": N_("The relay does not hand events on"),
        "load": N_("More changes than the relay can take at a time"),
    },
    "turn_problem": {
        "not_live": N_("The channel takes no orders"),
        "no_amount": N_("No amount in the channel's currency"),
    },
    "lag_target": {"pages": N_("Open pages"), "workers": N_("Workers")},
}
