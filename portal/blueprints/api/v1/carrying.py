"""What operations refuse that are told a carrier and its number."""

from __future__ import annotations

from portal.rules.carriers import (
    CarrierMissingError,
    CarrierUnknownError,
    TrackingNumberError,
    TrackingNumberMissingError,
)

CARRYING = (
    CarrierMissingError(),
    CarrierUnknownError(carrier="pigeon", known="cj"),
    TrackingNumberError(number="12", carrier="UPS", example="1Z"),
    TrackingNumberMissingError(carrier="UPS", example="1Z"),
)
