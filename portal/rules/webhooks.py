"""Outgoing webhooks: what can be heard, by whom, in which words, and how long a receiver is tried (API-02).

A message is thin: it names what has changed, and the receiver asks the API for the rest. So a message that comes late,
twice or out of order cannot lie. Signed by Standard Webhooks (gateways/standard_webhooks.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from portal.kit.errors import PortalError
from portal.kit.text import N_

API_VERSION: Final = "v1"
# The pauses after the first, second, ... try; together a day.
PAUSES_S: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 36_000)
# Each pause is longer or shorter by up to this share, so that many messages do not come back at once.
SPREAD_PER_MILLE: Final = 100
RETRY_AFTER_MAX_S: Final = 3_600
# An endpoint rests after a failure, doubled with each in a row; its other messages are not thrown after the first.
REST_FIRST_S, REST_MAX_S = 5, 300
# So many failures in a row, over so long a time, switch an endpoint off.
FAILURES_MAX: Final = 20
FAILING_FOR: Final = timedelta(hours=1)
OVERLAP_HOURS: Final = (0, 1, 24, 72)
REPLAY_FOR: Final = timedelta(days=7)
NAME_MAX, URL_MAX = 80, 500
GONE: Final = 410


class Reach(StrEnum):
    """Whose things an endpoint hears of."""

    MALL = "mall"
    STORE = "store"
    USER = "user"


class EndpointState(StrEnum):
    """`failed` and `gone` are switched off by us, `off` by its people."""

    ON = "on"
    OFF = "off"
    FAILED = "failed"
    GONE = "gone"
    REMOVED = "removed"


_M, _S, _U = Reach.MALL, Reach.STORE, Reach.USER
_ALL: Final = (_M, _S, _U)

# What can be heard, and by which reach. The names are those of the outbox.
EVENT_TYPES: Final[Mapping[str, tuple[Reach, ...]]] = {
    "order.placed": (_M, _U),
    "order.paid": _ALL,
    "order.failed": (_M, _U),
    "order.expired": (_M, _U),
    "order.amended": _ALL,
    "order.parts_released": (_M, _S),
    "part.moved": _ALL,
    "part.held": (_M, _S),
    "part.hold_ended": (_M, _S),
    "shipment.sent": _ALL,
    "shipment.moved": _ALL,
    "return.requested": _ALL,
    "return.approved": _ALL,
    "return.refused": _ALL,
    "return.received": _ALL,
    "return.settled": _ALL,
    "refund.approved": _ALL,
    "refund.succeeded": _ALL,
    "refund.failed": (_M, _U),
    "ticket.opened": _ALL,
    "ticket.answered": (_M, _U),
    "ticket.written": (_M, _S),
    "remark.written": (_M, _S),
    "stock.low": (_M, _S),
    "statement.closed": (_M, _S),
    "report.ready": (_M,),
    "top_up.credited": (_M, _U),
    "balance.adjusted": (_M, _U),
    "mileage.matured": (_M, _U),
    "tier.moved": (_M, _U),
    "account.frozen": (_M,),
    "account.cleared": (_M,),
    "campaign.opened": (_M,),
    "campaign.ended": (_M,),
    "campaign.moved": (_M,),
    "channel.moved": (_M,),
    "cart.changed": (_U,),
}
# Sent on request to one endpoint, whatever it listens to.
TEST: Final = "webhook.test"
# What of an event's facts may leave the house: names of things, never of people, no amounts; and a file's digest.
FACTS: Final = frozenset(
    {
        "number",
        "part",
        "shipment",
        "return",
        "return_number",
        "refund",
        "ticket",
        "remark",
        "statement",
        "report",
        "rows",
        "sha256",
        "label",
        "state",
    }
)


class WebhookUnfitError(PortalError):
    """Fields that cannot be so; `faults` has a sentence for each, by the field's name."""

    code = "webhook_unfit"
    sentence = N_("The webhook was not saved: some fields need another look.")

    def __init__(self, faults: Mapping[str, str] | None = None) -> None:
        self.faults = dict(faults or {})
        super().__init__()


@dataclass(frozen=True, slots=True)
class WebhookTerms:
    """What somebody wants of an endpoint."""

    name: str
    url: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """What is told. `sequence` grows with each event: of one thing, the higher one is the later."""

    kind: str
    sequence: int
    subject: str
    facts: Mapping[str, Any]
    occurred_at: datetime


def check_terms(terms: WebhookTerms, reach: Reach) -> None:
    """Raises WebhookUnfitError."""
    faults: dict[str, str] = {}
    if not 0 < len(terms.name) <= NAME_MAX:
        faults["name"] = N_("Give it a name of at most 80 characters.")
    if not _is_address(terms.url):
        faults["url"] = N_("Write an address such as https://example.com/hooks, without name and password.")
    known = kinds_for(reach)
    if not terms.kinds or any(kind not in known for kind in terms.kinds):
        faults["kinds"] = N_("Choose at least one of the events.")
    if faults:
        raise WebhookUnfitError(faults)


def kinds_for(reach: Reach) -> tuple[str, ...]:
    """What an endpoint of this reach can listen to."""
    return tuple(kind for kind, reaches in EVENT_TYPES.items() if reach in reaches)


def _is_address(url: str) -> bool:
    if not 0 < len(url) <= URL_MAX or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_plain = parts.username is None and parts.password is None and not parts.fragment
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and is_plain and port != 0


def body_of(message: Message) -> bytes:
    """The body, the same at every try: what a signature is over must not change."""
    noun, _, subject_id = message.subject.partition(":")
    return orjson.dumps(
        {
            "type": message.kind,
            "timestamp": message.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "api_version": API_VERSION,
            "sequence": message.sequence,
            "data": {"object": noun, "id": subject_id, **message.facts},
        }
    )


def next_try(attempts: int, *, now: datetime, spread: int, retry_after_s: int | None = None) -> datetime | None:
    """When to try again after `attempts` tries; None when the day is over. `spread` is drawn from -1000 to 1000."""
    if attempts > len(PAUSES_S):
        return None
    pause_ms = PAUSES_S[attempts - 1] * 1_000
    pause_ms += pause_ms * SPREAD_PER_MILLE * spread // 1_000_000
    asked_ms = min(retry_after_s or 0, RETRY_AFTER_MAX_S) * 1_000
    return now + timedelta(milliseconds=max(pause_ms, asked_ms))


def rest_s(failures: int) -> int:
    """How long an endpoint rests after so many failures in a row, in seconds."""
    return int(min(REST_MAX_S, REST_FIRST_S * 2 ** min(failures - 1, 10)))


def gives_up(failures: int, *, failing_since: datetime, now: datetime) -> bool:
    """Whether an endpoint has failed so often and so long that it is switched off."""
    return failures >= FAILURES_MAX and now - failing_since >= FAILING_FOR


def tidy_kinds(kinds: Collection[str]) -> tuple[str, ...]:
    """The chosen events once each, in our order; unknown ones stay at the end, to be refused."""
    known = tuple(kind for kind in EVENT_TYPES if kind in kinds)
    return known + tuple(sorted(set(kinds) - set(known)))
