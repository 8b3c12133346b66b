"""What a gateway can do, as data: routing and the checkout page read it and call nobody (PAY-04, CAT-05)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Method(StrEnum):
    """The ways of paying that a buyer can choose (PAY-01)."""

    CREDIT_CARD = "credit_card"
    DEBIT_CARD = "debit_card"
    INTERNATIONAL_CARD = "international_card"
    BANK_TRANSFER = "bank_transfer"
    VIRTUAL_ACCOUNT = "virtual_account"
    MOBILE_CARRIER = "mobile_carrier"
    WALLET = "wallet"
    PAY_LATER = "pay_later"
    INVOICE = "invoice"


class Flow(StrEnum):
    """How the buyer and the gateway meet."""

    ELEMENT = "element"  # The gateway's own fields in our page; the form carries a token of theirs.
    REDIRECT = "redirect"  # The buyer goes to the gateway's page and comes back.
    NOTICE = "notice"  # We show what to do (an account number); the money is announced later.


class Unfit(StrEnum):
    """Why a method of a gateway cannot take a payment. Routing stores it with each dropped candidate."""

    METHOD = "method"
    CURRENCY = "currency"
    COUNTRY = "country"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    UNEVEN = "uneven"
    NEEDS_JAVASCRIPT = "needs_javascript"


@dataclass(frozen=True, slots=True)
class Limit:
    """Smallest and largest amount of one payment, both included, and the step between amounts, in minor units."""

    min_minor: int
    max_minor: int
    step_minor: int = 1


@dataclass(frozen=True, slots=True)
class MethodCapability:
    """One method at one gateway. A currency without a limit cannot be taken; `countries` None means every country.

    `holds_for`: how long it keeps an amount that is to be captured later.
    `refunds_to_account`: the gateway does not know where the money came from, and must be told where it is to go.
    """

    method: Method
    flow: Flow
    limits: Mapping[str, Limit]
    countries: frozenset[str] | None = None
    needs_javascript: bool = False
    capture_later: bool = False
    holds_for: timedelta = timedelta(days=7)
    saves_methods: bool = False
    partial_refunds: bool = True
    refund_window: timedelta | None = None  # None: the gateway sets no end.
    refunds_to_account: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Everything a gateway can do. `key_lifetime` is how long it repeats the first answer to the same operation key."""

    methods: tuple[MethodCapability, ...]
    key_lifetime: timedelta

    def of(self, method: Method) -> MethodCapability | None:
        """The capability for `method`, or None if this gateway does not know it."""
        return next((each for each in self.methods if each.method == method), None)

    def why_not(
        self, method: Method, *, currency: str, amount_minor: int, country: str | None = None, javascript: bool = True
    ) -> Unfit | None:
        """Why this gateway cannot take the payment, or None if it can. An unknown country is not held against it."""
        capability = self.of(method)
        if capability is None:
            return Unfit.METHOD
        limit = capability.limits.get(currency)
        if limit is None:
            return Unfit.CURRENCY
        if country is not None and capability.countries is not None and country not in capability.countries:
            return Unfit.COUNTRY
        if capability.needs_javascript and not javascript:
            return Unfit.NEEDS_JAVASCRIPT
        if amount_minor < limit.min_minor:
            return Unfit.BELOW_MINIMUM
        if amount_minor > limit.max_minor:
            return Unfit.ABOVE_MAXIMUM
        return Unfit.UNEVEN if amount_minor % limit.step_minor else None
