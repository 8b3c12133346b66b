"""What rules of risk say, in the reader's language: a condition read back as a sentence, and why a decision fell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import gettext as _

from portal.formatting import decimal, exactly, money
from portal.kit.currency import is_currency
from portal.kit.errors import fill
from portal.kit.text import N_
from portal.rules.fraud import TITLES
from portal.rules.fraud_evaluation import DIVIDED_BY_ZERO, NO_AMOUNT
from portal.rules.fraud_features import FEATURES, Feature, Kind, Value, from_json
from portal.rules.fraud_language import UNITS, Amounts, Apply, Constant, ExpressionError, Named, Node, parse

TWO: Mapping[str, str] = {
    "<": N_("%(left)s is less than %(right)s"),
    "<=": N_("%(left)s is at most %(right)s"),
    ">": N_("%(left)s is more than %(right)s"),
    ">=": N_("%(left)s is at least %(right)s"),
    "=": N_("%(left)s is %(right)s"),
    "!=": N_("%(left)s is not %(right)s"),
    "in": N_("%(left)s is among %(right)s"),
    "not in": N_("%(left)s is not among %(right)s"),
    "+": N_("%(left)s plus %(right)s"),
    "-": N_("%(left)s minus %(right)s"),
    "*": N_("%(left)s times %(right)s"),
    "/": N_("%(left)s divided by %(right)s"),
    "and": N_("%(left)s, and %(right)s"),
    "or": N_("%(left)s, or %(right)s"),
}
ONE: Mapping[str, str] = {
    "not": N_("it is not so that %(it)s"),
    "-": N_("minus %(it)s"),
    "abs": N_("the size of %(it)s"),
    "count": N_("the number of %(it)s"),
    "missing": N_("it is not known: %(it)s"),
}
EVENTS: Mapping[str, str] = {
    "order": N_("Order"),
    "top_up": N_("Deposit top-up"),
    "gift_card": N_("Gift card"),
    "invoice": N_("Payment of an invoice"),
    "gift_card_use": N_("Redeeming a gift card"),
    "withdrawal": N_("Withdrawal of deposit"),
    "mileage_gift": N_("Gift of mileage"),
    "mileage_donation": N_("Donation of mileage"),
    "sign_in": N_("Sign-in"),
    "address_change": N_("Another address for an order"),
}
MODES: Mapping[str, str] = {
    "monitor": N_("Only noted"),
    "score": N_("Adds points"),
    "step_up": N_("Asks for a second proof"),
    "review": N_("Holds for review"),
    "block": N_("Blocks"),
}
KINDS: Mapping[str, str] = {
    "number": N_("Number"),
    "money": N_("Money"),
    "duration": N_("Duration"),
    "text": N_("Text"),
    "set": N_("Set of texts"),
    "bool": N_("Yes or no"),
}
PLACES: Mapping[str, str] = {"champion": N_("Champion"), "challenger": N_("Challenger")}
OUTCOMES: Mapping[str, str] = {
    "allow": N_("Let through"),
    "step_up": N_("Second proof asked"),
    "review": N_("To be reviewed"),
    "block": N_("Blocked"),
}


RISK_ACTIONS: Mapping[str, str] = {
    "risk-rule:written": N_("Rule of risk written"),
    "risk-rule:released": N_("Rule of risk put in force or taken out"),
    "risk-rule:snoozed": N_("Rule of risk made quiet for somebody"),
    "risk-rule:snooze-ended": N_("Rule of risk speaks again"),
    "risk-model:placed": N_("Fraud model put in its place"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A feature in words with its value, and what is usual for this customer; None where nobody knows."""

    words: str
    value: str | None
    usual: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that fired, or would have, in words."""

    rule: str
    title: str
    version: int
    points: int
    mode: str
    text: str
    seen: Sequence[Seen]
    is_tried: bool = False


def sentence(source: str, currency: str | None = None, features: Mapping[str, Feature] = FEATURES) -> str:
    """A condition as a sentence, of its amounts those in `currency`; as it is written where it cannot be read."""
    try:
        said = _said(parse(source, features), currency, features)
    except ExpressionError:
        return source
    return f"{said[:1].upper()}{said[1:]}."


def fault_of(error: ExpressionError) -> str:
    """What is wrong with a condition, and where: the place counts from 1, as people do."""
    told = fill(gettext(error.sentence), error.params)
    return str(_("At character %(place)s: %(fault)s", place=error.at + 1, fault=told))


def title_of(name: str, title: str = "") -> str:
    """What a rule is called."""
    return title or (gettext(TITLES[name]) if name in TITLES else name)


def reasons_of(
    fired: Sequence[Mapping[str, Any]] | None, features: Mapping[str, Any], currency: str | None
) -> list[Reason]:
    """Why a decision fell as it did, strongest first: for pages about it in any language (A02)."""
    reasons = [
        Reason(
            rule=one["rule"],
            title=title_of(one["rule"]),
            version=one["version"],
            points=one["points"],
            mode=gettext(MODES.get(one["mode"], one["mode"])),
            text=sentence(one["source"], currency),
            seen=seen_of(one.get("values") or {}, features, currency),
            is_tried=bool(one.get("shadow") or one.get("snoozed") or one["mode"] == "monitor"),
        )
        for one in fired or ()
    ]
    return sorted(reasons, key=lambda one: (one.is_tried, -one.points))


def seen_of(values: Mapping[str, Any], features: Mapping[str, Any], currency: str | None) -> list[Seen]:
    """Features in words, each with the customer's usual value where there is one."""
    known, usual = from_json(values), from_json(features)
    found = []
    for name, value in known.items():
        beside = FEATURES[name].usual
        ordinary = usual.get(beside) if beside else None
        found.append(
            Seen(
                gettext(FEATURES[name].words),
                None if value is None else shown(value, FEATURES[name].kind, currency),
                None if ordinary is None or beside is None else shown(ordinary, FEATURES[beside].kind, currency),
            )
        )
    return found


def missing_words(missing: Sequence[str]) -> str:
    """Why a rule could not be asked."""
    own = {DIVIDED_BY_ZERO: _("something to divide by"), NO_AMOUNT: _("an amount in this currency")}
    return ", ".join(own.get(one) or (gettext(FEATURES[one].words) if one in FEATURES else one) for one in missing)


def shown(value: Value, kind: Kind, currency: str | None) -> str:
    """A value as people read it."""
    match value:
        case bool():
            return str(_("yes") if value else _("no"))
        case frozenset():
            return ", ".join(sorted(value)) or _("none")
        case str():
            return gettext(EVENTS[value]) if value in EVENTS else value
        case Decimal() if kind is Kind.DURATION:
            return _span(int(value))
        case Decimal() if kind is Kind.MONEY and currency and is_currency(currency):
            return money(int(value), currency)
    return decimal(Decimal(value))


def _said(node: Node, currency: str | None, features: Mapping[str, Feature], *, inside: str = "") -> str:
    match node:
        case Constant(value=Decimal() as value):
            # A rule is read back as it is, not about so.
            return _span(value, exact=True) if node.kind is Kind.DURATION else exactly(value)
        case Constant():
            return shown(node.value, node.kind, None)
        case Amounts():
            told = {currency: node.minor[currency]} if currency and currency in node.minor else node.minor
            return " / ".join(money(minor, code) for code, minor in told.items())
        case Named() if node.kind is Kind.BOOL:
            return str(_("there is %(it)s", it=gettext(features[node.name].words)))
        case Named():
            return str(gettext(features[node.name].words))
        case Apply():
            return _applied(node, currency, features, inside)


def _applied(node: Apply, currency: str | None, features: Mapping[str, Feature], inside: str) -> str:
    if len(node.args) == 1:
        only = node.args[0]
        it = (
            gettext(features[only.name].words)
            if node.op == "missing" and isinstance(only, Named)
            else _said(only, currency, features)
        )
        return fill(gettext(ONE[node.op]), {"it": it})
    parts = [_said(part, currency, features, inside=node.op) for part in node.args]
    text = parts[0]
    for part in parts[1:]:
        text = fill(gettext(TWO[node.op]), {"left": text, "right": part})
    is_mixed = inside in {"and", "or"} and node.op in {"and", "or"} and inside != node.op
    return f"({text})" if is_mixed or (inside in {"*", "/"} and node.op in {"+", "-"}) else text


def told_span(span: timedelta) -> str:
    """How long something took, as people say it."""
    return _span(span // timedelta(seconds=1))


def _span(seconds: Decimal | int, *, exact: bool = False) -> str:
    """An age is told in the greatest unit that it fills twice; what has to be exact, in the greatest that it fills."""
    for unit in ("d", "h", "min"):
        size = UNITS[unit]
        if seconds and (seconds % size == 0 or (not exact and seconds >= 2 * size)):
            return _in_unit(unit, int(seconds // size))
    if seconds == int(seconds):
        return str(ngettext("%(num)s second", "%(num)s seconds", int(seconds)))
    return str(_("%(num)s seconds", num=exactly(Decimal(seconds))))


def _in_unit(unit: str, count: int) -> str:
    if unit == "d":
        # A day by the clock is said in hours, as rules do.
        return _in_unit("h", 24) if count == 1 else str(ngettext("%(num)s day", "%(num)s days", count))
    if unit == "h":
        return str(ngettext("%(num)s hour", "%(num)s hours", count))
    return str(ngettext("%(num)s minute", "%(num)s minutes", count))


@dataclass(frozen=True, slots=True)
class Unasked:
    """A rule that could not be asked, and what was missing, in words."""

    title: str
    missing: str


def unsure_of(unsure: Sequence[Mapping[str, Any]] | None) -> list[Unasked]:
    """The rules of a decision that could not be asked."""
    return [Unasked(title_of(one["rule"]), missing_words(one["missing"])) for one in unsure or ()]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A feature that moved a model's word, and which way."""

    seen: Seen
    raises: bool


@dataclass(frozen=True, slots=True)
class ModelWord:
    """What a model said: its risk in per cent, and the features that moved it, strongest first.

    `risk` is None of one that could not be asked.
    """

    place: str
    version: int
    risk: str | None
    weighed: Sequence[Weighed] = ()


def models_of(kept: Mapping[str, Any] | None, features: Mapping[str, Any], currency: str | None) -> Sequence[ModelWord]:
    """What the models in their places said of a decision, the champion first (A02)."""
    found = []
    for place in ("champion", "challenger"):
        said = (kept or {}).get(place)
        if said is None:
            continue
        if said.get("is_silent"):
            found.append(ModelWord(gettext(PLACES[place]), said["version"], None))
            continue
        weighed = []
        for name, weight in said["parts"].items():
            if name in FEATURES:
                (seen,) = seen_of({name: features.get(name)}, features, currency)
                weighed.append(Weighed(seen, weight > 0))
        found.append(ModelWord(gettext(PLACES[place]), said["version"], f"{said['risk']:.1f} %", weighed))
    return found
