"""How the page of a case tells of orders, verdicts and what happened, in the reader's words (FRD-06)."""

from __future__ import annotations

from typing import Any

import orjson
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.blueprints.account.browsers import describe
from portal.blueprints.desk_words import word
from portal.blueprints.risk_words import told_span
from portal.formatting import money, number
from portal.queries.cases import (
    CaseDetail,
)
from portal.rules.cases import FREEZES, Effect, OrderFacts, Verdict, effect_of

KEYS = {
    Verdict.GENUINE: "g",
    Verdict.FRAUD: "f",
    Verdict.ACCOUNT_TAKEOVER: "t",
    Verdict.FRIENDLY_FRAUD: "b",
    Verdict.INCENTIVE_ABUSE: "i",
    Verdict.INCONCLUSIVE: "c",
}


def order_told(order: Any) -> dict[str, Any]:
    address = orjson.loads(order.address or "{}")
    card = order.card or {}
    browser = describe(order.user_agent) if order.user_agent else None
    return {
        "row": order,
        "browser": browser,
        "session_length": None if order.session_length is None else told_span(order.session_length),
        "country": address.get("country"),
        "city": address.get("city") or address.get("region"),
        "card_country": card.get("card_country") or (card.get("card") or {}).get("country"),
    }


def verdict_told(verdict: Verdict, detail: CaseDetail) -> dict[str, str]:
    """A verdict with what it does to the money, order by order, as things stand now."""
    told = []
    for order in detail.orders:
        effect = effect_of(verdict, OrderFacts(order.status, order.is_held, order.is_authorised))
        amount = money(order.payable_minor, order.currency)
        told.append(
            {
                Effect.CAPTURE: _("capture %(amount)s", amount=amount),
                Effect.RELEASE: _("release %(amount)s to the sellers", amount=amount),
                Effect.VOID: _("void %(amount)s", amount=amount),
                Effect.REFUND: _("refund %(amount)s, which is paid already", amount=amount),
                Effect.WAIT: _("wait for the gateway's answer about %(amount)s", amount=amount),
                Effect.NOTHING: "",
            }[effect]
        )
    if verdict in FREEZES:
        told.append(
            ngettext(
                "freeze the account at once",
                "freeze the %(count)s accounts at once",
                len(detail.people),
                count=number(len(detail.people)),
            )
        )
    if verdict in {Verdict.FRAUD, Verdict.INCENTIVE_ABUSE}:
        told.append(_("withdraw the coupons"))
    doing = ", ".join(one for one in told if one) or _("nothing moves")
    return {"value": verdict.value, "title": word("case_verdict", verdict.value), "hint": doing, "key": KEYS[verdict]}


def event_told(row: Any) -> dict[str, Any]:
    facts = orjson.loads(row.payload)
    after = facts.get("after") or {}
    told = [word("case_effect", one) for one in (after.get("orders") or {}).values()]
    verdict = after.get("verdict")
    return {
        "at": row.at,
        "who": row.name or "",
        "what": word("action", row.action),
        "verdict": word("case_verdict", verdict) if verdict else "",
        "note": facts.get("reason") if facts["action"] == "case:decided" else None,
        "told": told,
    }
