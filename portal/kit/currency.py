"""Which currencies there are and how many decimals each has."""

from functools import cache

# CLDR's own table: a table of ours would go stale and differ from what the pages format with.
from babel.core import get_global

from portal.kit.errors import PortalError
from portal.kit.text import N_

POINTS = "PTS"  # Mileage is a currency of its own in the ledger (BAL-01). ISO 4217 gives nobody this code.
_OWN = {POINTS: 0}


class UnknownCurrencyError(PortalError):
    code = "currency_unknown"
    sentence = N_("%(currency)s is not a currency we know.")


@cache
def is_currency(code: str) -> bool:
    """Say whether `code` is an ISO 4217 code in capitals that CLDR knows, or one of our own."""
    return code in _OWN or code in get_global("all_currencies")


@cache
def is_tender(code: str) -> bool:
    """Say whether people pay with it somewhere now: not of old money, metals, units of account and tests."""
    kinds = get_global("territory_currencies").values()
    return any(name == code and end is None and tender for found in kinds for name, _begin, end, tender in found)


@cache
def exponent(code: str) -> int:
    """Return the decimals of the minor unit: 0 for KRW, 2 for USD, 3 for KWD.

    Raises UnknownCurrencyError.
    """
    if code in _OWN:
        return _OWN[code]
    if not is_currency(code):
        raise UnknownCurrencyError(currency=code)
    fractions = get_global("currency_fractions")
    digits: int = fractions.get(code, fractions["DEFAULT"])[0]
    return digits
