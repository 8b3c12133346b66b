"""Where the addresses are that are kept for documents: they are nobody's, and so the demo's."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from portal.rules.ip_tables import IpPlaceRange
from portal.rules.permissions import SYSTEM
from portal.rules.places import place_named
from portal.services.fraud.keep_ip_table import keep_ip_table

SOURCE: Final = "the demo, of addresses that are kept for documents"
# Networks in order, each with country, city and state.
PLACES: Final = (
    ("192.0.2.0/25", "KR", "Seoul", ""),
    ("192.0.2.128/25", "KR", "Busan", ""),
    ("198.51.100.0/25", "US", "New York City", "NY"),
    ("198.51.100.128/25", "US", "", ""),
    ("2001:db8::/32", "KR", "Daejeon", ""),
)
DATACENTERS: Final = ("203.0.113.0/25",)


def make_ip_tables(session: Session, *, now: datetime) -> None:
    """Both tables. An operator's own take their place."""
    for kind, ranges in (
        ("place", [_range(network, *named) for network, *named in PLACES]),
        ("datacenter", [_range(network) for network in DATACENTERS]),
    ):
        keep_ip_table(session, kind=kind, ranges=ranges, source=SOURCE, sha256="", actor=SYSTEM, now=now)


def _range(network: str, *named: str) -> IpPlaceRange:
    known = ipaddress.ip_network(network)
    return IpPlaceRange(known.network_address, known.broadcast_address, place_named(*named) if named else None)
