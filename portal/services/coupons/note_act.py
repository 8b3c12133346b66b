"""Keep what was done with coupons and from where, so that abuse can be found in it (CPN-14)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.crypto import blind_index
from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import CouponAct
from portal.services.accounts.throttle import network_of


@dataclass(frozen=True, slots=True)
class Source:
    """Where an act comes from. `network` is a blind index: acts of one network can be told to be so, and no more."""

    device_id: uuid.UUID | None = None
    network: bytes | None = None


UNKNOWN_SOURCE = Source()


def source_at(*, device_id: uuid.UUID | None, address: str | None) -> Source:
    """The source of a device and a network address, as far as they are known."""
    return Source(device_id, blind_index(f"network:{network_of(address)}") if address else None)


def note_misses(
    session: Session, *, user_id: uuid.UUID | None, codes: Iterable[str], source: Source, now: datetime
) -> None:
    """Note codes that opened nothing for the one who typed them."""
    for code in codes:
        _note(session, "miss", user_id, source, now, code_index=blind_index(f"coupon:{code}"))


def note_claim(
    session: Session, *, user_id: uuid.UUID, campaign_id: int, code: str | None, source: Source, now: datetime
) -> None:
    """Note a coupon that somebody took into his wallet."""
    index = blind_index(f"coupon:{code}") if code else None
    _note(session, "claim", user_id, source, now, code_index=index, code=code, campaign_id=campaign_id)


def _note(
    session: Session,
    kind: str,
    user_id: uuid.UUID | None,
    source: Source,
    now: datetime,
    *,
    code_index: bytes | None,
    code: str | None = None,
    campaign_id: int | None = None,
) -> None:
    row = {
        "id": new_id(),
        "at": now,
        "kind": kind,
        "user_id": user_id,
        "device_id": source.device_id,
        "network": source.network,
        "code_index": code_index,
        "code": code,
        "campaign_id": campaign_id,
    }
    insert_rows(session, CouponAct, [row])
