"""What Paylink takes: everything that can be paid on a page of its own."""

from datetime import timedelta

from portal.gateways.capabilities import Capabilities, Flow, Limit, Method, MethodCapability

_LIMITS = {
    "KRW": Limit(100, 50_000_000),
    "USD": Limit(50, 5_000_000),
    "EUR": Limit(50, 5_000_000),
    "GBP": Limit(50, 5_000_000),
    "JPY": Limit(50, 5_000_000),
    "KWD": Limit(200, 5_000_000),
}
_WON_ONLY = {"KRW": Limit(100, 1_000_000)}
_REFUND_WINDOW = timedelta(days=180)


def _page(method: Method, limits: dict[str, Limit], *, countries: frozenset[str] | None = None) -> MethodCapability:
    return MethodCapability(
        method=method,
        flow=Flow.REDIRECT,
        limits=limits,
        countries=countries,
        capture_later=method in (Method.CREDIT_CARD, Method.INTERNATIONAL_CARD),
        refund_window=_REFUND_WINDOW,
    )


CAPABILITIES = Capabilities(
    methods=(
        _page(Method.CREDIT_CARD, _LIMITS),
        _page(Method.DEBIT_CARD, _LIMITS),
        _page(Method.INTERNATIONAL_CARD, _LIMITS),
        _page(Method.BANK_TRANSFER, _LIMITS),
        _page(Method.WALLET, _LIMITS),
        _page(Method.MOBILE_CARRIER, _WON_ONLY, countries=frozenset({"KR"})),
    ),
    key_lifetime=timedelta(days=365),  # A reference names one session for ever.
)
