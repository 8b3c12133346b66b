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
    BoughtLabel,
    CarrierEvent,
    LabelRefusedError,
    LabelRequest,
    LabelUnknownError,
    TrackerUnavailableError,
    TrackingReport,
)
from portal.gateways.errors import GatewayUnavailableError, OutcomeUnknownError
from portal.gateways.http import Answer, Transport
from portal.gateways.standard_webhooks import believe
from portal.kit.tracking import TrackedKind

_FOLLOWED = (HTTPStatus.OK, HTTPStatus.CREATED)
_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


class Trackhub:
    """One account. `secrets` are those that its notices may be signed with."""

    def __init__(self, *, url: str, key: str, secrets: tuple[str, ...]) -> None:
        self._base = url.rstrip("/") + "/trackhub/v1/trackers"
        self._labels = url.rstrip("/") + "/trackhub/v1/labels"
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

    def buy_label(self, request: LabelRequest) -> BoughtLabel:
        body = {
            "key": request.key,
            "carrier": request.carrier,
            "to": dict(request.receiver),
            "from": request.sender,
            "pieces": request.pieces,
        }
        try:
            answer = self._transport.send("POST", self._labels, self._headers, json.dumps(body))
        except GatewayUnavailableError as failure:
            raise TrackerUnavailableError("no_answer") from failure
        except OutcomeUnknownError as failure:
            raise LabelUnknownError from failure
        if answer.status in _FOLLOWED:
            try:
                return _read_label(answer)
            except TrackerUnavailableError as failure:  # Bought, but nobody can tell what.
                raise LabelUnknownError from failure
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise LabelUnknownError
        if answer.status in _REFUSED:
            raise LabelRefusedError(_code(answer))
        raise TrackerUnavailableError(f"http_{answer.status}")

    def find_label(self, key: str) -> BoughtLabel | None:
        answer = self._send("GET", f"{self._labels}/{quote(key, safe='')}")
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise TrackerUnavailableError(f"http_{answer.status}")
        return _read_label(answer)

    def void_label(self, key: str) -> None:
        answer = self._send("POST", f"{self._labels}/{quote(key, safe='')}/void", "{}")
        if answer.status == HTTPStatus.CONFLICT:
            raise LabelRefusedError(_code(answer))
        if answer.status not in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
            raise TrackerUnavailableError(f"http_{answer.status}")

    def read_notice(self, headers: Mapping[str, str], body: bytes, now: datetime) -> TrackingReport:
        return believe(headers, body, self._secrets, now, read=lambda _event_id, event: read_report(event["data"]))

    def _send(self, method: str, url: str, body: str | None = None) -> Answer:
        try:
            return self._transport.send(method, url, self._headers, body)
        except (GatewayUnavailableError, OutcomeUnknownError) as failure:
            raise TrackerUnavailableError("no_answer") from failure


def _read_label(answer: Answer) -> BoughtLabel:
    try:
        said = json.loads(answer.body)
        return BoughtLabel(str(said["ref"]), str(said["carrier"]), str(said["number"]), said["status"] == "void")
    except (ValueError, KeyError, TypeError) as failure:
        raise TrackerUnavailableError("malformed") from failure


def _code(answer: Answer) -> str:
    try:
        return str(json.loads(answer.body)["error"]["code"])[:TEXT_MAX]
    except (ValueError, KeyError, TypeError):
        return f"http_{answer.status}"


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
