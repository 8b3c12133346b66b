"""Parcels on their way. What happens to one and when is settled when it is first heard of, so that a restart changes
nothing: asked at any time, it stands where its time has brought it.

The last four digits of a number decide its fate where one wants a certain one: 9000 arrives, 9001 is late, 9002 is
damaged and arrives, 9003 is lost. Of all others some are late, few are damaged, and one in a hundred is lost.
"""

import datetime as dt
import zlib
from typing import Any

from sandbox.faults import Facts
from sandbox.http import Json
from sandbox.notices import Target
from sandbox.store import new_id
from sandbox.world import World

TABLE = "trackhub_parcels"
# Steps: how many steps of time after it was heard of, what is said, where.
_WAYS: dict[str, list[tuple[float, str, str]]] = {
    "arrives": [
        (1, "in_transit", "Hub"),
        (2, "in_transit", "Depot"),
        (3, "out_for_delivery", "Depot"),
        (4, "delivered", "Door"),
    ],
    "late": [
        (1, "in_transit", "Hub"),
        (2, "delayed", "Hub"),
        (5, "out_for_delivery", "Depot"),
        (6, "delivered", "Door"),
    ],
    "damaged": [
        (1, "in_transit", "Hub"),
        (2, "damaged", "Depot"),
        (3, "out_for_delivery", "Depot"),
        (4, "delivered", "Door"),
    ],
    "lost": [(1, "in_transit", "Hub"), (3, "delayed", "Hub"), (6, "lost", "Hub")],
}
_FATES = {"9000": "arrives", "9001": "late", "9002": "damaged", "9003": "lost"}
_LATE, _DAMAGED, _LOST = 90, 97, 99
_DAYS = (1, 3)


def fate(number: str) -> str:
    """What becomes of a number, always the same."""
    if number[-4:] in _FATES:
        return _FATES[number[-4:]]
    chance = zlib.crc32(number.encode()) % 100
    return "lost" if chance >= _LOST else "damaged" if chance >= _DAMAGED else "late" if chance >= _LATE else "arrives"


def follow(world: World, carrier: str, number: str) -> Json:
    """Hear of a parcel; its notices go out as its time comes. The same again changes nothing."""
    key = f"{carrier}:{number}"
    known: Json | None = world.store.get(TABLE, key)
    if known is not None:
        return known
    begun = dt.datetime.now(tz=dt.UTC)
    parcel: Json = {
        "id": key,
        "carrier": carrier,
        "number": number,
        "begun": begun.isoformat(),
        "expected_from": (begun + dt.timedelta(days=_DAYS[0])).isoformat(),
        "expected_until": (begun + dt.timedelta(days=_DAYS[1])).isoformat(),
        "events": [
            {"id": new_id("trk", 12), "status": status, "place": place, "step": step}
            for step, status, place in _WAYS[fate(number)]
        ],
    }
    world.store.save(TABLE, parcel)
    resume(world, parcel)
    return parcel


def resume(world: World, parcel: Json) -> None:
    """Send the notices that are still to come."""
    now = dt.datetime.now(tz=dt.UTC)
    for event in parcel["events"]:
        wait_s = (_at(world, parcel, event) - now).total_seconds()
        if wait_s >= 0:
            world.later(int(wait_s * 1000), lambda event=event: _tell(world, parcel, event))  # type: ignore[misc]  # mypy does not infer a lambda's default.


def shown(world: World, parcel: Json, until: dt.datetime | None = None) -> Json:
    """A parcel as the API writes it: what has happened so far."""
    now = until or dt.datetime.now(tz=dt.UTC)
    timed = [(one, _at(world, parcel, one)) for one in parcel["events"]]
    return {
        "carrier": parcel["carrier"],
        "number": parcel["number"],
        "expected_from": parcel["expected_from"],
        "expected_until": parcel["expected_until"],
        "events": [
            {"id": one["id"], "status": one["status"], "place": one["place"], "at": at.isoformat()}
            for one, at in timed
            if at <= now
        ],
    }


def _at(world: World, parcel: Json, event: Json) -> dt.datetime:
    begun = dt.datetime.fromisoformat(parcel["begun"])
    return begun + dt.timedelta(milliseconds=event["step"] * world.config.parcel_step_ms)


def _tell(world: World, parcel: Json, event: Json) -> None:
    url = world.config.hook_url(world.config.trackhub_webhook_path)
    if url is None or world.store.get(TABLE, parcel["id"]) is None:
        return
    facts = Facts("webhook", "trackhub", amount=None, order=parcel["number"], metadata={})
    body: dict[str, Any] = {
        "id": new_id("evt"),
        "type": f"parcel.{event['status']}",
        "data": shown(world, parcel, _at(world, parcel, event)),
    }
    world.notices.send("trackhub", body, [Target(url, world.config.trackhub_webhook_secret)], facts)
