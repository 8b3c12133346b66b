"""Where a channel differs from the mall: what such decisions are about, and that each has a reason (CHN-04)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.kit.text import N_
from portal.rules.channel_goods import Field
from portal.rules.channels import LOCALES

WHY_MAX: Final = 300
WHY_MISSING: Final = N_("Say why the channel differs from the mall.")
# Terms of a channel's own words; those in languages end in their code.
LOGO: Final = "channel-logo"
COLOUR: Final = "channel-colour"
SECTION: Final = f"product-{Field.SECTION}"
BRAND_TERMS: Final = frozenset(
    {LOGO, COLOUR, *(f"channel-{name}-{code}" for name in ("name", "issuer", "legal", "notice") for code in LOCALES)}
)


def in_languages(about: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Texts by language as terms of decisions; empty ones are none."""
    return {f"{about}-{code}": text for code, text in texts.items() if text}


def changed_terms(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The terms in which something is decided; an empty value is none."""
    names = sorted(before.keys() | after.keys())
    return [one for one in names if (before.get(one) or None) != (after.get(one) or None)]


def why_faults(before: Mapping[str, str], after: Mapping[str, str], why: str) -> dict[str, str]:
    """What is wrong with the reason, by its field: whoever changes a term says why."""
    if changed_terms(before, after) and not why.strip():
        return {"why": WHY_MISSING}
    return {}
