"""What may stand on a list of risk, and how it is written there (FRD-04)."""

from __future__ import annotations

import ipaddress
import uuid
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.text import N_

VALUE_LENGTH_MAX: Final = 200
REASON_LENGTH_MAX: Final = 200
# Wider ones would take whole countries, or everybody.
PREFIX_MIN: Final = {4: 8, 6: 24}


class ListKind(StrEnum):
    """What an entry names."""

    USER = "user"
    EMAIL = "email"
    CARD = "card"
    DEVICE = "device"
    IP = "ip"
    NETWORK = "network"


class ListMode(StrEnum):
    """Blocked means that the rule of blocked lists fires; allowed that an event of it is let through."""

    ALLOW = "allow"
    BLOCK = "block"


class EntryUnfitError(PortalError):
    """What was typed is none of its kind."""

    code = "list_entry_unfit"
    sentence = N_("This is not written as an entry of its kind is.")


class NetworkTooWideError(PortalError):
    code = "list_network_wide"
    sentence = N_("This network is too wide: at most /8, or /24 of the sixth version.")


class ReasonMissingError(PortalError):
    code = "list_reason_missing"
    sentence = N_("Say why: whoever looks at it later wants to know.")


class DayOverError(PortalError):
    code = "list_day_over"
    sentence = N_("The last day is over already.")


@dataclass(frozen=True, slots=True)
class ListValue:
    """A value as it is kept: in one way of writing, however it was typed."""

    kind: ListKind
    text: str


def read_value(kind: ListKind, typed: str) -> ListValue:
    """Bring what was typed into the one form of its kind. Raises EntryUnfitError, NetworkTooWideError."""
    text = typed.replace("\0", "").strip()[:VALUE_LENGTH_MAX]
    try:
        return ListValue(kind, _in_form(kind, text))
    except ValueError:
        raise EntryUnfitError from None


def _in_form(kind: ListKind, text: str) -> str:
    if kind in {ListKind.USER, ListKind.DEVICE}:
        return str(uuid.UUID(text))
    if kind is ListKind.EMAIL:
        name, at, host = text.casefold().rpartition("@")
        # A pattern would name nobody: entries are whole addresses.
        if not at or not name or "." not in host or " " in text or "*" in text:
            raise ValueError(text)
        return text.casefold()
    if kind is ListKind.IP:
        address = ipaddress.ip_address(text)
        # One of the fourth version, written as one of the sixth, is met as what it is.
        return str(getattr(address, "ipv4_mapped", None) or address)
    if kind is ListKind.NETWORK:
        network = ipaddress.ip_network(text, strict=False)
        if network.prefixlen < PREFIX_MIN[network.version]:
            raise NetworkTooWideError
        return str(network)
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(text)
    return text


def read_reason(typed: str) -> str:
    """The reason as it is kept. Raises ReasonMissingError."""
    kept = " ".join(typed.replace("\0", "").split())[:REASON_LENGTH_MAX]
    if not kept:
        raise ReasonMissingError
    return kept


def read_day(typed: str, *, today: date) -> date | None:
    """The last day of an entry; nothing means without end. Raises EntryUnfitError, DayOverError."""
    if not typed.strip():
        return None
    try:
        day = date.fromisoformat(typed.strip())
    except ValueError:
        raise EntryUnfitError from None
    if day < today:
        raise DayOverError
    return day
