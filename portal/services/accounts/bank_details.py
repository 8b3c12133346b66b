"""Bank details for a payment by hand: bank, account number, holder. Kept encrypted, shown to who pays only."""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from portal.kit.errors import PortalError
from portal.kit.text import N_

FIELDS = ("bank", "number", "holder")
LENGTH_MAX = 80
# So many digits of the account let its owner know it again.
ENDS_SHOWN = 4
_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9 \-]{5,39}", re.IGNORECASE)


class BankDetailsError(PortalError):
    """Something of the bank details is missing or cannot be right."""

    code = "bank_details_unfit"
    sentence = N_("Give the bank, the account number in digits or as an IBAN, and the holder's name.")


def check_bank(given: Mapping[str, str]) -> dict[str, str]:
    """The details in their normal form. Raises BankDetailsError."""
    details = {name: " ".join(str(given.get(name, "")).split())[:LENGTH_MAX] for name in FIELDS}
    if not all(details.values()) or not _NUMBER.fullmatch(details["number"]):
        raise BankDetailsError
    return details


def ends_of(details: Mapping[str, str]) -> str:
    return details["number"][-ENDS_SHOWN:]


def keep_bank(details: Mapping[str, str]) -> str:
    """The details as one text, to be stored in an encrypted column."""
    return orjson.dumps(dict(details)).decode()


def read_bank(kept: str | None) -> dict[str, str]:
    """The details again; empty when none were kept."""
    found: dict[str, str] = orjson.loads(kept) if kept else {}
    return found
