"""Labels of parcels: each key buys one, with a number as its carrier's machines would print it."""

import zlib
from collections.abc import Callable

from sandbox.http import Json
from sandbox.store import new_id
from sandbox.trackhub import parcels
from sandbox.world import World

TABLE = "trackhub_labels"


def _s10(serial: str) -> str:
    """Universal Postal Union, S10."""
    digits = serial[-8:]
    rest = 11 - sum(int(d) * w for d, w in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=True)) % 11
    return f"EB{digits}{ {10: 0, 11: 5}.get(rest, rest) }KR"


def _ups(serial: str) -> str:
    body = "999AA1" + serial[-9:]
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in body]
    return f"1Z{body}{-sum(v * (2 if place % 2 else 1) for place, v in enumerate(values)) % 10}"


def _fedex(serial: str) -> str:
    total = sum(int(d) * w for d, w in zip(serial[-11:], (3, 1, 7) * 4, strict=False))
    return f"{serial[-11:]}{total % 11 % 10}"


def _dhl(serial: str) -> str:
    return f"{serial[-9:]}{int(serial[-9:]) % 7}"


# Carriers that sell labels; `serial` is thirteen digits.
_NUMBERS: dict[str, Callable[[str], str]] = {
    "cj": lambda serial: serial[-12:],
    "hanjin": lambda serial: serial[-12:],
    "lotte": lambda serial: serial[-12:],
    "epost": lambda serial: serial,
    "logen": lambda serial: serial[-11:],
    "ems": _s10,
    "ups": _ups,
    "fedex": _fedex,
    "dhl": _dhl,
}


def buy(world: World, key: str, form: Json) -> Json | str:
    """The label of this key, new or known; a word for why there is none."""
    known: Json | None = world.store.get(TABLE, key)
    if known is not None:
        return known if known["asked"] == form else "key_reused"
    number_of = _NUMBERS.get(str(form.get("carrier")))
    if number_of is None:
        return "carrier_unknown"
    receiver = form.get("to")
    if not isinstance(receiver, dict) or not receiver.get("line1") or not receiver.get("postcode"):
        return "address_unfit"
    serial = f"6{zlib.crc32(key.encode()):010d}{len(world.store.tables.get(TABLE, {})) % 100:02d}"
    label: Json = {
        "id": key,
        "ref": new_id("lbl", 16),
        "carrier": form["carrier"],
        "number": number_of(serial),
        "status": "bought",
        "asked": form,
    }
    return world.store.save(TABLE, label)


def void(world: World, label: Json) -> bool:
    """Take a label back; False when its parcel has been handed over."""
    if world.store.get(parcels.TABLE, f"{label['carrier']}:{label['number']}") is not None:
        return False
    world.store.save(TABLE, label | {"status": "void"}, label["id"])
    return True


def shown(label: Json) -> Json:
    return {name: label[name] for name in ("ref", "carrier", "number", "status")} | {"key": label["id"]}
