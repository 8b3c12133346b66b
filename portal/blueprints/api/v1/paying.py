"""What payments begun by programs share."""

from __future__ import annotations

from urllib.parse import quote

from portal.site import address


def return_url(given: str | None, *, channel: str) -> str:
    """Where the provider sends the buyer. The service fills in the payment's id, so a client's braces are escaped."""
    if given is not None:
        return given.replace("{", quote("{")).replace("}", quote("}"))
    return address("/account/paying/{payment_id}/return", channel=channel)
