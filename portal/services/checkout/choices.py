"""What a buyer chose at checkout: kept with the cart, sent with the form, believed nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.kit.ids import normalise_code

CODES_MAX = 10


@dataclass(frozen=True, slots=True)
class Choices:
    """`codes` in normal form; `coupons` None lets the best set be found, else the campaign keys to be used."""

    codes: tuple[str, ...] = ()
    coupons: tuple[str, ...] | None = None
    deposit_minor: int = 0
    mileage_points: int = 0
    method: str | None = None
    address_id: str | None = None
    keep_gift: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "codes": list(self.codes),
            "coupons": None if self.coupons is None else list(self.coupons),
            "deposit_minor": self.deposit_minor,
            "mileage_points": self.mileage_points,
            "method": self.method,
            "address_id": self.address_id,
            **({"keep_gift": True} if self.keep_gift else {}),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Choices:
        """Read what was kept; anything that is missing is as if nothing had been chosen."""
        coupons = kept.get("coupons")
        return cls(
            codes=clean_codes(kept.get("codes") or ()),
            coupons=None if coupons is None else tuple(str(key) for key in coupons),
            deposit_minor=int(kept.get("deposit_minor") or 0),
            mileage_points=int(kept.get("mileage_points") or 0),
            method=kept.get("method"),
            address_id=kept.get("address_id"),
            keep_gift=bool(kept.get("keep_gift")),
        )


def clean_codes(typed: Any) -> tuple[str, ...]:
    """Codes in normal form, each once, at most CODES_MAX."""
    return tuple(dict.fromkeys(code for code in (normalise_code(str(one)) for one in typed) if code))[:CODES_MAX]
