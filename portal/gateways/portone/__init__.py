"""PortOne: the ways of paying of Korea, through its V2 interface and its own SDK."""

from portal.gateways.portone.config import PORTONE

__all__ = ["PORTONE"]
