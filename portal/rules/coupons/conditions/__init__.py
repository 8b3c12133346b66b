"""The conditions of coupons, one file each. A new one is a file here and a name in this import."""

from portal.rules.coupons.conditions import channel, first_order, minimum_spend, product, section, store, window
from portal.rules.coupons.conditions.base import (
    Condition,
    ConditionInvalidError,
    ConditionUnknownError,
    names,
    parse,
    register,
)

__all__ = [
    "Condition",
    "ConditionInvalidError",
    "ConditionUnknownError",
    "channel",
    "first_order",
    "minimum_spend",
    "names",
    "parse",
    "product",
    "register",
    "section",
    "store",
    "window",
]
