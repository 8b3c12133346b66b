"""Words for how changes come through to channels, to receivers of webhooks, and what becomes of campaigns."""

from __future__ import annotations

from collections.abc import Mapping

from portal.blueprints.mail_words import MAIL_ACTIONS, MAIL_WORDS
from portal.blueprints.webhook_words import WEBHOOK_ACTIONS, WEBHOOK_WORDS
from portal.kit.text import N_

CHANGE_ACTIONS: Mapping[str, str] = {
    **WEBHOOK_ACTIONS,
    **MAIL_ACTIONS,
    "cart:collided": N_("Cart changed on two devices"),
    "channel:reconciled": N_("Channel reconciled"),
    "channel:blocked": N_("Channel lost features"),
    "house-rule:written": N_("Rule of the house written"),
    "house-rule:confirmed": N_("Rule of the house confirmed for a channel"),
    "channel:wound-up": N_("Channel wound up"),
    "border-rule:set": N_("Rule of a channel's borders set"),
    "border-rule:ended": N_("Rule of a channel's borders ended"),
    "outbox:retried": N_("Failed events handled again"),
    "product:assigned": N_("Products sold on a channel, or no more"),
    "price-window:set": N_("Price for a time set"),
    "price-window:ended": N_("Price for a time ended"),
    "product:local-texts-saved": N_("Texts of a channel's own saved"),
    "stock:set-aside": N_("Units set aside for a channel"),
}

CHANGE_WORDS: Mapping[str, Mapping[str, str]] = {
    **WEBHOOK_WORDS,
    **MAIL_WORDS,
    "lag_cause": {
        "redis": N_("Redis does not answer"),
        "relay": N_("The relay does not hand events on"),
        "load": N_("More changes than the relay can take at a time"),
    },
    "turn_problem": {
        "not_live": N_("The channel takes no orders"),
        "no_amount": N_("No amount in the channel's currency"),
    },
    "catalogue_what": {
        "sold": N_("Sale begun"),
        "not_sold": N_("Sale ended"),
        "name": N_("Name"),
        "description": N_("Description"),
        "section": N_("Category"),
        "price": N_("Price for a time"),
        "price_over": N_("Usual price again"),
        "stock": N_("Units of its own"),
    },
    "rule_kind": {"policy": N_("Policy"), "branding": N_("Branding")},
    "rule_feature": {"top_up": N_("Topping up the deposit"), "gift_card": N_("Gift cards")},
    "catalogue_why": {"no_price": N_("It has no price here")},
    "lag_target": {"pages": N_("Open pages"), "workers": N_("Workers")},
}
