"""Trackhub speaks for all carriers: JSON over HTTP, notices by Standard Webhooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from portal.gateways.carriers.base import (
    EVENTS_MAX,
    TEXT_MAX,
    CarrierEvent,
    TrackerUnavailableError,
    TrackingReport,
)
from portal.gateways.errors import GatewayUnavailableError, OutcomeUnknownError
from portal.gateways.http import Answer, Transport
from portal.gateways.standard_webhooks import believe
from portal.kit.tracking import TrackedKind

_FOLLOWED = (HTTPStatus.OK, HTTPStatus.CREATED)


class Trackhub:
    """One account. `secrets` are those that its notices may be signed with."""

    def __init__(self, *, url: str, key: str, secrets: tuple[str, ...]) -> None:
        self._base = url.rstrip("/") + "/trackhub/v1/trackers"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._secrets = secrets
        self._transport = Transport("trackhub")

    def follow(self, *, carrier: str, number: str) -> TrackingReport:
        answer = self._send("POST", self._base, json.dumps({"carrier": carrier, "number": number}))
        if answer.status not in _FOLLOWED:
            raise TrackerUnavailableError(f"http_{answer.status}")
        return _read_answer(answer)

    def ask(self, *, carrier: str, number: str) -> TrackingReport | None:
        answer = self._send("GET", f"{self._base}/{quote(carrier, safe='')}/{quote(number, safe='')}")
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise TrackerUnavailableError(f"http_{answer.status}")
        return _read_answer(answer)

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> TrackingReport:
        return believe(headers, body, self._secrets, now, read=lambda _event_id, event: read_report(event["data"]))

    def _send(self, method: str, url: str, body: str | None = None) -> Answer:
        try:
            return self._transport.send(method, url, self._headers, body)
        except (GatewayUnavailableError, OutcomeUnknownError) as failure:
            raise TrackerUnavailableError("no_answer") from failure


def _read_answer(answer: Answer) -> TrackingReport:
    try:
        return read_report(json.loads(answer.body))
    except (ValueError, KeyError, TypeError, AttributeError) as failure:
        raise TrackerUnavailableError("malformed") from failure


def read_report(said: Mapping[str, Any]) -> TrackingReport:
    """A parcel as Trackhub writes it. What it calls by words that we do not know is left out: it has moved nothing.

    Raises ValueError, KeyError and TypeError for what is no report.
    """
    known = {kind.value for kind in TrackedKind}
    events = tuple(
        CarrierEvent(
            ref=str(one["id"])[:TEXT_MAX],
            kind=TrackedKind(one["status"]),
            at=_instant(one["at"]),
            place=str(one.get("place") or "").replace("\0", "")[:TEXT_MAX],
        )
        for one in said["events"][:EVENTS_MAX]
        if one["status"] in known
    )
    return TrackingReport(
        carrier=str(said["carrier"]),
        number=str(said["number"]),
        events=events,
        expected_from=_instant(said["expected_from"]) if said.get("expected_from") else None,
        expected_until=_instant(said["expected_until"]) if said.get("expected_until") else None,
    )


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("an instant without a zone")
    return found
