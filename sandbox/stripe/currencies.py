"""Amount rules (docs.stripe.com/currencies)."""

from sandbox.stripe.errors import ApiError, required

ZERO_DECIMALS = frozenset(
    """
    bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf
    """.split()  # noqa: SIM905 - a list of words reads better than a column of them
)
THREE_DECIMALS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
_OTHERS = frozenset(
    """
    aed aud bgn brl cad chf cny cop czk dkk egp eur gbp hkd huf idr ils inr isk kes mad mxn myr ngn nok nzd
    pen php pkr pln qar ron sar sek sgd thb try twd uah ugx usd zar
    """.split()  # noqa: SIM905 - a list of words reads better than a column of them
)
KNOWN = ZERO_DECIMALS | THREE_DECIMALS | _OTHERS
_MINIMUM = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500, "jpy": 50, "krw": 700,
    "mxn": 1000, "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}  # fmt: skip
_MINIMUM_OTHERS = 50
_MAXIMUM = 99_999_999
_WHOLE_UNITS = frozenset(["isk", "ugx", "twd"])


def read(form: dict[str, object], param: str = "amount") -> int:
    """A whole number from a form. Raises ApiError."""
    text = form.get(param)
    if text is None:
        raise required(param)
    try:
        return int(str(text))
    except ValueError:
        raise ApiError(f"Invalid integer: {text}", code="parameter_invalid_integer", param=param, kept=False) from None


def check(amount: int, currency: str) -> None:
    """Raises ApiError for an amount or a currency that cannot be charged."""
    if currency not in KNOWN:
        raise ApiError(f"Invalid currency: {currency}.", param="currency", kept=False)
    if amount < 1:
        raise ApiError(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
            kept=False,
        )
    if amount < _MINIMUM.get(currency, _MINIMUM_OTHERS):
        raise ApiError("Amount must convert to at least 50 cents.", code="amount_too_small", param="amount")
    if amount > _MAXIMUM:
        raise ApiError("Amount must be no more than 999,999.99.", code="amount_too_large", param="amount")
    check_steps(amount, currency)


def check_steps(amount: int, currency: str) -> None:
    """Raises ApiError for an amount with digits that are not counted, charged or given back."""
    if (currency in THREE_DECIMALS and amount % 10) or (currency in _WHOLE_UNITS and amount % 100):
        raise ApiError("Invalid amount for this currency.", code="parameter_invalid_integer", param="amount")
