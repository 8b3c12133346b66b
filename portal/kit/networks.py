"""Which addresses of the internet a stranger may make us call, and which an operator allows besides."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_WITH_PORT = re.compile(r"([^:\s]+):(\d{1,5})")
# Addresses that carry another one within: NAT64 and 6to4 lead to whatever it is.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class AllowedTarget:
    """A network that may be called although it is nobody's on the internet; with a port, that port alone."""

    network: Network
    port: int | None = None

    def covers(self, address: Address, port: int) -> bool:
        return address.version == self.network.version and address in self.network and self.port in (None, port)


def is_address(text: str) -> bool:
    """Whether this is an IP address of either version, without a zone."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def plain_address(text: str | None) -> str | None:
    """An address in the one way in which lists write it; None when it is none. A wrapped one is what is in it."""
    if text is None or not is_address(text):
        return None
    address = ipaddress.ip_address(text)
    return str(getattr(address, "ipv4_mapped", None) or address)


def read_allowed(text: str) -> AllowedTarget:
    """`10.1.0.0/16`, `fd00::/8` or `127.0.0.1:8002`. Raises ValueError."""
    found = _WITH_PORT.fullmatch(text)
    if found is None:
        return AllowedTarget(ipaddress.ip_network(text))
    port = int(found[2])
    if not 0 < port <= 65535:  # The end of the TCP port range.
        raise ValueError(f"{port} is no port")
    return AllowedTarget(ipaddress.ip_network(found[1]), port)


def may_be_called(address: Address, port: int, allowed: Iterable[AllowedTarget]) -> bool:
    """Whether an address is public, or allowed. What is wrapped into IPv6 is judged by what it leads to."""
    inner = _unwrapped(address)
    if any(one.covers(inner, port) for one in allowed):
        return True
    return inner.is_global and not inner.is_multicast and not inner.is_reserved and not inner.is_unspecified


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
