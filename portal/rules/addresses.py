"""What an address must have, per country, and how what people type becomes one form of it (B06).

Pure: the checkout and the address book use the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from babel import Locale

from portal.kit.errors import PortalError, Rejection
from portal.kit.text import N_

FIELDS = ("name", "phone", "postcode", "line1", "line2", "city", "region", "country")
LENGTH_MAX = 120

US_STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR"
    " PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI AA AE AP"
)
# A Korean road address holds province, city and street in its first line; only the detail stands apart.
REQUIRED = {
    "KR": ("name", "phone", "postcode", "line1"),
    "US": ("name", "phone", "postcode", "line1", "city", "region"),
}
REQUIRED_ELSEWHERE = ("name", "phone", "line1", "city")
REQUIRED_ANYWHERE = ("name", "phone", "line1")

_NOT_DIGITS = re.compile(r"[^0-9]")
_PHONE = re.compile(r"\+?[0-9 ().\-/]+")
_POSTCODES = {"KR": re.compile(r"[0-9]{5}"), "US": re.compile(r"[0-9]{5}(?:[0-9]{4})?")}
_POSTCODE_ELSEWHERE = re.compile(r"[A-Z0-9][A-Z0-9 ]{1,11}")
_DASHES = re.compile(r"[\u2010-\u2015\u2212\u30fc\ufe63]")
_KR_PHONE = re.compile(r"(02|0[0-9]{2}|1[0-9]{3})([0-9]{3,4})?([0-9]{4})")

MISSING: Mapping[str, str] = {
    "name": N_("Enter the name of the person who receives the parcel."),
    "phone": N_("Enter a phone number for the carrier."),
    "postcode": N_("Enter the postcode."),
    "line1": N_("Enter the street and number."),
    "city": N_("Enter the city."),
    "region": N_("Enter the state."),
    "country": N_("Choose the country."),
}
POSTCODE_KR = Rejection("postcode_unfit", N_("A Korean postcode has 5 digits, such as 04524."))
POSTCODE_US = Rejection("postcode_unfit", N_("A ZIP code has 5 or 9 digits, such as 10001 or 10001-1234."))
POSTCODE_ELSEWHERE = Rejection("postcode_unfit", N_("A postcode has at most 12 letters and digits."))
PHONE_KR = Rejection("phone_unfit", N_("Enter a Korean phone number, such as 010-1234-5678."))
PHONE_US = Rejection("phone_unfit", N_("Enter a phone number with 10 digits, such as 212-555-0123."))
PHONE_ELSEWHERE = Rejection("phone_unfit", N_("Enter a phone number with 7 to 15 digits."))
REGION_US = Rejection("region_unfit", N_("Enter the state by its two letters, such as NY."))


@dataclass(frozen=True, slots=True)
class AddressBody:
    """Where a parcel goes, in the one form that we keep and hand to carriers."""

    name: str
    phone: str
    postcode: str
    line1: str
    line2: str
    city: str
    region: str
    country: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class AddressUnfitError(PortalError):
    """Some fields cannot be taken; `faults` says for each field why."""

    code = "address_unfit"
    sentence = N_("Some parts of the address are missing or not right.")

    def __init__(self, faults: Mapping[str, Rejection]) -> None:
        self.faults = dict(faults)
        super().__init__()


def read_address(fields: Mapping[str, str | None]) -> AddressBody:
    """Return the address in its kept form. Raises AddressUnfitError with a sentence for every field at fault.

    Full width, spaces and hyphens are taken as people type them. Unknown fields are ignored.
    """
    typed = {field: _tidy(fields.get(field)) for field in FIELDS}
    faults: dict[str, Rejection] = {}
    country = typed["country"] = typed["country"].upper()
    required = REQUIRED.get(country, REQUIRED_ELSEWHERE)
    if not is_country(country):
        faults["country"] = Rejection("country_missing", MISSING["country"])
        required = REQUIRED_ANYWHERE
    for field in required:
        if not typed[field]:
            faults[field] = Rejection(f"{field}_missing", MISSING[field])
    for field, text in typed.items():
        if len(text) > LENGTH_MAX:
            faults[field] = Rejection(
                "too_long", N_("Use at most %(maximum)s characters here."), {"maximum": LENGTH_MAX}
            )
    for field, clean in (("phone", _phone), ("postcode", _postcode), ("region", _region)):
        if typed[field] and field not in faults:
            cleaned = clean(typed[field], country)
            if isinstance(cleaned, Rejection):
                faults[field] = cleaned
            else:
                typed[field] = cleaned
    if faults:
        raise AddressUnfitError(faults)
    return AddressBody(**typed)


def _tidy(text: str | None) -> str:
    """Full width made narrow, controls and needless space out."""
    narrow = unicodedata.normalize("NFKC", text or "")
    return " ".join("".join(c if c.isprintable() else " " for c in narrow).split())


def is_country(code: str) -> bool:
    """Whether these are the two letters of a country."""
    # CLDR's table also holds groups of countries, whose codes are digits.
    return len(code) == len("KR") and code in Locale("en").territories and code not in {"ZZ", "XA", "XB", "EU", "UN"}


def _phone(text: str, country: str) -> str | Rejection:
    text = _DASHES.sub("-", text)
    refusal = {"KR": PHONE_KR, "US": PHONE_US}.get(country, PHONE_ELSEWHERE)
    digits = _NOT_DIGITS.sub("", text)
    if not _PHONE.fullmatch(text):
        return refusal
    if country == "KR":
        digits = "0" + digits[2:].lstrip("0") if text.startswith("+82") else digits
        parts = _KR_PHONE.fullmatch(digits)
        return "-".join(part for part in parts.groups() if part) if parts else refusal
    if country == "US":
        digits = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 10 else refusal
    return ("+" if text.startswith("+") else "") + digits if 7 <= len(digits) <= 15 else refusal


def _postcode(text: str, country: str) -> str | Rejection:
    text = _DASHES.sub("-", text).upper()
    if country not in _POSTCODES:
        code = text.replace("-", " ")
        return text if _POSTCODE_ELSEWHERE.fullmatch(code) else POSTCODE_ELSEWHERE
    digits = text.replace("-", "").replace(" ", "")
    if not _POSTCODES[country].fullmatch(digits):
        return POSTCODE_KR if country == "KR" else POSTCODE_US
    return f"{digits[:5]}-{digits[5:]}" if len(digits) > 5 else digits


def _region(text: str, country: str) -> str | Rejection:
    if country != "US":
        return text
    return text.upper() if text.upper() in US_STATES.split() else REGION_US
