"""Words of coupons for desks: what is recorded of them, how people came by them, and the rules of abuse."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext

from portal.kit.text import N_
from portal.rules.coupons.abuse import AbuseRule, Act

COUPON_ACTIONS: Mapping[str, str] = {
    "campaign:opened": N_("Campaign opened"),
    "campaign:ended": N_("Campaign ended"),
    "campaign:paused": N_("Campaign paused"),
    "campaign:resumed": N_("Campaign goes on"),
    "campaign:revoked": N_("Campaign withdrawn"),
    "coupon:reserved": N_("Coupon reserved"),
    "coupon:redeemed": N_("Coupon redeemed"),
    "coupon:released": N_("Coupon released"),
    "coupon:issued": N_("Coupon issued"),
    "coupon:granted": N_("Coupon given"),
    "coupon:codes-made": N_("Codes made"),
    "coupon:suspended": N_("Coupon suspended"),
    "coupon:revoked": N_("Coupon withdrawn"),
    "coupon:restored": N_("Coupon given back"),
    "coupon:expired": N_("Coupon ran out"),
    "coupon:flagged": N_("Coupon looks abused"),
    "coupon:flag-decided": N_("Suspicion decided"),
    "coupon:appealed": N_("Suspension objected to"),
    "coupon:rule-changed": N_("Rule of abuse changed"),
    "coupon:bulk-asked": N_("List of people begun"),
}
GRANT_SOURCES: Mapping[str, str] = {
    "claimed": N_("Claimed"),
    "code": N_("By a code"),
    "given": N_("Was given it"),
}
# name, what is counted
RULES: Mapping[str, tuple[str, str]] = {
    AbuseRule.LEAKED: (
        N_("Leaked code"),
        N_("Accounts that took the same code from one device or network. The code is suspended."),
    ),
    AbuseRule.GUESSED: (
        N_("Guessed codes"),
        N_("Different codes that one device or network tried in vain. What it got by a code meanwhile is suspended."),
    ),
    AbuseRule.AUTOMATED: (
        N_("Too fast"),
        N_("Coupons that one account took. They are suspended."),
    ),
    AbuseRule.RESOLD: (
        N_("Resold codes"),
        N_("Codes of one batch that came to one device or network. What was got by them is suspended."),
    ),
    AbuseRule.DUPLICATE: (
        N_("Many accounts"),
        N_("Accounts of one device that took the same coupon. All but the first one's is suspended."),
    ),
}
ACTS: Mapping[str, str] = {
    Act.SUSPEND: N_("Suspend and tell"),
    Act.FLAG: N_("Tell only"),
    Act.OFF: N_("Off"),
}


def rule_name(rule: str) -> str:
    name = RULES.get(rule, (rule, ""))[0]
    return str(gettext(name))


def rule_text(rule: str) -> str:
    text = RULES.get(rule, ("", ""))[1]
    return str(gettext(text)) if text else ""


def act_name(act: str) -> str:
    return str(gettext(ACTS[act]))
