"""What rules of risk may ask about: every feature by name, with its kind and what it is in words (FRD-02, FRD-10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from portal.kit.text import N_


class Kind(StrEnum):
    """What a value is. Only values of one kind compare; money and durations are no plain numbers."""

    NUMBER = "number"
    MONEY = "money"
    DURATION = "duration"
    TEXT = "text"
    SET = "set"
    BOOL = "bool"


# Money is in minor units of the event's currency, durations are in seconds.
Value = Decimal | str | frozenset[str] | bool
Values = Mapping[str, Value | None]


class Source(StrEnum):
    """Where a feature comes from. What is not there leaves its features without value and the others as they are."""

    EVENT = "event"
    DATABASE = "database"
    TABLE = "table"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature: its kind, what it is in words, and which feature says what is usual for this customer."""

    kind: Kind
    words: str
    source: Source = Source.DATABASE
    usual: str | None = None


def _count(words: str) -> Feature:
    return Feature(Kind.NUMBER, words)


FEATURES: Mapping[str, Feature] = MappingProxyType(
    {
        "event": Feature(Kind.TEXT, N_("what is done"), Source.EVENT),
        "amount": Feature(Kind.MONEY, N_("the amount"), Source.EVENT, usual="own_mean"),
        "coupons": Feature(Kind.NUMBER, N_("coupons used"), Source.EVENT),
        "saving": Feature(Kind.MONEY, N_("what coupons save"), Source.EVENT),
        "hour": Feature(Kind.NUMBER, N_("the hour of the day in UTC"), Source.EVENT),
        "own_mean": Feature(Kind.MONEY, N_("this buyer's usual amount")),
        "paid_orders": _count(N_("paid orders in 180 days")),
        "orders_1h": _count(N_("orders within 1 hour")),
        "orders_24h": _count(N_("orders within 24 hours")),
        "orders_7d": _count(N_("orders within 7 days")),
        "orders_30d": _count(N_("orders within 30 days")),
        "spent_1h": Feature(Kind.MONEY, N_("ordered within 1 hour")),
        "spent_24h": Feature(Kind.MONEY, N_("ordered within 24 hours")),
        "spent_7d": Feature(Kind.MONEY, N_("ordered within 7 days")),
        "spent_30d": Feature(Kind.MONEY, N_("ordered within 30 days")),
        "attempts_1h": _count(N_("payment attempts within 1 hour")),
        "attempts_24h": _count(N_("payment attempts within 24 hours")),
        "top_ups_7d": _count(N_("top-ups within 7 days")),
        "topped_up_7d": Feature(Kind.MONEY, N_("topped up within 7 days")),
        "withdrawn_30d": Feature(Kind.MONEY, N_("withdrawn within 30 days")),
        "declines_1h": _count(N_("declined payments within 1 hour")),
        "declines_24h": _count(N_("declined payments within 24 hours")),
        "declines_30d": _count(N_("declined payments within 30 days")),
        "account_age": Feature(Kind.DURATION, N_("the account's age")),
        "cards_24h": _count(N_("different cards charged within 24 hours")),
        "cards_30d": _count(N_("different cards charged within 30 days")),
        "accounts_on_cards_30d": _count(N_("accounts that pay with this buyer's cards of 30 days")),
        "accounts_on_device": _count(N_("accounts on this device")),
        "device_age": Feature(Kind.DURATION, N_("how long the device is known")),
        "session_age": Feature(Kind.DURATION, N_("how long the session lasts")),
        "pages_seen": _count(N_("pages seen in this session")),
        "events_on_ip_1h": _count(N_("decisions about this IP address within 1 hour")),
        "accounts_on_ip_24h": _count(N_("accounts at this IP address within 24 hours")),
        "accounts_on_network_24h": _count(N_("accounts in this network within 24 hours")),
        "accounts_on_address_30d": _count(N_("accounts with this delivery address within 30 days")),
        "coupon_misses_1h": _count(N_("wrong coupon codes within 1 hour")),
        "refunds_90d": _count(N_("refunds within 90 days")),
        "country": Feature(Kind.TEXT, N_("the delivery country"), Source.EVENT),
        "ip_country": Feature(Kind.TEXT, N_("the country of the IP address"), Source.TABLE),
        "delivery_distance": Feature(
            Kind.NUMBER, N_("kilometres between the IP address and the delivery address"), Source.TABLE
        ),
        "travel_distance": Feature(Kind.NUMBER, N_("kilometres since this buyer's event before"), Source.TABLE),
        "travel_speed": Feature(Kind.NUMBER, N_("kilometres an hour since this buyer's event before"), Source.TABLE),
        "datacenter": Feature(Kind.BOOL, N_("an IP address of a data centre"), Source.TABLE),
        "store_fraud_share": Feature(
            Kind.NUMBER, N_("fraud among the older orders of a store in this order, in per cent")
        ),
        "coupon_fraud_share": Feature(
            Kind.NUMBER, N_("fraud among the older orders with a coupon of this order, in per cent")
        ),
        "throwaway_mail": Feature(Kind.BOOL, N_("a throw-away e-mail address"), Source.TABLE),
        "crawler": Feature(Kind.BOOL, N_("a browser that names itself a robot"), Source.TABLE),
        "segments": Feature(Kind.SET, N_("the segments that this buyer is in")),
        "blocked_by": Feature(Kind.SET, N_("the blocked lists that name this")),
        "trusted_by": Feature(Kind.SET, N_("the trusted lists that name this")),
        "model_risk": Feature(Kind.NUMBER, N_("the model's risk in per cent"), Source.MODEL),
        "anomaly": Feature(Kind.NUMBER, N_("how unusual it is in per cent"), Source.MODEL),
    }
)


def to_json(values: Values) -> dict[str, object]:
    """Values as they are stored with a decision; what has no value stands as null."""
    return {name: _plain(value) for name, value in values.items()}


def from_json(stored: Mapping[str, object]) -> dict[str, Value | None]:
    """Values as they were stored. A name that is no feature any more, or a value of another kind, is left out."""
    found: dict[str, Value | None] = {}
    for name, kept in stored.items():
        feature = FEATURES.get(name)
        if feature is None:
            continue
        value: Value | None = None
        match feature.kind:
            case Kind.NUMBER | Kind.MONEY | Kind.DURATION:
                if isinstance(kept, int | str) and not isinstance(kept, bool):
                    value = Decimal(kept)
            case Kind.TEXT:
                value = kept if isinstance(kept, str) else None
            case Kind.BOOL:
                value = kept if isinstance(kept, bool) else None
            case Kind.SET:
                value = frozenset(map(str, kept)) if isinstance(kept, list) else None
        found[name] = value
    return found


def _plain(value: Value | None) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    return sorted(value) if isinstance(value, frozenset) else value
