"""Paylink: payments on the vendor's own page. The buyer is sent there and comes back; no script is needed."""

from portal.gateways.hosted.config import PAYLINK

__all__ = ["PAYLINK"]
