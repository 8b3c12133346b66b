"""Who carries parcels, and what their tracking numbers look like (ORD-003).

Where a carrier publishes how its check digit is made, the digit is checked: it finds nine of ten typing errors.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.text import N_

NUMBER_MAX: Final = 40
_LEFT_OUT = re.compile(r"[\s\-.]+")


class CarrierUnknownError(PortalError):
    code = "carrier_unknown"
    sentence = N_("“%(carrier)s” is none of the carriers. The known ones are: %(known)s.")


class CarrierMissingError(CarrierUnknownError):
    code = "carrier_missing"
    sentence = N_("Choose the carrier that takes the parcel.")


class TrackingNumberError(PortalError):
    """It does not look like a number of this carrier, or its check digit is wrong."""

    code = "tracking_number_unfit"
    sentence = N_("“%(number)s” is no tracking number of %(carrier)s. Theirs look like %(example)s.")


class TrackingNumberMissingError(TrackingNumberError):
    """Nothing was typed, or zeros only, as those do who have no number yet."""

    code = "tracking_number_missing"
    sentence = N_("Enter the tracking number. Those of %(carrier)s look like %(example)s.")


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier by its name; `pattern` is what its numbers look like, without spaces and hyphens.

    `is_tracked` says that somebody tells us how its parcels go on; otherwise the store says that they have arrived.
    """

    code: str
    name: str
    pattern: re.Pattern[str]
    example: str
    check: Callable[[str], bool] = bool
    is_tracked: bool = True


def _s10(number: str) -> bool:
    """UPU standard S10: weights 8 6 4 2 3 5 9 7 over the eight digits."""
    digits, given = number[2:10], int(number[10])
    rest = 11 - sum(int(d) * w for d, w in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return given == {10: 0, 11: 5}.get(rest, rest)


def _ups(number: str) -> bool:
    """1Z and 16 signs; letters count from 2 on, every second sign twice."""
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in number[2:17]]
    total = sum(value * (2 if place % 2 else 1) for place, value in enumerate(values))
    return number[17] == str(-total % 10)


def _fedex(number: str) -> bool:
    """Twelve digits: weights 3 1 7 over the first eleven, modulo 11, and of that the last digit."""
    total = sum(int(d) * w for d, w in zip(number[:11], (3, 1, 7) * 4, strict=False))
    return int(number[11]) == total % 11 % 10


def _dhl(number: str) -> bool:
    """Ten digits: the first nine modulo 7."""
    return int(number[:9]) % 7 == int(number[9])


_ALL = (
    Carrier("cj", "CJ대한통운", re.compile(r"[0-9]{10}|[0-9]{12}"), "5812-3456-7890"),
    Carrier("hanjin", "한진택배", re.compile(r"[0-9]{10,14}"), "5123-4567-8901"),
    Carrier("lotte", "롯데택배", re.compile(r"[0-9]{12,13}"), "4023-4567-8901"),
    Carrier("epost", "우체국택배", re.compile(r"[0-9]{13}"), "60123-4567-8901"),
    Carrier("logen", "로젠택배", re.compile(r"[0-9]{11}"), "914-1234-5678"),
    Carrier("ems", "EMS", re.compile(r"[A-Z]{2}(?!0{8})[0-9]{9}[A-Z]{2}"), "EB 123 456 785 KR", _s10),
    Carrier("ups", "UPS", re.compile(r"1Z(?!0{15})[0-9A-Z]{15}[0-9]"), "1Z 999 AA1 01 2345 6784", _ups),
    Carrier("fedex", "FedEx", re.compile(r"[0-9]{12}"), "4771 7908 1230", _fedex),
    Carrier("dhl", "DHL Express", re.compile(r"[0-9]{10}"), "33 1881 0025", _dhl),
    Carrier("own", "Own delivery", re.compile(r"[0-9A-Z]{1,40}"), "OD-1042", is_tracked=False),
)
CARRIERS: Final[Mapping[str, Carrier]] = {carrier.code: carrier for carrier in _ALL}
# The store itself brings it; its word is translated, those of companies are names.
OWN_DELIVERY: Final = N_("Own delivery")


def find_carrier(text: str) -> Carrier:
    """A carrier by its code or name as it was typed. Raises CarrierUnknownError."""
    typed = unicodedata.normalize("NFKC", text).strip()
    if not typed:
        raise CarrierMissingError
    for carrier in _ALL:
        if typed.casefold() in {carrier.code, carrier.name.casefold()}:
            return carrier
    raise CarrierUnknownError(carrier=typed[:NUMBER_MAX], known=", ".join(CARRIERS))


def read_number(carrier: Carrier, text: str) -> str:
    """A tracking number as it is kept: capitals, narrow, no spaces or hyphens.

    Raises TrackingNumberError.
    """
    number = _LEFT_OUT.sub("", unicodedata.normalize("NFKC", text)).upper()
    if not number.strip("0"):
        raise TrackingNumberMissingError(carrier=carrier.name, example=carrier.example)
    fits = number.isascii() and len(number) <= NUMBER_MAX and carrier.pattern.fullmatch(number) is not None
    if not fits or not carrier.check(number):
        raise TrackingNumberError(number=text.strip()[:NUMBER_MAX], carrier=carrier.name, example=carrier.example)
    return number
