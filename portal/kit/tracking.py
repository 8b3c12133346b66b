"""The words for what carriers say of parcels; one vocabulary for whoever asks them and whoever decides."""

from enum import StrEnum


class TrackedKind(StrEnum):
    """What a carrier says of a parcel, and with that the state of the parcel."""

    SENT = "sent"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELAYED = "delayed"
    DAMAGED = "damaged"
    LOST = "lost"
    DELIVERED = "delivered"
