"""When money that a gateway holds is taken: at once, or when the goods leave (PAY-05, PAY-07)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# So long before a hold ends people hear of it, and what may be taken without a parcel is taken.
END_IS_NEAR: Final = timedelta(days=1)


class CaptureOn(StrEnum):
    """What takes a held amount. `SHIPMENT_OR_END` takes it before the hold ends, though nothing was sent."""

    CHECKOUT = "checkout"
    SHIPMENT = "shipment"
    SHIPMENT_OR_END = "shipment_or_end"


class Ending(StrEnum):
    """What is done about a hold whose end is near."""

    NOTHING = "nothing"
    CAPTURE = "capture"
    TELL = "tell"


def at_end(
    capture_on: str, *, held_until: datetime, is_wanted: bool, is_stopped: bool, is_told: bool, now: datetime
) -> Ending:
    """What a hold asks for at this moment.

    `is_wanted`: it is being taken. `is_stopped`: an open hold on a part forbids that, so that people must decide.
    """
    if now < held_until - END_IS_NEAR:
        return Ending.NOTHING
    if capture_on == CaptureOn.SHIPMENT_OR_END and not is_stopped and not is_wanted:
        return Ending.CAPTURE
    stuck = is_stopped or not is_wanted or now >= held_until
    return Ending.TELL if stuck and not is_told else Ending.NOTHING
