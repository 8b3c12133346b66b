"""The life of a channel: what it says of itself, which state follows which, what must be so first (CHN-01, CHN-02)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import available_timezones

from portal.kit.currency import is_tender
from portal.kit.text import N_
from portal.rules.addresses import is_country

LOCALES = ("en", "ko")
NAME_MAX, NOTICE_MAX, LEGAL_MAX = 60, 300, 600
EXTENSIONS_MAX = 30
_CODE = re.compile(r"[a-z][a-z0-9]{1,11}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_SETTING = re.compile(r"([a-z][a-z0-9_.-]{0,39}) *= *(\S(?:.{0,198}\S)?)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# First parts of paths that are pages of the house.
RESERVED = frozenset({"account", "admin", "api", "cart", "checkout", "healthz", "live", "orders", "seller", "shop"})


class Kind(StrEnum):
    """What kind of place a channel is."""

    WEB = "web"
    MOBILE = "mobile"
    PARTNER = "partner"
    KIOSK = "kiosk"


class State(StrEnum):
    DRAFT = "draft"
    APPROVAL = "approval"
    READINESS = "readiness"
    LIVE = "live"
    MAINTENANCE = "maintenance"
    SUNSET = "sunset"
    OFFBOARDING = "offboarding"
    CLOSED = "closed"


# In these a channel has pages; in LIVE alone it takes new orders and payments.
OPEN_STATES = frozenset({State.LIVE, State.MAINTENANCE, State.SUNSET, State.OFFBOARDING})
# In these what it leaves is handed over.
ENDING = frozenset({State.SUNSET, State.OFFBOARDING})
# In these buyers are told something, in every language.
TELLING = frozenset({State.MAINTENANCE, State.SUNSET})

MOVES: Mapping[State, tuple[State, ...]] = {
    State.DRAFT: (State.APPROVAL,),
    State.APPROVAL: (State.READINESS, State.DRAFT),
    State.READINESS: (State.LIVE, State.DRAFT),
    State.LIVE: (State.MAINTENANCE, State.SUNSET),
    State.MAINTENANCE: (State.LIVE, State.SUNSET),
    State.SUNSET: (State.OFFBOARDING, State.LIVE),
    State.OFFBOARDING: (State.CLOSED,),
    State.CLOSED: (),
}


class Requirement(StrEnum):
    """What must be so before a channel opens. Those of BY_HAND are ticked by somebody, the others are looked up."""

    GOODS = "goods"
    GATEWAY = "gateway"
    RATE = "rate"
    TEST_PURCHASE = "test_purchase"
    LEGAL_REVIEW = "legal_review"
    SUPPORT = "support"


BY_HAND = frozenset({Requirement.TEST_PURCHASE, Requirement.LEGAL_REVIEW, Requirement.SUPPORT})


@dataclass(frozen=True, slots=True)
class ChannelTerms:
    """What a channel says of itself. Texts are {language: text}; `colour` is #rrggbb.

    `manager` is the e-mail address of who answers for it; `legal` is what law wants said on each of its pages;
    `extensions` are settings of its own programs, None when what was typed cannot be read (read_extensions).
    """

    code: str
    names: Mapping[str, str]
    country: str
    currency: str
    time_zone: str
    locales: tuple[str, ...]
    default_locale: str
    colour: str
    issuers: Mapping[str, str]
    support_email: str
    kind: str
    manager: str
    legal: Mapping[str, str]
    extensions: Mapping[str, str] | None
    hosts: tuple[str, ...] = ()
    notices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a move looks at. Counts are of what is not over yet."""

    state: State
    asked_by: str | None
    missing: Collection[Requirement]
    told_in: Collection[str]
    open_payments: int
    open_orders: int
    is_wound_up: bool = False


def problems_of(terms: ChannelTerms, *, codes: Collection[str], hosts: Collection[str]) -> dict[str, str]:
    """What is wrong, by field. `codes` and `hosts` are those that other channels have."""
    return _addresses(terms, codes, hosts) | _texts(terms) | _place(terms) | _running(terms)


def read_extensions(typed: str) -> dict[str, str] | None:
    """Settings as they are typed: a line each, `name = value`, or `none`. None for what cannot be read so."""
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    if not lines or len(lines) > EXTENSIONS_MAX:
        return None
    if [line.lower() for line in lines] == ["none"]:
        return {}
    found: dict[str, str] = {}
    for line in lines:
        match = _SETTING.fullmatch(line)
        if match is None or match[1] in found:
            return None
        found[match[1]] = match[2]
    return found


def write_extensions(extensions: Mapping[str, str]) -> str:
    """As read_extensions() reads them."""
    return "\n".join(f"{name} = {value}" for name, value in extensions.items()) or "none"


def _running(terms: ChannelTerms) -> dict[str, str]:
    found: dict[str, str] = {}
    if terms.kind not in set(Kind):
        found["kind"] = N_("Choose what kind of channel it is.")
    if not _EMAIL.fullmatch(terms.manager):
        found["manager"] = N_("Write the e-mail address of the person who answers for the channel.")
    if terms.extensions is None:
        found["extensions"] = N_("Write a setting a line, as in name = value, or the word none.")
    for locale in LOCALES:
        if not 0 < len(terms.legal.get(locale, "")) <= LEGAL_MAX:
            found[f"legal_{locale}"] = N_("Say what law wants buyers to read on each page, in at most 600 characters.")
    return found


def _addresses(terms: ChannelTerms, codes: Collection[str], hosts: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    if not _CODE.fullmatch(terms.code):
        found["code"] = N_("The code has 2 to 12 small letters and digits and begins with a letter.")
    elif terms.code in codes:
        found["code"] = N_("Another channel has this code.")
    elif terms.code in RESERVED:
        found["code"] = N_("Pages of the mall have this address: choose another code.")
    if any(not _HOST.fullmatch(host) for host in terms.hosts):
        found["hosts"] = N_("Write host names only, such as shop.example.com.")
    elif set(terms.hosts) & set(hosts):
        found["hosts"] = N_("Another channel has one of these host names.")
    return found


def _texts(terms: ChannelTerms) -> dict[str, str]:
    found: dict[str, str] = {}
    for locale in LOCALES:
        if not 0 < len(terms.names.get(locale, "")) <= NAME_MAX:
            found[f"name_{locale}"] = N_("Give the channel a name of at most 60 characters in each language.")
        if not 0 < len(terms.issuers.get(locale, "")) <= NAME_MAX:
            found[f"issuer_{locale}"] = N_("Say which company stands on receipts, in at most 60 characters.")
        if len(terms.notices.get(locale, "")) > NOTICE_MAX:
            found[f"notice_{locale}"] = N_("Say it in at most 300 characters.")
    if not _COLOUR.fullmatch(terms.colour):
        found["colour"] = N_("Write the colour as in #c2410c.")
    if not _EMAIL.fullmatch(terms.support_email):
        found["support_email"] = N_("Write the address that buyers can ask, such as help@example.com.")
    return found


def _place(terms: ChannelTerms) -> dict[str, str]:
    found: dict[str, str] = {}
    if not is_country(terms.country):
        found["country"] = N_("Write the country as two letters, such as KR.")
    if not is_tender(terms.currency):
        found["currency"] = N_("Write the currency as its ISO code, such as KRW.")
    if terms.time_zone not in available_timezones():
        found["time_zone"] = N_("Write the time zone as in Asia/Seoul.")
    if not terms.locales or set(terms.locales) - set(LOCALES):
        found["locales"] = N_("Choose at least one of the languages that the mall speaks.")
    elif terms.default_locale not in terms.locales:
        found["default_locale"] = N_("The first language is one of the channel's.")
    return found


def why_not(standing: Standing, new: State, *, actor: str) -> str | None:
    """Why the channel may not go into `new`, as a sentence; None if it may."""
    if new not in MOVES[standing.state]:
        return N_("A channel cannot go from its present state into this one.")
    if standing.state is State.APPROVAL and new is State.READINESS and actor == standing.asked_by:
        return N_("Somebody else than who asked for it approves a channel.")
    if standing.state is State.READINESS and new is State.LIVE and standing.missing:
        return N_("The checklist is not complete.")
    if new in TELLING and set(LOCALES) - set(standing.told_in):
        return N_("Say first, in every language, what buyers are told.")
    if new is State.OFFBOARDING and standing.open_payments:
        return N_("Payments are still under way on this channel: wait for their end.")
    if new is State.CLOSED and (standing.open_orders or standing.open_payments):
        return N_("Orders of this channel are not over yet: sent, delivered and past their days of return.")
    if new is State.CLOSED and not standing.is_wound_up:
        return N_("Hand over first what the channel leaves: its files, open matters and keys.")
    return None
