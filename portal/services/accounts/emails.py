"""E-mail addresses as people type them and as we keep them."""

from __future__ import annotations

import unicodedata

from email_validator import EmailNotValidError, validate_email

from portal.kit.errors import PortalError
from portal.kit.text import N_


class EmailUnfitError(PortalError):
    """This is not an e-mail address; `field` says where to show it."""

    code = "email_unfit"
    sentence = N_("Enter an e-mail address such as name@example.com.")
    field = "email"


def normalise_email(text: str) -> str:
    """Return the address without outer space, full width made narrow. Raises EmailUnfitError."""
    try:
        checked = validate_email(unicodedata.normalize("NFKC", text).strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise EmailUnfitError from error
    return checked.normalized
