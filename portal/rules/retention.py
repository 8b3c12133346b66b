"""How long records are kept, by kind: defaults, and bounds that the law sets (IDN-06)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.text import N_

DAYS_MAX: Final = 36_500
FIVE_YEARS: Final = 5 * 365
THREE_YEARS: Final = 3 * 365


class RetentionKind(StrEnum):
    """Records that are not kept for ever."""

    SESSIONS = "sessions"
    MAILS = "mails"
    NOTICES = "notices"
    CARTS = "carts"
    GATEWAY_NOTICES = "gateway_notices"
    PAYMENT_TOKENS = "payment_tokens"
    ORDER_CONTACTS = "order_contacts"
    BANK_DETAILS = "bank_details"
    TICKETS = "tickets"
    EXPORTS = "exports"


@dataclass(frozen=True, slots=True)
class Keeping:
    """Days after which it goes, the fewest that may be set, and what goes."""

    days: int
    least: int
    label: str
    what: str


KEEPING: Final[Mapping[RetentionKind, Keeping]] = {
    RetentionKind.SESSIONS: Keeping(
        365, 30, N_("Ended sign-ins"), N_("IP address and browser of sessions that have ended, counted from their end.")
    ),
    RetentionKind.MAILS: Keeping(
        365, 30, N_("Sent mails"), N_("Mails with their recipients, counted from when they were sent.")
    ),
    RetentionKind.NOTICES: Keeping(365, 7, N_("Read notices"), N_("What stood behind bells and was read.")),
    RetentionKind.CARTS: Keeping(
        180, 7, N_("Forgotten carts"), N_("Carts that nobody has touched, with the choices kept with them.")
    ),
    RetentionKind.GATEWAY_NOTICES: Keeping(
        400, 90, N_("Notices of gateways"), N_("The text of handled notices; that they came, and what they did, stays.")
    ),
    RetentionKind.PAYMENT_TOKENS: Keeping(
        180, 30, N_("Details of payment attempts"), N_("Tokens and answers of attempts that are over; amounts stay.")
    ),
    # Records of contracts and payments: five years by the Act on Consumer Protection in Electronic Commerce.
    RetentionKind.ORDER_CONTACTS: Keeping(
        FIVE_YEARS,
        FIVE_YEARS,
        N_("Contacts and addresses of orders"),
        N_("Name, phone and address of orders, five years by law; goods and amounts stay."),
    ),
    RetentionKind.BANK_DETAILS: Keeping(
        FIVE_YEARS,
        FIVE_YEARS,
        N_("Bank details"),
        N_("Accounts that refunds and withdrawals went to, five years by law."),
    ),
    # Complaints and disputes of consumers: three years by the same act.
    RetentionKind.TICKETS: Keeping(
        THREE_YEARS, THREE_YEARS, N_("Closed tickets"), N_("What was written in closed tickets, three years by law.")
    ),
    RetentionKind.EXPORTS: Keeping(
        7,
        1,
        N_("Exports of personal data"),
        N_("Files that people had made of their data, counted from when they were ready."),
    ),
}


class DaysUnfitError(PortalError):
    """Outside of what may be set for this kind."""

    code = "retention_days_unfit"
    sentence = N_("This can be kept for %(least)s to %(most)s days.")


def check_days(kind: RetentionKind, days: int | None) -> int:
    """The days, if they may be set. Raises DaysUnfitError."""
    least = KEEPING[kind].least
    if days is None or not least <= days <= DAYS_MAX:
        raise DaysUnfitError(least=least, most=DAYS_MAX)
    return days
