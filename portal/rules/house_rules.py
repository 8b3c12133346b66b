"""What the mall asks of its channels: kinds of rules, and which features a channel loses meanwhile (CHN-04, CHN-05)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Final

from portal.kit.text import N_
from portal.rules.channel_policy import TERMS
from portal.rules.channels import LOCALES

WORDS_MAX: Final = 1_000
NOTE_MAX: Final = 500


class RuleKind(StrEnum):
    """What a version is about."""

    POLICY = "policy"
    BRANDING = "branding"


class Feature(StrEnum):
    """What a channel can lose until it is mended. Buying goes on: what was promised to buyers is not theirs to mend."""

    TOP_UP = "top_up"
    GIFT_CARD = "gift_card"


def without_features(policy: Mapping[str, Any], blocked: Collection[str]) -> Mapping[str, Any]:
    """The policy of a channel that has lost features: closed as if its own terms said so."""
    closed = {one.value: {**policy.get(one.value, {}), "closed": True} for one in Feature if one in blocked}
    return {**policy, **closed} if closed else policy


def rule_faults(
    *, kind: str, words: Mapping[str, str], features: Collection[str], fixed: Collection[str]
) -> dict[str, str]:
    """What is wrong with a new version, by field."""
    faults: dict[str, str] = {}
    if kind not in set(RuleKind):
        faults["kind"] = N_("Choose what the rule is about.")
    for locale in LOCALES:
        if not 0 < len(words.get(locale, "")) <= WORDS_MAX:
            faults[f"words-{locale}"] = N_("Say in each language, in at most 1,000 characters, what to do.")
    if not features or set(features) - set(Feature):
        faults["features"] = N_("Choose at least one feature that a channel loses meanwhile.")
    if set(fixed) - set(TERMS):
        faults["fixed"] = N_("There is no such term.")
    return faults
