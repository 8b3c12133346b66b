"""What segments may ask about a customer: scores and behaviour by name, with kinds and words (INC-02)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from portal.kit.text import N_
from portal.rules.coupons.segments import SEGMENTS
from portal.rules.fraud_features import Feature, Kind
from portal.rules.fraud_language import Amounts, Apply, ExpressionError, Node, parse

KEY_PATTERN = re.compile(r"[a-z][a-z0-9_]{2,39}")

SEGMENT_FEATURES: Mapping[str, Feature] = MappingProxyType(
    {
        "purchases": Feature(Kind.NUMBER, N_("days with purchases")),
        "since": Feature(Kind.DURATION, N_("time since the last purchase")),
        "spent": Feature(Kind.MONEY, N_("spent in all")),
        "mean": Feature(Kind.MONEY, N_("a usual purchase")),
        "expected": Feature(Kind.NUMBER, N_("purchases expected in 90 days")),
        "expected_value": Feature(Kind.MONEY, N_("value expected in 90 days")),
        "churn": Feature(Kind.NUMBER, N_("churn risk in per cent")),
        "response": Feature(Kind.NUMBER, N_("response to incentives in points of per cent")),
        "recency": Feature(Kind.NUMBER, N_("class of recency, 5 the best")),
        "frequency": Feature(Kind.NUMBER, N_("class of frequency, 5 the best")),
        "money": Feature(Kind.NUMBER, N_("class of spending, 5 the best")),
        "account_age": Feature(Kind.DURATION, N_("the account's age")),
        "tier": Feature(Kind.TEXT, N_("tier")),
        "language": Feature(Kind.TEXT, N_("language of the account")),
        "points": Feature(Kind.NUMBER, N_("mileage that can be spent")),
        "cart": Feature(Kind.NUMBER, N_("things in the cart")),
        "coupons": Feature(Kind.NUMBER, N_("coupons in the wallet")),
        "coupon_uses_90d": Feature(Kind.NUMBER, N_("coupons used within 90 days")),
        "refunds_90d": Feature(Kind.NUMBER, N_("refunds within 90 days")),
    }
)


def is_key(key: str) -> bool:
    """Whether a segment may be called so: those that come with the portal keep their names."""
    return KEY_PATTERN.fullmatch(key) is not None and key not in SEGMENTS


def parse_segment(source: str, *, currency: str) -> Node:
    """Read a segment's rule. Money is counted in one currency: an amount without it would hold for nobody.

    Raises ExpressionError with the place of what is wrong.
    """
    node = parse(source, SEGMENT_FEATURES)
    for amounts in _amounts(node):
        if currency not in amounts.minor:
            sentence = N_("Segments count money in %(currency)s: without an amount in it this would never hold.")
            raise ExpressionError(sentence, amounts.at, currency=currency)
    return node


def _amounts(node: Node) -> Iterator[Amounts]:
    if isinstance(node, Amounts):
        yield node
    for arg in node.args if isinstance(node, Apply) else ():
        yield from _amounts(arg)
