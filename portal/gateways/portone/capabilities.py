"""What PortOne takes. Domestic ways of paying are in won and for buyers in Korea."""

from datetime import timedelta

from portal.gateways.capabilities import Capabilities, Flow, Limit, Method, MethodCapability

_KOREA = frozenset({"KR"})
_YEAR = timedelta(days=365)
_WON = {"KRW": Limit(100, 50_000_000)}
# A virtual account is not opened for less, and the transfer systems of the banks take no more at once.
_ACCOUNT = {"KRW": Limit(1_000, 50_000_000)}
# The carriers' ceiling for a month, which is that of a single payment too.
_PHONE_BILL = {"KRW": Limit(300, 1_000_000)}
# Cards from abroad go through a channel of their own (Eximbay and the like), in the buyer's currency.
_ABROAD = {
    "KRW": Limit(1_000, 10_000_000),
    "USD": Limit(100, 1_000_000),
    "EUR": Limit(100, 1_000_000),
    "JPY": Limit(100, 1_000_000),
}


def _window(method: Method, limits: dict[str, Limit], *, partial_refunds: bool = True) -> MethodCapability:
    return MethodCapability(
        method=method,
        flow=Flow.REDIRECT,
        limits=limits,
        countries=None if limits is _ABROAD else _KOREA,
        partial_refunds=partial_refunds,
        refund_window=_YEAR,
    )


CAPABILITIES = Capabilities(
    methods=(
        _window(Method.CREDIT_CARD, _WON),
        _window(Method.DEBIT_CARD, _WON),
        _window(Method.INTERNATIONAL_CARD, _ABROAD),
        _window(Method.BANK_TRANSFER, _WON),
        MethodCapability(
            method=Method.VIRTUAL_ACCOUNT,
            flow=Flow.NOTICE,
            limits=_ACCOUNT,
            countries=_KOREA,
            refund_window=_YEAR,
            refunds_to_account=True,
        ),
        # Carriers take back whole payments only.
        _window(Method.MOBILE_CARRIER, _PHONE_BILL, partial_refunds=False),
        _window(Method.WALLET, _WON),
    ),
    key_lifetime=timedelta(days=3650),  # A payment id names one payment for ever.
)
