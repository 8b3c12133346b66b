"""Which gateway account takes a payment, and why the others do not (PAY-04, PAY-06, CAT-05)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from portal.kit.errors import Rejection
from portal.kit.money import Money
from portal.kit.text import N_
from portal.rules.health import SCORE_LOW, Health
from portal.rules.route_rules import NO_RULES, RuleSet, share_of


@dataclass(frozen=True, slots=True)
class MethodRange:
    """One method in one currency, with the amounts that the account takes; both bounds are inclusive."""

    method: str
    currency: str
    minimum_minor: int = 1
    maximum_minor: int | None = None


@dataclass(frozen=True, slots=True)
class GatewayAccount:
    """A configured account as the router sees it. No channels, or no countries, means all of them.

    Lower `priority` comes first.
    """

    id: int
    name: str
    gateway: str
    ranges: tuple[MethodRange, ...]
    priority: int = 100
    is_on: bool = True
    channel_ids: frozenset[int] = frozenset()
    countries: frozenset[str] = frozenset()
    health: Health = Health.CLOSED
    # Share of good calls in per cent; None while there are too few to tell.
    score: int | None = None
    # Whether a call has failed within the window: only then can somebody have been turned away.
    has_failed: bool = False
    capture_on: str = "checkout"


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """The payment to be routed. `country` and `locale` are the buyer's, None when unknown; `buyer` tells him apart."""

    channel_id: int
    method: str
    amount: Money
    country: str | None = None
    # Accounts that were tried already and are known to hold no charge.
    tried: frozenset[int] = frozenset()
    # Whether this payment may show that an account which failed works again.
    explores: bool = False
    locale: str | None = None
    buyer: str | None = None


@dataclass(frozen=True, slots=True)
class Considered:
    """One account of the decision: kept at its place, or dropped for a reason; with how it worked at that moment."""

    account_id: int
    name: str
    dropped: Rejection | None = None
    health: Health = Health.CLOSED
    score: int | None = None
    priority: int = 100

    @property
    def is_kept(self) -> bool:
        return self.dropped is None


@dataclass(frozen=True, slots=True)
class Route:
    """The decision: the accounts to try, in order, and every account that was considered (PAY-04).

    `rule` is the place of the rule that fitted in `version` of the rules, from 1; `share` is the buyer's place among a
    hundred if the rule goes by shares.
    """

    account_ids: tuple[int, ...]
    considered: tuple[Considered, ...]
    version: int = 0
    rule: int | None = None
    share: int | None = None

    @property
    def first(self) -> int | None:
        return self.account_ids[0] if self.account_ids else None

    @property
    def refusal(self) -> Rejection | None:
        """Why there is no way at all: the reason that came nearest to a way, for the buyer (CAT-05)."""
        if self.account_ids:
            return None
        dropped = [one.dropped for one in self.considered if one.dropped]
        if not dropped:
            return _NOT_OFFERED
        return max(dropped, key=lambda one: _NEARNESS.index(one.code))


# Of most accounts for most methods: a list of methods says it dozens of times.
_NOT_OFFERED = Rejection("METHOD_NOT_OFFERED", N_("This way of paying is not offered here."))

# From the reason furthest from a payment to the nearest.
_NEARNESS = (
    "GATEWAY_OFF",
    "WRONG_CHANNEL",
    "METHOD_NOT_OFFERED",
    "WRONG_COUNTRY",
    "WRONG_CURRENCY",
    "AMOUNT_TOO_SMALL",
    "AMOUNT_TOO_LARGE",
    "GATEWAY_TRIED",
    "GATEWAY_DOWN",
)


def route(request: RouteRequest, accounts: Iterable[GatewayAccount], rules: RuleSet = NO_RULES) -> Route:
    """Decide which accounts may take the payment: those that work well before the others; among them first those that
    the first fitting rule names, then the others by priority and id.

    One that works badly comes last and is not left out: nobody knows that the others work better just now.
    """
    n, share, named = _ruled(request, rules)
    ordered = sorted(
        accounts,
        key=lambda one: (_works_badly(request, one), named.get(one.id, len(named)), one.priority, one.id),
    )
    considered = tuple(
        Considered(one.id, one.name, _why_not(request, one), one.health, one.score, one.priority) for one in ordered
    )
    kept = tuple(one.account_id for one in considered if one.is_kept)
    return Route(kept, considered, rules.version, n, share)


def methods(request: RouteRequest, accounts: Iterable[GatewayAccount], rules: RuleSet = NO_RULES) -> dict[str, Route]:
    """Return every method that the request's channel knows with its route, whatever method the request names.

    A route's `refusal` is why the method cannot be used (CAT-05).
    """
    here = [one for one in accounts if one.is_on and (not one.channel_ids or request.channel_id in one.channel_ids)]
    names = dict.fromkeys(
        ways.method for one in sorted(here, key=lambda one: (one.priority, one.id)) for ways in one.ranges
    )
    return {method: route(replace(request, method=method), here, rules) for method in names}


def _ruled(request: RouteRequest, rules: RuleSet) -> tuple[int | None, int | None, dict[int, int]]:
    """The place of the first rule that fits, the buyer's share if it asks for one, and the turns of its accounts."""
    for n, rule in enumerate(rules.rules, start=1):
        if rule.fits(
            channel_id=request.channel_id,
            method=request.method,
            currency=request.amount.currency,
            minor=request.amount.minor,
            country=request.country,
            locale=request.locale,
        ):
            share = share_of(rules.version, request.buyer) if rule.shares else None
            return n, share, {target: turn for turn, target in enumerate(rule.order(share or 0))}
    return None, None, {}


def _works_badly(request: RouteRequest, account: GatewayAccount) -> bool:
    if account.health is Health.HALF_OPEN:
        return not request.explores
    return account.health is Health.OPEN or (account.score is not None and account.score < SCORE_LOW)


def _why_not(request: RouteRequest, account: GatewayAccount) -> Rejection | None:
    if not account.is_on:
        return Rejection("GATEWAY_OFF", N_("This way of paying is switched off."))
    if account.channel_ids and request.channel_id not in account.channel_ids:
        return Rejection("WRONG_CHANNEL", N_("This way of paying is not offered in this shop."))
    ways = [one for one in account.ranges if one.method == request.method]
    if not ways:
        return _NOT_OFFERED
    if account.countries and request.country is not None and request.country not in account.countries:
        return Rejection("WRONG_COUNTRY", N_("This way of paying is not available in your country."))
    currency = request.amount.currency
    taking = [one for one in ways if one.currency == currency]
    if not taking:
        return Rejection("WRONG_CURRENCY", N_("This way of paying does not take %(currency)s."), {"currency": currency})
    wrong_amount = _amount_outside(request.amount, taking)
    if wrong_amount:
        return wrong_amount
    if account.id in request.tried:
        return Rejection("GATEWAY_TRIED", N_("This way of paying was tried and did not work."))
    if account.health is Health.OPEN:
        return Rejection("GATEWAY_DOWN", N_("This way of paying has a disturbance. Try again in five minutes."))
    return None


def _amount_outside(amount: Money, ranges: Iterable[MethodRange]) -> Rejection | None:
    reason = None
    for one in ranges:
        if amount.minor < one.minimum_minor:
            minimum = Money(one.minimum_minor, amount.currency)
            reason = Rejection("AMOUNT_TOO_SMALL", N_("This takes %(minimum)s or more."), {"minimum": minimum})
        elif one.maximum_minor is not None and amount.minor > one.maximum_minor:
            maximum = Money(one.maximum_minor, amount.currency)
            reason = Rejection("AMOUNT_TOO_LARGE", N_("This takes up to %(maximum)s."), {"maximum": maximum})
        else:
            return None
    return reason
