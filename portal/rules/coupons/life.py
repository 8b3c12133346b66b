"""The life of a code and of a coupon in a wallet: which move is allowed, and until when it lives (CPN-10, CPN-11)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.text import N_

# How long before its last day the holder of a coupon is told.
WARNED_BEFORE: Final = timedelta(days=3)

# Both may be taken back and given again; only time is final.
MOVES: Final[Mapping[str, frozenset[str]]] = {
    "held": frozenset({"suspended", "revoked", "expired"}),
    "active": frozenset({"suspended", "revoked"}),
    "suspended": frozenset({"held", "active", "revoked", "expired"}),
    "revoked": frozenset({"held", "active"}),
    "expired": frozenset(),
}


class CouponMoveRefusedError(PortalError):
    """Somebody was quicker, or the coupon has run out."""

    code = "coupon_move_refused"
    status = 409
    sentence = N_("This has changed meanwhile. Nothing was done by you; look again.")


class CouponReasonMissingError(PortalError):
    code = "coupon_reason_missing"
    sentence = N_("Say why: it stands in the record.")


REASON_LENGTH_MAX: Final = 500


def reason_of(typed: str) -> str:
    """The reason as it is kept. Raises CouponReasonMissingError."""
    kept = " ".join(typed.replace("\0", "").split())[:REASON_LENGTH_MAX]
    if not kept:
        raise CouponReasonMissingError
    return kept


class CouponState(StrEnum):
    """How a coupon in a wallet stands, as its holder is told."""

    USABLE = "usable"
    GRACE = "grace"
    COMING = "coming"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


def state_of(
    *,
    grant: str,
    code: str | None,
    campaign: str,
    valid_from: datetime,
    valid_until: datetime,
    grace_hours: int,
    uses_left: int | None,
    now: datetime,
) -> CouponState:
    """How a coupon stands: what is final first, then what stops it, then its time. `uses_left` None is no limit."""
    if "revoked" in (grant, code, campaign):
        return CouponState.REVOKED
    if uses_left == 0:
        return CouponState.USED
    if grant == "expired" or campaign == "ended" or now >= last_use(valid_until, grace_hours):
        return CouponState.EXPIRED
    if "suspended" in (grant, code):
        return CouponState.SUSPENDED
    if campaign == "paused":
        return CouponState.PAUSED
    if now < valid_from:
        return CouponState.COMING
    return CouponState.GRACE if now >= valid_until else CouponState.USABLE


def may_become(old: str, new: str) -> bool:
    return new in MOVES.get(old, frozenset())


def last_use(valid_until: datetime, grace_hours: int) -> datetime:
    """When a coupon is taken for the last time, exclusive: its end and the grace after it."""
    return valid_until + timedelta(hours=grace_hours)
