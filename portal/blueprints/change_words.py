"""Words for how changes come through to channels, and what becomes of campaigns there."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.text import N_

PROPAGATION_ACTIONS: Mapping[str, str] = {
    "channel:reconciled": N_("Channel reconciled"),
    "outbox:retried": N_("Failed events handled again"),
}

PROPAGATION_WORDS: Mapping[str, Mapping[str, str]] = {
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
