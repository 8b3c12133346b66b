"""Words for cases of risk, for what keeps an account from acting, and for what was recorded of them."""

from __future__ import annotations

from collections.abc import Mapping

from portal.kit.text import N_

CASE_ACTIONS: Mapping[str, str] = {
    "list:added": N_("Put on a risk list"),
    "list:removed": N_("Taken off a risk list"),
    "case:opened": N_("Case opened"),
    "case:grew": N_("More came to the case"),
    "case:merged": N_("Goes on in another case"),
    "case:taken": N_("Case taken"),
    "case:decided": N_("Verdict given"),
    "case:undone": N_("Verdict undone"),
    "case:closed": N_("Verdict carried out"),
    "procedure:saved": N_("Procedure of remediation saved"),
    "remediation:started": N_("Remediation started"),
    "remediation:ticked": N_("Step ticked off"),
    "remediation:unticked": N_("Step not done after all"),
    "remediation:ended": N_("Remediation ended"),
    "user:frozen": N_("Account frozen"),
    "user:cleared": N_("Account cleared"),
}

CASES: Mapping[str, Mapping[str, str]] = {
    "clearance": {
        "known_buyer": N_("Known buyer with a good history"),
        "confirmed": N_("Confirmed with the buyer"),
        "explained": N_("Unusual, but explained"),
        "false_alarm": N_("The rule was wrong"),
    },
    "refusal": {
        "stolen_means": N_("The card or account is probably not the buyer's"),
        "fake_identity": N_("Name or address is not real"),
        "abuse": N_("Abuse of coupons or mileage"),
        "unreachable": N_("The buyer could not be reached"),
    },
    "list_kind": {
        "user": N_("Person"),
        "email": N_("E-mail"),
        "card": N_("Card"),
        "device": N_("Device"),
        "ip": N_("IP address"),
        "network": N_("Network"),
    },
    "list_mode": {
        "block": N_("Blocked"),
        "allow": N_("Trusted"),
    },
    "case_verdict": {
        "genuine": N_("Genuine"),
        "fraud": N_("Fraud"),
        "account_takeover": N_("Account taken over"),
        "friendly_fraud": N_("Friendly fraud"),
        "incentive_abuse": N_("Abuse of coupons or points"),
        "inconclusive": N_("Cannot be told"),
    },
    "freeze_reason": {
        "fraud": N_("Fraud"),
        "account_taken_over": N_("The account may be in other hands"),
        "incentive_abuse": N_("Abuse of coupons or points"),
        "identity_unclear": N_("It is unclear who it is"),
        "legal": N_("A legal question is open"),
        "other": N_("Another reason"),
    },
    "case_effect": {
        "capture": N_("Captured"),
        "release": N_("Released to the sellers"),
        "void": N_("Voided"),
        "refund": N_("Refunded, for it was paid already"),
        "wait": N_("Waits for the gateway's answer"),
        "nothing": N_("Nothing was left to do"),
    },
}
