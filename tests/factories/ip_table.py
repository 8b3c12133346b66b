"""Places of the addresses that are kept for documents, as the demo has them."""

from __future__ import annotations

from portal.db import transaction
from portal.demo.ip_tables import make_ip_tables
from portal.kit import clock

SEOUL, BUSAN, NEW_YORK, SOMEWHERE_US = "192.0.2.7", "192.0.2.200", "198.51.100.7", "198.51.100.200"
DATACENTER, UNKNOWN = "203.0.113.7", "203.0.113.200"


def load_ip_tables() -> None:
    """Both tables; UNKNOWN stands in neither."""
    with transaction() as session:
        make_ip_tables(session, now=clock.now())
